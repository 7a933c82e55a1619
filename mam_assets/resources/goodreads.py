"""The client of Goodreads' public pages, and the Dagster resource that vends it.

Belongs here: which page answers which question, robots.txt, redirects within the site. Does not belong here: how a page
is read (parsing/goodreads.py). We say who we are, keep to robots.txt, and take a block as an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import TYPE_CHECKING
from urllib.robotparser import RobotFileParser

import dagster as dg

from mam_assets.domain.books import GoodreadsAuthorPage, GoodreadsBook, GoodreadsHit, GoodreadsSeriesPage
from mam_assets.domain.budgets import GOODREADS
from mam_assets.parsing.goodreads import block, parse_author_page, parse_autocomplete, parse_series_page
from mam_assets.parsing.goodreads_book import parse_book
from mam_assets.resources.answers import read_json, reject
from mam_assets.resources.errors import BadAnswer, NotFound, Refused, ServiceError
from mam_assets.resources.exchange import Limits, user_agent
from mam_assets.resources.gate import Clock, utc_now
from mam_assets.resources.reading import reading, service_error
from mam_assets.resources.services import ServiceKit
from mam_assets.settings import load_settings

if TYPE_CHECKING:
    import httpx

_MOST_REDIRECTS = 3


class Robots:
    """What the robots.txt of a site allows, read once a day. One object may serve several clients."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[date, RobotFileParser]] = {}

    def allows(self, client: httpx.Client, url: str, today: date) -> bool:
        """Whether our user agent may fetch an address. Raises ServiceError where the rules cannot be read: not
        knowing them is no leave to go on."""
        site = str(client.base_url)
        read_on, rules = self._read.get(site, (None, None))
        if rules is None or read_on != today:
            rules = _read_robots(client)
            self._read[site] = (today, rules)
        return rules.can_fetch(user_agent(), url)


# Each run makes clients of its own; the rules are the same for all of them in this process.
_ROBOTS = Robots()


def _read_robots(client: httpx.Client) -> RobotFileParser:
    rules = RobotFileParser()
    try:
        response = client.get("/robots.txt", extensions={"call": "robots.txt"})
    except NotFound:
        # RFC 9309 2.3.1.3: without a robots.txt everything may be fetched.
        rules.parse([])
        return rules
    if response.status_code != 200 or response.text.lstrip().startswith("<"):
        problem = BadAnswer(GOODREADS, "robots.txt", "the rules cannot be read", "Nothing is asked until they can.")
        raise reject(response, problem)
    rules.parse(response.text.splitlines())
    return rules


class Goodreads:
    """Goodreads' public pages, through a client of http.py whose judge is `block_judge`."""

    def __init__(
        self, client: httpx.Client, *, robots: Robots | None = None, enabled: bool = True, clock: Clock = utc_now
    ) -> None:
        self._client = client
        self._robots = robots or Robots()
        self._enabled = enabled
        self._clock = clock

    @classmethod
    def from_kit(cls, kit: ServiceKit, *, limits: Limits | None = None, robots: Robots | None = None) -> Goodreads:
        """The client for the configured address."""
        client = kit.client(GOODREADS, limits=limits, judge=block_judge)
        return cls(client, robots=robots or _ROBOTS, enabled=kit.settings.goodreads_enabled)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def autocomplete(self, query: str) -> tuple[GoodreadsHit, ...]:
        """The few books that Goodreads proposes for a title, ISBN or ASIN. Give the title alone and compare authors
        afterwards: with the author's name in it, study guides come first."""
        call = f"autocomplete {query!r}"
        response = self._get("/book/auto_complete", call, {"format": "json", "q": query})
        answer = read_json(response, GOODREADS, call)
        with reading(response, GOODREADS, call):
            return parse_autocomplete(answer)

    def book(self, book_id: str) -> GoodreadsBook:
        """A book page; NotFound when there is none of that id."""
        call = f"book {book_id}"
        response = self._get(f"/book/show/{_checked_id(book_id)}", call)
        with reading(response, GOODREADS, call):
            return parse_book(response.text, book_id)

    def series_page(self, series_id: str, page: int = 1) -> GoodreadsSeriesPage:
        """A page (of 100 works) of a series, counted from 1; NotFound when there is none of that id."""
        call = f"series {series_id}, page {page}"
        response = self._get(f"/series/{_checked_id(series_id)}", call, {"page": str(page)} if page > 1 else {})
        with reading(response, GOODREADS, call):
            return parse_series_page(response.text, page=page)

    def author_page(self, author_id: str, page: int = 1) -> GoodreadsAuthorPage:
        """A page (of 30 books) of an author's list, counted from 1; NotFound when there is none of that id."""
        call = f"author {author_id}, page {page}"
        params = {"page": str(page), "per_page": "30"}
        response = self._get(f"/author/list/{_checked_id(author_id)}", call, params)
        with reading(response, GOODREADS, call):
            return parse_author_page(response.text)

    def _get(self, path: str, call: str, params: dict[str, str] | None = None) -> httpx.Response:
        if not self._enabled:
            raise Refused(GOODREADS, call, "Goodreads is switched off", "Set GOODREADS_ENABLED=true to ask it.")
        request = self._client.build_request("GET", path, params=params or None, extensions={"call": call})
        for _ in range(_MOST_REDIRECTS + 1):
            if not self._robots.allows(self._client, str(request.url), self._clock().date()):
                raise Refused(GOODREADS, call, "its robots.txt does not allow this page", "Other sources are asked.")
            response = self._client.send(request)
            if not response.is_redirect:
                return response
            target = response.request.url.join(response.headers.get("location", ""))
            if target.host != request.url.host:
                problem = f"it leads away to {target.host}"
                raise reject(response, BadAnswer(GOODREADS, call, problem, "Other sources are asked."))
            request = self._client.build_request("GET", target, extensions={"call": call})
        raise reject(response, BadAnswer(GOODREADS, call, "it leads in a circle", "Other sources are asked."))


def block_judge(response: httpx.Response) -> ServiceError | None:
    """A judge for http.py: the known forms of a block."""
    problem = block(response.status_code, response.headers, response.text)
    if problem is None:
        return None
    call = str(response.request.extensions.get("call") or response.request.url.path)
    return service_error(problem, response, GOODREADS, call)


def _checked_id(number: str) -> str:
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise ValueError(f"{number!r} is no Goodreads id")
    return number


class GoodreadsResource(dg.ConfigurableResource[Goodreads]):
    """Vends `Goodreads`. An address given here wins over the settings."""

    url: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> Goodreads:
        """Build the client; nothing is asked of Goodreads yet."""
        settings = load_settings(goodreads_url=self.url) if self.url else load_settings()
        return Goodreads.from_kit(ServiceKit.for_run(context, settings))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Goodreads]:
        """The client for one run, whose connections are closed after."""
        with closing(self.create_resource(context)) as client:
            yield client
