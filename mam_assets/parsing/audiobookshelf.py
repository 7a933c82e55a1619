"""Audiobookshelf's JSON (2.26 to 2.36) → records.

Belongs here: where a fact stands in its answers, and in which unit. Does not belong here: asking (resources), judging
whether a title is good (domain). One broken item is reported and left out; it never breaks the page.
"""

from __future__ import annotations

import marshal
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, TypeVar

from mam_assets.domain.books import Library, LibraryFolder, LibraryItem, LibraryMark, ProviderMatch, SeriesRef
from mam_assets.parsing.json_values import flag, instant, mapping, number, path_text, sequence, text, texts, whole

Record = TypeVar("Record")
Number = TypeVar("Number", int, float)

_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_PLAIN_ID = re.compile(r"[\w-]+", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Longer ones are no names and ids, and would not fit into an index; a path can't be cut, so its item is left out.
_LONGEST_NAME = 300
_LONGEST_ID = 100
_LONGEST_PATH_BYTES = 2000
_LARGEST_SIZE = 2**62
_MOST_FILES = 2**31 - 1
_FAR_MS = 2**42  # in the year 2109
_LONGEST_SECONDS = 10 * 366 * 86400.0

# All that a row of the list shows of what we keep. Some of it changes without a new time of change: when an author or
# a series is renamed, the items of it are not touched.
_SHOWN_OF_ITEM = ("libraryId", "path", "relPath", "addedAt", "updatedAt", "isMissing", "isInvalid", "size")
_SHOWN_OF_MEDIA = ("numAudioFiles", "duration", "size")
_SHOWN_OF_METADATA = (
    "title",
    "subtitle",
    "authorName",
    "narratorName",
    "seriesName",
    "genres",
    "publishedYear",
    "publisher",
    "description",
    "isbn",
    "asin",
    "language",
    "explicit",
    "abridged",
)
_ITEM_SHOWN, _MEDIA_SHOWN = itemgetter(*_SHOWN_OF_ITEM), itemgetter(*_SHOWN_OF_MEDIA)
_METADATA_SHOWN = itemgetter(*_SHOWN_OF_METADATA)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in an answer that could not be read: the id of the item, where it has one, and what is wrong."""

    item_id: str | None
    what: str


class _Unreadable(Exception):
    pass


def read_marks(rows: list[Any]) -> tuple[list[LibraryMark], list[Problem]]:
    """Rows of a library's list (`results`), in their order."""
    return _each(rows, _mark)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, as far as telling what changed needs it: the digest of each audiobook that is there by its id,
    the problems of rows that could not be read, and when the newest and the oldest of the page were added."""

    digests: dict[str, str]
    problems: tuple[Problem, ...]
    newest: datetime | None
    oldest: datetime | None


def read_listing(rows: list[Any]) -> Listed:
    """The same rows as `read_marks`, for the tens of thousands that have not changed: a quarter of the work."""
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    newest = oldest = 0
    for row in rows:
        try:
            media = row["media"]
            abs_id, added, files = row["id"], row["addedAt"], media["numAudioFiles"]
            shown = (*_ITEM_SHOWN(row), *_MEDIA_SHOWN(media), *_METADATA_SHOWN(media["metadata"]))
            plain = type(added) is int and 0 < added < _FAR_MS and row["isMissing"] is False
            plain = plain and type(files) is int and 0 <= files <= _MOST_FILES
        except (KeyError, TypeError):
            plain = False
        if plain and type(abs_id) is str and _PLAIN_ID.fullmatch(abs_id):
            if files > 0:
                digests[abs_id] = _digest(shown)
            newest, oldest = max(newest, added), added
            continue
        marks, unreadable = read_marks([row])
        problems += unreadable
        for mark in marks:
            oldest = int(mark.added_at.timestamp() * 1000)
            newest = max(newest, oldest)
            if mark.num_audio_files > 0 and not mark.is_missing:
                digests[mark.abs_id] = mark.digest
    return Listed(digests, tuple(problems), instant(newest, 1000), instant(oldest, 1000))


def read_items(rows: list[Any]) -> tuple[list[LibraryItem], list[Problem]]:
    """Expanded items (`libraryItems` of items/batch/get, or one of items/:id?expanded=1)."""
    return _each(rows, _item)


def read_libraries(rows: list[Any]) -> tuple[list[Library], list[Problem]]:
    """The libraries (`libraries`)."""
    return _each(rows, _library)


def read_matches(rows: list[Any], provider: str) -> tuple[list[ProviderMatch], list[Problem]]:
    """The answer of search/books. Audible gives the duration in minutes; other providers give none that is known."""
    return _each(rows, lambda row: _match(row, provider))


def _each(rows: list[Any], read: Callable[[Any], Record]) -> tuple[list[Record], list[Problem]]:
    records: list[Record] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            records.append(read(row))
        except _Unreadable as error:
            problems.append(Problem(text(mapping(row).get("id")), str(error)))
    return records, problems


def _wanted(value: Record | None, name: str) -> Record:
    if value is None:
        raise _Unreadable(f"{name} is missing or unreadable")
    return value


def _mark(row: Any) -> LibraryMark:
    item = mapping(row)
    media = mapping(item.get("media"))
    added = _wanted(_moment(item.get("addedAt")), "addedAt")
    return LibraryMark(
        abs_id=_wanted(text(item.get("id")), "id"),
        added_at=added,
        updated_at=instant(item.get("updatedAt"), 1000) or added,
        media_type=text(item.get("mediaType")) or "book",
        num_audio_files=whole(media.get("numAudioFiles")) or 0,
        is_missing=flag(item.get("isMissing")) or False,
        digest=_digest(
            (
                *map(item.get, _SHOWN_OF_ITEM),
                *map(media.get, _SHOWN_OF_MEDIA),
                *map(mapping(media.get("metadata")).get, _SHOWN_OF_METADATA),
            )
        ),
    )


def _digest(shown: tuple[Any, ...]) -> str:
    """Short for all that is shown of an item; another one means that something changed."""
    # Version 2 of the format has no back references, so that equal values are always the same bytes.
    return f"{zlib.crc32(marshal.dumps(shown, 2)):08x}"


def _item(row: Any) -> LibraryItem:
    item = mapping(row)
    media = mapping(item.get("media"))
    data = mapping(media.get("metadata"))
    added = _wanted(_moment(item.get("addedAt")), "addedAt")
    path = _wanted(path_text(item.get("path")), "path")
    rel_path = path_text(item.get("relPath")) or path.rpartition("/")[2]
    if len(rel_path.encode()) > _LONGEST_PATH_BYTES:
        raise _Unreadable("its path is too long to be kept: give its folder a shorter name")
    files = sequence(media.get("audioFiles"))
    count = whole(media.get("numAudioFiles"))
    size = whole(media.get("size"))
    return LibraryItem(
        abs_id=_wanted(text(item.get("id")), "id"),
        library_id=_wanted(text(item.get("libraryId")), "libraryId"),
        path=path,
        rel_path=rel_path,
        title=text(data.get("title")),
        subtitle=text(data.get("subtitle")),
        authors=_names(data.get("authors")),
        narrators=_cut(texts(data.get("narrators"))),
        series=_series(data.get("series")),
        published_year=_year(data.get("publishedYear")),
        publisher=text(data.get("publisher")),
        description=text(data.get("description")),
        isbn=_id_text(data.get("isbn")),
        asin=_id_text(data.get("asin")),
        language=text(data.get("language")),
        duration_seconds=_within(number(media.get("duration")), _LONGEST_SECONDS),
        size_bytes=_within(whole(item.get("size")) if size is None else size, _LARGEST_SIZE),
        num_audio_files=min(len(files) if count is None else count, _MOST_FILES),
        abridged=flag(data.get("abridged")) or False,
        explicit=flag(data.get("explicit")) or False,
        is_missing=flag(item.get("isMissing")) or False,
        is_invalid=flag(item.get("isInvalid")) or False,
        added_at=added,
        updated_at=instant(item.get("updatedAt"), 1000) or added,
        genres=texts(data.get("genres")),
    )


def _library(row: Any) -> Library:
    library = mapping(row)
    folders = [
        LibraryFolder(folder_id, path)
        for folder in map(mapping, sequence(library.get("folders")))
        if (folder_id := text(folder.get("id"))) and (path := path_text(folder.get("fullPath")))
    ]
    library_id = _wanted(text(library.get("id")), "id")
    return Library(
        library_id=library_id,
        name=text(library.get("name")) or library_id,
        media_type=text(library.get("mediaType")) or "book",
        folders=tuple(folders),
        last_scan=instant(library.get("lastScan"), 1000),
    )


def _match(row: Any, provider: str) -> ProviderMatch:
    found = mapping(row)
    minutes = number(found.get("duration")) if provider.startswith("audible") else None
    return ProviderMatch(
        title=_wanted(text(found.get("title")), "title"),
        subtitle=text(found.get("subtitle")),
        authors=_joined(found.get("author")),
        narrators=_joined(found.get("narrator")),
        series=_series(found.get("series")),
        publisher=text(found.get("publisher")),
        published_year=_year(found.get("publishedYear")),
        description=text(found.get("description")),
        isbn=text(found.get("isbn")),
        asin=text(found.get("asin")),
        language=text(found.get("language")),
        duration_seconds=minutes * 60 if minutes is not None and minutes > 0 else None,
        abridged=flag(found.get("abridged")),
    )


def _names(value: Any) -> tuple[str, ...]:
    return _cut(dict.fromkeys(filter(None, (text(mapping(entry).get("name")) for entry in sequence(value)))))


def _cut(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name[:_LONGEST_NAME].rstrip() for name in names))


def _series(value: Any) -> tuple[SeriesRef, ...]:
    # Items say {"name", "sequence"}; the provider search says {"series", "sequence"}. An object instead of an array is
    # what a list filtered by series gives.
    entries = [value] if isinstance(value, dict) else sequence(value)
    read = (
        SeriesRef(name[:_LONGEST_NAME].rstrip(), text(entry.get("sequence")))
        for entry in map(mapping, entries)
        if (name := text(entry.get("name")) or text(entry.get("series")))
    )
    return tuple(dict.fromkeys(read))


def _joined(value: Any) -> tuple[str, ...]:
    # The provider search joins names with commas; no name of one person has one there.
    if isinstance(value, list):
        return texts(value)
    return tuple(dict.fromkeys(filter(None, (part.strip() for part in (text(value) or "").split(",")))))


def _year(value: Any) -> int | None:
    found = _YEAR.search(text(value) or "")
    return int(found.group()) if found else None


def _moment(value: Any) -> datetime | None:
    """A time in milliseconds, of which even one before 1970 and 0 say that the item is there."""
    found = instant(value, 1000)
    if found is not None:
        return found
    read = number(value)
    return _EPOCH if read is not None and read <= 0 else None


def _id_text(value: Any) -> str | None:
    read = text(value)
    return read if read is None or len(read) <= _LONGEST_ID else None


def _within(value: Number | None, most: Number) -> Number | None:
    return value if value is not None and 0 <= value <= most else None
