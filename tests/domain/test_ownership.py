"""Which works of a catalogue the library has, however it spells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef
from mam_assets.domain.gaps import WorkStatus, author_gaps, series_gaps

TODAY = date(2026, 11, 22)
SANDERSON = ("Brandon Sanderson",)
PRATCHETT = ("Terry Pratchett",)


def listed(title: str, series: str, position: str, authors: tuple[str, ...]) -> CatalogEntry:
    """A line as Goodreads writes it, which stands in an author's catalogue too."""
    return CatalogEntry("Goodreads", title, f"{title} ({series}, #{position})", authors,
                        SeriesRef(series, position), audiobook=True)  # fmt: skip


MISTBORN = (
    listed("The Final Empire", "Mistborn", "1", SANDERSON),
    listed("The Well of Ascension", "Mistborn", "2", SANDERSON),
    listed("The Hero of Ages", "Mistborn", "3", SANDERSON),
    listed("Secret History", "Mistborn", "3.5", SANDERSON),
)
DISCWORLD = (
    listed("The Colour of Magic", "Discworld", "1", PRATCHETT),
    listed("Witches Abroad", "Discworld", "12", PRATCHETT),
    listed("Reaper Man", "Discworld", "11", PRATCHETT),
    listed("Ten Little Wizards", "Discworld", "50", PRATCHETT),
)


def owned_titles(entries: Sequence[CatalogEntry], book: OwnedBook) -> set[tuple[str, str]]:
    """(in the series' catalogue, in the author's): what the one book makes owned."""
    series = entries[0].series
    assert series is not None
    by_series = series_gaps(entries, [book], series_name=series.name, series_authors=entries[0].authors, today=TODAY)
    by_author = author_gaps(entries, [book], author=entries[0].authors[0], today=TODAY)
    return {
        (where, work.entry.source_key)
        for where, verdict in (("series", by_series), ("author", by_author))
        for work in verdict.works
        if work.status is WorkStatus.OWNED
    }


@pytest.mark.parametrize(
    ("title", "position", "authors", "work"),
    [
        ("Final Empire, The", None, SANDERSON, "The Final Empire"),
        ("The Final Empire (Unabridged)", None, ("Sanderson, Brandon",), "The Final Empire"),
        ("Mistborn: The Final Empire", None, SANDERSON, "The Final Empire"),
        ("Mistborn 02 - The Well of Ascension", None, SANDERSON, "The Well of Ascension"),
        ("Mistborn 2 - The Well of Ascension", None, SANDERSON, "The Well of Ascension"),
        ("The Well of Ascension: Mistborn, Book 2", None, SANDERSON, "The Well of Ascension"),
        ("The Well of Ascension: Mistborn, Book Two", None, SANDERSON, "The Well of Ascension"),
        ("Mistborn, Book 2: Well of Ascension", None, SANDERSON, "The Well of Ascension"),
        ("The Well of Ascension (Book 2)", None, SANDERSON, "The Well of Ascension"),
        ("The Well of Ascension, Book 2", None, SANDERSON, "The Well of Ascension"),
        ("The Well of Ascension_ A Novel", None, SANDERSON, "The Well of Ascension"),
        ("THE HERO OF AGES", None, SANDERSON, "The Hero of Ages"),
        ("The Hero of Ages [Mistborn 3]", None, SANDERSON, "The Hero of Ages"),
        ("Mistborn_ Secret History", None, SANDERSON, "Secret History"),
        ("The Hero of Ages: Book Three of Mistborn", None, SANDERSON, "The Hero of Ages"),
        ("Hero of the Ages", "3", SANDERSON, "The Hero of Ages"),
    ],
)
def test_a_work_is_owned_under_any_spelling(
    title: str, position: str | None, authors: tuple[str, ...], work: str
) -> None:
    book = OwnedBook(1, title, authors, position, series_name="Mistborn" if position else None)
    assert owned_titles(MISTBORN, book) == {("series", work), ("author", work)}


@pytest.mark.parametrize(
    ("title", "work"),
    [
        ("Discworld 12 - Witches Abroad", "Witches Abroad"),
        ("The Color of Magic", "The Colour of Magic"),
        ("10 Little Wizards", "Ten Little Wizards"),
        ("Witches Abroad (Discworld Novel 12)", "Witches Abroad"),
    ],
)
def test_a_number_before_a_title_is_the_series(title: str, work: str) -> None:
    assert owned_titles(DISCWORLD, OwnedBook(1, title, PRATCHETT)) == {("series", work), ("author", work)}


@pytest.mark.parametrize(
    "title",
    [
        "Mistborn",  # the series' name may mean any of its volumes
        "The Alloy of Law",
        "The Well of Sorrows",
        "Summary of The Final Empire",
        "Mistborn Adventure Game",
        "Secret Histories",
    ],
)
def test_another_work_of_the_author_is_not_taken_for_one_of_these(title: str) -> None:
    assert owned_titles(MISTBORN, OwnedBook(1, title, SANDERSON)) == set()


def test_a_number_behind_the_title_of_another_volume_owns_nothing_by_title() -> None:
    """ "Eragon, Book 2" where Eragon is the first: it may be the series' name."""
    entries = (
        listed("Eragon", "Inheritance", "1", ("Christopher Paolini",)),
        listed("Brisingr", "Inheritance", "3", ("Christopher Paolini",)),
    )
    book = OwnedBook(1, "Eragon, Book 2", ("Christopher Paolini",))
    assert owned_titles(entries, book) == set()


def test_an_owned_part_is_the_part_at_its_place() -> None:
    martin = ("George R.R. Martin",)
    part = CatalogEntry("Goodreads", "p1", "A Dance with Dragons: Dreams and Dust", martin,
                        SeriesRef("A Song of Ice and Fire", "5p1"))  # fmt: skip
    whole = listed("A Dance with Dragons", "A Song of Ice and Fire", "5", martin)
    verdict = series_gaps(
        [part, whole],
        [OwnedBook(1, "A Dance with Dragons", martin, "5p1")],
        series_name="A Song of Ice and Fire",
        series_authors=martin,
        today=TODAY,
    )
    assert {work.entry.source_key: work.status for work in verdict.works} == {
        "p1": WorkStatus.OWNED,
        "A Dance with Dragons": WorkStatus.MISSING,
    }
