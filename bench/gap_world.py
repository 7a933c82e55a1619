"""A made-up library for measuring gaps: from a seed, of any size, half of what exists owned, everything spelled in
several ways, as sources and libraries do.

For n books: n / 5 series of 1 to 40 works by n / 10 authors, and about 5 n entries of catalogues from four sources.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.names import normalise_person, normalise_series, normalise_title

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    """
    Ada Bram Clara Dorian Edith Félix Greta Hugh Inés Jasper Kit Leonora Miles Nora Otis Phoebe Quentin Rosa
    Silas Tess Ulric Vera Wim Xenia Yann Zoë
    """
)
_LAST = _words(
    """
    Ash Bel Cor Dun El Fen Gar Hol Ing Jor Kes Lun Mor Nor Ost Pel Quin Rav Sel Tor Und Ver Wen Yar Zel
    """
)
_LAST_END = _words(
    """
    ford ley ton wick man sen berg well worth dale son ham stone field
    """
)
_ADJECTIVE = _words(
    """
    Amber Bitter Broken Burning Crimson Distant Drowned Empty Endless Fallen First Forgotten Frozen Gilded
    Golden Hidden Hollow Iron Last Lonely Lost Marble Midnight Narrow Pale Quiet Ragged Scarlet Second Secret
    Shattered Silent Silver Sleeping Stolen Sunken Third Velvet Wandering Winter
    """
)
_NOUN = _words(
    """
    Anchor Archive Arrow Bell Bridge Candle Castle Chair Compass Crown Daughter Door Empire Falcon Feather Fire
    Garden Gate Ghost Harbour Heir House Island Key King Lantern Letter Library Lighthouse Map Mask Mirror Moon
    Mountain Oath Orchard Passage Pilot Prince Promise Queen River Road Rose Sailor Sea Shadow Ship Song Spire
    Star Stone Storm Sword Thief Throne Tide Tower Traveller Vault Voyage Wall Watch Well Winter Witch
    """
)
_PLACE = _words(
    """
    Aldermoor Bexhill Calder Dorne Eskdale Farrow Glim Haverley Ister Jura Kell Lorne Marrow Nairn Orme Pendle
    Quay Rothwell Skerry Thorn Ulver Vane Wold Yarrow Zeal
    """
)
_SERIES_WORD = ("Chronicles", "Saga", "Trilogy", "Mysteries", "Cycle", "Files", "Legacy", "Series")


@dataclass
class MadeWork:
    """A work that exists."""

    title: str
    author: int
    series: int | None
    position: str | None
    year: int
    isbn: str
    owned: bool


@dataclass
class MadeWorld:
    """Works, and the names of authors and series by number."""

    authors: list[str]
    series: list[tuple[str, int]] = field(default_factory=list)
    works: list[MadeWork] = field(default_factory=list)


def make_world(books: int, seed: int = 7) -> MadeWorld:
    """A world of which about ``books`` books are owned."""
    dice = random.Random(seed)
    world = MadeWorld(_names(dice, max(4, books // 10)))
    for number in range(books // 5):
        author = number % len(world.authors)
        name = f"{dice.choice(_PLACE)} {dice.choice(_NOUN)} {dice.choice(_SERIES_WORD)}"
        world.series.append((f"The {name}" if dice.random() < 0.5 else name, author))
        size = min(40, 1 + int(dice.expovariate(1 / 7.2)))
        places = [str(n) for n in range(1, size + 1)] + (["0.5"] if dice.random() < 0.2 else [])
        first = dice.randrange(1950, 2024)
        world.works += [
            _work(dice, author, number, place, min(2029, first + index), owned=index == 0 or dice.random() < 0.43)
            for index, place in enumerate(places)
        ]
    alone = max(0, 2 * books - len(world.works))
    world.works += [
        _work(dice, dice.randrange(len(world.authors)), None, None, dice.randrange(1950, 2027), dice.random() < 0.5)
        for _ in range(alone)
    ]
    return world


def _names(dice: random.Random, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        middle = f" {dice.choice('ABCDEFGHJKLMNPRSTW')}." if dice.random() < 0.6 else ""
        names[f"{dice.choice(_FIRST)}{middle} {dice.choice(_LAST)}{dice.choice(_LAST_END)}"] = None
        if len(names) % 50 == 49:
            names[f"{dice.choice(_FIRST)} {dice.choice(_FIRST)} {dice.choice(_LAST)}{dice.choice(_LAST_END)}"] = None
    return list(names)[:count]


def _work(dice: random.Random, author: int, series: int | None, place: str | None, year: int, owned: bool) -> MadeWork:
    title = dice.choice(
        (
            "The {a} {n} of {p}",
            "{a} {n}s of {p}",
            "A {n} in {p}",
            "The {n} and the {m}",
            "{p}'s {a} {n}",
            "The {a} {n}",
            "{n} at {p}: The {a} {m}",
        )
    ).format(a=dice.choice(_ADJECTIVE), n=dice.choice(_NOUN), m=dice.choice(_NOUN), p=dice.choice(_PLACE))
    return MadeWork(title, author, series, place, year, f"978{dice.randrange(10**9):09d}", owned)


def fill(connection: Connection, world: MadeWorld, seed: int = 7) -> None:
    """Write the world: books of what is owned, and catalogues of everything. The tables must be empty."""
    dice = random.Random(seed)
    copy(connection, "authors", ("id", "name", "name_key"),
         ((n, name, normalise_person(name)) for n, name in enumerate(world.authors, 1)))  # fmt: skip
    series_rows = [
        (
            n,
            name,
            world.authors[author],
            author + 1,
            f"{normalise_series(name)} {n}",
            normalise_person(world.authors[author]),
        )
        for n, (name, author) in enumerate(world.series, 1)
    ]
    copy(connection, "series", ("id", "name", "author", "author_id", "name_key", "author_key"), series_rows)
    copy(connection, "series_names", ("series_id", "name", "name_key", "source"),
         ((row[0], row[1], normalise_series(row[1], row[2]), "Audiobookshelf") for row in series_rows))  # fmt: skip
    owned = [(n, work) for n, work in enumerate(world.works, 1) if work.owned]
    copy(connection, "books", BOOK_COLUMNS, (book_row(dice, world, n, work) for n, work in owned))
    copy(connection, "book_authors", ("book_id", "author_id"), ((n, work.author + 1) for n, work in owned))
    copy(connection, "book_series", ("book_id", "series_id", "position"),
         ((n, work.series + 1, work.position) for n, work in owned if work.series is not None))  # fmt: skip
    copy(connection, "catalog_entries", ENTRY_COLUMNS, _entries(dice, world))
    for table in ("authors", "series", "books"):
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        )


BOOK_COLUMNS = ("id", "abs_id", "title", "title_key", "author", "author_key", "authors", "series", "series_number",
                "isbn", "language", "date_added")  # fmt: skip


def book_row(dice: random.Random, world: MadeWorld, number: int, work: MadeWork) -> tuple[Any, ...]:
    """A book of the library, titled as libraries do."""
    author = world.authors[work.author]
    series = world.series[work.series][0] if work.series is not None else None
    title = work.title
    if dice.random() < 0.1:
        title += " (Unabridged)"
    if series and dice.random() < 0.15:
        title = (
            f"{series}, Book {work.position} - {title}"
            if dice.random() < 0.5
            else f"{title} ({series} #{work.position})"
        )
    elif dice.random() < 0.1:
        title = title.removeprefix("The ")
    shown = author.replace(".", "") if dice.random() < 0.2 else author
    isbn = work.isbn if dice.random() < 0.3 else None
    return (number, f"li_{number}", title, normalise_title(title), shown, normalise_person(shown), [shown], series,
            work.position, isbn, "English", NOW)  # fmt: skip


ENTRY_COLUMNS = ("series_id", "author_id", "source", "source_key", "title", "authors", "series_name", "position",
                 "published", "isbn", "goodreads_id", "language", "audiobook", "first_seen", "last_seen")  # fmt: skip


def _entries(dice: random.Random, world: MadeWorld) -> Iterator[tuple[Any, ...]]:
    sizes: dict[int, int] = {}
    for number, work in enumerate(world.works, 1):
        author = world.authors[work.author]
        if work.series is not None:
            name = world.series[work.series][0]
            sizes[work.series] = sizes.get(work.series, 0) + 1
            yield _entry(work.series + 1, None, "Goodreads", number, work.title, author, name, work, None)
            if dice.random() < 0.25:
                title = f"{work.title} ({name}, #{work.position})"
                yield _entry(work.series + 1, None, "Audible", number, title, author, name, work, True)
        sources = dice.sample(("Goodreads", "GoogleBooks", "MAM"), dice.choice((1, 1, 2)))
        for source in sources:
            title, named = work.title, None
            if work.series is not None and source != "GoogleBooks":
                named = world.series[work.series][0]
                if source == "Goodreads":
                    title = f"{title} ({named}, #{work.position})"
            elif source == "GoogleBooks" and dice.random() < 0.3:
                title += ": A Novel"
            recording = True if source == "MAM" else None if source == "Goodreads" else dice.random() < 0.5 or None
            yield _entry(None, work.author + 1, source, number, title, author, named, work, recording)
    for series, size in sizes.items():
        name, writer = world.series[series]
        if size > 2 and dice.random() < 0.3:
            row = MadeWork(f"{name} Boxed Set, Books 1-3", writer, series, "1-3", 2015, "", False)
            yield _entry(
                series + 1, None, "Goodreads", 10**8 + series, row.title, world.authors[writer], name, row, None
            )


def _entry(
    series_id: int | None,
    author_id: int | None,
    source: str,
    number: int,
    title: str,
    author: str,
    named: str | None,
    work: MadeWork,
    audiobook: bool | None,
) -> tuple[Any, ...]:
    isbn = work.isbn if source == "GoogleBooks" else None
    goodreads = str(number) if source == "Goodreads" else None
    return (series_id, author_id, source, f"{source[:2]}{number}", title, [author], named,
            work.position if named else None, str(work.year), isbn, goodreads, "English", audiobook,
            NOW, NOW)  # fmt: skip


def copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a table."""
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as target:
        for row in rows:
            target.write_row(row)
