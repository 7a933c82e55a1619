"""The Prowlarr twin: search over two indexers, proxied downloads, grabs from a cache, indexers that back off.

Belongs here: which path answers, the key, the cache of releases, which indexers are up. Does not belong here: shapes
(prowlarr_shapes), and faults that every service has (serving).
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from mam_assets.sandbox.twins import prowlarr_shapes as shapes
from mam_assets.sandbox.twins.serving import Request, Response, Twin
from mam_assets.sandbox.twins.words import words
from mam_assets.sandbox.world.layout import LaidOutWorld
from mam_assets.sandbox.world.model import BuiltRelease

DEMO_API_KEY = "d3m0d3m0d3m0d3m0d3m0d3m0d3m0d3m0"
_CACHE_SECONDS = 30 * 60
_TORZNAB_TOKEN = re.compile(r"\{\w+:[^}]*\}")


class ProwlarrTwin(Twin):
    """Offers what ``on_prowlarr`` allows: MAM as indexer 1, the public "Archive" as 2; indexer 3 is switched off.

    Public state for tests: ``grabs`` (release ids pushed by POST) and ``downloads`` (release ids fetched). Controls:
    ``disable_indexer`` (indexer_id, seconds), ``enable_indexer`` (indexer_id), ``remove`` (release_id), ``report``.
    ``clock`` counts seconds for the 30-minute cache.
    """

    name = "prowlarr"

    def __init__(
        self, laid_out: LaidOutWorld, *, api_key: str = DEMO_API_KEY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = laid_out.world.now
        self._offered = {built.release.release_id: built for built in laid_out.releases if built.release.on_prowlarr}
        self._api_key = api_key
        self._clock = clock
        self._lock = threading.Lock()
        self._down: dict[int, int] = {}
        self._removed: set[int] = set()
        self._cache: dict[tuple[int, str], tuple[float, int]] = {}
        self.grabs: list[int] = []
        self.downloads: list[int] = []

    def control(self, verb: str, options: Mapping[str, Any]) -> Any:
        with self._lock:
            match verb:
                case "disable_indexer":
                    self._down[int(options["indexer_id"])] = int(options.get("seconds", 300))
                case "enable_indexer":
                    self._down.pop(int(options["indexer_id"]), None)
                case "remove":
                    self._removed.add(int(options["release_id"]))
                case "report":
                    pass
                case _:
                    raise KeyError(verb)
            return {"grabs": self.grabs, "downloads": self.downloads, "down": sorted(self._down)}

    def answer(self, request: Request) -> Response:
        if request.path == "/ping":
            return _json({"status": "OK"})
        if not self._authorised(request):
            return Response(401, b"", None)
        if found := re.fullmatch(r"/(\d+)/download", request.path):
            return self._download(int(found[1]), request)
        match request.method, request.path:
            case "GET", "/api/v1/system/status":
                return _json(_SYSTEM_STATUS)
            case "GET", "/api/v1/indexer":
                return _json([shapes.indexer_json(number) for number in shapes.INDEXER_NAMES])
            case "GET", "/api/v1/indexerstatus":
                return _json(self._indexer_status())
            case "GET", "/api/v1/health":
                return _json(self._health())
            case "GET", "/api/v1/search":
                return self._search(request)
            case "POST", "/api/v1/search":
                return self._grab(request)
            case "GET", "/api/v1/history":
                page = {"page": 1, "pageSize": 10, "sortKey": "date", "sortDirection": "descending"}
                return _json({**page, "totalRecords": 0, "records": []})
        return _json({"message": "NotFound"}, 404)

    def _authorised(self, request: Request) -> bool:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = request.first("apikey") or request.headers.get("x-api-key") or bearer
        return given == self._api_key

    # --- indexers -----------------------------------------------------------------------------------------------

    def _indexer_status(self) -> list[dict[str, Any]]:
        with self._lock:
            down = dict(self._down)
        failed = f"{self._now - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
        return [
            {
                "id": place,
                "indexerId": number,
                "disabledTill": f"{self._now + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
                "mostRecentFailure": failed,
                "initialFailure": failed,
            }
            for place, (number, seconds) in enumerate(sorted(down.items()), start=1)
        ]

    def _health(self) -> list[dict[str, Any]]:
        with self._lock:
            down = sorted(self._down)
        if not down:
            return []
        names = ", ".join(shapes.INDEXER_NAMES[number] for number in down)
        return [
            {
                "source": "IndexerStatusCheck",
                "type": "warning",
                "message": f"Indexers unavailable due to failures: {names}",
                "wikiUrl": "https://wiki.servarr.com/prowlarr/system#indexers-are-unavailable-due-to-failures",
            }
        ]

    # --- search and grab ----------------------------------------------------------------------------------------

    def _search(self, request: Request) -> Response:
        asked = {int(number) for number in request.all("indexerIds") if re.fullmatch(r"-?\d+", number)}
        enabled = {shapes.MAM_INDEXER, shapes.ARCHIVE_INDEXER}
        selected = enabled if not asked or -2 in asked else enabled & asked
        with self._lock:
            up = selected - self._down.keys()
        if not up:
            return _json({"message": "Search failed due to all selected indexers being unavailable"}, 400)
        categories = {int(number) for number in request.all("categories") if number.isdigit()}
        # MAM takes plain words only: the tokens of a book search are cut out and lost.
        wanted = set(words(_TORZNAB_TOKEN.sub(" ", request.first("query") or "")))
        found = [built for built in self._listed() if shapes.indexer_of(built.release) in up]
        found = [built for built in found if _in_categories(built, categories) and _matches(built, wanted)]
        found.sort(key=lambda built: built.release.added, reverse=True)
        offset, limit = _whole(request, "offset", 0), _whole(request, "limit", 100)
        shown = found[offset : offset + limit]
        with self._lock:
            for built in shown:
                key = (shapes.indexer_of(built.release), shapes.guid_of(built.release))
                self._cache[key] = (self._clock(), built.release.release_id)
        base = f"http://{request.headers.get('host', '127.0.0.1')}"
        return _json([shapes.release_json(built, self._now, base, self._api_key) for built in shown])

    def _listed(self) -> list[BuiltRelease]:
        with self._lock:
            return [built for number, built in self._offered.items() if number not in self._removed]

    def _grab(self, request: Request) -> Response:
        try:
            body = request.json()
            key = (int(body["indexerId"]), str(body["guid"]))
        except (ValueError, KeyError, TypeError):
            error = {"propertyName": "Guid", "errorMessage": "'Guid' must not be empty.", "severity": "error"}
            return _json([error], 400)
        with self._lock:
            at, number = self._cache.get(key, (0.0, 0))
            if not number or self._clock() - at > _CACHE_SECONDS:
                return _json({"message": "Couldn't find requested release in cache, try searching again"}, 404)
            if number in self._removed or key[0] in self._down:
                return _json({"message": "Getting release from indexer failed"}, 409)
            self.grabs.append(number)
        return _json(body)

    def _download(self, indexer: int, request: Request) -> Response:
        link, name = request.first("link"), request.first("file")
        number = shapes.release_of_link(link) if link else None
        if number is None or not name:
            return _json({"message": "Invalid Prowlarr link"}, 400)
        with self._lock:
            seconds = self._down.get(indexer)
            gone = number in self._removed
        if indexer == shapes.SWITCHED_OFF_INDEXER:
            return shapes.xml_error(410, "Indexer is disabled")
        if seconds is not None:
            description = f"Indexer is disabled till {self._now + timedelta(seconds=seconds):%m/%d/%Y %H:%M:%S}."
            return shapes.xml_error(429, description, (("Retry-After", str(seconds)),))
        built = self._offered.get(number)
        if built is None or gone or shapes.indexer_of(built.release) != indexer:
            return shapes.xml_error(410, "Release not found")
        with self._lock:
            self.downloads.append(number)
        if built.release.magnet:
            return Response(301, b"", None, (("Location", shapes.magnet_of(built)),))
        headers = (("Content-Disposition", f'attachment; filename="{number}.torrent"'),)
        return Response(200, built.torrent, "application/x-bittorrent", headers)


def _in_categories(built: BuiltRelease, asked: set[int]) -> bool:
    release = built.release
    own = {shapes.AUDIOBOOKS, shapes.AUDIO} if release.main_cat == 13 else {shapes.EBOOKS, 7000}
    if release.on_mam:
        own.add(100_000 + release.category)
    return not asked or bool(own & asked)


def _matches(built: BuiltRelease, wanted: set[str]) -> bool:
    """All words in title, authors and narrators, as MAM is asked by Prowlarr."""
    release = built.release
    known = {word for text in (release.title, *release.authors, *release.narrators) for word in words(text)}
    return wanted <= known


def _whole(request: Request, name: str, default: int) -> int:
    text = request.first(name) or ""
    return int(text) if text.isdigit() else default


def _json(value: Any, status: int = 200) -> Response:
    """Indented, as Prowlarr writes it."""
    body = json.dumps(value, ensure_ascii=False, indent=2).encode()
    return Response(status, body, "application/json; charset=utf-8")


_SYSTEM_STATUS = {
    "appName": "Prowlarr",
    "instanceName": "Prowlarr",
    "version": "2.0.5.5160",
    "buildTime": "2026-01-01T00:00:00Z",
    "isDebug": False,
    "isProduction": True,
    "isAdmin": False,
    "isUserInteractive": False,
    "startupPath": "/app/prowlarr/bin",
    "appData": "/config",
    "osName": "debian",
    "isDocker": True,
    "mode": "console",
    "branch": "master",
    "databaseType": "sqLite",
    "authentication": "forms",
    "migrationVersion": 43,
    "urlBase": "",
    "runtimeVersion": "8.0.12",
    "runtimeName": ".NET",
    "startTime": "2026-01-01T00:00:00Z",
}
