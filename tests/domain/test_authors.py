"""Who wrote is told from who translated, read, drew or introduced; nobody is never searched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.authors import has_other_role, is_by, is_somebody, names_to_search, written_by


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Jane Doe"], ["Jane Doe"]),
        (["Jane Doe (Author)"], ["Jane Doe"]),
        (["Jane Doe (Goodreads Author)"], ["Jane Doe"]),
        (["Jane Doe - author"], ["Jane Doe"]),
        (["Ann Author", "Jane Doe (Translator)"], ["Ann Author"]),
        (["Ann Author", "Jane Doe - translator"], ["Ann Author"]),
        (["Ann Author", "Jane Doe – Translator"], ["Ann Author"]),
        (["Ann Author", "Jane Doe, translator"], ["Ann Author"]),
        (["Ann Author", "Jane Doe [Narrator]"], ["Ann Author"]),
        (["Ann Author", "Jane Doe (Illustrator)", "Bob Roe (Editor)"], ["Ann Author"]),
        (["Ann Author", "Jane Doe (Introduction)"], ["Ann Author"]),
        (["Ann Author", "Jane Doe - introduction and notes"], ["Ann Author"]),
        (["Ann Author", "foreword by Jane Doe"], ["Ann Author"]),
        (["Ann Author, translated by Jane Doe and Bob Roe"], ["Ann Author"]),
        (["Ann Author; narrated by Jane Doe"], ["Ann Author"]),
        (["Ann Author with an introduction by Jane Doe"], ["Ann Author"]),
        (["Ann Author & Bob Writer"], ["Ann Author", "Bob Writer"]),
        (["Ann Author with Bob Writer"], ["Ann Author", "Bob Writer"]),
        (["Ann Author & Jane Doe (Translator)"], ["Ann Author"]),
        (["Ann Author", "Author, Ann"], ["Ann Author"]),
        (["Author, Ann"], ["Author, Ann"]),
        (["Martin Luther King, Jr."], ["Martin Luther King, Jr."]),
        (["Jane Reader"], ["Jane Reader"]),
        (["Bob Artist", "Ann Editor"], ["Bob Artist", "Ann Editor"]),
        (["Jane Doe (Translator)"], []),
        (["Unknown"], ["Unknown"]),
        (["", "?!"], []),
        ([], []),
    ],
)
def test_only_those_who_wrote_are_authors(names: list[str], expected: list[str]) -> None:
    assert list(written_by(names)) == expected


@pytest.mark.parametrize(
    "name", ["", None, " ", "?", "Unknown", "unknown author", "Various", "VARIOUS AUTHORS", "Anonymous", "N/A", "1984"]
)
def test_nobody_is_never_searched(name: str | None) -> None:
    assert not is_somebody(name)


@pytest.mark.parametrize("name", ["Plato", "Ann Unknown", "Various Writer Smith", "Nona Nemo", "李白", "Saki"])
def test_a_rare_name_is_somebody(name: str) -> None:
    assert is_somebody(name)


@pytest.mark.parametrize(
    ("authors", "names", "expected"),
    [
        (["Ann Author"], ["Ann Author"], True),
        (["A. B. Author"], ["Ann Author"], False),
        (["Robert Galbraith"], ["J. K. Rowling", "Robert Galbraith"], True),
        (["Robert Galbraith"], ["J. K. Rowling"], False),
        (["Ann Author (Translator)"], ["Ann Author"], False),
        (["Brian Herbert"], ["Frank Herbert"], False),
        (["Unknown"], ["Unknown"], False),
        ([], ["Ann Author"], False),
        (["Bob Writer", "Ann Author"], ["Ann Author"], True),
    ],
)
def test_a_work_is_somebodys_only_beyond_doubt(authors: list[str], names: list[str], expected: bool) -> None:
    assert is_by(authors, names) is expected


def test_pen_names_are_searched_once_each_and_not_those_with_a_row_of_their_own() -> None:
    aliases = ["Robert Galbraith", "JK Rowling", "Rowling, J. K.", "", "Unknown", "Newt Scamander"]
    assert names_to_search("J. K. Rowling", aliases) == ("J. K. Rowling", "Robert Galbraith", "Newt Scamander")
    assert names_to_search("J. K. Rowling", aliases, ["Robert Galbraith"]) == ("J. K. Rowling", "Newt Scamander")
    assert names_to_search("Various", aliases) == ("Robert Galbraith", "JK Rowling", "Newt Scamander")
    assert len(names_to_search("Ann Author", [f"Pen Name {chr(97 + n)}" for n in range(26)])) == 27


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_is_read(names: list[str]) -> None:
    people = written_by(names)
    assert len(set(people)) == len(people)
    assert not any(has_other_role(name) for name in people)
    is_by(names, names)
