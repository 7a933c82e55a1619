"""How the data modules of the world write down a series or a list of works by one author.

Belongs here: the shape of a table. Does not belong here: the facts (the data modules) and the numbers, ISBNs and
runtimes made from them (works).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One work. ``year`` is that of the first publication as a book, or in a magazine where reference works count that,
    0 where it isn't known; ``authors`` replaces the table's author; ``also_in`` is a further series and the position
    in it."""

    title: str
    year: int
    position: str | None = None
    kind: str = "primary"
    authors: tuple[str, ...] = ()
    description: str | None = None
    other_titles: tuple[str, ...] = ()
    also_in: tuple[str, str] | None = None
    months_ahead: int = 0  # above zero: not yet released, this many months after the world's clock
    audiobook: bool = True
    language: str = "English"


@dataclass(frozen=True)
class SeriesTable:
    """A series. ``number`` is its Goodreads number in the world, ``aliases`` its names elsewhere."""

    number: int
    name: str
    author: str
    genre: str
    entries: tuple[Entry, ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class StandaloneTable:
    """Works of one author that belong to no series of the world."""

    author: str
    genre: str
    entries: tuple[Entry, ...]
