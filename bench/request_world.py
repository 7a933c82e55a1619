"""A made-up world for counting requests: authors with two series and some single books each, half to two thirds owned.

Belongs here: the world, and twins that answer from it quickly. A twin looks through all works for each question, which
is right for the demo and slow for thousands; so each shelf of ten authors has twins of its own, and a word or a number
that only occurs there leads to it. Names are made of syllables, so that no two authors or titles share a word.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_plus

from mam_assets.sandbox.twins.serving import Request, Response, Twin
from mam_assets.sandbox.world.layout import LaidOutWorld
from mam_assets.sandbox.world.model import (
    BuiltRelease,
    OwnedItem,
    World,
    WorldAuthor,
    WorldRelease,
    WorldSeries,
    WorldWork,
)
from mam_assets.sandbox.world.works import isbn_10_of, synthetic_isbn_13

BOOKS_OF_AN_AUTHOR = 10
_AUTHORS_ON_A_SHELF = 10
_WORKS_IN_SERIES, _OWNED_IN_SERIES = 5, 3
_SINGLES, _OWNED_SINGLES = 6, 4
_FIRST_WORK, _FIRST_SERIES, _FIRST_AUTHOR = 3_000_001, 5_000_001, 7_000_001
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvwz" for vowel in "aeio"]
_STEP = 7_654_321  # shares no factor with 60: each number keeps a word of its own
_FIRST_NAMES = ("Ada", "Bram", "Clara", "Edith", "Hugh", "Jasper", "Leonora", "Miles", "Phoebe", "Silas")
_NOUNS = ("Lantern", "Harbour", "Orchard", "Compass", "Bridge", "Winter", "River", "Garden", "Tower", "Letter")
NOW = datetime(2026, 2, 1, 6, tzinfo=UTC)


def word(number: int) -> str:
    """A word of four syllables that no other number has, and that is unlike those of its neighbours."""
    number = number * _STEP % len(_SYLLABLES) ** 4
    letters = []
    for _ in range(4):
        number, place = divmod(number, len(_SYLLABLES))
        letters.append(_SYLLABLES[place])
    return "".join(letters)


class Shelf:
    """Ten authors, what they wrote, what of it is owned and offered."""

    def __init__(self, first: int, count: int, dice: random.Random) -> None:
        self.authors: list[WorldAuthor] = []
        self.series: list[WorldSeries] = []
        self.works: list[WorldWork] = []
        self.owned: list[OwnedItem] = []
        self.releases: list[WorldRelease] = []
        self._dice = dice
        for number in range(first, first + count):
            self._add_author(number)

    def _add_author(self, number: int) -> None:
        name = f"{_FIRST_NAMES[number % 10]} {word(2 * number).title()}"
        self.authors.append(WorldAuthor(_FIRST_AUTHOR + number, name))
        for half in (0, 1):
            series = WorldSeries(
                _FIRST_SERIES + 2 * number + half, f"{word(4 * number + half + 1_000_000).title()}", name
            )
            self.series.append(series)
            for place in range(1, _WORKS_IN_SERIES + 1):
                self._add_work(number, half * _WORKS_IN_SERIES + place, name, series, place, place <= _OWNED_IN_SERIES)
        for place in range(1, _SINGLES + 1):
            self._add_work(number, 2 * _WORKS_IN_SERIES + place, name, None, 0, place <= _OWNED_SINGLES)

    def _add_work(
        self, author: int, place: int, name: str, series: WorldSeries | None, position: int, owned: bool
    ) -> None:
        number = author * 20 + place
        title = f"The {word(number + 3_000_000).title()} {_NOUNS[number % 10]}"
        work = WorldWork(
            work_id=_FIRST_WORK + number,
            title=title,
            authors=(name,),
            year=1900 + number % 100,
            genre="Fantasy",
            series_id=series.series_id if series else None,
            position=str(position) if series else None,
            isbn_13=synthetic_isbn_13(number),
            asin=f"B{number:09d}",
            publisher="Lantern Audio",
            description=f"{title} tells of a long way home, and of those who wait at its end.",
            runtime_seconds=36_000.0,
        )
        self.works.append(work)
        if owned:
            self.owned.append(self._item(work, series))
        if self._dice.random() < 0.6:
            self.releases.append(_release(number, work, series))

    def _item(self, work: WorldWork, series: WorldSeries | None) -> OwnedItem:
        """As people keep them: six in ten with an ISBN, half with a publisher and a description."""
        known = self._dice.random() < 0.5
        return OwnedItem(
            key=f"book-{work.work_id}",
            work_id=work.work_id,
            folder=f"{work.authors[0]}/{work.title}",
            files=((f"{work.title}.m4b", work.runtime_seconds),),
            title=work.title,
            authors=work.authors,
            narrators=("Margaret Ellery",),
            series=((series.name, work.position),) if series else (),
            year=work.year,
            publisher=work.publisher if known else None,
            description=work.description if known else None,
            isbn=work.isbn_13 if self._dice.random() < 0.6 else None,
        )

    @property
    def tokens(self) -> set[str]:
        """Words and numbers that lead to this shelf and to no other."""
        names = {part for author in self.authors for part in author.name.lower().split()[1:]}
        titles = {work.title.lower().split()[1] for work in self.works}
        series = {series.name.lower() for series in self.series}
        codes = {code.lower() for work in self.works for code in (str(work.isbn_13), isbn_10_of(str(work.isbn_13)))}
        numbers = {str(author.author_id) for author in self.authors} | {str(s.series_id) for s in self.series}
        books = {str(work.work_id + 1_000_000) for work in self.works} | {str(work.asin).lower() for work in self.works}
        return names | titles | series | codes | numbers | books

    def world(self) -> World:
        """This shelf alone."""
        return World(NOW, tuple(self.authors), tuple(self.series), tuple(self.works), tuple(self.owned), ())


def _release(number: int, work: WorldWork, series: WorldSeries | None) -> WorldRelease:
    return WorldRelease(
        release_id=number,
        mam_id=900_000 + number,
        title=work.title,
        authors=work.authors,
        narrators=("Tobias Wren",),
        series=((series.name, str(work.position)),) if series else (),
        language="English",
        filetype="m4b",
        main_cat=13,
        category=41,
        files=((f"{work.title}.m4b", work.runtime_seconds),),
        seeders=9,
        leechers=0,
        snatched=90,
        added=NOW,
        work_ids=(work.work_id,),
    )


def build_shelves(books: int, seed: int = 7) -> list[Shelf]:
    """Shelves that hold about so many owned books."""
    dice = random.Random(seed)
    authors = max(1, round(books / BOOKS_OF_AN_AUTHOR))
    return [
        Shelf(first, min(_AUTHORS_ON_A_SHELF, authors - first), dice)
        for first in range(0, authors, _AUTHORS_ON_A_SHELF)
    ]


def whole(shelves: Sequence[Shelf]) -> World:
    """All shelves as one world."""
    return World(
        NOW,
        tuple(author for shelf in shelves for author in shelf.authors),
        tuple(series for shelf in shelves for series in shelf.series),
        tuple(work for shelf in shelves for work in shelf.works),
        tuple(item for shelf in shelves for item in shelf.owned),
        tuple(release for shelf in shelves for release in shelf.releases),
    )


def unbuilt(world: World) -> LaidOutWorld:
    """The releases as MAM lists them, without content: nobody downloads here."""
    nowhere = Path("/nowhere")
    built = (BuiltRelease(r, b"d4:infode", f"{r.release_id:040x}", nowhere, 300_000_000) for r in world.releases)
    return LaidOutWorld(world, nowhere, nowhere, tuple(built))


class ByShelf(Twin):
    """One service, played by a twin for each shelf. ``otherwise`` answers what names no shelf; ``only`` is the part of
    the paths that shelves answer at all."""

    def __init__(
        self, shelves: Sequence[Shelf], twins: Sequence[Twin], *, otherwise: Twin | None = None, only: str = ""
    ) -> None:
        self.name = twins[0].name
        self._twins = twins
        self._otherwise = otherwise or twins[0]
        self._only = only
        self._places: Mapping[str, int] = {
            token: place for place, shelf in enumerate(shelves) for token in shelf.tokens
        }

    def answer(self, request: Request) -> Response:
        """The answer of the shelf that the request is about."""
        if self._only not in request.path:
            return self._otherwise.answer(request)
        asked = [request.path, *(value for _, value in request.query)]
        for found in re.findall(r"\w+", unquote_plus(" ".join(asked)).lower()):
            if found in self._places:
                return self._twins[self._places[found]].answer(request)
        return self._otherwise.answer(request)
