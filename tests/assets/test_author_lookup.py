"""One author's way through a source: what is cut is said, many names take turns, bad pages apart end no list."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Engine, text

from mam_assets.assets import author_lookup
from mam_assets.assets.author_lookup import MOST_LIST_PAGES, MOST_NAMES_A_RUN, ask_goodreads, ask_mam
from mam_assets.domain.books import CatalogEntry, GoodreadsAuthorPage, MamSearchPage, Medium, Release
from mam_assets.resources.errors import BadAnswer
from mam_assets.resources.goodreads import Goodreads
from mam_assets.resources.mam import Mam
from mam_assets.store.author_catalog import AuthorDue, authors_due
from mam_assets.store.library import save_items
from tests.store.test_catalog import NOW, item


class FewRows:
    """MAM with pages of two, and so many releases by everybody."""

    def __init__(self, releases: int) -> None:
        self.number = releases
        self.asked: list[str] = []

    def search_author(self, name: str, *, start: int = 0) -> MamSearchPage:
        self.asked.append(name)
        rows = range(start, min(start + 2, self.number))
        releases = [Release("MAM", str(n), f"Tale {n}", (name,), medium=Medium.AUDIOBOOK) for n in rows]
        return MamSearchPage(tuple(releases), found=self.number, start=start, perpage=2)


class Pages:
    """Goodreads' list of an author, one work a page; the ``bad`` pages cannot be read."""

    def __init__(self, last: int, bad: Collection[int] = ()) -> None:
        self.last = last
        self.bad = bad
        self.asked: list[int] = []

    def author_page(self, author_id: str, page: int) -> GoodreadsAuthorPage:
        self.asked.append(page)
        if page in self.bad:
            raise BadAnswer("goodreads", f"author {author_id}, page {page}", "no list", "Nothing is lost.")
        entry = CatalogEntry("Goodreads", str(page), f"Tale {page}", ("Ann Author",))
        return GoodreadsAuthorPage((entry,), has_next=page < self.last)


@pytest.fixture
def ann(clean_engine: Engine) -> AuthorDue:
    with clean_engine.begin() as connection:
        save_items(connection, [item("a", "Dawn", "Ann Author")], NOW)
        connection.execute(text("UPDATE authors SET goodreads_id = '7'"))
        (due,) = authors_due(connection, "MAM", stale_before=None)
    return due


def answered(engine: Engine, source: str) -> int | None:
    """What the author's whole answer of a source counted; None where there is none yet."""
    with engine.begin() as connection:
        statement = text("SELECT found FROM author_searches WHERE source = :source AND searched_at IS NOT NULL")
        return cast("int | None", connection.execute(statement, {"source": source}).scalar())


@pytest.mark.parametrize(("number", "told"), [(10, []), (11, ["MAM counts 11 releases by Ann Author, of which the "])])
def test_more_releases_than_are_read_are_told(
    clean_engine: Engine, ann: AuthorDue, number: int, told: list[str]
) -> None:
    problems: list[str] = []
    mam: Any = FewRows(number)
    assert ask_mam(clean_engine, cast("Mam", mam), ann, NOW, report=problems.append) == 10
    assert [words[: len(told[0])] for words in problems] == told
    assert len(mam.asked) == author_lookup.MOST_AUTHOR_PAGES


def test_forced_again_and_again_every_name_has_its_turn(clean_engine: Engine, ann: AuthorDue) -> None:
    names = tuple(f"{letter} Author" for letter in ("Ann", *"BCDEFGHIJKL"))
    ann = replace(ann, names=names, all_names=names)
    mam: Any = FewRows(1)
    done = []
    for run in range(5):
        now = NOW + timedelta(hours=run)
        ask_mam(clean_engine, cast("Mam", mam), ann, now, again=True)
        done.append(answered(clean_engine, "MAM"))
    assert len(mam.asked) == 5 * MOST_NAMES_A_RUN
    assert mam.asked[:12] == list(names)
    assert set(mam.asked[12:]) == set(names[:10])  # the longest ago first
    assert done == [None, None, 12, 12, 12]


def test_bad_pages_apart_leave_the_rest_of_the_list(clean_engine: Engine, ann: AuthorDue) -> None:
    goodreads: Any = Pages(last=6, bad={2, 4})
    with pytest.raises(BadAnswer, match="page 2"):
        ask_goodreads(clean_engine, cast("Goodreads", goodreads), ann, NOW)
    assert goodreads.asked == [1, 2, 3, 4, 5, 6]
    with clean_engine.begin() as connection:
        titles = connection.execute(text("SELECT title FROM catalog_entries ORDER BY title")).scalars().all()
    assert titles == ["Tale 1", "Tale 3", "Tale 5", "Tale 6"]


def test_two_bad_pages_in_a_row_end_the_list(clean_engine: Engine, ann: AuthorDue) -> None:
    goodreads: Any = Pages(last=6, bad={2, 3})
    with pytest.raises(BadAnswer, match="page 2"):
        ask_goodreads(clean_engine, cast("Goodreads", goodreads), ann, NOW)
    assert goodreads.asked == [1, 2, 3]


def test_a_list_that_is_longer_than_is_read_is_told(clean_engine: Engine, ann: AuthorDue) -> None:
    problems: list[str] = []
    for last in (MOST_LIST_PAGES, MOST_LIST_PAGES + 1):
        goodreads: Any = Pages(last)
        ask_goodreads(clean_engine, cast("Goodreads", goodreads), ann, NOW, report=problems.append)
    assert problems == ["Goodreads lists more works by Ann Author than the 20 on its first 20 pages."]
