"""Finding a work among many: the verdicts of comparing with each."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mam_assets.domain.books import SeriesRef, Work
from mam_assets.domain.identity import PenNames, Sameness, pen_name_map, same_work
from mam_assets.domain.work_index import WorkIndex

PEN_NAMES = pen_name_map([("Stephen King", "Richard Bachman"), ("Edith Van Dyne", "L. Frank Baum")])


def compared_with_all(work: Work, works: list[Work], pen_names: PenNames | None) -> set[tuple[int, Sameness]]:
    verdicts = enumerate(same_work(work, other, pen_names=pen_names).sameness for other in works)
    return {(number, sameness) for number, sameness in verdicts if sameness is not Sameness.DIFFERENT}


def found(index: WorkIndex, work: Work) -> set[tuple[int, Sameness]]:
    return {(match.number, match.verdict.sameness) for match in index.find(work)}


_titles = st.sampled_from(
    [
        "Dune", "Dune Messiah", "Dune: House Atreides", "Dune (Dune, #1)", "The Color of Magic", "The Colour of Magic",
        "Colour of Magic, The",
        "Ten Apples Up On Top!", "10 Apples Up on Top", "Saga, Vol. 1", "Saga, Vol. 2", "?!", "",
        "It", "It Ends with Us", "Sapiens", "Sapiens: A Brief History of Humankind", "Summary of Sapiens", "Dune 1-3",
        "Dune, Book 1", "Dune Messiah: Dune, Book 2", "Dune: Dune, Book 1", "Saga (Book 2)", "Saga: Dune, Book 1",
        "Star Wars: Heir to the Empire", "Star Wars: Dark Force Rising", "Northern Lights", "The Golden Compass",
        "戦争",
        "Harry Potter and the Sorcerer's Stone", "Harry Potter and the Sorceror's Stone", "Thinner",
        "Catch-22", "Catch 22",
    ]
)  # fmt: skip
_people = st.sampled_from(
    [
        "Frank Herbert", "Herbert, Frank", "F. Herbert", "Herbert", "Brian Herbert", "Frank Herbart",
        "Frank P. Herbert",
        "Stephen King", "Richard Bachman", "Unknown", "Various", "", "Ursula K. Le Guin", "Ursula LeGuin", "Liu Cixin",
        "Cixin Liu", "JRR Tolkien", "J. R. R. Tolkien", "John Smith", "J. Smith", "John Smithe", "Jon Smith", "A & B",
        "Neil Gaiman & Terry Pratchett", "Edith Van Dyne", "L. Frank Baum", "Robert Andersen", "Robert Anderson", "?!",
    ]
)  # fmt: skip
_series = st.none() | st.builds(
    SeriesRef,
    st.sampled_from(["Dune", "The Dune Saga", "Saga", "Frank Herbert's Dune", "Discworld"]),
    st.sampled_from([None, "1", "01", "2", "1-3", "2p1"]),
)
_works = st.builds(
    Work,
    _titles,
    st.lists(_people, max_size=2).map(tuple),
    _series,
    isbn=st.sampled_from([None, None, "0439554934", "978-0-439-55493-0", "9780439554931"]),
    asin=st.sampled_from([None, None, "B002V1A0WE"]),
    other_titles=st.lists(_titles, max_size=1).map(tuple),
    published=st.sampled_from([None, "1965", "1999"]),
    language=st.sampled_from([None, "English", "German"]),
    is_collection=st.sampled_from([False, False, True]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_works, max_size=12), _works, st.sampled_from([None, PEN_NAMES]))
def test_what_is_found_is_what_comparing_with_each_finds(
    works: list[Work], work: Work, pen_names: PenNames | None
) -> None:
    assert found(WorkIndex(works, pen_names=pen_names), work) == compared_with_all(work, works, pen_names)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.builds(Work, st.text(max_size=12), st.lists(st.text(max_size=8), max_size=2).map(tuple)), max_size=8)
)
def test_any_text_at_all_is_found_as_by_comparing(works: list[Work]) -> None:
    index = WorkIndex(works)
    for work in works:
        assert found(index, work) == compared_with_all(work, works, None)


def misspelled(text: str, chance: Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(["", "e", "s", " "]) + text[place + chance.randint(0, 1) :]


def test_a_world_of_near_titles_gives_the_verdicts_of_comparing_with_all() -> None:
    chance = Random(7)
    words = ("shadow", "winter", "king", "house", "river", "of", "the", "and", "two", "7", "long", "night", "crown")
    people = ("Jane Roe", "J. Roe", "Jane A. Roe", "John Doe", "Doe, John", "John Doel", "Mary Stone", "Unknown")
    titles = [" ".join(chance.choices(words, k=chance.randint(1, 4))) for _ in range(60)]
    works = [
        Work(misspelled(chance.choice(titles), chance), tuple(chance.sample(people, chance.randint(0, 2))))
        for _ in range(400)
    ]
    index = WorkIndex(works)
    for work in chance.sample(works, 40):
        assert found(index, work) == compared_with_all(work, works, None)


def test_the_same_works_come_first_with_their_reasons() -> None:
    index = WorkIndex([Work("Dune: House Atreides", ("Frank Herbert",)), Work("Dune", ("Herbert, Frank",))])
    matches = index.find(Work("Dune (Dune, #1)", ("Frank Herbert",)))
    assert [(match.number, match.verdict.reasons[0].code) for match in matches] == [
        (1, "title_and_author"),
        (0, "main_title_only"),
    ]


@pytest.mark.parametrize("nobody", ["Unknown", "Various", "", "Anonymous"])
def test_works_of_nobody_are_never_surely_one(nobody: str) -> None:
    """Two books by "Unknown" share no author."""
    index = WorkIndex([Work("Poems", (nobody,)), Work("Poems", ())])
    assert {match.verdict.sameness for match in index.find(Work("Poems", (nobody,)))} == {Sameness.UNSURE}


def test_equal_titles_by_others_are_other_works() -> None:
    index = WorkIndex(Work("Legacy", (f"Writer {name} Number{name}",)) for name in "ABCDEFGH")
    assert [match.number for match in index.find(Work("Legacy", ("Writer C NumberC",)))] == [2]


def test_forty_pen_names_are_one_person() -> None:
    """An author with 40 pen names: any of them finds the works of all."""
    names = [f"Name{number} Alias{number}" for number in range(40)]
    works = [Work("The Same Tale", (name,)) for name in names]
    index = WorkIndex(works, pen_names=pen_name_map([names]))
    assert len(index.find(Work("Same Tale", (names[39],)))) == 40
    assert all(match.verdict.is_same for match in index.find(works[0]))
    assert [match.number for match in WorkIndex(works).find(works[0])] == [0]


def test_an_index_grows() -> None:
    index = WorkIndex()
    assert index.find(Work("Dune", ("Frank Herbert",))) == ()
    assert [index.add(Work("Dune", ("Frank Herbert",))), index.add(Work("Dune", ("Frank Herbert",)))] == [0, 1]
    assert len(index) == 2
    assert len(index.find(Work("Dune", ("Frank Herbert",)))) == 2
