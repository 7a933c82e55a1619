"""How Audiobookshelf's lists are filtered, sorted and paged.

Here: reading those parameters of a query as 2.36.0 does, oddities and all. Not here: what a row looks like.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from mam_assets.sandbox.twins.audiobookshelf_shapes import last_first
from mam_assets.sandbox.twins.audiobookshelf_shelf import Shelf, Shelved
from mam_assets.sandbox.twins.serving import Request


def whole(request: Request, name: str) -> int:
    """A whole number of the query. Anything else counts as 0, as recorded for ``limit=abc``."""
    value = request.first(name) or ""
    return int(value) if re.fullmatch(r"-?\d+", value) else 0


def echo(request: Request) -> dict[str, Any]:
    """Sort and filter as the answer repeats them: keys that weren't asked for stay away."""
    sort, wanted = request.first("sort"), request.first("filter")
    said: dict[str, Any] = {"sortBy": sort} if sort else {}
    said["sortDesc"] = request.first("desc") == "1"
    return {**said, "filterBy": wanted} if wanted else said


def in_order(items: list[Shelved], key: str, descending: bool, series: str | None) -> list[Shelved]:
    """Sorted by one of the keys that Audiobookshelf knows; by no order that means anything for any other key."""

    def place(item: Shelved) -> tuple[float, str]:
        sequence = next((number for name, number in item.metadata["series"] if name.lower() == series), None) or ""
        number = re.match(r"\d+(\.\d+)?", sequence)
        return (float(number[0]) if number else -1.0, sequence)

    keys: dict[str, Callable[[Shelved], Any]] = {
        "addedAt": lambda item: item.added_at,
        "size": lambda item: sum(file.size for file in item.files),
        "birthtimeMs": lambda item: max((file.mtime_ms for file in item.files), default=0),
        "mtimeMs": lambda item: max((file.mtime_ms for file in item.files), default=0),
        "media.duration": lambda item: item.seconds,
        "media.metadata.title": lambda item: (item.metadata["title"] or "").lower(),
        "media.metadata.authorName": lambda item: ", ".join(item.metadata["authors"]).lower(),
        "media.metadata.authorNameLF": lambda item: ", ".join(map(last_first, item.metadata["authors"])).lower(),
        "media.metadata.publishedYear": lambda item: item.metadata["publishedYear"] or "",
        "sequence": place,
    }
    if key not in keys:
        return sorted(items, key=lambda item: item.id)
    return sorted(items, key=keys[key], reverse=descending)


def filtered(shelf: Shelf, items: list[Shelved], wanted: str) -> tuple[list[Shelved], str | None]:
    """The items of a filter, and the lower-case series name when it was a filter by series."""
    if not wanted:
        return items, None
    group, _, coded = wanted.partition(".")
    value = base64.b64decode(unquote(coded) + "==").decode("utf-8", "replace") if coded else ""
    match group:
        case "issues":
            return [item for item in items if item.missing], None
        case "abridged":
            return [item for item in items if item.metadata["abridged"]], None
        case "authors":
            person = next((key for key, entry in shelf.people.items() if entry["id"] == value), "")
            return [item for item in items if person in map(str.lower, item.metadata["authors"])], None
        case "series" if value == "no-series":
            return [item for item in items if not item.metadata["series"]], None
        case "series":
            name = next((key for key, entry in shelf.series.items() if entry["id"] == value), "")
            return [item for item in items if any(name == entry.lower() for entry, _ in item.metadata["series"])], name
        case "missing":
            return [item for item in items if not item.metadata.get(value)], None
        case "narrators" | "genres":
            return [item for item in items if value in item.metadata[group]], None
        case "languages" | "publishers":
            return [item for item in items if item.metadata[group[:-1]] == value], None
    return items, None
