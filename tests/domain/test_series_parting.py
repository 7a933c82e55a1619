"""Two series that were one are two again: what goes, and what stays."""

from __future__ import annotations

import pytest

from mam_assets.domain.series_parting import KnownAs, Membership, Parted, Parting, Place, part

ANN, BOB = "Ann Author", "Bob Writer"
APART = Parting(KnownAs(frozenset({"carter"}), "ann author"), KnownAs(frozenset({"barsoom"}), "ann author"))
NAMESAKES = Parting(KnownAs(frozenset({"dune"}), "bob writer"), KnownAs(frozenset({"dune", "arrakis"}), "ann author"))


@pytest.mark.parametrize(
    ("parting", "name", "author", "goes", "stays"),
    [
        (APART, "Carter", ANN, True, False),
        (APART, "The Carter Series", ANN, True, False),
        (APART, "Barsoom", ANN, False, True),
        (APART, "Elsewhere", ANN, False, False),
        (APART, None, ANN, False, False),
        (NAMESAKES, "Dune", BOB, True, False),
        (NAMESAKES, "Dune", ANN, False, True),
        (NAMESAKES, "Dune", "Carl Cook", False, False),
        (NAMESAKES, "Arrakis", BOB, False, True),
    ],
)
def test_a_name_is_of_the_one_that_bore_it_and_a_name_of_both_of_its_author(
    parting: Parting, name: str | None, author: str, goes: bool, stays: bool
) -> None:
    assert (parting.goes(name, [author]), parting.stays(name, [author])) == (goes, stays)


def book(number: str | None, ordinal: int, *shown: tuple[str, str | None], series: str | None = None) -> Membership:
    return Membership(Place(number, ordinal), (ANN,), series or (shown[0][0] if shown else None), shown)


BOTH = Parted(going=Place("5", 1), staying=Place(None, 0))
GOING, STAYING = Parted(Place("5", 0), None), Parted(None, Place(None, 0))
NEITHER = Parted(None, None)


@pytest.mark.parametrize(
    ("case", "found", "before", "after"),
    [
        ("the place that was lent goes back", book("5", 0), BOTH, BOTH),
        ("so it does when the library shows both", book("5", 0, ("Barsoom", None), ("Carter", "5")), BOTH, BOTH),
        (
            "a read met the going name first",
            book("5", 0, ("Carter", "5"), ("Barsoom", "1")),
            Parted(Place("5", 0), Place("1", 1)),
            Parted(Place("5", 0), Place("1", 1)),
        ),
        ("a new number holds", book("6", 0, ("Carter", "6")), GOING, Parted(Place("6", 0), None)),
        ("a book without a word goes back", book("5", 0), GOING, GOING),
        ("one that left the going series", book("2", 0, ("Barsoom", "2")), BOTH, Parted(None, Place("2", 0))),
        ("one of the staying series stays", book("2", 0, ("Barsoom", "2")), STAYING, Parted(None, Place("2", 0))),
        ("one that was moved since goes", book("2", 0, ("Carter", "2")), STAYING, Parted(Place("2", 0), None)),
        ("one that came under the going name", book("8", 0, ("Carter", "8")), NEITHER, Parted(Place("8", 0), None)),
        ("one that came under the staying name", book("8", 0, ("Barsoom", "8")), NEITHER, Parted(None, Place("8", 0))),
        (
            "one that came under both",
            book("8", 0, ("Barsoom", "8"), ("Carter", "3")),
            NEITHER,
            Parted(Place("3", 1), Place("8", 0)),
        ),
        ("one that came under neither stays", book("8", 0, ("Elsewhere", "8")), NEITHER, Parted(None, Place("8", 0))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_book_is_where_it_was_unless_the_library_says_otherwise(
    case: str, found: Membership, before: Parted, after: Parted
) -> None:
    assert part(found, APART, before) == after
