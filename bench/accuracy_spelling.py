"""Titles in other dress, and books as libraries spell them: what bench_accuracy puts before the readers.

Belongs here: made spellings of real records. Does not belong here: the records (accuracy_records), what is measured
(bench_accuracy).
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from accuracy_records import Record, Told

WORDS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")

# What can be read with nothing else known ...
CERTAIN: dict[str, str] = {
    "bracket, Book 3": "{title} ({series}, Book {n})",
    "bracket Book 3": "{title} ({series} Book {n})",
    "square bracket 3": "{title} [{series} {n}]",
    "square bracket #3": "{title} [{series} #{n}]",
    "unabridged behind": "{title} ({series}, #{n}) (Unabridged)",
    "a series novel": "{title}: A {series} Novel ({series}, #{n})",
    "number before": "{series} #{n}: {title}",
    "padded number before": "{series} {n:0>2} - {title}",
    "book three of": "{title}, Book {word} of {series}",
    "book 3 of, dash": "{title} - Book {n} of {series}",
    "volume IV": "{title} ({series}, Vol. {roman})",
    "two series": "{title} ({series}, #{n}; Another Name, #7)",
    "range": "{title} ({series}, #{n}-{after})",
    "decimal": "{title} ({series}, #{n}.5)",
    "part": "{title} ({series}, #{n}: Part 1 of 2)",
}
# ... and what only a reader can read who knows the series: either side may be its name.
WITH_SERIES_KNOWN: dict[str, str] = {
    "audible": "{title}: {series}, Book {n}",
    "audible, word": "{title}: {series}, Book {word}",
    "colon, #": "{title}: {series} #{n}",
    "series before": "{series}: {title}, Book {n}",
    "series, book before": "{series}, Book {n}: {title}",
    "series book before": "{series} Book {n} - {title}",
    "number before, dash": "{series} {n} - {title}",
    "round bracket 3": "{title} ({series} {n})",
    "series before, volume": "{series}, Vol. {n}: {title}",
}
TRAPS = (
    "Catch-22", "1984", "Fahrenheit 451", "Slaughterhouse-Five", "2001: A Space Odyssey", "2010: Odyssey Two",
    "Dune (Unabridged)", "The Martian (Movie Tie-In)", "Henry IV, Part 1", "The 39 Steps", "Station Eleven",
    "Ragtime (1975)", "The Corrections (Oprah's Book Club)", "Middlemarch (Penguin Classics)", "Emma (Spanish Edition)",
    "Book of the Dead", "The Book of Three", "The Jungle Book", "11/22/63", "Apollo 13: Lost Moon",
    "Area 51 - The Truth",
    "The Firm (Penguin Readers, Level 5)", "The Illustrated Works (2 Volume Set)", "The Talisman (Volume 1)",
    "Genesis (Genesis)", "Ocean's 11 - The Story", "Numbers [MP3]", "The Stand [Part 1]", "Emma [Disc 3]",
    "Emma [1 of 3]", "The 100", "Room 101", "Se7en", "The Two Towers", "A Tale of Two Cities", "Butterfield 8",
    "The Crying of Lot 49", "Around the World in 80 Days", "20,000 Leagues Under the Sea", "The Sign of Four",
    "My #1 Fan: A Memoir", "Public Enemy #1: The Story", "We're #1: How It Was Won",
    "The No. 1 Ladies' Detective Agency",
    "Sonnet 18", "Psalms (Psalm 23)", "Romeo and Juliet (Act 2)", "Up Front (2nd Edition)", "Rosewater (Book Club)",
    "Chapter Two of Many", "Book One of Two", "Volume 1 of 3", "Windows (Windows 95)", "Emma [2019]", "Emma (Ages 8)",
    "The Complete Tales, Book of Days", "Henry VI, Part Three", "Wool - Part One", "Wool: Part 3", "Lucky 13: A Novel",
)  # fmt: skip


@dataclass(frozen=True)
class Spelled:
    """A book as a library may have it."""

    title: str
    authors: tuple[str, ...]
    position: str | None
    series: str | None


Alteration = Callable[[Spelled, Record, random.Random], Spelled]


def first_series(row: Record) -> Told | None:
    return row.series[0] if row.series else None


def _without_subtitle(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    """Not where the head is but the name of a series ("Batman: Hush, Vol. 1"): nobody could tell what it was."""
    head, colon, tail = book.title.partition(": ")
    is_name = head in (book.series or head) or any(mark in row.title for mark in ("Vol", "vol", "#", "Guide", "Book"))
    return replace(book, title=head) if colon and len(tail) > 3 and not (is_name and row.series) else book


def _book_three(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    told = first_series(row)
    if told is None or not told.is_single:
        return book
    shapes = ("{t}: {s}, Book {n}", "{t}, Book {n}", "{t} (Book {n})", "{t} ({s}, Book {n})", "{t} ({s} Book {n})")
    return replace(book, title=chance.choice(shapes).format(t=book.title, s=told.name, n=told.text))


def _series_before(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    told = first_series(row)
    if told is None or not told.is_single:
        return book
    shapes = ("{s} {n:0>2} - {t}", "{s} {n} - {t}", "{s}: {t}", "{s} #{n}: {t}", "{s}, Book {n}: {t}", "{s} - {t}")
    return replace(book, title=chance.choice(shapes).format(t=book.title, s=told.name, n=told.text))


def _initials(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    spaced = chance.random() < 0.5
    return replace(book, authors=tuple(name.replace(".", ". " if spaced else "").replace("  ", " ").strip()
                                       for name in book.authors))  # fmt: skip


def _without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _accents_lost(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return replace(book, title=_without_accents(book.title), authors=tuple(map(_without_accents, book.authors)))


def _the_moved(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    for article in ("The ", "A ", "An "):
        if book.title.startswith(article) and ":" not in book.title:
            return replace(book, title=f"{book.title[len(article) :]}, {article.strip()}")
    return book


def _the_dropped(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return replace(book, title=book.title.removeprefix("The "))


def _unabridged(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    tails = (" (Unabridged)", " [Unabridged]", ": Unabridged", " - Unabridged", " (Unabridged Audiobook)")
    return replace(book, title=book.title + chance.choice(tails))


def _last_first(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    def turned(name: str) -> str:
        given, space, last = name.rpartition(" ")
        return f"{last}, {given}" if space and last.rstrip(".").lower() not in {"jr", "sr", "iii"} else name

    return replace(book, authors=tuple(map(turned, book.authors)))


def _first_author_only(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return replace(book, authors=book.authors[:1])


def _no_position(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return replace(book, position=None)


def _and_sign(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    turned = book.title.replace(" & ", " and ") if " & " in book.title else book.title.replace(" and ", " & ")
    return replace(book, title=turned)


def _numbers_in_words(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    words = book.title.split(" ")
    turned = [
        WORDS[int(word)] if word.isdigit() and 0 < int(word) < 13
        else str(WORDS.index(word)) if word in WORDS[2:] else word
        for word in words
    ]  # fmt: skip
    return replace(book, title=" ".join(turned))


def _other_english(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    title = book.title
    for british, american in (("olour", "olor"), ("arbour", "arbor"), ("onour", "onor"), ("heatre", "heater"),
                              ("rey ", "ray "), ("Armour", "Armor"),
                              ("efence", "efense"), ("ewell", "ewel")):  # fmt: skip
        title = title.replace(british, american) if british in title else title.replace(american, british)
    return replace(book, title=title)


def _other_colon(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return replace(book, title=book.title.replace(": ", chance.choice((" - ", "_ ", " – ", " : "))))


def _no_apostrophe(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return replace(book, title=book.title.replace("'", chance.choice(("", "’"))))


def _a_novel(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return book if ": " in book.title else replace(book, title=f"{book.title}: A Novel")


def _original(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    """Beside the other title, and only where the place is told as well: nothing else shows that "Northern Lights" is
    "The Golden Compass"."""
    latin = all(ord(char) < 0x250 for char in row.original)
    told = book.position is not None and latin and row.original.lower() != book.title.lower()
    return replace(book, title=f"{row.original} ({book.title})") if told else book


def _capitals(book: Spelled, row: Record, chance: random.Random) -> Spelled:
    return replace(book, title=book.title.upper() if chance.random() < 0.5 else book.title.lower())


PLAIN: tuple[Alteration, ...] = (
    _unabridged, _book_three, _series_before, _the_moved, _the_dropped, _without_subtitle, _accents_lost, _initials,
)  # fmt: skip
HARD: tuple[Alteration, ...] = (
    *PLAIN, _last_first, _first_author_only, _no_position, _and_sign, _numbers_in_words, _other_english, _other_colon,
    _no_apostrophe, _a_novel, _original, _capitals,
)  # fmt: skip


def spelled(row: Record, alterations: Sequence[Alteration], chance: random.Random, most: int) -> Spelled:
    told = first_series(row)
    position = None
    if told is not None:
        position = told.text if told.part is None else f"{told.text}p{told.part}"
    book = Spelled(row.bare, row.authors, position, told.name if told else None)
    chosen = chance.sample(alterations, chance.randint(1, most))
    for alteration in sorted(chosen, key=alterations.index, reverse=True):
        book = alteration(book, row, chance)
    return book
