"""The twin of Audiobookshelf 2.36.0 over a library folder on disk: its HTTP face.

Here: routes, rights, paging, sorting, filters, tasks. Not here: the shelf, its JSON and the reading of folders (the
modules beside this one). Played from recordings of a real 2.36.0 where there are any, else from services.md.

It can be told, by ``control``:

    shrink     {"share": 0.1}                            lists show only this share of the items (1 for all again)
    edit       {"folder": "...", "media": {...}}         as a person does it in the web page
    revive     {}                                        the expired key is good again
    hold_scan  {"seconds": 5}                            how long a scan takes from now on
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mam_assets.sandbox.twins.audiobookshelf_accounts import Account, authorized
from mam_assets.sandbox.twins.audiobookshelf_lists import echo, filtered, in_order, whole
from mam_assets.sandbox.twins.audiobookshelf_providers import Audible
from mam_assets.sandbox.twins.audiobookshelf_shapes import LIBRARY_ID, PODCASTS_ID, VERSION, Shapes, last_first, task
from mam_assets.sandbox.twins.audiobookshelf_shelf import Shelf, Shelved
from mam_assets.sandbox.twins.serving import Request, Response, Twin, json_response, text_response
from mam_assets.sandbox.world.model import OwnedItem, World

_OK = text_response("OK")
_UNAUTHORISED = Response(401, b"Unauthorized", None)
_FORBIDDEN = text_response("Forbidden", 403)
_NOT_FOUND = text_response("Not Found", 404)


@dataclass(frozen=True)
class _Scan:
    action: str
    started: int
    ends: float


class AudiobookshelfTwin(Twin):
    """``clock`` gives seconds since the epoch. ``shown_root`` is the library folder as the twin names it, for the case
    that it runs on another machine. ``synthetic`` adds that many made-up items without files, for benches."""

    name = "audiobookshelf"

    def __init__(
        self,
        library: Path,
        owned: Iterable[OwnedItem] = (),
        *,
        world: World | None = None,
        state_path: Path | None = None,
        token: str = "sandbox-root-key",
        accounts: Mapping[str, Account] | None = None,
        clock: Callable[[], float] = time.time,
        scan_seconds: float = 0.3,
        shown_root: str | None = None,
        synthetic: int = 0,
    ) -> None:
        self.shelf = Shelf(library, owned, state_path, synthetic)
        self.shapes = Shapes(self.shelf, shown_root or str(library))
        self.scan_seconds = scan_seconds
        self.shown_share = 1.0
        self.expired = False
        self._accounts = {token: Account("root", "root"), **(accounts or {})}
        self._audible = Audible(world)
        self._clock = clock
        self._scan: _Scan | None = None
        self._lock = threading.RLock()
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
            (method, re.compile(pattern), answer)
            for method, pattern, answer in (
                ("GET", r"/api/libraries", self._libraries),
                ("GET", r"/api/libraries/([^/]+)", self._library),
                ("GET", r"/api/libraries/([^/]+)/items", self._items),
                ("GET", r"/api/libraries/([^/]+)/series", self._series_list),
                ("GET", r"/api/libraries/([^/]+)/series/([^/]+)", self._series_of_library),
                ("GET", r"/api/libraries/([^/]+)/authors", self._authors),
                ("GET", r"/api/libraries/([^/]+)/search", self._search),
                ("POST", r"/api/libraries/([^/]+)/scan", self._start_scan),
                ("POST", r"/api/items/batch/get", self._batch_get),
                ("POST", r"/api/items/batch/update", self._batch_update),
                ("GET", r"/api/items/([^/]+)", self._item),
                ("PATCH", r"/api/items/([^/]+)/media", self._patch),
                ("GET", r"/api/series/([^/]+)", self._series),
                ("GET", r"/api/authors/([^/]+)", self._author),
                ("GET", r"/api/tasks", self._tasks),
                ("POST", r"/api/watcher/update", self._watcher),
                ("GET", r"/api/search/books", self._provider_search),
                ("POST", r"/api/authorize", self._authorize),
            )
        ]

    # --- the twin -----------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        match path:
            case "/ping":
                return json_response({"success": True})
            case "/healthcheck":
                return _OK
            case "/status":
                return json_response(
                    {
                        "app": "audiobookshelf",
                        "serverVersion": VERSION,
                        "isInit": True,
                        "language": "en-us",
                        "authMethods": ["local"],
                        "authFormData": {"authLoginCustomMessage": ""},
                    }
                )
        account = self._account(request)
        if account is None:
            return _UNAUTHORISED
        for method, pattern, answer in self._routes:
            found = pattern.fullmatch(path)
            if found and method == request.method:
                with self._lock:
                    self._finish_scan()
                    return answer(request, account, *found.groups())
        return _NOT_FOUND

    def expire_session(self) -> None:
        """The API key expires, and stays so until ``control("revive")``."""
        self.expired = True

    def control(self, verb: str, options: Mapping[str, Any]) -> Any:
        with self._lock:
            match verb:
                case "shrink":
                    self.shown_share = float(options["share"])
                case "edit":
                    item = next(item for item in self.shelf.items.values() if item.folder == options["folder"])
                    changed = self.shelf.change(item, options["media"], self._now())
                    self.shelf.save()
                    return {"updated": changed}
                case "revive":
                    self.expired = False
                case "hold_scan":
                    self.scan_seconds = float(options["seconds"])
                case _:
                    raise KeyError(verb)
        return {"done": verb}

    def _account(self, request: Request) -> Account | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or request.first("token") or ""
        return None if self.expired else self._accounts.get(token)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _shown(self) -> list[Shelved]:
        items = list(self.shelf.items.values())
        return items[: round(len(items) * self.shown_share)]

    # --- libraries and lists ------------------------------------------------------------------------------------

    def _libraries(self, request: Request, account: Account) -> Response:
        return json_response({"libraries": self.shapes.libraries()})

    def _library(self, request: Request, account: Account, library: str) -> Response:
        found = next((entry for entry in self.shapes.libraries() if entry["id"] == library), None)
        return _no_library() if found is None else json_response(found)

    def _items(self, request: Request, account: Account, library: str) -> Response:
        if library not in (LIBRARY_ID, PODCASTS_ID):
            return _no_library()
        limit, page = whole(request, "limit"), whole(request, "page")
        if limit < 0 or page < 0:
            return text_response("Invalid query parameters", 400, "text/html; charset=utf-8")
        items = self._shown() if library == LIBRARY_ID else []
        items, series = filtered(self.shelf, items, request.first("filter") or "")
        items = in_order(items, request.first("sort") or "", request.first("desc") == "1", series)
        rows = items[page * limit : (page + 1) * limit] if limit else items
        answer: dict[str, Any] = {
            "results": [self.shapes.minified(item, series) for item in rows],
            "total": len(items),
            "limit": limit,
            "page": page,
            **echo(request),
            "mediaType": "book" if library == LIBRARY_ID else "podcast",
            "minified": request.first("minified") == "1",
            "collapseseries": request.first("collapseseries") == "1",
            "include": request.first("include") or "",
            "offset": page * limit,
        }
        return json_response(answer)

    def _series_list(self, request: Request, account: Account, library: str) -> Response:
        if library not in (LIBRARY_ID, PODCASTS_ID):
            return _no_library()
        found = self._by_series() if library == LIBRARY_ID else {}
        pairs = [(self.shelf.series[name], books) for name, books in found.items()]

        def shown(entry: dict[str, Any], books: list[Shelved]) -> dict[str, Any]:
            return {**self.shapes.series(entry), "books": [self.shapes.minified(book) for book in books]}

        return json_response({**_page(request, pairs, shown), "include": request.first("include") or ""})

    def _by_series(self) -> dict[str, list[Shelved]]:
        """Books of each series that has any, in the order of the series, by lower-case name."""
        books: dict[str, list[Shelved]] = {name: [] for name in self.shelf.series}
        for item in self._shown():
            for name in dict.fromkeys(entry.lower() for entry, _ in item.metadata["series"]):
                books[name].append(item)
        return {name: in_order(found, "sequence", False, name) for name, found in books.items() if found}

    def _by_author(self) -> dict[str, list[Shelved]]:
        """Books of each author who has any, by lower-case name."""
        books: dict[str, list[Shelved]] = {name: [] for name in self.shelf.people}
        for item in self._shown():
            for name in dict.fromkeys(map(str.lower, item.metadata["authors"])):
                books[name].append(item)
        return {name: found for name, found in books.items() if found}

    def _series_of_library(self, request: Request, account: Account, library: str, series: str) -> Response:
        return self._series(request, account, series) if library == LIBRARY_ID else _no_library()

    def _series(self, request: Request, account: Account, series: str) -> Response:
        found = next((entry for entry in self.shelf.series.values() if entry["id"] == series), None)
        return _NOT_FOUND if found is None else json_response(self.shapes.series(found))

    def _authors(self, request: Request, account: Account, library: str) -> Response:
        if library not in (LIBRARY_ID, PODCASTS_ID):
            return _no_library()
        found = self._by_author() if library == LIBRARY_ID else {}
        pairs = [(self.shelf.people[name], books) for name, books in found.items()]
        if request.first("limit") is None or request.first("page") is None:
            return json_response({"authors": [self.shapes.author(entry, books) for entry, books in pairs]})
        return json_response(_page(request, pairs, self.shapes.author))

    def _author(self, request: Request, account: Account, author: str) -> Response:
        name = next((key for key, entry in self.shelf.people.items() if entry["id"] == author), None)
        if name is None:
            return _NOT_FOUND
        books = self._by_author().get(name, [])
        answer = self.shapes.author(self.shelf.people[name], books)
        include = (request.first("include") or "").split(",")
        if "items" in include:
            answer["libraryItems"] = [self.shapes.minified(book) for book in books]
        if "series" in include:
            names = dict.fromkeys(entry.lower() for book in books for entry, _ in book.metadata["series"])
            answer["series"] = [
                {
                    "id": self.shelf.series[series]["id"],
                    "name": self.shelf.series[series]["name"],
                    "items": [self.shapes.minified(book) for book in in_order(books, "sequence", False, series)],
                }
                for series in names
            ]
        return json_response(answer)

    def _search(self, request: Request, account: Account, library: str) -> Response:
        if library not in (LIBRARY_ID, PODCASTS_ID):
            return _no_library()
        wanted = (request.first("q") or "").lower()
        if not wanted:
            return text_response('Invalid request. Query param "q" must be a string', 400)
        limit = whole(request, "limit") or 12
        items = self._shown() if library == LIBRARY_ID else []
        names = ("title", "subtitle", "isbn", "asin")
        books = [item for item in items if any(wanted in (item.metadata[name] or "").lower() for name in names)]
        series = [(name, found) for name, found in self._by_series().items() if wanted in name]
        authors = [(name, found) for name, found in self._by_author().items() if wanted in name]
        narrators = sorted({name for item in items for name in item.metadata["narrators"] if wanted in name.lower()})
        answer: dict[str, Any] = {
            "book": [{"libraryItem": self.shapes.expanded(item)} for item in books[:limit]],
            "narrators": [
                {"name": name, "numBooks": sum(name in item.metadata["narrators"] for item in items)}
                for name in narrators[:limit]
            ],
            "tags": [],
            "genres": [],
            "series": [
                {
                    "series": self.shapes.series(self.shelf.series[name]),
                    "books": [self.shapes.minified(book) for book in found],
                }
                for name, found in series[:limit]
            ],
            "authors": [self.shapes.author(self.shelf.people[name], found) for name, found in authors[:limit]],
        }
        return json_response(answer)

    # --- single items -------------------------------------------------------------------------------------------

    def _item(self, request: Request, account: Account, item: str) -> Response:
        found = self.shelf.items.get(item)
        if found is None:
            return _NOT_FOUND
        return json_response(
            self.shapes.expanded(found) if request.first("expanded") == "1" else self.shapes.plain(found)
        )

    def _batch_get(self, request: Request, account: Account) -> Response:
        payload = _payload(request)
        ids = payload.get("libraryItemIds") if isinstance(payload, dict) else None
        if not isinstance(ids, list) or not ids:
            return text_response("Invalid payload", 403, "text/html; charset=utf-8")
        wanted = set(map(str, ids))
        found = [item for item in self.shelf.items.values() if item.id in wanted]  # not in the order asked, as recorded
        return json_response({"libraryItems": [self.shapes.expanded(item) for item in found]})

    def _patch(self, request: Request, account: Account, item: str) -> Response:
        found = self.shelf.items.get(item)
        if found is None:
            return _NOT_FOUND
        if account.kind == "guest":
            return _FORBIDDEN
        payload = _payload(request)
        changed = self.shelf.change(found, payload if isinstance(payload, dict) else {}, self._now())
        if changed:
            self.shelf.save_item(found)
        answer = {"updated": True} if changed else {}
        return json_response({**answer, "libraryItem": self.shapes.plain(found)})

    def _batch_update(self, request: Request, account: Account) -> Response:
        if account.kind == "guest":
            return _FORBIDDEN
        payload = _payload(request)
        if (
            not isinstance(payload, list)
            or not payload
            or not all(isinstance(row, dict) and "id" in row for row in payload)
        ):
            return text_response("Invalid payload", 400, "text/html; charset=utf-8")
        ids = [row["id"] for row in payload]
        if len(set(ids)) < len(ids):
            return text_response("Duplicate library item ids", 400, "text/html; charset=utf-8")
        if not all(item in self.shelf.items for item in ids):
            return _NOT_FOUND
        now = self._now()
        updates = sum(
            self.shelf.change(self.shelf.items[row["id"]], row.get("mediaPayload") or {}, now) for row in payload
        )
        self.shelf.save()
        return json_response({"success": True, "updates": updates})

    # --- scans, providers, the account --------------------------------------------------------------------------

    def _start_scan(self, request: Request, account: Account, library: str) -> Response:
        if account.kind != "root":
            return _FORBIDDEN
        if library not in (LIBRARY_ID, PODCASTS_ID):
            return _no_library()
        if library == LIBRARY_ID:
            self._begin("library-scan")
        return _OK

    def _watcher(self, request: Request, account: Account) -> Response:
        if account.kind != "root":
            return _FORBIDDEN
        payload = _payload(request)
        if not isinstance(payload, dict) or not {"libraryId", "path", "type"} <= payload.keys():
            return text_response("Invalid request", 400, "text/html; charset=utf-8")
        self._begin("watcher-scan")
        return _OK

    def _begin(self, action: str) -> None:
        """Start a scan unless one runs already: the second call is answered just the same and does nothing."""
        if self._scan is None:
            self._scan = _Scan(action, self._now(), self._clock() + self.scan_seconds)

    def _finish_scan(self) -> None:
        """Scan, at the first request after the time of the scan is over: no thread, so that a test's clock rules."""
        if self._scan is not None and self._clock() >= self._scan.ends:
            self._scan = None
            self.shelf.scan(self._now())

    def _tasks(self, request: Request, account: Account) -> Response:
        running = [] if self._scan is None else [task(self.shapes.library(), self._scan.action, self._scan.started)]
        return json_response({"tasks": running})

    def _provider_search(self, request: Request, account: Account) -> Response:
        if not (request.first("provider") or "google").startswith("audible"):
            return json_response([])
        return json_response(self._audible.search(request.first("title") or "", request.first("author") or ""))

    def _authorize(self, request: Request, account: Account) -> Response:
        return json_response(authorized(account))


