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


def test_a_subseries_keeps_its_own_name() -> None:
    """audiosilo-meta #1514: of 101 placements 38 were right; most came from a second series with other numbers."""
    assert normalise_series("Star Wars: The Thrawn Trilogy") != normalise_series("Star Wars")
    assert normalise_series("Mistborn: Wax and Wayne") != normalise_series("Mistborn")
