"""The client of Goodreads: robots.txt first, redirects within the site, a block as an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from mam_assets.resources.errors import BadAnswer, Blocked, NotFound, RateLimited, Refused, ServiceDown
from mam_assets.resources.goodreads import Goodreads, Robots, block_judge

from .service_bench import Answer, ServiceBench, page

ROBOTS = "User-agent: *\nDisallow: /search\nDisallow: /api\nDisallow: /book/show/13$\nDisallow: /series/13\n"
AUTHOR = """<title>Books by Jane Austen</title><tr itemtype="http://schema.org/Book"><td><a class="bookTitle"
href="/book/show/1.Emma">Emma</a><a class="authorName" href="/author/show/1">Jane Austen</a></td></tr>"""


def bench(answer: Answer, *, rules: httpx.Response | None = None, **options: Any) -> tuple[Goodreads, ServiceBench]:
    def site(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return rules or httpx.Response(200, text=ROBOTS)
        return answer(request)

    made = ServiceBench("goodreads", "https://www.goodreads.com", site, judge=block_judge)
    return Goodreads(made.client, clock=made.now, **options), made


def test_we_name_ourselves_and_read_robots_once_a_day() -> None:
    goodreads, made = bench(lambda request: httpx.Response(200, json=[]))
    goodreads.autocomplete("Emma")
    goodreads.autocomplete("Persuasion")
    assert made.paths == ["/robots.txt", "/book/auto_complete", "/book/auto_complete"]
    assert dict(made.requests[1].url.params) == {"format": "json", "q": "Emma"}
    assert all(r.headers["user-agent"].startswith("mam-assets/") for r in made.requests)
    made.at += timedelta(days=1)
    goodreads.autocomplete("Emma")
    assert made.paths.count("/robots.txt") == 2


def test_clients_may_share_what_robots_allows() -> None:
    robots = Robots()
    for _ in range(2):
        goodreads, made = bench(lambda request: httpx.Response(200, json=[]), robots=robots)
        goodreads.autocomplete("Emma")
    assert made.paths == ["/book/auto_complete"]


def test_a_disallowed_page_is_refused_without_asking() -> None:
    goodreads, made = bench(lambda request: page(AUTHOR))
    with pytest.raises(Refused, match=r"robots\.txt"):
        goodreads.series_page("13")
    assert made.paths == ["/robots.txt"]


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (httpx.Response(202), Blocked),
        (httpx.Response(403), Blocked),
        (httpx.Response(500), ServiceDown),
        (httpx.Response(200, html="<html>hello</html>"), BadAnswer),
    ],
)
def test_without_knowing_the_rules_no_page_is_asked_for(rules: httpx.Response, error: type[Exception]) -> None:
    goodreads, made = bench(lambda request: page(AUTHOR), rules=rules)
    with pytest.raises(error):
        goodreads.author_page("1")
    assert set(made.paths) == {"/robots.txt"}


def test_a_site_without_rules_may_be_read() -> None:
    goodreads, _ = bench(lambda request: page(AUTHOR), rules=httpx.Response(404))
    assert [entry.title for entry in goodreads.author_page("1").entries] == ["Emma"]


def test_switched_off_it_is_not_asked_at_all() -> None:
    goodreads, made = bench(lambda request: page(AUTHOR), enabled=False)
    with pytest.raises(Refused, match="GOODREADS_ENABLED"):
        goodreads.autocomplete("Emma")
    assert made.requests == []


def test_a_redirect_within_the_site_is_followed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/author/list/1":
            return httpx.Response(301, headers={"location": "/author/list/1.Jane_Austen?page=2&per_page=30"})
        return page(AUTHOR)

    goodreads, made = bench(answer)
    assert goodreads.author_page("1", page=2).entries
    assert made.paths == ["/robots.txt", "/author/list/1", "/author/list/1.Jane_Austen"]


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("https://elsewhere.example/book/show/1", BadAnswer),
        ("/book/show/1", BadAnswer),
        ("/search?q=emma", Refused),
    ],
)
def test_a_redirect_away_in_a_circle_or_to_a_forbidden_page_is_not(location: str, error: type[Exception]) -> None:
    goodreads, made = bench(lambda request: httpx.Response(302, headers={"location": location}))
    with pytest.raises(error):
        goodreads.book("1")
    assert all(request.url.host == "www.goodreads.com" for request in made.requests)
    assert len(made.requests) <= 5


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(202), Blocked),
        (httpx.Response(200, text=""), Blocked),
        (httpx.Response(403, text="no"), Blocked),
        (page("<script src='https://x.awswaf.com/challenge.js'></script>"), Blocked),
        (httpx.Response(429), RateLimited),
        (httpx.Response(404, html="<title>404 - Page not found</title>"), NotFound),
        (page("<title>404 - Page not found</title>"), NotFound),
        (page("<title>Goodreads</title>"), BadAnswer),
    ],
)
def test_trouble_is_named_and_never_an_empty_list(answer: httpx.Response, error: type[Exception]) -> None:
    for ask in (
        lambda g: g.book("1"),
        lambda g: g.series_page("1"),
        lambda g: g.author_page("1"),
    ):
        goodreads, made = bench(lambda request: answer)
        with pytest.raises(error) as caught:
            ask(goodreads)
        assert type(caught.value) is error
        assert str(caught.value).startswith("goodreads: ")
        assert made.paths[0] == "/robots.txt"
        assert len(made.paths) == 2


def test_a_block_ends_the_asking_for_a_while() -> None:
    goodreads, made = bench(lambda request: httpx.Response(202))
    with pytest.raises(Blocked):
        goodreads.autocomplete("Emma")
    with pytest.raises(RateLimited):
        goodreads.autocomplete("Emma")
    assert len(made.requests) == 2


def test_what_is_no_id_is_never_put_into_an_address() -> None:
    goodreads, made = bench(lambda request: page(AUTHOR))
    for number in ("../api", "1?x", "", "١"):
        with pytest.raises(ValueError, match="no Goodreads id"):
            goodreads.book(number)
    assert made.requests == []
