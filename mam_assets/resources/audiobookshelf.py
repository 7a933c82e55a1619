"""The client of Audiobookshelf, and the Dagster resource that vends it.

Belongs here: which call answers which question. Does not belong here: what a field means (parsing/audiobookshelf.py),
what to write back (domain/metadata.py). Each call may raise the errors of errors.py.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import dagster as dg

from mam_assets.domain.books import Library, LibraryItem, LibraryMark, ProviderMatch
from mam_assets.domain.budgets import AUDIOBOOKSHELF
from mam_assets.parsing.audiobookshelf import (
    Listed,
    Problem,
    read_items,
    read_libraries,
    read_listing,
    read_marks,
    read_matches,
)
from mam_assets.parsing.json_values import clean_text, flag, mapping, text, whole
from mam_assets.resources.answers import read_json, reject
from mam_assets.resources.errors import BadAnswer
from mam_assets.resources.exchange import Limits
from mam_assets.resources.services import ServiceKit
from mam_assets.settings import load_settings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

Record = TypeVar("Record")

FIRST_BATCH, BATCH = 50, 200
BATCH_BYTES = 3 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MarksPage:
    """A page of a library's list. ``total`` is the number of items in the library; ``problems`` are rows that could
    not be read, ``rows`` how many came, readable or not."""

    marks: tuple[LibraryMark, ...]
    total: int
    rows: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingPage:
    """A page of a library's list for comparing. ``total`` and ``rows`` as in `MarksPage`."""

    listed: Listed
    total: int
    rows: int


@dataclass(frozen=True, slots=True)
class ItemsBatch:
    """Expanded items of one answer. Those asked for that are neither in it nor among the problems are gone."""

    call: str
    items: list[LibraryItem]
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    version: str
    is_ready: bool


@dataclass(frozen=True, slots=True)
class Me:
    """The user that the key acts as. ``is_admin`` is needed to start a scan, ``may_update`` to write metadata."""

    username: str
    kind: str
    may_update: bool

    @property
    def is_admin(self) -> bool:
        """Whether this user may start scans."""
        return self.kind in {"root", "admin"}


