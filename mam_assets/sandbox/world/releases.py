"""What MAM and a second, public indexer offer: a good release for most gaps, doubtful ones or none for others.

Belongs here: releases with their oddities. Does not belong here: the works (works), the .torrent files (layout) and how
MAM or Prowlarr spell a release (the twins). Narrators, numbers of seeders and dates are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mam_assets.sandbox.world.model import WorldRelease, WorldWork
from mam_assets.sandbox.world.owned import NARRATORS, audio_files, file_name
from mam_assets.sandbox.world.works import Works

AUDIOBOOKS, EBOOKS = 13, 14
CATEGORY_OF_GENRE = {
    "Science Fiction": 47,
    "Fantasy": 41,
    "Mystery": 87,
    "Thriller": 40,
    "Romance": 46,
    "Self-Help": 53,
    "Classics": 45,
}
_EBOOK_FANTASY, _EBOOK_CLASSICS = 63, 67
RECENT_PER_GENRE = 13
TOP_10_GENRES = ("Science Fiction", "Fantasy", "Mystery", "Thriller")

FIRST_RELEASE_ID = 1001
_MAM_ID_OFFSET = 560_000

# Wanted, and nobody offers it.
NO_RELEASE = {
    "Savage Pellucidar",
    "Land of Terror",
    "The Disintegration Machine",
    "Further Chronicles of Avonlea",
    "The Island of Sheep",
    "A Modern Utopia",
    "Under Western Eyes",
    "The Steam House",
    "Lord Tony's Wife",
    "Aunt Jane's Nieces Out West",
    "Tom Sawyer, Detective",
    "The Donnington Affair",
    "Good Wives",
    "Framley Parsonage",
    "The Pioneers",  # Cooper's: only the namesake has a release
    "The Eustace Diamonds",
    "Shirley",
    "Romance",
    "Manalive",
}

# Wanted, and offered only in the pack or by another indexer.
_ONLY_IN_PACK = {"The Patchwork Girl of Oz", "The Tin Woodman of Oz", "Glinda of Oz"}
_ONLY_ELSEWHERE = {"Erewhon Revisited", "The World Set Free", "Armadale"}

# Owned already, and still among the week's new uploads.
_OWNED_YET_OFFERED = (
    "813",
    "The Time Machine",
    "A Princess of Mars",
    "Dracula",
    "The Hound of the Baskervilles",
    "The Thirty-Nine Steps",
    "The Innocence of Father Brown",
    "The Secret Agent",
    "The Woman in White",
    "The Moonstone",
    "The Amateur Cracksman",
    "The Wonderful Wizard of Oz",
)


@dataclass
class _Desk:
    """Hands out ids and fills in what most releases share."""

    works: Works
    now: datetime
    taken: int = 0

    def release(self, work: WorldWork, **changes: Any) -> WorldRelease:
        number = FIRST_RELEASE_ID + self.taken
        self.taken += 1
        kind = "m4b" if number % 3 else "mp3"
        series = self.works.series_of(work)
        plain = WorldRelease(
            release_id=number,
            mam_id=number + _MAM_ID_OFFSET,
            title=work.title,
            authors=work.authors,
            narrators=(NARRATORS[number % len(NARRATORS)],),
            series=((series.name, work.position),) if series and work.position else (),
            language="English",
            filetype=kind,
            main_cat=AUDIOBOOKS,
            category=CATEGORY_OF_GENRE[work.genre],
            files=torrent_files(work, kind),
            seeders=3 + number * 7 % 60,
            leechers=number % 4,
            snatched=40 + number * 37 % 997,
            added=self.now - timedelta(days=9 + number * 11 % 700, hours=number % 24),
            work_ids=(work.work_id,),
            freeleech=number % 9 == 0,
            vip=number % 5 == 0,
            tags="unabridged" if number % 2 else f"unabridged, {work.genre.lower()}",
            isbn=_isbn_field(number, work),
        )
        return replace(plain, **changes)


def _isbn_field(number: int, work: WorldWork) -> str:
    match number % 3:
        case 0:
            return work.isbn_13 or ""
        case 1 if work.asin:
            return f"ASIN:{work.asin}"
        case _:
            return ""


def torrent_files(work: WorldWork, kind: str, label: str = "") -> tuple[tuple[str, float], ...]:
    """The tree of a torrent: one M4B by itself, or a folder of MP3 parts. ``label`` keeps two releases apart."""
    files = audio_files(work.title, work.runtime_seconds, kind)
    if kind == "m4b":
        return ((f"{file_name(work.title)}{label}.m4b", work.runtime_seconds),)
    folder = f"{file_name(work.authors[0])} - {file_name(work.title)}{label}"
    return tuple((f"{folder}/{name}", seconds) for name, seconds in files)


def build_releases(works: Works, owned_ids: set[int], now: datetime) -> tuple[WorldRelease, ...]:
    """All releases, those of the week's new uploads made recent. ``release_id`` and ``mam_id`` are unique."""
    desk = _Desk(works, now)
    odd = list(_awkward_releases(desk))
    spoken_for = {work_id for release in odd for work_id in release.work_ids if len(release.work_ids) == 1}
    left_out = NO_RELEASE | _ONLY_IN_PACK | _ONLY_ELSEWHERE
    plain = [desk.release(works.titled(title)) for title in _OWNED_YET_OFFERED]
    for work in works.all:
        wanted = work.audiobook and work.kind in ("primary", "novella", "part", "companion") and not work.release_date
        if wanted and work.work_id not in owned_ids | spoken_for and work.title not in left_out:
            plain.append(desk.release(work))
    return _with_recent_uploads((*odd, *plain), now)


