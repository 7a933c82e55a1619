"""A title taken apart by one who knows the series."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.folding import fold
from mam_assets.domain.series_in_title import place_in_title, without_series_name, without_volume


@pytest.mark.parametrize(
    ("title", "series", "bare", "position"),
    [
        ("The Final Empire: Mistborn, Book 1", "Mistborn", "The Final Empire", "1"),
        ("The Final Empire: Mistborn, Book One", "The Mistborn Saga", "The Final Empire", "1"),
        ("The Final Empire: Mistborn Book 1", "Mistborn", "The Final Empire", "1"),
        ("Mistborn: The Final Empire, Book 1", "Mistborn", "The Final Empire", "1"),
        ("Percy Jackson: The Lightning Thief, Book 1", "Percy Jackson", "The Lightning Thief", "1"),
        ("Discworld 12 - Witches Abroad", "Discworld", "Witches Abroad", "12"),
        ("Discworld, Book 12: Witches Abroad", "Discworld", "Witches Abroad", "12"),
        ("Witches Abroad (Discworld 12)", "Discworld", "Witches Abroad", "12"),
        ("Witches Abroad (Discworld Novel 12) (Unabridged)", "Discworld", "Witches Abroad", "12"),
        ("Fables, Vol. 2: Animal Farm", "Fables", "Animal Farm", "2"),
        ("Star Wars: The Thrawn Trilogy: Heir to the Empire", "Star Wars: The Thrawn Trilogy", "Heir to the Empire",
         None),
        ("Die Zwerge: Band 2 - Der Krieg der Zwerge", "Der Krieg", "Die Zwerge: Band 2 - Der Krieg der Zwerge", "-"),
        ("Der Krieg der Zwerge: Die Zwerge, Band 2", "Die Zwerge", "Der Krieg der Zwerge", "2"),
        ("Les Deux Tours - Le Seigneur des anneaux, tome 2", "Le Seigneur des anneaux", "Les Deux Tours", "2"),
        ("El prisionero del cielo: El cementerio, libro 3", "El cementerio", "El prisionero del cielo", "3"),
        ("Dungeon Crawler Carl: Dungeon Crawler Carl, Book 1", "Dungeon Crawler Carl", "Dungeon Crawler Carl", "1"),
        ("Nana, Vol. 1: Nana, Book 1", "Nana", "Nana, Vol. 1", "1"),
        ("NYPD Red 01 - NYPD Red", "NYPD Red", "NYPD Red", "01"),
        ("Ashes Trilogy: Ashes, Book 1", "Ashes Trilogy", "Ashes", "1"),
        ("Y: The Last Man 04 - Safeword", "Y: The Last Man", "Safeword", "4"),
        ("Dune #2: Dune Messiah", "Dune", "Dune Messiah", "2"),
        ("Mistborn_ The Final Empire", "Mistborn", "The Final Empire", None),
        ("Mistborn: Book 2", "Mistborn", "Mistborn: Book 2", "2"),
        ("Mistborn: Unabridged", "Mistborn", "Mistborn: Unabridged", "-"),
        ("Mistborn: Mistborn 3", "Mistborn", "Mistborn: Mistborn 3", "-"),
        ("Harry Potter and the Goblet of Fire", "Harry Potter", "Harry Potter and the Goblet of Fire", "-"),
        ("Fahrenheit 451", "Fahrenheit", "Fahrenheit 451", "-"),
        ("", "Mistborn", "", "-"),
    ],
)  # fmt: skip
def test_who_knows_the_series_reads_title_and_number(title: str, series: str, bare: str, position: str | None) -> None:
    """A position of "-" here says that the title names no series."""
    assert place_in_title(title, (series,)) == (bare, None if position == "-" else SeriesRef(series, position))


def test_other_series_are_left_on() -> None:
    title = "Star Wars: Heir to the Empire"
    assert place_in_title(title, ("Star Trek",)) == (title, None)
    assert place_in_title(title, ()) == (title, None)
    assert without_series_name(title, ("", "Star Wars")) == "Heir to the Empire"


@pytest.mark.parametrize(
    ("title", "bare", "volume"),
    [
        ("Eleven on Top, Book 11", "Eleven on Top", "11"),
        ("Eleven on Top (Book 11)", "Eleven on Top", "11"),
        ("Eleven on Top: Volume Two (Unabridged)", "Eleven on Top", "2"),
        ("Catch-22", "Catch-22", None),
        ("Buick 8", "Buick 8", None),
        ("Book 3", "Book 3", None),
        ("The Jungle Book", "The Jungle Book", None),
    ],
)
def test_a_labelled_volume_comes_off(title: str, bare: str, volume: str | None) -> None:
    left, position = without_volume(title)
    assert (left, position.canonical if position else None) == (bare, volume)


@given(
    st.text(alphabet=st.sampled_from("abAB :-–#()[]_,'1203 BookVol"), max_size=40),
    st.text(alphabet="abAB :1", max_size=8),
)
def test_a_title_is_never_emptied(title: str, series: str) -> None:
    bare, named = place_in_title(title, (series,))
    assert fold(bare) or not fold(title)
    assert named is None or named.name
    assert fold(without_series_name(title, (series,))) or not fold(title)
    assert fold(without_volume(title)[0]) or not fold(title)
