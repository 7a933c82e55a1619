"""The client of Google Books, and the Dagster resource that vends it.

Belongs here: which query answers which question, and until when a spent quota lasts. Does not belong here: what a
volume or an error body means (parsing/google_books.py), the daily budget (the gate).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from mam_assets.domain.books import Volume
from mam_assets.domain.budgets import GOOGLE_BOOKS, Pace, budget_renews_at
from mam_assets.parsing.google_books import QuotaSpent, VolumePage, parse_volumes, read_error
from mam_assets.parsing.spellings import isbn_shape
from mam_assets.resources.answers import read_json
from mam_assets.resources.errors import RateLimited, ServiceError
from mam_assets.resources.exchange import Limits
from mam_assets.resources.gate import Clock, utc_now
from mam_assets.resources.reading import reading, service_error
from mam_assets.resources.services import ServiceKit
from mam_assets.settings import load_settings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

_PAGE = 40
_PACIFIC = Pace(day_zone="America/Los_Angeles")
_SHORT_QUOTA = timedelta(minutes=1)


class GoogleBooks:
    """Google Books v1, through a client of http.py."""

    def __init__(self, client: httpx.Client, *, key: str | None = None) -> None:
        self._client = client
        self._key = key

    @classmethod
    def from_kit(cls, kit: ServiceKit, *, limits: Limits | None = None) -> GoogleBooks:
        """The client with the configured key."""
        key = kit.settings.google_books_api_key
        client = kit.client(GOOGLE_BOOKS, limits=limits, judge=quota_judge(utc_now))
        return cls(client, key=key.get_secret_value() if key else None)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def by_isbn(self, isbn: str) -> tuple[Volume, ...]:
        """Volumes with this ISBN (10 or 13 digits, hyphens allowed); none for what has not its shape."""
        compact = isbn_shape(isbn)
        if compact is None:
            return ()
        return self._volumes(f"isbn:{compact}", f"isbn {compact}", rows=10).volumes

    def by_title(self, title: str, author: str | None = None) -> tuple[Volume, ...]:
        """The volumes that fit a title, and an author where given, best first; at most 20."""
        if not title.strip():
            return ()
        query = f"intitle:{_phrase(title)}" + (f" inauthor:{_phrase(author)}" if author else "")
        return self._volumes(query, f"title {title!r}", rows=20).volumes

    def by_author(self, name: str, max_pages: int = 5) -> tuple[Volume, ...]:
        """An author's volumes, each once, from at most `max_pages` pages of 40. Google's pages overlap, its totals
        are estimates: the end is the page that is not full, or the one that brings nothing new."""
        volumes: dict[str, Volume] = {}
        for page in range(max_pages):
            call = f"author {name!r}, page {page + 1}"
            found = self._volumes(f"inauthor:{_phrase(name)}", call, start=page * _PAGE)
            known = len(volumes)
            volumes = {volume.volume_id: volume for volume in found.volumes} | volumes
            if found.rows < _PAGE or len(volumes) == known:
                break
        return tuple(volumes.values())

    def _volumes(self, query: str, call: str, *, start: int = 0, rows: int = _PAGE) -> VolumePage:
        params: dict[str, str | int] = {"q": query, "printType": "books", "startIndex": start, "maxResults": rows}
        if self._key:
            params["key"] = self._key
        response = self._client.get("volumes", params=params, extensions={"call": call})
        answer = read_json(response, GOOGLE_BOOKS, call)
        with reading(response, GOOGLE_BOOKS, call):
            page = parse_volumes(answer)
        for problem in page.problems:
            log.warning("google_books: %s: %s", call, problem)
        return VolumePage(tuple({v.volume_id: v for v in page.volumes}.values()), page.rows, page.problems)


def quota_judge(clock: Clock) -> Callable[[httpx.Response], ServiceError | None]:
    """A judge for http.py: a spent quota, a bad key or a plain no, whatever status Google chose for it."""

    def judge(response: httpx.Response) -> ServiceError | None:
        if not 400 <= response.status_code < 500:
            return None
        call = str(response.request.extensions.get("call") or response.request.url.path)
        with_key = "key" in response.request.url.params
        problem = read_error(response.status_code, response.text, with_key=with_key)
        error = service_error(problem, response, GOOGLE_BOOKS, call)
        if isinstance(error, RateLimited) and isinstance(problem, QuotaSpent):
            now = clock()
            error.retry_at = budget_renews_at(_PACIFIC, now) if problem.quota.daily else now + _SHORT_QUOTA
        return error

    return judge


def _phrase(words: str) -> str:
    return '"' + " ".join(words.replace('"', " ").split()) + '"'


class GoogleBooksResource(dg.ConfigurableResource[GoogleBooks]):
    """Vends `GoogleBooks`. An address given here wins over the settings."""

    url: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> GoogleBooks:
        """Build the client; nothing is asked of Google yet."""
        settings = load_settings(google_books_url=self.url) if self.url else load_settings()
        return GoogleBooks.from_kit(ServiceKit.for_run(context, settings))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[GoogleBooks]:
        """The client for one run, whose connections are closed after."""
        with closing(self.create_resource(context)) as client:
            yield client
