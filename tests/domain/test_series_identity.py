"""One series under several names is one; what only looks alike is asked about, what contradicts stays apart."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.series_identity import (
    Decided,
    Fate,
    Likeness,
    SeriesSide,
    decide,
    judge_listing,
    judge_number,
    judge_pair,
    kept_of,
    likeness,
)

MARS = (("1", "A Princess of Mars"), ("2", "The Gods of Mars"), ("3", "The Warlord of Mars"))


def side(series_id: int, *names: str, by: str | tuple[str, ...] = "Ann Author", **more: Any) -> SeriesSide:
    authors = (by,) if isinstance(by, str) else by
    return SeriesSide(series_id, names, authors, **more)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Barsoom", "barsoom", Likeness.SPELLING),
        ("Barsoom", "The Barsoom Series", Likeness.SPELLING),
        ("Les Rougon-Macquart", "Les Rougon Macquart", Likeness.SPELLING),
        ("Fables & Foxes", "Fables and Foxes", Likeness.SPELLING),
        ("Légendes", "Legendes", Likeness.SPELLING),
        ("Ann Author's Barsoom", "Barsoom", Likeness.SPELLING),
        ("Author's Barsoom", "Barsoom", Likeness.SPELLING),
        ("Star Wars", "StarWars Universe", Likeness.SPELLING),
        ("Dune", "Dune Chronicles", Likeness.KIND),
        ("Narnia", "The Chronicles of Narnia", Likeness.KIND),
        ("Mistborn", "Mistborn: The Wax and Wayne Years", Likeness.SUBTITLE),
        ("Discworld", "Discworld: Rincewind", Likeness.SUBTITLE),
        ("Dune", "Dunes of Time", Likeness.UNLIKE),
        ("Alpha: One", "Alpha: Two", Likeness.UNLIKE),
        ("The Chronicles", "The Saga", Likeness.UNLIKE),
        ("?!", "!!", Likeness.UNLIKE),
    ],
)
def test_names_are_alike_by_what_decorates_them(first: str, second: str, expected: Likeness) -> None:
    assert likeness(side(1, first), side(2, second)) is expected
    assert likeness(side(2, second), side(1, first)) is expected


SHELF = (("1", "A Princess of Mars"), ("2", "The Lost World"))


@pytest.mark.parametrize(
    ("works", "whole", "fate"),
    [
        (MARS[:1], True, Fate.ASK),
        (MARS[:2], True, Fate.MERGE),
        (SHELF, True, Fate.ASK),
        ((*MARS[:2], ("9", "The Lost World")), True, Fate.ASK),
        ((*MARS[:2], ("9", "The Lost World")), False, Fate.MERGE),
        (((None, "The Gods of Mars"), ("1", "A Princess of Mars")), True, Fate.MERGE),
        (((None, "The Gods of Mars"), (None, "The Lost World"), ("1", "A Princess of Mars")), True, Fate.ASK),
        ((*MARS[:2], ("1-3", "The Mars Omnibus")), True, Fate.MERGE),
        ((("1", "The Gods of Mars"), ("2", "The Warlord of Mars")), True, Fate.ASK),
        ((), True, Fate.ASK),
    ],
    ids=["one book", "two places", "a shelf over two series", "a stray in a whole list", "on a page not read yet",
         "a book without a place", "strays without a place", "a box set", "counted otherwise", "nothing"],
)  # fmt: skip
def test_a_list_that_one_book_leads_to_is_ours_if_two_works_agree_and_none_contradicts(
    works: tuple[tuple[str | None, str], ...], whole: bool, fate: Fate
) -> None:
    verdict = judge_listing(
        side(1, "Of Mine", works=works), side(0, "Barsoom", works=MARS, goodreads_id="4"), whole=whole
    )
    assert verdict.fate is fate
    assert (verdict.rule == "number_alone") is (fate is Fate.ASK)


@pytest.mark.parametrize(
    ("ours", "theirs", "works", "fate"),
    [
        ("Land of Mars", "Mars", MARS[:1], Fate.MERGE),
        ("Mars", "The Mars of John Carter Series", MARS[:1], Fate.MERGE),
        ("John Carter", "Barsoom", MARS[:1], Fate.ASK),
        ("Land of Mars", "Mars", ((None, "A Princess of Mars"),), Fate.ASK),
        ("Land of Mars", "Mars", (("2", "A Princess of Mars"),), Fate.ASK),
        ("The Series of Tales", "Tales", MARS[:1], Fate.ASK),
        ("Books of Mars", "The Mars Book", (("Volume the First", "A Princess of Mars"),), Fate.MERGE),
        ("Books of Mars", "The Mars Book", (("Volume the First", "The Lost World"),), Fate.ASK),
    ],
    ids=["a word more", "many words more", "other words", "no place", "another place", "words that say nothing",
         "the same words, no place", "the same words, another work"],
)  # fmt: skip
def test_one_work_is_enough_for_a_name_that_agrees(
    ours: str, theirs: str, works: tuple[tuple[str | None, str], ...], fate: Fate
) -> None:
    listed = side(0, theirs, works=MARS, goodreads_id="4")
    assert judge_listing(side(1, ours, works=works), listed, whole=True).fate is fate


@pytest.mark.parametrize(
    ("name", "works", "more", "fate"),
    [
        ("Of Mine", MARS[:1], {}, Fate.ASK),
        ("Of Mine", MARS[:2], {}, Fate.MERGE),
        ("Of Mine", MARS[:2], {"shared_books": 1}, Fate.ASK),
        ("Of Mine", (*MARS[:2], ("3", "The Lost World")), {}, Fate.ASK),
        ("Of Mine", MARS[:2], {"held_apart": True}, Fate.APART),
        ("The Barsoom Series", (), {}, Fate.MERGE),
    ],
    ids=["one work", "two works", "a book in both", "a contradiction", "a person's word", "one name"],
)
def test_one_number_joins_unlike_names_only_with_two_works(
    name: str, works: tuple[tuple[str | None, str], ...], more: dict[str, Any], fate: Fate
) -> None:
    one, other = side(1, name, works=works, books=2), side(2, "Barsoom", works=MARS, goodreads_id="4", books=2)
    assert judge_number(one, other, **more).fate is judge_number(other, one, **more).fate is fate


def test_a_series_that_lost_its_books_by_being_renamed_needs_one_work() -> None:
    old = side(1, "Days", works=MARS, goodreads_id="4")
    assert judge_number(old, side(2, "Of Mine", works=MARS[:1], books=1)).fate is Fate.MERGE
    assert judge_number(old, side(2, "Of Mine", books=1)).fate is Fate.ASK


CASES: list[tuple[str, SeriesSide, SeriesSide, Fate, str]] = [
    ("one number at Goodreads", side(1, "Barsoom", goodreads_id="4"), side(2, "John Carter", goodreads_id="4"),
     Fate.MERGE, "goodreads_id"),
    ("one name, nothing else known", side(1, "Barsoom"), side(2, "Bar Soom"), Fate.MERGE, "same_name"),
    ("one name, another author", side(1, "Haven"), side(2, "Ha-ven", by="Bob Writer"), Fate.APART, "authors_differ"),
    ("one name, author not known", side(1, "Haven"), side(2, "Ha-ven", by=()), Fate.ASK, "author_unsure"),
    ("one name, other works", side(1, "Haven", works=(("1", "Dawn"),)), side(2, "Ha Ven", works=(("1", "Salt"),)),
     Fate.APART, "works_differ"),
    ("a word of kind and a work", side(1, "Dune", works=MARS), side(2, "Dune Chronicles", works=MARS[:1]),
     Fate.MERGE, "same_works_kind"),
    ("a word of kind and no work in common", side(1, "Dune", works=MARS[:1]),
     side(2, "Dune Chronicles", works=MARS[1:]), Fate.ASK, "alike_kind"),
    ("a sub-series that begins like the whole", side(1, "Disc", works=MARS),
     side(2, "Disc: Wizards", works=MARS[:2]), Fate.ASK, "alike_subtitle"),
    ("a sub-series that counts otherwise", side(1, "Disc", works=MARS),
     side(2, "Disc: Wizards", works=(*MARS[:2], ("3", "Sourcery"))), Fate.ASK, "works_contradict"),
    ("a sub-series that begins later", side(1, "Disc", works=MARS),
     side(2, "Disc: Witches", works=(("1", "The Warlord of Mars"),)), Fate.APART, "works_differ"),
    ("a subtitle and all the works", side(1, "Disc", works=MARS), side(2, "Disc: The Whole Story", works=MARS),
     Fate.MERGE, "same_works_subtitle"),
    ("another title at a place, known by both", side(1, "Dark", works=(("1", "Northern Lights"), ("2", "Knife"))),
     side(2, "Dark Stories", works=(("1", "The Golden Compass"), ("2", "Knife"))), Fate.ASK, "works_contradict"),
    ("two numbers at Goodreads", side(1, "Dune", goodreads_id="1"), side(2, "Dune Chronicles", goodreads_id="2"),
     Fate.APART, "goodreads_differs"),
    ("two numbers, one name, the same works", side(1, "Dune", goodreads_id="1", works=MARS),
     side(2, "Dune Saga", goodreads_id="2", works=MARS), Fate.ASK, "two_numbers"),
    ("box sets and parts prove nothing", side(1, "Dune", works=(("1-3", "All"), ("1p1", "Half"))),
     side(2, "Dune Tales", works=(("1-3", "Other"), ("1p1", "Third"))), Fate.ASK, "alike_kind"),
    ("names with nothing in common", side(1, "Barsoom", works=MARS), side(2, "Pellucidar", works=MARS),
     Fate.APART, "names_differ"),
    ("another spelling that a source gave", side(1, "Barsoom", "John Carter of Mars"), side(2, "John Carter Of Mars"),
     Fate.MERGE, "same_name"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "fate", "rule"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_pair_is_merged_asked_about_or_kept_apart(a: SeriesSide, b: SeriesSide, fate: Fate, rule: str) -> None:
    for first, second in ((a, b), (b, a)):
        verdict = judge_pair(first, second)
        assert (verdict.fate, verdict.rule) == (fate, rule)
        assert verdict.evidence


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_a_person_holds_apart_is_merged_by_no_rule(case: Any) -> None:
    assert judge_pair(case[1], case[2], held_apart=True).fate is Fate.APART
    assert decide([case[1], case[2]], held_apart=[frozenset({1, 2})]) == Decided()


def test_the_series_with_a_number_is_kept_then_the_larger_then_the_older() -> None:
    old, large, numbered = side(1, "A", books=1), side(2, "B", books=5), side(3, "C", goodreads_id="9")
    assert kept_of(old, large)[0] is large
    assert kept_of(old, numbered)[0] is numbered
    assert kept_of(side(5, "D"), side(4, "E"))[0].series_id == 4


def test_many_names_of_one_series_all_go_into_one() -> None:
    sides = [side(1, "Dune"), side(2, "D'une"), side(3, "Dune Tales", works=MARS), side(4, "The Dune", works=MARS)]
    decided = decide(sides)
    assert {merge.drop for merge in decided.merges} == {1, 2, 3, 4} - {decided.merges[0].keep}
    assert decided.doubts == ()


def test_a_third_series_does_not_join_two_that_are_held_apart() -> None:
    sides = [side(1, "Dune"), side(2, "D-une"), side(3, "Du Ne")]
    decided = decide(sides, held_apart=[frozenset({1, 2})])
    assert [(merge.keep, merge.drop) for merge in decided.merges] == [(1, 3)]
    assert decided.doubts == ()


def test_what_contradicts_the_merged_series_is_not_merged_through_a_part_of_it() -> None:
    """Each merge is judged with all that the merged series then holds."""
    sides = [
        side(1, "Dune", works=(("1", "Dawn"),), books=9),
        side(2, "Du Ne"),
        side(3, "D Une", works=(("1", "Salt"),)),
    ]
    (merge,) = decide(sides).merges
    assert (merge.keep, merge.drop) == (1, 2)


def test_a_word_that_many_series_share_is_no_name() -> None:
    sides = [side(n, "Complete", by="") for n in range(200)]
    assert decide(sides) == Decided()


names = st.sampled_from(
    ["Dune", "D'une", "Dune Chronicles", "Dune: Origins", "The Dune Saga", "Ann Author's Dune", "Arrakis", "", "Saga"]
)
works = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "1-3", None, "x"]),
        st.sampled_from([title for _, title in MARS] + ["Salt", "?"]),
    ),
    max_size=4,
).map(tuple)
some_sides = st.lists(
    st.builds(
        lambda name, by, gid, works: (name, by, gid, works),
        names,
        st.sampled_from([("Ann Author",), ("A. Author",), ("Bob Writer",), ()]),
        st.sampled_from([None, None, "1", "2"]),
        works,
    ),
    max_size=6,
).map(lambda rows: [SeriesSide(n, (name,), by, gid, works) for n, (name, by, gid, works) in enumerate(rows, start=1)])


@given(some_sides, st.integers(0, 1000))
def test_the_order_of_series_and_works_changes_nothing(sides: list[SeriesSide], seed: int) -> None:
    mixed = list(sides)
    random.Random(seed).shuffle(mixed)
    mixed = [SeriesSide(s.series_id, s.names, s.authors, s.goodreads_id, s.works[::-1], s.books) for s in mixed]
    assert decide(mixed) == decide(sides)


@given(some_sides)
def test_each_series_is_dropped_once_and_never_kept_afterwards(sides: list[SeriesSide]) -> None:
    decided = decide(sides)
    gone: set[int] = set()
    for merge in decided.merges:
        assert merge.keep != merge.drop
        assert not {merge.keep, merge.drop} & gone
        gone.add(merge.drop)
    assert not {doubt.first for doubt in decided.doubts} & gone


@given(some_sides)
def test_no_question_is_asked_twice_nor_about_what_was_merged(sides: list[SeriesSide]) -> None:
    decided = decide(sides)
    asked = [(doubt.first, doubt.second) for doubt in decided.doubts]
    assert len(asked) == len(set(asked))
    assert not {number for pair in asked for number in pair} & {merge.drop for merge in decided.merges}
