"""The client of Prowlarr, and the Dagster resource that vends it.

Belongs here: which call answers which question. Does not belong here: what a result means (parsing/prowlarr.py), which
release to take (domain/release.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from mam_assets.domain.books import Indexer, Release
from mam_assets.domain.budgets import PROWLARR
from mam_assets.parsing.prowlarr import (
    download_path,
    indexer_complaints,
    parse_error,
    parse_indexers,
    parse_results,
    parse_version,
)
from mam_assets.resources.answers import read_json, reject, what_html_means
from mam_assets.resources.errors import BadAnswer, NotFound, Refused, ServiceDown, ServiceError
from mam_assets.resources.exchange import Limits
from mam_assets.resources.gate import Clock, utc_now
from mam_assets.resources.reading import reading
from mam_assets.resources.services import ServiceKit
from mam_assets.settings import load_settings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

AUDIOBOOKS = 3030
# Prowlarr answers only when the slowest indexer has: a short limit would lose what the quick ones found.
SEARCH_LIMITS = Limits(read_seconds=100.0, total_seconds=150.0)
_LOOK_IN_PROWLARR = "Look under Indexers and under System, Status in Prowlarr."


@dataclass(frozen=True, slots=True)
class TorrentFile:
    """The bytes of a .torrent. They may hold a passkey: not in the repr, never in a log."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MagnetLink:
    """A magnet link. Its trackers may hold a passkey: not in the repr."""

    uri: str = field(repr=False)


class Prowlarr:
    """Prowlarr's API v1, through a client of http.py."""

    def __init__(self, client: httpx.Client, *, clock: Clock = utc_now) -> None:
        self._client = client
        self._clock = clock

    @classmethod
    def from_kit(cls, kit: ServiceKit, *, limits: Limits = SEARCH_LIMITS) -> Prowlarr:
        """The client for the configured server."""
        key = kit.settings.prowlarr_api_key
        headers = {"X-Api-Key": key.get_secret_value()} if key else {}
        return cls(kit.client(PROWLARR, headers=headers, limits=limits, judge=own_words))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def status(self) -> str:
        """Prowlarr's version. NotAuthorised when the key is no good."""
        response, answer = self._get("api/v1/system/status", "status")
        with reading(response, PROWLARR, "status"):
            return parse_version(answer)

    def indexers(self) -> tuple[Indexer, ...]:
        """All indexers, each with the time till which Prowlarr leaves it alone."""
        response, answer = self._get("api/v1/indexer", "indexers")
        _, statuses = self._get("api/v1/indexerstatus", "indexer status")
        with reading(response, PROWLARR, "indexers"):
            return parse_indexers(answer, statuses)

    def search(self, query: str, *, categories: Sequence[int] = (AUDIOBOOKS,), limit: int = 100) -> list[Release]:
        """Releases of all enabled torrent indexers for plain words.

        Prowlarr answers an empty list also when an indexer is down: then this raises ServiceDown, so that an empty
        list means that there is nothing.
        """
        call = f"search {query!r}"
        params = {"query": query, "type": "search", "categories": list(categories), "limit": limit, "offset": 0}
        response, answer = self._get("api/v1/search", call, params)
        with reading(response, PROWLARR, call):
            results = parse_results(answer)
        for problem in results.problems:
            log.warning("prowlarr: %s: %s; left out", call, problem)
        if not results.releases:
            self._nothing_is_down(call)
        return list(results.releases)

    def download(self, release: Release) -> TorrentFile | MagnetLink:
        """What a release's download address leads to. NotFound when it is gone or its indexer is switched off,
        RateLimited when the indexer's grab limit is reached."""
        call = f"download {release.title!r}"
        address = release.download_url or ""
        if address.startswith("magnet:?"):
            return MagnetLink(address)
        proxied = download_path(address)
        if proxied is None:
            raise Refused(PROWLARR, call, "the release has no download address of Prowlarr", "Search for it again.")
        path, params = proxied
        response = self._client.get(path, params=params, extensions={"call": call})
        if response.is_redirect:
            return self._redirected(response, call)
        body = response.content
        if not body.startswith(b"d"):
            words = parse_error(response.text)
            if words:
                raise reject(response, Refused(PROWLARR, call, f"it says {words!r}", _LOOK_IN_PROWLARR))
            raise reject(response, what_html_means(body, PROWLARR, call, response.status_code))
        return TorrentFile(body)

    def _redirected(self, response: httpx.Response, call: str) -> MagnetLink:
        location = response.headers.get("location", "")
        if location.startswith("magnet:?"):
            return MagnetLink(location)
        raise Refused(
            PROWLARR,
            call,
            "it sends us to the indexer itself, which only Prowlarr may talk to",
            "Switch off Redirect for this indexer in Prowlarr.",
            status=response.status_code,
        )

    def _nothing_is_down(self, call: str) -> None:
        now: datetime = self._clock()
        torrent_indexers = [i for i in self.indexers() if i.enabled and i.protocol == "torrent"]
        if not torrent_indexers:
            raise Refused(PROWLARR, call, "no torrent indexer is enabled", "Add one in Prowlarr, under Indexers.")
        resting = [i.name for i in torrent_indexers if i.disabled_till is not None and i.disabled_till > now]
        if resting:
            raise ServiceDown(PROWLARR, call, f"nothing came, and {', '.join(resting)} is down", _LOOK_IN_PROWLARR)
        response, notes = self._get("api/v1/health", "health")
        with reading(response, PROWLARR, "health"):
            complaints = indexer_complaints(notes)
        if complaints:
            raise ServiceDown(PROWLARR, call, f"nothing came, and it says {complaints[0]!r}", _LOOK_IN_PROWLARR)

    def _get(self, path: str, call: str, params: dict[str, Any] | None = None) -> tuple[httpx.Response, Any]:
        response = self._client.get(path, params=params, extensions={"call": call})
        return response, read_json(response, PROWLARR, call)


def own_words(response: httpx.Response) -> ServiceError | None:
    """A judge for http.py: what Prowlarr means by a 400 about its indexers and by its XML errors."""
    call = str(response.request.extensions.get("call") or response.request.url.path)
    status = response.status_code
    if status == 400 and "indexers being unavailable" in response.text[:2000]:
        return ServiceDown(PROWLARR, call, "all indexers are unavailable", _LOOK_IN_PROWLARR, status=status)
    words = parse_error(response.text) if status in {400, 404, 410} else None
    if words is None:
        return None
    if status == 400:
        return BadAnswer(PROWLARR, call, f"it says {words!r}", _LOOK_IN_PROWLARR, status=status)
    return NotFound(PROWLARR, call, f"it says {words!r}", "Another release is tried.", status=status)


class ProwlarrResource(dg.ConfigurableResource[Prowlarr]):
    """Vends `Prowlarr`. An address given here wins over the settings."""

    url: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> Prowlarr:
        """Build the client; nothing is asked of the server yet."""
        settings = load_settings(prowlarr_url=self.url) if self.url else load_settings()
        return Prowlarr.from_kit(ServiceKit.for_run(context, settings))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Prowlarr]:
        """The client for one run, whose connections are closed after."""
        with closing(self.create_resource(context)) as client:
            yield client
