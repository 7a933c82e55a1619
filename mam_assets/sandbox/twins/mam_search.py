"""What MAM's search finds: the request's shapes (bracketed query, form, JSON), the text engine, filters and order.

Belongs here: which releases answer a search, and in what order. Does not belong here: how a row looks (mam_rows).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mam_assets.sandbox.twins.mam_rows import LANGUAGES
from mam_assets.sandbox.twins.serving import Request
from mam_assets.sandbox.twins.words import words_keeping_apostrophes
from mam_assets.sandbox.world.model import BuiltRelease, WorldRelease

PRESENCE_FLAGS = frozenset({"dlLink", "description", "isbn", "mediaInfo", "thumbnail", "thumbnails"})
_LEAST_PER_PAGE, _MOST_PER_PAGE, _DEFAULT_PER_PAGE = 5, 100, 25
_DEFAULT_FIELDS = ("title", "author", "narrator", "series")


class BadSearch(ValueError):
    """The request can't be read; MAM says so in an ``error`` with status 200."""


@dataclass(frozen=True)
class Search:
    """A search as asked. ``terms`` are the ``tor[…]`` values; lists and single values as sent."""

    terms: dict[str, Any]
    flags: frozenset[str]
    per_page: int
    start: int


def read_search(request: Request) -> Search:
    """From a GET with bracketed names, a form, or a JSON body. Raises ``BadSearch``."""
    tree = _nested(request.query)
    if request.method == "POST":
        if "json" in request.headers.get("content-type", ""):
            try:
                body = json.loads(request.body)
            except ValueError as error:
                raise BadSearch("Invalid JSON") from error
            if not isinstance(body, dict):
                raise BadSearch("Invalid JSON")
            tree |= body
        else:
            tree |= _nested(request.form().fields)
    terms = tree.get("tor", {})
    if not isinstance(terms, dict):
        raise BadSearch("Invalid search")
    per_page = _number(tree.get("perpage", terms.get("perpage")), _DEFAULT_PER_PAGE)
    return Search(
        terms=terms,
        flags=frozenset(PRESENCE_FLAGS & tree.keys()),
        per_page=min(_MOST_PER_PAGE, max(_LEAST_PER_PAGE, per_page)),
        start=max(0, _number(terms.get("startNumber"), 0)),
    )


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """``tor[cat][]=47`` becomes {"tor": {"cat": {"0": "47"}}}."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, *keys = re.split(r"\]\[|\[", name.removesuffix("]"))
        node, key = tree, head
        for deeper in keys:
            inner = node.setdefault(key, {})
            if not isinstance(inner, dict):
                inner = node[key] = {"0": inner}
            node, key = inner, deeper or str(len(inner))
        node[key] = value
    return tree


def _number(value: Any, default: int) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return default


def _values(value: Any) -> list[str]:
    """A list, a numbered object, or a single value, as texts."""
    if value is None:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _fields(value: Any) -> tuple[str, ...]:
    """``srchIn`` as a list of names, or as an object of name → true."""
    if isinstance(value, dict):
        if all(key.isdigit() for key in value):
            return tuple(str(name) for name in value.values())
        return tuple(name for name, on in value.items() if str(on).lower() not in ("false", "0", ""))
    return tuple(_values(value))


def find(search: Search, offered: Sequence[BuiltRelease]) -> list[BuiltRelease]:
    """All that match, in the order asked."""
    terms = search.terms
    if "browse_lang" in terms and not _values(terms["browse_lang"]):
        return []  # an empty list of languages breaks the true search too
    text = str(terms.get("text") or "")
    fields = _fields(terms.get("srchIn")) or _DEFAULT_FIELDS
    found = [built for built in offered if _passes(built, terms) and text_matches(text, fields, built.release)]
    return _in_order(found, str(terms.get("sortType") or "default"), bool(text))


# --- the text engine --------------------------------------------------------------------------------------------


def text_matches(text: str, fields: Sequence[str], release: WorldRelease) -> bool:
    """Every word must stand in one of the fields, as a whole word. ``"a b"`` is a phrase, ``a | b`` either, ``-a`` not,
    ``@title a`` and ``@(title,series) a`` look in those fields only."""
    for segment_fields, segment in _segments(text, tuple(fields)):
        known = [words_keeping_apostrophes(part) for field in segment_fields for part in _field_texts(field, release)]
        groups: list[list[tuple[bool, list[str]]]] = []
        joining = False
        for token in re.findall(r'-?"[^"]*"|\||\S+', segment):
            if token == "|":
                joining = True
                continue
            wanted = words_keeping_apostrophes(token)
            if not wanted:
                continue
            choice = (token.startswith("-"), wanted)
            if joining and groups:
                groups[-1].append(choice)
            else:
                groups.append([choice])
            joining = False
        if not all(any(_holds(wanted, known) is not negated for negated, wanted in group) for group in groups):
            return False
    return True


def _segments(text: str, fields: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    pieces = re.split(r"@(\w+|\([\w,\s]+\))", text)
    segments = [(fields, pieces[0])]
    for names, segment in zip(pieces[1::2], pieces[2::2], strict=True):
        segments.append((tuple(name.strip() for name in names.strip("()").split(",")), segment))
    return segments


def _holds(wanted: list[str], known: list[list[str]]) -> bool:
    size = len(wanted)
    return any(part[at : at + size] == wanted for part in known for at in range(len(part) - size + 1))


def _field_texts(field: str, release: WorldRelease) -> Sequence[str]:
    match field:
        case "title":
            return (release.title,)
        case "author":
            return release.authors
        case "narrator":
            return release.narrators
        case "series":
            return tuple(name for name, _ in release.series)
        case "filenames":
            return tuple(name for name, _ in release.files)
        case "fileTypes":
            return (release.filetype,)
        case "tags" | "description":
            return (release.tags,)
    return ()


# --- filters and order ------------------------------------------------------------------------------------------


def _passes(built: BuiltRelease, terms: dict[str, Any]) -> bool:
    release = built.release
    main_cats = [value for value in _values(terms.get("main_cat")) if value != "0"]
    categories = [value for value in _values(terms.get("cat")) if value != "0"]
    languages = _values(terms.get("browse_lang"))
    checks = (
        not main_cats or str(release.main_cat) in main_cats,
        not categories or str(release.category) in categories,
        not languages or str(LANGUAGES[release.language][0]) in languages,
        _passes_type(release, str(terms.get("searchType") or "all")),
        not terms.get("hash") or str(terms["hash"]).lower() == built.info_hash,
        not terms.get("id") or str(release.mam_id) in _values(terms["id"]),
        _between(release.added, terms.get("startDate"), terms.get("endDate")),
        _within(release.seeders, terms, "Seeders", 1),
        _within(release.leechers, terms, "Leechers", 1),
        _within(release.snatched, terms, "Snatched", 1),
        _within(built.total_bytes, terms, "Size", _number(terms.get("unit"), 1)),
    )
    return all(checks)


def _passes_type(release: WorldRelease, kind: str) -> bool:
    match kind:
        case "active":
            return release.seeders > 0
        case "inactive":
            return release.seeders == 0
        case "fl":
            return release.freeleech
        case "fl-VIP":
            return release.freeleech or release.vip
        case "VIP":
            return release.vip
        case "nVIP":
            return not release.vip
    return True


def _moment(value: Any) -> datetime | None:
    """``YYYY-MM-DD`` or seconds since the epoch."""
    text = str(value or "")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(text), UTC) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _between(added: datetime, start: Any, end: Any) -> bool:
    """Of the upload: start inclusive, end exclusive."""
    first, last = _moment(start), _moment(end)
    return (first is None or added >= first) and (last is None or added < last)


def _within(value: int, terms: dict[str, Any], name: str, unit: int) -> bool:
    least, most = _number(terms.get(f"min{name}"), 0), _number(terms.get(f"max{name}"), 0)
    return value >= least * unit and (not most or value <= most * unit)


def _in_order(found: list[BuiltRelease], sort: str, has_text: bool) -> list[BuiltRelease]:
    if sort == "default":
        sort = "relevanceDesc" if has_text else "dateDesc"
    key = re.sub(r"(Asc|Desc)$", "", sort)
    values: dict[str, Any] = {
        "title": lambda built: built.release.title.lower(),
        "file": lambda built: len(built.release.files),
        "size": lambda built: built.total_bytes,
        "seeders": lambda built: built.release.seeders,
        "leechers": lambda built: built.release.leechers,
        "snatched": lambda built: built.release.snatched,
        "date": lambda built: built.release.added,
        "category": lambda built: built.release.category,
    }
    by_id = sorted(found, key=lambda built: built.release.release_id)
    return sorted(by_id, key=values[key], reverse=sort.endswith("Desc")) if key in values else by_id
