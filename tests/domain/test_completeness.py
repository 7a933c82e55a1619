"""How complete a book is, and which fields say so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.completeness import WEIGHTS, asks_for_series, completeness, explain

FULL = {
    "title": "Dune",
    "author": "Frank Herbert",
    "narrator": "Scott Brick",
    "description": "A desert planet.",
    "published_year": 1965,
    "duration_minutes": 1262,
    "language": "English",
    "publisher": "Macmillan",
    "isbn": "9780439554930",
}


def test_a_book_known_to_stand_alone_can_be_complete() -> None:
    assert completeness(FULL, in_series=False) == 100
    assert completeness(FULL, in_series=True) < 100
    assert completeness({**FULL, "series": "Dune", "series_number": "0"}, in_series=True) == 100


def test_one_id_is_enough() -> None:
    without = {key: value for key, value in FULL.items() if key != "isbn"}
    assert completeness(without, in_series=False) == 88
    assert completeness({**without, "asin": "B002V1A0WE"}, in_series=False) == 100


def test_a_field_that_a_person_wants_empty_does_not_count() -> None:
    without = {key: value for key, value in FULL.items() if key != "publisher"}
    assert completeness(without, in_series=False) < 100
    assert completeness(without, in_series=False, locked=["publisher"]) == 100


def test_only_a_book_known_to_be_in_no_series_is_asked_for_none() -> None:
    assert asks_for_series(None, None)
    assert asks_for_series("Dune", True)
    assert not asks_for_series(" ", True)


def test_every_field_is_explained_with_its_weight() -> None:
    shares = explain({"title": "Dune", "asin": "B002V1A0WE"}, in_series=False)
    assert [(share.field, share.weight) for share in shares][:2] == [("title", 15), ("author", 15)]
    assert {share.field for share in shares if share.filled} == {"title", "asin", "isbn"}
    assert "series" not in {share.field for share in shares}


_books = st.dictionaries(st.sampled_from([*WEIGHTS, "other"]), st.none() | st.text() | st.integers())


@given(_books, st.booleans(), st.sets(st.sampled_from(list(WEIGHTS))))
def test_completeness_is_the_share_that_is_explained_and_never_falls_when_filled(
    values: dict[str, object], in_series: bool, locked: set[str]
) -> None:
    before = completeness(values, in_series=in_series, locked=locked)
    assert 0 <= before <= completeness({**values, "title": "Dune"}, in_series=in_series, locked=locked) <= 100
    shares = explain(values, in_series, locked)
    if shares:
        assert before == 100 * sum(s.weight for s in shares if s.filled) // sum(s.weight for s in shares)