def _with_recent_uploads(releases: tuple[WorldRelease, ...], now: datetime) -> tuple[WorldRelease, ...]:
    """The last ``RECENT_PER_GENRE`` audiobooks of each top-10 genre, uploaded within the week; three within a day."""
    recent: dict[int, timedelta] = {}
    for genre in TOP_10_GENRES:
        category = CATEGORY_OF_GENRE[genre]
        of_genre = [r for r in releases if r.category == category and r.on_mam and r.behaviour == "ok"]
        for place, release in enumerate(of_genre[::-1][:RECENT_PER_GENRE]):
            recent[release.release_id] = timedelta(hours=5 + place * 12)
    for owned_yet_offered in releases:
        if owned_yet_offered.title in _OWNED_YET_OFFERED:
            recent.setdefault(owned_yet_offered.release_id, timedelta(hours=30 + owned_yet_offered.release_id % 90))
    return tuple(
        replace(release, added=now - recent[release.release_id]) if release.release_id in recent else release
        for release in releases
    )


def _awkward_releases(desk: _Desk) -> Iterator[WorldRelease]:
    """The cases listed in the table of the package's docstring, in that order: the first has FIRST_RELEASE_ID."""
    titled = desk.works.titled

    # 1001: the wanted title, by another author.
    yield desk.release(
        titled("The Pioneers", "R.M. Ballantyne"),
        series=(),
        work_ids=(titled("The Pioneers", "R.M. Ballantyne").work_id,),
    )
    # 1002: abridged, and nothing else of that work.
    yield desk.release(
        titled("A Fighting Man of Mars"),
        filetype="m4b",
        files=(("A Fighting Man of Mars (abridged).m4b", 40.0),),
        abridged=True,
        tags="abridged",
    )
    # 1003, 1004: one work, two narrators.
    warlord = titled("The Warlord of Mars")
    for narrator in ("Margaret Ellery", "Daniel Marsh"):
        yield desk.release(
            warlord, narrators=(narrator,), filetype="m4b", files=torrent_files(warlord, "m4b", f" ({narrator})")
        )
    # 1005: a pack.
    volumes = [desk.works.at("Oz", str(number)) for number in range(1, 15)]
    yield desk.release(
        volumes[0],
        title="Oz Books 1-14",
        series=(("Oz", "1-14"),),
        filetype="m4b",
        files=tuple(
            (f"Oz Books 1-14/{number:02d} - {file_name(work.title)}.m4b", work.runtime_seconds)
            for number, work in enumerate(volumes, start=1)
        ),
        work_ids=tuple(work.work_id for work in volumes),
        isbn="",
        snatched=411,
    )
    # 1006, 1007: the better one never completes, the other does.
    son = titled("The Son of Tarzan")
    yield desk.release(son, behaviour="never_completes", seeders=90, filetype="m4b", files=torrent_files(son, "m4b"))
    yield desk.release(son, seeders=4, filetype="mp3", files=torrent_files(son, "mp3"))
    # 1008, 1009: the better one is damaged, the other is sound.
    valley = titled("The Valley of Fear")
    yield desk.release(
        valley, behaviour="damaged", seeders=80, filetype="m4b", files=torrent_files(valley, "m4b", " (Remastered)")
    )
    yield desk.release(valley, seeders=6, filetype="mp3", files=torrent_files(valley, "mp3"))
    # 1010: its .torrent is a page of HTML.
    yield desk.release(titled("Mr. Standfast"), behaviour="html_torrent")
    # 1011: file names that climb out of the folder.
    yield desk.release(titled("The Law of the Four Just Men"), behaviour="unsafe_names")
    # 1012: an e-book, and no recording.
    yield desk.release(
        titled("Lilith"),
        narrators=(),
        main_cat=EBOOKS,
        category=_EBOOK_FANTASY,
        filetype="epub",
        files=(("Lilith.epub", 0.0),),
        tags="",
    )
    # 1013: another language.
    curdie = titled("The Princess and Curdie")
    yield desk.release(curdie, language="German", filetype="m4b", files=torrent_files(curdie, "m4b", " (Deutsch)"))
    # 1014: dramatised.
    yield desk.release(
        titled("The Sea-Wolf"),
        title="The Sea-Wolf (Dramatized Adaptation)",
        narrators=("Full Cast",),
        dramatised=True,
        tags="full cast, dramatized, sound effects",
    )
    # 1015: the twin breaks its author_info.
    yield desk.release(titled("The Ghost Pirates"))
    # 1016: nobody seeds it.
    yield desk.release(titled("The New Treasure Seekers"), seeders=0)
    # 1017: half of a book ("2p1": part 1 of 2, as MAM writes it).
    redux = titled("Phineas Redux")
    yield desk.release(
        redux,
        title="Phineas Redux, Part 1 of 2",
        series=(("Palliser", "4p1"),),
        filetype="m4b",
        files=(("Phineas Redux - Part 1 of 2.m4b", redux.runtime_seconds / 2),),
    )
    # 1018: so small that it can't be the book.
    yield desk.release(titled("The Night Land"), filetype="m4b", files=(("The Night Land (sample).m4b", 3.0),))
    # 1019: the position of another volume.
    ivory = titled("The Ivory Child")
    yield desk.release(ivory, series=(("Allan Quatermain", "9"),))
    # 1020: no narrator, no series, no code, unknown language.
    yield desk.release(titled("The Wood Beyond the World"), narrators=(), series=(), isbn="", language="Other", tags="")
    # 1021-1024: the same work under another title.
    for title, other in (
        ("Off on a Comet", "Hector Servadac"),
        ("The Si-Fan Mysteries", "The Hand of Fu-Manchu"),
        ("Anne of Windy Poplars", "Anne of Windy Willows"),
        ("The Black Mask", "Raffles: Further Adventures of the Amateur Cracksman"),
    ):
        work = titled(title)
        yield desk.release(work, title=other)
    # 1025: a pen name in place of the name on the cover.
    yield desk.release(titled("Aunt Jane's Nieces at Millville"), authors=("L. Frank Baum",))
    # 1026: an e-book beside a good recording, which is made like any other.
    coral = titled("The Coral Island")
    yield desk.release(
        coral,
        narrators=(),
        main_cat=EBOOKS,
        category=_EBOOK_CLASSICS,
        filetype="epub",
        files=(("The Coral Island.epub", 0.0),),
        tags="",
    )
    # 1027: and this is it.
    yield desk.release(coral)
    # 1028-1030: on the public indexer only; 1029 offers a magnet link, 1030 has a name and no more.
    archive: dict[str, Any] = {"mam_id": None, "on_mam": False, "narrators": (), "series": (), "isbn": "", "tags": ""}
    yield desk.release(titled("Erewhon Revisited"), **archive)
    yield desk.release(titled("The World Set Free"), **archive, magnet=True)
    yield desk.release(titled("Armadale"), **archive, seeders=1)
    # 1031: on MAM, though Prowlarr doesn't find it.
    yield desk.release(titled("The Second Jungle Book"), on_prowlarr=False)
