"""Which proposal of a source is worth a second question."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Engine

from mam_assets.assets.metadata_sources import GoodreadsSource, Memory
from mam_assets.domain.books import GoodreadsBook, GoodreadsHit, SeriesRef
from mam_assets.store.metadata import BookForLookup

NARNIA, LEWIS = "The Chronicles of Narnia", "C. S. Lewis"


class Proposing:
    """A Goodreads that proposes two books and counts whose page is opened."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def autocomplete(self, question: str) -> list[GoodreadsHit]:
        lion = "The Lion, the Witch and the Wardrobe"
        return [
            GoodreadsHit("1", None, lion, LEWIS, None, SeriesRef(NARNIA, "2")),
            GoodreadsHit("2", None, "Prince Caspian", LEWIS, None, SeriesRef(NARNIA, "2")),
        ]

    def book(self, book_id: str) -> GoodreadsBook:
        self.opened.append(book_id)
        return GoodreadsBook(book_id, None, "Prince Caspian", (LEWIS,), None, (), None, None, None, None, None, None,
                             "next_data")  # fmt: skip


def test_only_the_page_of_the_same_title_is_opened_not_that_of_the_same_number(clean_engine: Engine) -> None:
    goodreads = Proposing()
    memory = Memory(clean_engine, lambda: datetime(2026, 3, 1, tzinfo=UTC))
    values = {"title": "Prince Caspian", "series": NARNIA, "series_number": "2"}
    book = BookForLookup(1, "li_1", "Prince Caspian", (LEWIS,), values, {}, (), None)
    (candidates,) = GoodreadsSource(cast("Any", goodreads), memory).ask(book)
    assert goodreads.opened == ["2"]
    assert [candidate.key for candidate in candidates] == ["2", "1"]