class Audiobookshelf:
    """Audiobookshelf 2.26 or newer, through a client of http.py."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    @classmethod
    def from_kit(cls, kit: ServiceKit, *, limits: Limits | None = None) -> Audiobookshelf:
        """The client for the configured server."""
        token = kit.settings.abs_token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        return cls(kit.client(AUDIOBOOKSHELF, headers=headers, limits=limits))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def status(self) -> ServerStatus:
        """Version and readiness; needs no key. BadAnswer when something else answers at that address."""
        answer = self._object("GET", "/status", "status")
        if answer.get("app") != "audiobookshelf":
            raise BadAnswer(
                AUDIOBOOKSHELF, "status", "this is not Audiobookshelf", "Put Audiobookshelf's address in ABS_URL."
            )
        return ServerStatus(text(answer.get("serverVersion")) or "?", flag(answer.get("isInit")) or False)

    def me(self) -> Me:
        """Who the key belongs to. NotAuthorised when it is no good."""
        user = mapping(self._object("POST", "/api/authorize", "who am I", reads=True).get("user"))
        kind = text(user.get("type")) or "user"
        may_update = flag(mapping(user.get("permissions")).get("update")) or False
        return Me(text(user.get("username")) or "?", kind, may_update)

    def libraries(self) -> list[Library]:
        """All libraries, those of podcasts too."""
        rows = self._rows(self._get("/api/libraries", "libraries"), "libraries", "libraries")
        return _warned(read_libraries(rows), "libraries")

    def library(self, library_id: str) -> Library:
        """One library; NotFound when there is none of that id."""
        call = f"library {library_id}"
        found, problems = read_libraries([self._object("GET", f"/api/libraries/{_part(library_id)}", call)])
        if not found:
            raise _unreadable(call, problems)
        return found[0]

    def marks(self, library_id: str, *, page: int = 0, limit: int = 500) -> MarksPage:
        """A page of the library's list, newest first. ``page`` counts from 0."""
        rows, total = self._page(library_id, page, limit)
        marks, problems = read_marks(rows)
        return MarksPage(tuple(marks), total, len(rows), tuple(problems))

    def listing(self, library_id: str, *, page: int = 0, limit: int = 500) -> ListingPage:
        """The same page for comparing it with what is known."""
        rows, total = self._page(library_id, page, limit)
        return ListingPage(read_listing(rows), total, len(rows))

    def _page(self, library_id: str, page: int, limit: int) -> tuple[list[Any], int]:
        call = f"items of library {library_id}, page {page}"
        response = self._get(
            f"/api/libraries/{_part(library_id)}/items",
            call,
            params={"limit": limit, "page": page, "sort": "addedAt", "desc": 1},
        )
        answer = read_json(response, AUDIOBOOKSHELF, call, dict)
        rows = _list_in(answer, "results", response, call)
        total = whole(answer.get("total"))
        if total is None:
            raise reject(response, _bad(call, "the number of items is missing"))
        return rows, total

    def items(self, ids: Iterable[str]) -> list[LibraryItem]:
        """Expanded items by id. Unknown ids are left out; an item that cannot be read is logged and left out."""
        return [item for batch in self.batches(ids) for item in _warned((batch.items, batch.problems), batch.call)]

    def batches(self, ids: Iterable[str]) -> Iterator[ItemsBatch]:
        """Expanded items by id, batch by batch, each asked for when it is wanted. A batch is as large as keeps answers
        to a few megabytes: one book of 300 files weighs as much as a hundred others."""
        rest = iter(dict.fromkeys(ids))
        size = FIRST_BATCH
        while chunk := list(islice(rest, size)):
            call = f"expand {len(chunk)} items"
            response = self._send("POST", "/api/items/batch/get", call, json={"libraryItemIds": chunk}, reads=True)
            items, problems = read_items(self._rows(response, "libraryItems", call))
            yield ItemsBatch(call, items, problems)
            size = max(1, min(BATCH, len(chunk) * BATCH_BYTES // max(len(response.content), 1)))

    def item(self, item_id: str) -> LibraryItem:
        """One item, expanded; NotFound when there is none of that id."""
        call = f"item {item_id}"
        answer = self._object("GET", f"/api/items/{_part(item_id)}", call, params={"expanded": 1})
        found, problems = read_items([answer])
        if not found:
            raise _unreadable(call, problems)
        return found[0]

    def update_media(self, item_id: str, metadata: Mapping[str, Any]) -> bool:
        """Write metadata; only the keys present are changed, and lists are replaced whole. False when nothing changed.

        Keys: title, subtitle, publishedYear, publisher, description, isbn, asin, language, explicit, abridged,
        narrators and genres (lists of text), authors ([{"name"}]), series ([{"name", "sequence"}]). ValueError for
        what Audiobookshelf would quietly misread: a sequence that is a number becomes null there, an author without a
        name removes all authors. Each write is repeatable: the same body leaves the same state.
        """
        check_metadata(metadata)
        answer = self._object(
            "PATCH",
            f"/api/items/{_part(item_id)}/media",
            f"update item {item_id}",
            json={"metadata": _cleaned(dict(metadata))},
            repeatable=True,
        )
        # The key is left out, not false, when the write changed nothing.
        return flag(answer.get("updated")) or False

    def scan(self, library_id: str) -> None:
        """Ask for a scan; it runs in the background, and a second request during one changes nothing."""
        path = f"/api/libraries/{_part(library_id)}/scan"
        self._send("POST", path, f"scan library {library_id}", repeatable=True)

    def scanning(self, library_id: str) -> bool:
        """Whether a scan of this library is under way. A finished one leaves the list: compare `Library.last_scan`."""
        rows = self._rows(self._get("/api/tasks", "tasks"), "tasks", "tasks")
        return any(
            text(task.get("action")) in {"library-scan", "watcher-scan"}
            and text(mapping(task.get("data")).get("libraryId")) == library_id
            and not flag(task.get("isFinished"))
            for task in map(mapping, rows)
        )

    def search_provider(self, title: str, author: str, provider: str = "audible") -> list[ProviderMatch]:
        """What a metadata provider knows, asked by Audiobookshelf; an empty list when it knows nothing."""
        call = f"search {provider}"
        params = {"title": title, "author": author, "provider": provider}
        rows = read_json(self._get("/api/search/books", call, params=params), AUDIOBOOKSHELF, call, list)
        return _warned(read_matches(rows, provider), call)

    def search(self, library_id: str, q: str, limit: int = 12) -> list[LibraryItem]:
        """Items of a library that match words of a title, name or series."""
        call = f"search library {library_id}"
        path = f"/api/libraries/{_part(library_id)}/search"
        rows = self._rows(self._get(path, call, params={"q": q, "limit": limit}), "book", call)
        return _warned(read_items([mapping(row).get("libraryItem") for row in rows]), call)

    def _send(self, method: str, path: str, call: str, **options: Any) -> httpx.Response:
        marks: dict[str, Any] = {"call": call}
        marks |= {name: options.pop(name) for name in ("reads", "repeatable") if name in options}
        return self._client.request(method, path, extensions=marks, **options)

    def _get(self, path: str, call: str, **options: Any) -> httpx.Response:
        return self._send("GET", path, call, **options)

    def _object(self, method: str, path: str, call: str, **options: Any) -> dict[str, Any]:
        return read_json(self._send(method, path, call, **options), AUDIOBOOKSHELF, call, dict)

    def _rows(self, response: httpx.Response, key: str, call: str) -> list[Any]:
        return _list_in(read_json(response, AUDIOBOOKSHELF, call, dict), key, response, call)


class AudiobookshelfResource(dg.ConfigurableResource[Audiobookshelf]):
    """Vends `Audiobookshelf`. An address given here wins over the settings."""

    url: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> Audiobookshelf:
        """Build the client; nothing is asked of the server yet."""
        settings = load_settings(abs_url=self.url) if self.url else load_settings()
        return Audiobookshelf.from_kit(ServiceKit.for_run(context, settings))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Audiobookshelf]:
        """The client for one run, whose connections are closed after."""
        with closing(self.create_resource(context)) as client:
            yield client


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """ValueError when a body of metadata would be misread by Audiobookshelf without a word."""
    for name in ("narrators", "genres"):
        entries = metadata.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, str) and entry.strip() for entry in entries):
            raise ValueError(f"{name} must be a list of texts, not {entries!r}")
    for name in ("authors", "series"):
        entries = metadata.get(name, [])
        if not isinstance(entries, list) or not all(_is_named(entry) for entry in entries):
            raise ValueError(f"{name} must be a list of objects with a name, not {entries!r}")
    for entry in metadata.get("series", []):
        if not isinstance(entry.get("sequence"), str | None):
            raise ValueError(f"a sequence must be text or None, not {entry['sequence']!r}: a number becomes null there")


def _is_named(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str) and bool(entry["name"].strip())


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_cleaned(entry) for entry in value]
    return {key: _cleaned(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def _list_in(answer: dict[str, Any], key: str, response: httpx.Response, call: str) -> list[Any]:
    rows = answer.get(key)
    if not isinstance(rows, list):
        # An answer without its list is not an empty library.
        raise reject(response, _bad(call, f"the list {key!r} is missing"))
    return rows


def _warned(read: tuple[list[Record], list[Problem]], call: str) -> list[Record]:
    records, problems = read
    for problem in problems:
        log.warning("audiobookshelf: %s: item %s: %s; left out", call, problem.item_id, problem.what)
    return records


def _unreadable(call: str, problems: Sequence[Problem]) -> BadAnswer:
    return _bad(call, "; ".join(problem.what for problem in problems))


def _bad(call: str, problem: str) -> BadAnswer:
    return BadAnswer(AUDIOBOOKSHELF, call, problem, "See that the server's version is 2.26 or newer.")


def _part(value: str) -> str:
    return quote(value, safe="")