def _no_library() -> Response:
    return text_response("Library not found", 404, "text/html; charset=utf-8")


def _page(
    request: Request,
    pairs: list[tuple[dict[str, Any], list[Shelved]]],
    shown: Callable[[dict[str, Any], list[Shelved]], dict[str, Any]],
) -> dict[str, Any]:
    """A page of series or authors, each with its books."""
    keys: dict[str, Callable[[tuple[dict[str, Any], list[Shelved]]], Any]] = {
        "name": lambda pair: pair[0]["name"].lower(),
        "lastFirst": lambda pair: last_first(pair[0]["name"]).lower(),
        "addedAt": lambda pair: pair[0]["addedAt"],
        "updatedAt": lambda pair: pair[0]["addedAt"],
        "numBooks": lambda pair: len(pair[1]),
    }
    if key := keys.get(request.first("sort") or ""):
        pairs = sorted(pairs, key=key, reverse=request.first("desc") == "1")
    limit, page = whole(request, "limit"), whole(request, "page")
    rows = pairs[page * limit : (page + 1) * limit] if limit else pairs
    return {
        "results": [shown(entry, books) for entry, books in rows],
        "total": len(pairs),
        "limit": limit,
        "page": page,
        **echo(request),
        "minified": request.first("minified") == "1",
    }


def _payload(request: Request) -> Any:
    """The JSON body; None when it is none."""
    try:
        return request.json()
    except ValueError:
        return None
