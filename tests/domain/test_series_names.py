"""One key for every spelling of a series."""

from __future__ import annotations

import pytest

from mam_assets.domain.series_names import normalise_series


@pytest.mark.parametrize(
    ("name", "author", "key"),
    [
        ("Mistborn", None, "mistborn"),
        ("The Mistborn Saga", None, "mistborn"),
        ("Mistborn Trilogy", None, "mistborn"),
        ("Brandon Sanderson's Mistborn", "Brandon Sanderson", "mistborn"),
        ("The Dresden Files (Publication Order)", None, "dresden files"),
        ("The Expanse: The Complete Series", None, "expanse"),
        ("Jack Reacher Novels", None, "jack reacher"),
        ("Saga", None, "saga"),
        ("The Series", None, "series"),
    ],
)
def test_a_series_has_one_key(name: str, author: str | None, key: str) -> None:
    assert normalise_series(name, author) == key


@pytest.mark.parametrize(
    "name",
    [
        "Burroughs's Barsoom",
        "Burroughs' Barsoom",
        "Burroughs’ Barsoom",
        "Edgar Rice Burroughs' Barsoom",
        "Edgar Rice Burroughs's Barsoom",
        "Edgar Rice Burroughs' Barsoom Series",
        "Edgar Rice Burroughs Barsoom",
        "E. R. Burroughs' Barsoom",
        "E.R. Burroughs’s The Barsoom Series",
        "Rice Burroughs' Barsoom",
        "EDGAR RICE BURROUGHS' BARSOOM",
    ],
)
def test_an_author_who_owns_the_name_is_no_part_of_it(name: str) -> None:
    assert normalise_series(name, "Edgar Rice Burroughs") == "barsoom"


@pytest.mark.parametrize(
    ("name", "author", "key"),
    [
        ("Asimov's Foundation", "Isaac Asimov", "foundation"),
        ("Le Guin's Earthsea Cycle", "Ursula K. Le Guin", "earthsea"),
        ("H. G. Wells' Scientific Romances", "H.G. Wells", "scientific romances"),
        ("H.G. Wells's Scientific Romances", "Wells, H. G.", "scientific romances"),
        ("Dickens' Christmas Books", "Charles Dickens", "christmas"),
        ("O'Brien's Aubrey Novels", "Patrick O'Brien", "aubrey"),
        ("Plato's Dialogues", "Plato", "dialogues"),
    ],
)
def test_a_surname_is_enough_where_it_owns_the_rest(name: str, author: str, key: str) -> None:
    assert normalise_series(name, author) == key


@pytest.mark.parametrize(
    ("name", "author", "key"),
    [
        pytest.param("Wells Fargo", "H. G. Wells", "wells fargo", id="owns nothing"),
        pytest.param("Burroughs' Barsoom", None, "burroughs barsoom", id="nobody is known to have written it"),
        pytest.param("Burroughs' Barsoom", "Otis Adelbert Kline", "burroughs barsoom", id="somebody else"),
        pytest.param("John Burroughs' Barsoom", "Edgar Rice Burroughs", "john burroughs barsoom", id="a namesake"),
        pytest.param("Sharpe's Adventures", "Bernard Cornwell", "sharpes adventures", id="a hero"),
        pytest.param("Wells' Novels", "H. G. Wells", "wells", id="else nothing would be left to tell it by"),
        pytest.param("Star Wars: Zahn's Thrawn", "Timothy Zahn", "star wars zahns thrawn", id="not in front"),
    ],
)
def test_what_is_not_the_authors_own_stays_in_the_name(name: str, author: str | None, key: str) -> None:
    assert normalise_series(name, author) == key


def test_a_subseries_keeps_its_own_name() -> None:
    """audiosilo-meta #1514: of 101 placements 38 were right; most came from a second series with other numbers."""
    assert normalise_series("Star Wars: The Thrawn Trilogy") != normalise_series("Star Wars")
    assert normalise_series("Mistborn: Wax and Wayne") != normalise_series("Mistborn")
