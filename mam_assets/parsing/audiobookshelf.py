"""Audiobookshelf's JSON (2.26 to 2.36) → records.

Belongs here: where a fact stands in its answers, and in which unit. Does not belong here: asking (resources), judging
whether a title is good (domain). One broken item is reported and left out; it never breaks the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from mam_assets.domain.books import Library, LibraryFolder, LibraryItem, LibraryMark, ProviderMatch, SeriesRef
from mam_assets.parsing.json_values import flag, instant, mapping, number, path_text, sequence, text, texts, whole

Record = TypeVar("Record")

_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")


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
    added = _wanted(instant(item.get("addedAt"), 1000), "addedAt")
    return LibraryMark(
        abs_id=_wanted(text(item.get("id")), "id"),
        added_at=added,
        updated_at=instant(item.get("updatedAt"), 1000) or added,
        media_type=text(item.get("mediaType")) or "book",
        num_audio_files=whole(mapping(item.get("media")).get("numAudioFiles")) or 0,
        is_missing=flag(item.get("isMissing")) or False,
    )


def _item(row: Any) -> LibraryItem:
    item = mapping(row)
    media = mapping(item.get("media"))
    data = mapping(media.get("metadata"))
    added = _wanted(instant(item.get("addedAt"), 1000), "addedAt")
    path = _wanted(path_text(item.get("path")), "path")
    files = sequence(media.get("audioFiles"))
    count = whole(media.get("numAudioFiles"))
    size = whole(media.get("size"))
    return LibraryItem(
        abs_id=_wanted(text(item.get("id")), "id"),
        library_id=_wanted(text(item.get("libraryId")), "libraryId"),
        path=path,
        rel_path=path_text(item.get("relPath")) or path.rpartition("/")[2],
        title=text(data.get("title")),
        subtitle=text(data.get("subtitle")),
        authors=_names(data.get("authors")),
        narrators=texts(data.get("narrators")),
        series=_series(data.get("series")),
        published_year=_year(data.get("publishedYear")),
        publisher=text(data.get("publisher")),
        description=text(data.get("description")),
        isbn=text(data.get("isbn")),
        asin=text(data.get("asin")),
        language=text(data.get("language")),
        duration_seconds=_not_negative(number(media.get("duration"))),
        size_bytes=whole(item.get("size")) if size is None else size,
        num_audio_files=len(files) if count is None else count,
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
    return tuple(dict.fromkeys(filter(None, (text(mapping(entry).get("name")) for entry in sequence(value)))))


def _series(value: Any) -> tuple[SeriesRef, ...]:
    # Items say {"name", "sequence"}; the provider search says {"series", "sequence"}. An object instead of an array is
    # what a list filtered by series gives.
    entries = [value] if isinstance(value, dict) else sequence(value)
    read = (
        SeriesRef(name, text(entry.get("sequence")))
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


def _not_negative(value: float | None) -> float | None:
    return value if value is not None and value >= 0 else None
