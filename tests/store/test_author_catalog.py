"""Who is due to be asked about at which source, and under which names, in the real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.store import author_catalog as authors
from mam_assets.store.author_catalog import NoSuchAuthor
from mam_assets.store.library import save_items

from .test_catalog import item

NOW = datetime(2026, 3, 11, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ids(connection: Connection) -> dict[str, int]:
    people = ("Ann Author", "Bob Writer", "Cyd Penn", "Various")
    save_items(connection, [item(name, f"Tale of {name}", name) for name in people], NOW)
    return {row.name: row.id for row in connection.execute(text("SELECT id, name FROM authors"))}


def due(connection: Connection, source: str = "MAM", **more: Any) -> list[str]:
    return [one.name for one in authors.authors_due(connection, source, **({"stale_before": NOW - DAY} | more))]


def test_each_source_has_a_queue_of_its_own_and_nobody_is_in_none(connection: Connection, ids: dict[str, int]) -> None:
    assert due(connection) == ["Ann Author", "Bob Writer", "Cyd Penn"]
    authors.author_answered(connection, ids["Ann Author"], "MAM", 3, NOW)
    authors.author_answered(connection, ids["Cyd Penn"], "MAM", 3, NOW - 2 * DAY)
    assert due(connection) == ["Bob Writer", "Cyd Penn"]  # new ones first, then the longest ago
    assert due(connection, "Goodreads") == ["Ann Author", "Bob Writer", "Cyd Penn"]
    assert due(connection, stale_before=None) == ["Bob Writer", "Cyd Penn", "Ann Author"]
    assert due(connection, ids=[ids["Cyd Penn"]]) == ["Cyd Penn"]
    assert due(connection, limit=1) == ["Bob Writer"]


def test_one_whose_answer_was_bad_comes_last_and_may_rest(connection: Connection, ids: dict[str, int]) -> None:
    authors.author_failed(connection, ids["Ann Author"], "MAM", "mam: nonsense", NOW)
    assert due(connection) == ["Bob Writer", "Cyd Penn", "Ann Author"]
    assert due(connection, failed_before=NOW) == ["Bob Writer", "Cyd Penn"]
    assert due(connection, failed_before=NOW + DAY) == ["Bob Writer", "Cyd Penn", "Ann Author"]
    authors.author_answered(connection, ids["Ann Author"], "MAM", 1, NOW)
    assert connection.execute(text("SELECT count(*) FROM author_searches WHERE problem IS NOT NULL")).scalar() == 0
    authors.author_failed(connection, ids["Ann Author"], "MAM", "mam: nonsense", NOW + DAY)
    assert due(connection)[-1] == "Ann Author"  # fresh, but the last attempt gave no whole answer


def test_numbers_are_learnt_once_and_only_for_a_name_that_is_one_persons(
    connection: Connection, ids: dict[str, int]
) -> None:
    given = {"Author, Ann": "7", "Nobody Known": "8", "": "9"}
    assert authors.learn_ids(connection, "goodreads_id", given) == 1
    assert authors.learn_ids(connection, "goodreads_id", {"Ann Author": "70"}) == 0
    assert authors.learn_ids(connection, "mam_author_id", {"Ann Author": "5"}) == 1
    assert authors.searched_as(connection, ids["Ann Author"]).goodreads_id == "7"  # type: ignore[union-attr]
    authors.forget_goodreads_id(connection, ids["Ann Author"])
    assert authors.searched_as(connection, ids["Ann Author"]).goodreads_id is None  # type: ignore[union-attr]
    assert authors.searched_as(connection, -1) is None
    with pytest.raises(ValueError, match="no number"):
        authors.learn_ids(connection, "name", {})


def test_a_pen_name_is_searched_unless_it_has_books_of_its_own(connection: Connection, ids: dict[str, int]) -> None:
    authors.author_answered(connection, ids["Ann Author"], "MAM", 3, NOW)
    assert authors.add_alias(connection, "penn, cyd", "Ann Author", NOW) == ("Cyd Penn",)
    assert authors.add_alias(connection, "Una Abel", "author, ann", NOW) == ("Cyd Penn", "Una Abel")
    assert authors.add_alias(connection, "U N A  Abel".replace("U N A", "Una"), "Ann Author", NOW)[1:] == ("Una Abel",)
    (ann,) = authors.authors_due(connection, "MAM", stale_before=NOW - DAY, ids=[ids["Ann Author"]])
    assert ann.names == ("Ann Author", "Una Abel")
    assert ann.all_names == ("Ann Author", "Cyd Penn", "Una Abel")
    assert authors.remove_alias(connection, "Abel, Una", "Ann Author", NOW) == ("Cyd Penn",)


@pytest.mark.parametrize(
    ("alias", "name", "words"),
    [
        ("Una Abel", "Nobody Known", "no author"),
        ("Author, Ann", "Ann Author", "no other name"),
        ("?", "Ann Author", "no other"),
    ],
)
def test_a_name_that_makes_no_sense_is_refused(
    connection: Connection, ids: dict[str, int], alias: str, name: str, words: str
) -> None:
    with pytest.raises(NoSuchAuthor, match=words):
        authors.add_alias(connection, alias, name, NOW)
    with pytest.raises(NoSuchAuthor):
        authors.remove_alias(connection, alias, name, NOW)
