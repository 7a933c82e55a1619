"""The Goodreads twin: robots.txt, autocomplete, book, series and author pages, redirects and blocks.

Belongs here: which page answers a request. Does not belong here: how the pages look (goodreads_pages), and faults that
every service has (serving).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from mam_assets.sandbox.twins.goodreads_pages import Pages, book_id, not_found_page
from mam_assets.sandbox.twins.serving import Request, Response, Twin, json_response, text_response
from mam_assets.sandbox.twins.words import slug, words
from mam_assets.sandbox.world.model import World, WorldWork
from mam_assets.sandbox.world.works import isbn_10_of

ROBOTS = """User-agent: *
Disallow: /api
Disallow: /search
Disallow: /review/
Disallow: /user/
Disallow: /work/editions
Crawl-delay: 5
"""
_DISALLOWED = ("/api", "/search", "/review/", "/user/", "/work/editions")
_MOST_SUGGESTIONS = 5
_ROWS_PER_AUTHOR_PAGE = 30
_HTML = "text/html; charset=utf-8"

# What stands after the whole numbers on a series page, in this order.
_LATER_KINDS = ("primary", "novella", "part", "collection", "companion", "translation", "summary")


class GoodreadsTwin(Twin):
    """Shows the works of one world. ``works_per_page`` is that of a series page; without ``says_how_many`` no page
    tells how many works its series has, as true ones at times don't.

    ``control("block", {"status": 202, "path": "/book/show"})`` answers matching pages with that status and an empty
    body, as the site's firewall does; ``control("unblock", {})`` ends it.
    """

    name = "goodreads"

    def __init__(self, world: World, *, works_per_page: int = 100, says_how_many: bool = True) -> None:
        self._world = world
        self._pages = Pages(world, says_how_many=says_how_many)
        self._works_per_page = works_per_page
        self._by_book = {book_id(work): work for work in world.works}
        self._series = {series.series_id: series for series in world.series}
        self._authors = {author.author_id: author for author in world.authors}
        self._by_code = self._codes()
        self._lock = threading.Lock()
        self._blocks: list[tuple[str, int]] = []

    def _codes(self) -> dict[str, WorldWork]:
        codes: dict[str, WorldWork] = {}
        for work in self._world.works:
            if work.isbn_13:
                codes[work.isbn_13] = codes[isbn_10_of(work.isbn_13)] = work
            if work.asin:
                codes[work.asin] = work
        return codes

    def control(self, verb: str, options: Mapping[str, Any]) -> Any:
        with self._lock:
            match verb:
                case "block":
                    self._blocks.append((str(options.get("path", "")), int(options.get("status", 202))))
                case "unblock":
                    self._blocks.clear()
                case _:
                    raise KeyError(verb)
            return {"blocks": self._blocks}

    def answer(self, request: Request) -> Response:
        path = request.path
        if path == "/robots.txt":
            return text_response(ROBOTS)
        with self._lock:
            blocked = next((status for part, status in self._blocks if part in path), None)
        if blocked is not None:
            return Response(blocked, b"", _HTML, (("x-amzn-waf-action", "challenge"),))
        if path.startswith(_DISALLOWED):
            return text_response("<html><body>Forbidden</body></html>", 403, _HTML)
        if path == "/book/auto_complete":
            return self._autocomplete(request.first("q") or "")
        if found := re.fullmatch(r"/book/isbn/(\w+)", path):
            return self._by_isbn(found[1])
        if found := re.fullmatch(r"/book/show/(\d+)(?:[.\-].*)?", path):
            work = self._by_book.get(int(found[1]))
            return _page(self._pages.book_page(work)) if work else _missing()
        if found := re.fullmatch(r"/series/(\d+)(?:-.*)?", path):
            return self._series_page(int(found[1]), _page_number(request))
        if found := re.fullmatch(r"/author/list/(\d+)(\..*)?", path):
            return self._author_list(int(found[1]), bool(found[2]), request)
        if (found := re.fullmatch(r"/author/show/(\d+)(?:\..*)?", path)) and int(found[1]) in self._authors:
            author = self._authors[int(found[1])]
            return _page(self._pages.author_page(author, len(self._works_by(author.name))))
        return _missing()

    # --- autocomplete -------------------------------------------------------------------------------------------

    def _autocomplete(self, query: str) -> Response:
        code = re.sub(r"[\s-]", "", query).upper()
        if code in self._by_code:
            return json_response([self._pages.autocomplete_row(self._by_code[code], 1)])
        wanted = words(query)
        hits = [(rank, work) for work in self._world.works if (rank := self._rank(wanted, work)) is not None]
        hits.sort(key=lambda hit: (hit[0], hit[1].work_id))
        rows = [
            self._pages.autocomplete_row(work, place)
            for place, (_, work) in enumerate(hits[:_MOST_SUGGESTIONS], start=1)
        ]
        return json_response(rows)

    def _rank(self, wanted: list[str], work: WorldWork) -> int | None:
        """Whole title, then its beginning, then words in the title, then words that the author's name is needed for."""
        if not wanted:
            return None
        titles = [words(title) for title in (work.title, *work.other_titles)]
        if wanted in titles:
            return 0
        if any(title[: len(wanted)] == wanted for title in titles):
            return 1
        if any(set(wanted) <= set(title) for title in titles):
            return 2
        everything = {word for title in titles for word in title} | {w for name in work.authors for w in words(name)}
        return 3 if set(wanted) <= everything else None

    # --- pages --------------------------------------------------------------------------------------------------

    def _by_isbn(self, isbn: str) -> Response:
        work = self._by_code.get(isbn.upper())
        if work is None:
            return _missing()
        return Response(302, b"", _HTML, (("Location", f"/book/show/{book_id(work)}.{slug(work.title, '_')}"),))

    def _series_page(self, number: int, page: int) -> Response:
        series = self._series.get(number)
        if series is None:
            return _missing()
        members = [
            (work, position)
            for work in self._world.works
            for place, position in self._pages.places(work)
            if place.series_id == number
        ]
        members.sort(key=lambda member: _order_in_series(*member))
        return _page(self._pages.series_page(series, members, page, self._works_per_page))

    def _works_by(self, name: str) -> list[WorldWork]:
        listed = [work for work in self._world.works if name in work.authors]
        return sorted(listed, key=lambda work: (work.work_id * 7919 % 90_000, work.work_id), reverse=True)

    def _author_list(self, number: int, has_slug: bool, request: Request) -> Response:
        author = self._authors.get(number)
        if author is None:
            return _missing()
        page = _page_number(request)
        if not has_slug:
            address = f"/author/list/{number}.{slug(author.name, '_')}?page={page}&per_page={_ROWS_PER_AUTHOR_PAGE}"
            return Response(301, b"", _HTML, (("Location", address),))
        return _page(self._pages.author_list_page(author, self._works_by(author.name), page, _ROWS_PER_AUTHOR_PAGE))


def _order_in_series(work: WorldWork, position: str | None) -> tuple[int, int, float, int]:
    text = position or ""
    whole = work.kind == "primary" and text.isdigit()
    number = re.match(r"\d+(?:\.\d+)?", text)
    return (0 if whole else 1, _LATER_KINDS.index(work.kind), float(number[0]) if number else 1e6, work.work_id)


def _page_number(request: Request) -> int:
    text = request.first("page") or "1"
    return max(1, int(text)) if text.isdigit() else 1


def _page(text: str) -> Response:
    return text_response(text, content_type=_HTML)


def _missing() -> Response:
    return text_response(not_found_page(), 404, _HTML)
