"""From the tables to the world's works: ids, ISBNs, ASINs, runtimes, plain descriptions.

Belongs here: what is made up about a true work, by a fixed rule, so that every source tells the same. Does not belong
here: facts (the tables), what is owned (owned) and what is offered (releases).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mam_assets.sandbox.world.adventure_series import ADVENTURE_SERIES
from mam_assets.sandbox.world.detective_series import DETECTIVE_SERIES
from mam_assets.sandbox.world.model import WorldSeries, WorldWork
from mam_assets.sandbox.world.novel_series import NOVEL_SERIES
from mam_assets.sandbox.world.standalone import STANDALONE, SUBTITLES
from mam_assets.sandbox.world.tables import Entry, SeriesTable
from mam_assets.sandbox.world.young_reader_series import YOUNG_READER_SERIES

SERIES_TABLES: tuple[SeriesTable, ...] = (*ADVENTURE_SERIES, *DETECTIVE_SERIES, *YOUNG_READER_SERIES, *NOVEL_SERIES)

_FIRST_WORK_ID = 700_001
_RUNTIMES = (60.0, 120.0, 60.0, 180.0, 120.0)
_PUBLISHERS = ("Lantern Audio", "Quiet River Press", "Copper Bell Books", "Northgate Recordings")
_DAYS_IN_A_MONTH = 30


@dataclass(frozen=True)
class Works:
    """All works with the ways to find one."""

    series: tuple[WorldSeries, ...]
    all: tuple[WorldWork, ...]

    def titled(self, title: str, author: str | None = None) -> WorldWork:
        """The work of that exact title, by ``author`` where two share it. Raises ``LookupError`` unless one fits."""
        found = [w for w in self.all if w.title == title and (author is None or author in w.authors)]
        if len(found) != 1:
            raise LookupError(f"the world has {len(found)} works titled {title!r}")
        return found[0]

    def at(self, series: str, position: str) -> WorldWork:
        """The volume of a series that counts at ``position``. Raises ``LookupError`` when there is none."""
        number = next(s.series_id for s in self.series if s.name == series)
        for work in self.all:
            if work.series_id == number and work.position == position and work.kind != "translation":
                return work
        raise LookupError(f"the world has no {series} {position}")

    def series_of(self, work: WorldWork) -> WorldSeries | None:
        return next((s for s in self.series if s.series_id == work.series_id), None)


def build_works(now: datetime) -> Works:
    """Every series and work, in the order of the tables. ``now`` dates what is not yet released."""
    series = tuple(WorldSeries(t.number, t.name, t.author, t.aliases) for t in SERIES_TABLES)
    numbers = {s.name: s.series_id for s in series}
    works = []
    for place, (entry, author, genre, table) in enumerate(_entries()):
        works.append(_work(place, entry, author, genre, table, numbers, now))
    return Works(series, tuple(_with_sum_of_members(work, works) for work in works))


def _entries() -> Iterator[tuple[Entry, str, str, SeriesTable | None]]:
    for table in SERIES_TABLES:
        for entry in table.entries:
            yield entry, table.author, table.genre, table
    for shelf in STANDALONE:
        for entry in shelf.entries:
            yield entry, shelf.author, shelf.genre, None


def _work(
    place: int,
    entry: Entry,
    author: str,
    genre: str,
    table: SeriesTable | None,
    numbers: dict[str, int],
    now: datetime,
) -> WorldWork:
    released: date | None = None
    if entry.months_ahead:
        released = (now + timedelta(days=_DAYS_IN_A_MONTH * entry.months_ahead)).date()
    return WorldWork(
        work_id=_FIRST_WORK_ID + place,
        title=entry.title,
        authors=entry.authors or (author,),
        year=released.year if released else entry.year,
        genre=genre,
        series_id=table.number if table else None,
        position=entry.position,
        kind=entry.kind,
        subtitle=SUBTITLES.get(entry.title),
        isbn_13=synthetic_isbn_13(place) if place % 6 else None,
        asin=f"B0DEMO{place:04d}" if entry.audiobook and place % 4 != 3 and not released else None,
        publisher=_PUBLISHERS[place % len(_PUBLISHERS)],
        description=entry.description or _plain_description(place, entry, author, genre, table),
        release_date=released,
        audiobook=entry.audiobook,
        runtime_seconds=60.0 if entry.kind == "novella" else _RUNTIMES[place % len(_RUNTIMES)],
        other_titles=entry.other_titles,
        also_in=((numbers[entry.also_in[0]], entry.also_in[1]),) if entry.also_in else (),
        language=entry.language,
    )


def synthetic_isbn_13(number: int) -> str:
    """An ISBN-13 with a valid check digit in a block (978-0-00-00…) that no publisher of the demo's works uses."""
    stem = f"9780000{number:05d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(stem))
    return stem + str(-total % 10)


def isbn_10_of(isbn_13: str) -> str:
    """The ISBN-10 of the same book, for sources that show both."""
    stem = isbn_13[3:12]
    check = -sum((10 - place) * int(digit) for place, digit in enumerate(stem)) % 11
    return stem + ("X" if check == 10 else str(check))


def _plain_description(place: int, entry: Entry, author: str, genre: str, table: SeriesTable | None) -> str | None:
    if place % 5 == 4 or not entry.year:
        return None
    if table and entry.position:
        return f"Number {entry.position} of the {table.name} books. It was first published in {entry.year}."
    kind = {"Self-Help": "guide to living well", "Romance": "novel of love and society"}.get(genre, "work of fiction")
    return f"A {kind} by {' and '.join(entry.authors or (author,))}, first published in {entry.year}."


def members_of(work: WorldWork, works: list[WorldWork]) -> list[WorldWork]:
    """The volumes that a collection's range ("1-3") covers."""
    if work.kind != "collection" or not work.position or "-" not in work.position:
        return []
    first, last = (int(end) for end in work.position.split("-"))
    wanted = {str(number) for number in range(first, last + 1)}
    return [w for w in works if w.series_id == work.series_id and w.kind == "primary" and w.position in wanted]


def _with_sum_of_members(work: WorldWork, works: list[WorldWork]) -> WorldWork:
    members = members_of(work, works)
    return replace(work, runtime_seconds=sum(m.runtime_seconds for m in members)) if members else work
