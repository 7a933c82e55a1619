from __future__ import annotations

import html
import json
import re
from typing import Any

import httpx
import pytest

from mam_assets.sandbox.twins.goodreads import GoodreadsTwin
from mam_assets.sandbox.world.model import World, WorldWork
from mam_assets.sandbox.world.works import isbn_10_of
from tests.sandbox.conftest import Serve


def titled(world: World, title: str) -> WorldWork:
    return next(work for work in world.works if work.title == title)


def props(page: str, component: str) -> list[dict[str, Any]]:
    """The properties of each component of that name, read as a browser would."""
    found = re.findall(rf'data-react-class="ReactComponents\.{component}" data-react-props="([^"]*)"', page)
    return [json.loads(html.unescape(text)) for text in found]


def script(page: str, marker: str) -> dict[str, Any]:
    found = re.search(rf"<script[^>]*{marker}[^>]*>(.*?)</script>", page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


@pytest.fixture
def site(world: World, serve: Serve) -> httpx.Client:
    return serve(GoodreadsTwin(world))


# --- rules ------------------------------------------------------------------------------------------------------


def test_robots_txt_shuts_search_out(site: httpx.Client) -> None:
    assert "Disallow: /search" in site.get("/robots.txt").text


@pytest.mark.parametrize("path", ["/search?q=oz", "/api/graphql", "/review/list/1", "/work/editions/1"])
def test_a_disallowed_path_is_forbidden(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/book/show/1", "/series/1", "/author/list/1", "/book/isbn/9780000000000", "/x"])
def test_what_does_not_exist_is_a_404_page(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert "<title>404 - " in answer.text


def test_a_block_is_a_202_without_a_body_until_it_ends(world: World, serve: Serve) -> None:
    site = serve(GoodreadsTwin(world))
    site.post("/_twin/do/block", json={"status": 202, "path": "/series"})
    blocked = site.get("/series/40101")
    assert (blocked.status_code, blocked.content) == (202, b"")
    assert site.get("/book/auto_complete?format=json&q=emma").status_code == 200
    site.post("/_twin/do/unblock", json={})
    assert site.get("/series/40101").status_code == 200


# --- autocomplete -----------------------------------------------------------------------------------------------


def rows(site: httpx.Client, query: str) -> list[dict[str, Any]]:
    return list(site.get("/book/auto_complete", params={"format": "json", "q": query}).json())


def test_a_title_finds_its_book_first(site: httpx.Client) -> None:
    first = rows(site, "A Princess of Mars")[0]
    assert first["title"] == "A Princess of Mars (Barsoom, #1)"
    assert first["bookTitleBare"] == "A Princess of Mars"
    assert (type(first["bookId"]), type(first["workId"]), type(first["author"]["id"])) == (str, str, int)
    assert first["author"]["name"] == "Edgar Rice Burroughs"


def test_another_title_of_the_same_work_finds_it(site: httpx.Client) -> None:
    assert rows(site, "The Insidious Dr Fu-Manchu")[0]["bookTitleBare"] == "The Mystery of Dr. Fu-Manchu"


def test_isbn_and_asin_find_one_book(site: httpx.Client, world: World) -> None:
    work = next(work for work in world.works if work.isbn_13 and work.asin)
    assert work.isbn_13 is not None
    assert work.asin is not None
    for code in (work.isbn_13, isbn_10_of(work.isbn_13), work.asin):
        assert [row["workId"] for row in rows(site, code)] == [str(work.work_id)]


def test_no_more_than_five_are_suggested_and_none_is_an_empty_list(site: httpx.Client) -> None:
    assert len(rows(site, "Tom Swift")) == 5
    assert rows(site, "no such book at all") == []


def test_the_authors_name_in_the_query_brings_the_study_guide_first(site: httpx.Client) -> None:
    assert rows(site, "The Time Machine")[0]["bookTitleBare"] == "The Time Machine"
    assert rows(site, "The Time Machine H.G. Wells")[0]["author"]["name"] == "Quickread Notes"


def test_ratings_come_as_text_and_as_the_number_zero(site: httpx.Client) -> None:
    ratings = [row["avgRating"] for query in ("Tom Swift", "Anne", "Tarzan") for row in rows(site, query)]
    assert {type(rating) for rating in ratings} == {str, int}
    assert all(rating == 0 for rating in ratings if isinstance(rating, int))


# --- book -------------------------------------------------------------------------------------------------------


def whole_book(world: World) -> WorldWork:
    """One whose page has all layers, with a series and an ISBN."""
    return next(
        work
        for work in world.works
        if work.isbn_13 and work.description and (work.position or "").isdigit() and work.work_id % 10 not in (3, 7)
    )


def test_a_book_page_has_three_layers(site: httpx.Client, world: World) -> None:
    work = whole_book(world)
    number = work.work_id + 1_000_000
    page = site.get(f"/book/show/{number}").text
    state = script(page, "__NEXT_DATA__")["props"]["pageProps"]["apolloState"]
    reference = state["ROOT_QUERY"][f'getBookByLegacyId({{"legacyId":"{number}"}})']["__ref"]
    book = state[reference]
    assert (book["legacyId"], book["title"]) == (number, work.title)
    assert book["details"]["isbn13"] == work.isbn_13
    edge = book["bookSeries"][0]
    assert edge.get("userPosition", edge.get("seriesPlacement")) == work.position
    assert f"/series/{work.series_id}-" in state[edge["series"]["__ref"]]["webUrl"]
    assert len([node for key, node in state.items() if key.startswith("Book:")]) == 2
    assert script(page, r"application/ld\+json")["isbn"] == work.isbn_13
    assert 'data-testid="bookTitle"' in page
    assert f'aria-label="Book {work.position} in the ' in page


@pytest.mark.parametrize("suffix", ["", ".Some_Slug", "-some-slug"])
def test_the_slug_does_not_matter(site: httpx.Client, world: World, suffix: str) -> None:
    number = titled(world, "Emma").work_id + 1_000_000
    assert "<title>Emma by Jane Austen" in site.get(f"/book/show/{number}{suffix}").text


def test_some_pages_lack_the_state_and_some_the_book_in_it(site: httpx.Client, world: World) -> None:
    bare = next(work for work in world.works if work.work_id % 10 == 3)
    assert "__NEXT_DATA__" not in site.get(f"/book/show/{bare.work_id + 1_000_000}").text
    hollow = next(work for work in world.works if work.work_id % 10 == 7)
    page = site.get(f"/book/show/{hollow.work_id + 1_000_000}").text
    state = script(page, "__NEXT_DATA__")["props"]["pageProps"]["apolloState"]
    assert not [key for key in state if key.startswith("Book:")]
    assert script(page, r"application/ld\+json")["@type"] == "Book"


def test_an_unreleased_book_is_expected(site: httpx.Client, world: World) -> None:
    page = site.get(f"/book/show/{titled(world, 'The Unwritten War of Mars').work_id + 1_000_000}").text
    assert "Expected publication" in page


def test_an_isbn_redirects_to_its_book(site: httpx.Client, world: World) -> None:
    work = whole_book(world)
    answer = site.get(f"/book/isbn/{work.isbn_13}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"/book/show/{work.work_id + 1_000_000}")


# --- series -----------------------------------------------------------------------------------------------------


def test_a_series_page_lists_whole_numbers_first(site: httpx.Client) -> None:
    page = site.get("/series/40301-oz").text
    assert props(page, "SeriesHeader")[0]["title"] == "Oz Series"
    assert props(page, "SeriesHeader")[0]["subtitle"] == "14 primary works • 16 total works"
    books = [row["book"] for part in props(page, "SeriesList") for row in part["series"]]
    assert [book["title"] for book in books[:2]] == [
        "The Wonderful Wizard of Oz (Oz, #1)",
        "The Marvelous Land of Oz (Oz, #2)",
    ]
    assert [book["bookTitleBare"] for book in books[14:]] == ["Little Wizard Stories of Oz", "The Woggle-Bug Book"]
    assert type(books[0]["avgRating"]) is float
    assert books[0]["publicationDate"] == "1900"


def test_labels_stand_beside_the_books_of_some_series_only(site: httpx.Client) -> None:
    with_labels = props(site.get("/series/40202").text, "SeriesList")
    labels = [label for part in with_labels for label in part["seriesHeaders"]]
    assert labels == ["Book 1", "Book 2", "Book 3", "Book 4", "Book 5", "Book 2.5"]
    assert all("seriesHeaders" not in part for part in props(site.get("/series/40101").text, "SeriesList"))


def test_a_work_stands_on_the_pages_of_both_its_series(site: httpx.Client) -> None:
    for number in (40102, 40103):
        assert "Tarzan at the Earth&#x27;s Core" in site.get(f"/series/{number}").text


def test_a_long_series_takes_several_pages(world: World, serve: Serve) -> None:
    site = serve(GoodreadsTwin(world, works_per_page=8))
    seen = []
    for page in (1, 2):
        text = site.get(f"/series/40301?page={page}").text
        assert props(text, "FullPagePaginationControls") == [{"numWorks": 16, "currentPageNumber": page, "perPage": 8}]
        seen += [row["book"]["bookId"] for part in props(text, "SeriesList") for row in part["series"]]
    assert len(set(seen)) == 16


def test_the_paging_component_is_missing_from_some_single_pages(site: httpx.Client) -> None:
    assert props(site.get("/series/40102").text, "FullPagePaginationControls") == []


# --- author -----------------------------------------------------------------------------------------------------


def test_an_authors_list_redirects_to_its_slug_and_has_thirty_rows_a_page(site: httpx.Client) -> None:
    first = site.get("/author/list/3001?page=1&per_page=100")
    assert first.status_code == 301
    page = site.get(first.headers["location"]).text
    assert page.count('itemtype="http://schema.org/Book"') == 30
    assert 'class="next_page" rel="next"' in page
    last = site.get("/author/list/3001.Edgar_Rice_Burroughs?page=2").text
    assert 0 < last.count('itemtype="http://schema.org/Book"') < 30
    assert 'rel="next"' not in last


def test_a_translator_is_marked(site: httpx.Client) -> None:
    pages = [site.get(f"/author/list/3001.x?page={number}").text for number in (1, 2)]
    assert any("(Translator)" in page for page in pages)
