"""How the MAM twin writes a release: JSON in strings, two forms of size, entities, numbers for titles.

Belongs here: one row of a search answer, and the words that the search engine knows of it. Does not belong here: the
search (mam_search) and the session (mam).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mam_assets.sandbox.world.model import BuiltRelease, World, WorldRelease

BROKEN_AUTHOR_INFO = {1015}
ABRIDGED_FLAG = 32

LANGUAGES = {
    "English": (1, "ENG"),
    "Spanish": (4, "SPA"),
    "French": (36, "FRE"),
    "German": (37, "GER"),
    "Other": (47, "OTH"),
}
CATEGORY_NAMES = {
    40: "Audiobooks - Crime/Thriller",
    41: "Audiobooks - Fantasy",
    45: "Audiobooks - Literary Classics",
    46: "Audiobooks - Romance",
    47: "Audiobooks - Science Fiction",
    53: "Audiobooks - Self-Help",
    63: "Ebooks - Fantasy",
    67: "Ebooks - Literary Classics",
    87: "Audiobooks - Mystery",
}
# The new scheme, whose numbers mean other things than the old one's.
_NEW_CATEGORIES = {40: 51, 41: 13, 45: 28, 46: 42, 47: 45, 53: 46, 63: 13, 67: 28, 87: 34}
_DRAMATISATION = 10
_NARRATOR_IDS = 8000


class Rows:
    """Writes rows for the releases of one world."""

    def __init__(self, world: World) -> None:
        self._author_ids = {alias: author.author_id for author in world.authors for alias in author.aliases}
        # A name on a cover wins over the same name as another's pen name.
        self._author_ids |= {author.name: author.author_id for author in world.authors}
        self._series_ids = {
            name: series.series_id for series in world.series for name in (series.name, *series.aliases)
        }

    def row(self, built: BuiltRelease, flags: frozenset[str]) -> dict[str, Any]:
        """``flags`` are the presence flags of the request: dlLink, description, isbn, mediaInfo, thumbnail."""
        release, number = built.release, built.release.release_id
        language, code = LANGUAGES[release.language]
        audiobook = release.main_cat == 13
        categories = [_NEW_CATEGORIES[release.category], *([_DRAMATISATION] if release.dramatised else [])]
        row: dict[str, Any] = {
            "id": release.mam_id,
            "title": title_field(release),
            "added": f"{release.added:%Y-%m-%d %H:%M:%S}",
            "main_cat": release.main_cat,
            "category": release.category,
            "catname": CATEGORY_NAMES[release.category],
            "cat": f'<div class="cat{release.category}"></div>',
            "mediatype": 1 if audiobook else 2,
            "maincat": 2 if release.category == 53 else 1,
            "categories": json.dumps(categories, separators=(",", ":")),
            "language": language,
            "lang_code": code,
            "filetype": release.filetype,
            "size": size_field(number, built.total_bytes),
            "numfiles": len(release.files),
            "seeders": release.seeders,
            "leechers": release.leechers,
            "times_completed": release.snatched,
            "comments": number % 5,
            "author_info": self._author_info(release),
            "narrator_info": _info({str(_narrator_id(name)): _escaped(number, name) for name in release.narrators}),
            "series_info": self._series_info(release),
            "vip": _flag(number, release.vip),
            "vip_expire": 0,
            "free": _flag(number, release.freeleech),
            "fl_vip": _flag(number, release.freeleech or release.vip),
            "personal_freeleech": _flag(number, False),
            "my_snatched": _flag(number, False),
            "bookmarked": None,
            "browseflags": ABRIDGED_FLAG if release.abridged else 0,
            "tags": int(release.title) if release.title.isdigit() else release.tags,
            "owner": 1,
            "owner_name": "someone",
            "ownership": '[1,"someone"]',
            "w": 0,
        }
        if "dlLink" in flags:
            row["dl"] = dl_hash(release)
        if "description" in flags:
            row["description"] = (
                f"<p>{_entities(release.title)}, read by {', '.join(release.narrators) or 'unknown'}.</p>"
            )
        if "isbn" in flags:
            row["isbn"] = _isbn_field(release)
        if "mediaInfo" in flags:
            row["mediainfo"] = _media_info(built) if audiobook and number % 4 else ""
        if "thumbnail" in flags or "thumbnails" in flags:
            row["thumbnail"] = f"https://cdn.myanonamouse.net/t/p/small/{release.mam_id}.webp"
        return row

    def _author_info(self, release: WorldRelease) -> str:
        number = release.release_id
        if number in BROKEN_AUTHOR_INFO:
            return f'{{"{self._author_ids[release.authors[0]]}":"{release.authors[0]} "the elder""}}'
        return _info({str(self._author_ids[name]): _escaped(number, name) for name in release.authors})

    def _series_info(self, release: WorldRelease) -> str:
        number = release.release_id
        entries: dict[str, list[Any]] = {}
        for name, position in release.series:
            entry: list[Any] = [_escaped(number, name), position]
            # Two elements or three, and -1 where the text is no plain number.
            if number % 3:
                entry.append(float(position) if position.replace(".", "", 1).isdigit() else -1)
            entries[str(self._series_ids[name])] = entry
        return _info(entries)


def title_field(release: WorldRelease) -> str | int:
    """A JSON number where the title is one; with HTML entities in every second row."""
    return int(release.title) if release.title.isdigit() else _escaped(release.release_id, release.title)


def size_field(number: int, size: int) -> str:
    """ "881.8 MiB", "1,018.3 KiB", or in every sixth row plain bytes."""
    if number % 6 == 0:
        return str(size)
    return f"{size / 1024:,.1f} KiB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MiB"


def dl_hash(release: WorldRelease) -> str:
    """The secret end of a download address that needs no cookie."""
    return hashlib.sha256(f"dl of {release.release_id}".encode()).hexdigest()[:40]


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("'", "&#039;").replace('"', "&quot;")


def _escaped(number: int, text: str) -> str:
    return _entities(text) if number % 2 else text


def _info(entries: dict[str, Any]) -> str:
    """JSON in a string; nothing at all in place of an empty object."""
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":")) if entries else ""


def _narrator_id(name: str) -> int:
    return _NARRATOR_IDS + int(hashlib.sha256(name.encode()).hexdigest()[:3], 16)


def _flag(number: int, value: bool) -> int | str | bool:
    return (int(value), str(int(value)), value)[number % 3]


def _isbn_field(release: WorldRelease) -> str | int:
    if release.isbn.isdigit() and release.release_id % 2:
        return int(release.isbn)
    return release.isbn or (0 if release.release_id % 4 == 0 else "")


def _media_info(built: BuiltRelease) -> str:
    seconds = round(sum(length for _, length in built.release.files))
    m4b = built.release.filetype == "m4b"
    facts = {
        "General": {
            "Duration": f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}",
            "Format": "MPEG-4" if m4b else "MPEG Audio",
        },
        "Audio1": {"Format": "AAC" if m4b else "MPEG Audio", "BitRate": "20 kb/s" if m4b else "32 kb/s", "Channels": 1},
    }
    return json.dumps(facts, separators=(",", ":"))
