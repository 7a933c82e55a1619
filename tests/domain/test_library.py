"""What a read of the library means, and which series an item names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.library import (
    KnownSeries,
    SeriesUse,
    judge_shrinkage,
    match_series,
    people_in,
    person_key,
    series_key,
)


@pytest.mark.parametrize(
    ("known", "gone", "suspicious"),
    [
        (0, 0, False),
        (1, 1, False),
        (2, 2, True),
        (3, 2, True),
        (10, 9, True),
        (10, 5, False),
        (100, 10, False),
        (100, 30, False),
        (100, 31, True),
        (7500, 90, False),
        (7500, 6750, True),
    ],
)
def test_much_at_once_is_suspicious(known: int, gone: int, suspicious: bool) -> None:
    verdict = judge_shrinkage(known=known, gone=gone)
    assert verdict.suspicious is suspicious
    assert verdict.words.startswith(f"{gone} of {known} books")


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_gone_is_never_less_suspicious(known: int, gone: int) -> None:
    gone = min(gone, known)
    if judge_shrinkage(known=known, gone=gone).suspicious and gone < known:
        assert judge_shrinkage(known=known, gone=gone + 1).suspicious


def use(item: str, name: str, *people: str) -> SeriesUse:
    return SeriesUse(item, name, series_key(name, people), people)


def test_a_known_series_is_found_by_any_of_its_authors() -> None:
    known = [KnownSeries(5, "pair", frozenset({"ann", "bob"}))]
    found, new = match_series([use("a", "The Pair", "bob", "carl"), use("b", "Pair", "dora")], known)
    assert found == {("a", "pair"): 5}
    assert [(series.author_key, [u.item for u in series.uses]) for series in new] == [("dora", ["b"])]


def test_new_uses_that_share_an_author_are_one_series() -> None:
    found, new = match_series([use("a", "X", "ann", "bob"), use("b", "X", "bob", "ann"), use("c", "X", "carl")], [])
    assert found == {}
    assert [[u.item for u in series.uses] for series in new] == [["a", "b"], ["c"]]


def test_items_without_an_author_share_a_series_among_themselves_only() -> None:
    known = [KnownSeries(1, "x", frozenset({"ann"})), KnownSeries(2, "x", frozenset())]
    assert match_series([use("a", "X")], known)[0] == {("a", "x"): 2}
    assert match_series([use("a", "X")], known[:1])[0] == {}


def test_the_oldest_of_several_is_taken() -> None:
    known = [KnownSeries(3, "x", frozenset({"ann"})), KnownSeries(9, "x", frozenset({"ann"}))]
    assert match_series([use("a", "X", "ann")], known)[0] == {("a", "x"): 3}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Ann Author & Bob Writer"], ("Ann Author", "Bob Writer")),
        (["Ann Author", "Jane Doe - translator"], ("Ann Author",)),
        (["Ann Author", "Jane Doe (Narrator)", "foreword by Cyd Penn"], ("Ann Author",)),
        (["Jane Doe - editor"], ("Jane Doe",)),
        (["Unknown", "Various"], ()),
    ],
)
def test_translators_and_the_like_are_no_authors_of_an_item(names: list[str], expected: tuple[str, ...]) -> None:
    assert people_in(names) == expected


@pytest.mark.parametrize("name", ["Multiple Authors", "Anon", "Diverse", "Unknown", "Various Artists", "n/a", "et al."])
def test_whom_nobody_searches_is_no_author_either(name: str) -> None:
    assert person_key(name) == ""
    assert people_in([name]) == ()
