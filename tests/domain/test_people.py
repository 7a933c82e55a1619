"""People's names as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.folding import fold
from mam_assets.domain.people import normalise_person, same_surname, split_people


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("J.R.R. Tolkien", "j r r tolkien"),
        ("JRR Tolkien", "j r r tolkien"),
        ("Tolkien, J. R. R.", "j r r tolkien"),
        ("TERRY PRATCHETT", "terry pratchett"),
        ("Kurt Vonnegut, Jr.", "kurt vonnegut"),
        ("Robin Waterfield (Translator)", "robin waterfield"),
        ("Dr. Seuss", "seuss"),
    ],
)
def test_a_person_has_one_key(name: str, key: str) -> None:
    assert normalise_person(name) == key


@pytest.mark.parametrize(
    ("text", "people"),
    [
        (None, ()),
        ("", ()),
        ("Frank Herbert", ("Frank Herbert",)),
        ("Neil Gaiman & Terry Pratchett", ("Neil Gaiman", "Terry Pratchett")),
        ("Neil Gaiman and Terry Pratchett", ("Neil Gaiman", "Terry Pratchett")),
        ("Neil Gaiman, Terry Pratchett", ("Neil Gaiman", "Terry Pratchett")),
        ("James Patterson with Bill Clinton", ("James Patterson", "Bill Clinton")),
        ("Le Guin, Ursula K.", ("Le Guin, Ursula K.",)),
        ("Tolkien, J.R.R.; Lewis, C.S.", ("Tolkien, J.R.R.", "Lewis, C.S.")),
        ("Tolkien, J.R.R., Lewis, C.S.", ("Tolkien, J.R.R.", "Lewis, C.S.")),
        ("Martin Luther King, Jr.", ("Martin Luther King, Jr.",)),
        ("Frank Herbert (Goodreads Author), Frank Herbert", ("Frank Herbert",)),
        ("Alexander Anderson", ("Alexander Anderson",)),
    ],
)
def test_joined_people_are_split(text: str | None, people: tuple[str, ...]) -> None:
    assert split_people(text) == people


@given(st.text(max_size=80))
def test_any_names_are_split_and_folded(text: str) -> None:
    for person in split_people(text):
        assert fold(person)
        assert normalise_person(person)
    same_surname(text, text)


def test_a_surname_is_the_last_name() -> None:
    assert same_surname("Frank Herbert", "Herbert, Brian")
    assert not same_surname("Frank Herbert", "Herbert Frank")
    assert not same_surname("", "")
