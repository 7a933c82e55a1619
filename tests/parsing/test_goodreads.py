"""Goodreads' pages, layer by layer. Pages are written for these tests in the shape of the real ones."""

from __future__ import annotations

import html
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import CatalogEntry, GoodreadsHit, GoodreadsSeriesLink, SeriesRef
from mam_assets.parsing.answers import Fault, UnusableAnswer
from mam_assets.parsing.goodreads import block, parse_author_page, parse_autocomplete, parse_series_page
from mam_assets.parsing.goodreads_book import parse_book

from .any_json import ANY_JSON

# --- autocomplete --------------------------------------------------------------------------------------------------

HIT: dict[str, Any] = {
    "bookId": "40395",
    "workId": "1129624",
    "bookUrl": "/book/show/40395.A_Princess_of_Mars",
    "title": "A Princess of Mars (Barsoom, #1)",
    "bookTitleBare": "A Princess of Mars",
    "avgRating": "3.80",
    "author": {"id": 10885, "name": "Edgar Rice Burroughs"},
}


def test_a_proposal_is_read_with_the_series_of_its_title() -> None:
    assert parse_autocomplete([HIT, HIT | {"avgRating": 0, "bookId": 7, "workId": None, "title": "Emma"}]) == (
        GoodreadsHit(
            "40395", "1129624", "A Princess of Mars", "Edgar Rice Burroughs", "10885", SeriesRef("Barsoom", "1")
        ),
        GoodreadsHit("7", None, "A Princess of Mars", "Edgar Rice Burroughs", "10885", None),
    )


def test_no_proposal_is_a_true_nothing() -> None:
    assert parse_autocomplete([]) == ()


@pytest.mark.parametrize("answer", [{}, None, "x", [{}], [{"bookId": "1"}], {"error": "no"}])
def test_a_failed_read_is_never_nothing(answer: Any) -> None:
    with pytest.raises(UnusableAnswer):
        parse_autocomplete(answer)


# --- blocks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "body", "blocked"),
    [
        (202, {}, "", True),
        (202, {}, "<html>something</html>", True),
        (200, {}, "", True),
        (200, {}, "  \n", True),
        (403, {}, "Forbidden", True),
        (405, {"x-amzn-waf-action": "captcha"}, "", True),
        (200, {}, "<script src='https://x.token.awswaf.com/challenge.js'></script>", True),
        (200, {}, "<html><title>Emma</title></html>", False),
        (200, {}, "[]", False),
        (200, {}, "A captcha in a long page " + "x" * 30_000, False),
        (301, {}, "", False),
        (404, {}, "", False),
    ],
)
def test_a_block_is_told_from_a_page(status: int, headers: dict[str, str], body: str, blocked: bool) -> None:
    problem = block(status, headers, body)
    assert (problem is not None) is blocked
    assert problem is None or problem.fault is Fault.BLOCKED


# --- series pages --------------------------------------------------------------------------------------------------


def react(component: str, props: Any) -> str:
    encoded = html.escape(json.dumps(props), quote=True)
    return f'<div data-react-class="ReactComponents.{component}" data-react-props="{encoded}"></div>'


def member(book_id: int, title: str, bare: str | None = None, year: str | None = "1912") -> dict[str, Any]:
    book = {
        "bookId": str(book_id),
        "workId": str(book_id + 1000),
        "title": title,
        "bookTitleBare": bare or title.partition(" (")[0],
        "publicationDate": year,
        "author": {"id": 10885, "name": "Edgar Rice Burroughs"},
    }
    return {"isLibrarianView": False, "book": book}


HEADER = react("SeriesHeader", {"title": "Barsoom Series", "subtitle": "2 primary works • 4 total works"})
PAGING = react("FullPagePaginationControls", {"numWorks": 214, "currentPageNumber": 2, "perPage": 100})


def entry(book_id: int, title: str, position: str | None, published: str | None = "1912") -> CatalogEntry:
    return CatalogEntry(
        source="Goodreads",
        source_key=str(book_id + 1000),
        title=title,
        authors=("Edgar Rice Burroughs",),
        series=SeriesRef("Barsoom", position),
        published=published,
        goodreads_id=str(book_id),
    )


def test_a_series_page_with_labels_takes_positions_from_them() -> None:
    first = react(
        "SeriesList",
        {
            "series": [member(1, "A Princess of Mars (Barsoom, #1)"), member(2, "The Gods of Mars", year=None)],
            "seriesHeaders": ["Book 1", "Book 2"],
        },
    )
    second = react(
        "SeriesList",
        {
            "series": [member(3, "The Martian Tales (Barsoom, #1-3)"), member(4, "A Barsoom Glossary")],
            "seriesHeaders": ["Book 1-3", ""],
        },
    )
    page = parse_series_page(f"<html>{HEADER}{first}{second}{PAGING}</html>", page=2)
    assert page.title == "Barsoom"
    assert page.entries == (
        entry(1, "A Princess of Mars", "1"),
        entry(2, "The Gods of Mars", "2", None),
        entry(3, "The Martian Tales", "1-3"),
        entry(4, "A Barsoom Glossary", None),
    )
    assert (page.num_works, page.page, page.per_page, page.layer) == (214, 2, 100, "react_props")


def test_a_series_page_without_labels_takes_positions_from_titles_of_this_series_only() -> None:
    listed = react(
        "SeriesList",
        {
            "series": [
                member(1, "A Princess of Mars (Barsoom, #1)"),
                member(2, "Llana of Gathol (Barsoom Series #10; Mars Omnibus, #4)"),
                member(3, "Tales of Other Worlds (Pellucidar, #3)"),
                member(4, "A Barsoom Glossary"),
            ]
        },
    )
    page = parse_series_page(HEADER + listed)
    assert [e.series.position for e in page.entries if e.series] == ["1", "10", None, None]
    assert (page.num_works, page.page) == (None, 1)


def test_a_work_that_two_lists_repeat_is_there_once() -> None:
    listed = react("SeriesList", {"series": [member(1, "A Princess of Mars")], "seriesHeaders": ["Book 1"]})
    assert len(parse_series_page(HEADER + listed + listed).entries) == 1


def test_a_series_named_series_keeps_its_name() -> None:
    header = react("SeriesHeader", {"title": "A Series of Unfortunate Events Series"})
    listed = react("SeriesList", {"series": [member(1, "The Bad Beginning")], "seriesHeaders": ["Book 1"]})
    assert parse_series_page(header + listed).title == "A Series of Unfortunate Events"


ROWS = """
<html><head><title>Books by Edgar Rice Burroughs (Author of A Princess of Mars)</title></head><body><table>
<tr itemscope itemtype="http://schema.org/Book"><td>
  <a class="bookTitle" itemprop="url" href="/book/show/1-a-princess-of-mars"><span itemprop='name'>A Princess of Mars
   (Barsoom, #1)</span></a>
  <span itemprop="author"><div class='authorName__container'><a class="authorName" href="/author/show/10885">
   <span itemprop="name">Edgar Rice Burroughs</span></a> <span class="greyText">(Goodreads Author)</span>, </div>
   <div class='authorName__container'><a class="authorName" href="/author/show/9"><span itemprop="name">Scott Brick
   </span></a> <span class="authorName greyText smallText role">(Narrator)</span></div></span>
  <span class="minirating"> 3.80 avg rating — 2,152 ratings</span> — published 1912 —
  <a class="greyText" href="/work/editions/1001-a-princess">900 editions</a></td></tr>
<tr itemscope itemtype="http://schema.org/Book"><td>
  <a class="bookTitle" href="/book/show/5.Tarzan"><span>Tarzan &amp; Others</span></a>
  <a class="authorName" href="/author/show/10885"><span>Edgar Rice Burroughs</span></a>,
  <a class="authorName" href="/author/show/8"><span>A Friend</span></a> <span class="role">(Translator)</span>
  </td></tr></table>
%s</body></html>
"""


def test_a_series_page_without_its_components_is_read_from_html() -> None:
    page = parse_series_page("<h1>Barsoom Series</h1>" + ROWS)
    assert page.layer == "html"
    assert page.entries[0] == entry(1, "A Princess of Mars", "1")


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<html><body>nothing here</body></html>",
        HEADER,
        HEADER + '<div data-react-class="ReactComponents.SeriesList" data-react-props="{broken"></div>',
        HEADER + react("SeriesList", {"series": [{"book": {}}]}),
        HEADER + react("SeriesList", []),
    ],
)
def test_a_series_page_that_cannot_be_read_is_no_empty_series(markup: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        parse_series_page(markup)
    assert caught.value.fault is Fault.NONSENSE


def test_an_empty_list_by_its_own_word_is_empty() -> None:
    assert parse_series_page(HEADER + react("SeriesList", {"series": []})).entries == ()


# --- author pages --------------------------------------------------------------------------------------------------


def test_an_author_page_lists_works_with_their_authors_only() -> None:
    page = parse_author_page(ROWS % '<a class="next_page" rel="next" href="?page=2">next »</a>')
    assert page.has_next
    assert page.entries == (
        entry(1, "A Princess of Mars", "1"),
        CatalogEntry("Goodreads", "5", "Tarzan & Others", ("Edgar Rice Burroughs",), goodreads_id="5"),
    )


def test_the_last_page_has_no_next() -> None:
    assert not parse_author_page(ROWS % '<span class="next_page disabled">next »</span>').has_next


def test_an_author_page_without_rows_is_empty_only_if_it_says_whose_it_is() -> None:
    assert parse_author_page("<title>Books by Nobody</title>").entries == ()
    with pytest.raises(UnusableAnswer):
        parse_author_page("<title>Sign up</title>")


# --- book pages ----------------------------------------------------------------------------------------------------

BOOK_KEY = "Book:kca://book/amzn1.gr.book.v1.AAA"
STATE: dict[str, Any] = {
    "ROOT_QUERY": {"__typename": "Query", 'getBookByLegacyId({"legacyId":"40395"})': {"__ref": BOOK_KEY}},
    "Book:stub": {"__typename": "Book", "legacyId": 99, "title": "Another Book"},
    BOOK_KEY: {
        "__typename": "Book",
        "legacyId": 40395,
        "title": "A Princess of Mars",
        "titleComplete": "A Princess of Mars (Barsoom, #1)",
        "description": "A soldier wakes <br />on Mars.",
        'description({"stripped":true})': "A soldier wakes on Mars.",
        "primaryContributorEdge": {"node": {"__ref": "Contributor:1"}, "role": "Author"},
        "secondaryContributorEdges": [
            {"node": {"__ref": "Contributor:2"}, "role": "Narrator"},
            {"node": {"__ref": "Contributor:3"}, "role": "Author"},
            {"node": {"__ref": "Contributor:gone"}, "role": "Author"},
        ],
        "bookSeries": [
            {"userPosition": "1", "series": {"__ref": "Series:1"}},
            {"seriesPlacement": "0.5", "series": {"__ref": "Series:2"}},
            {"userPosition": "", "series": {"__ref": "Series:3"}},
            {"userPosition": "4", "series": {"__ref": "Series:gone"}},
        ],
        "details": {
            "asin": "0345331389",
            "publisher": "Del Rey",
            "isbn": "0345331389",
            "isbn13": "9780345331380",
            "publicationTime": 315561600000,
            "language": {"name": "English"},
        },
        "work": {"__ref": "Work:1"},
    },
    "Series:1": {"title": "Barsoom", "webUrl": "https://www.goodreads.com/series/40523-barsoom"},
    "Series:2": {"title": "Mars & Beyond", "webUrl": "https://www.goodreads.com/series/7"},
    "Series:3": {"title": "Classics", "webUrl": "https://www.goodreads.com/series/8-classics"},
    "Contributor:1": {
        "name": "Edgar Rice Burroughs",
        "webUrl": "https://www.goodreads.com/author/show/10885.Edgar_Rice_Burroughs",
    },
    "Contributor:2": {"legacyId": 2, "name": "Scott Brick"},
    "Contributor:3": {"legacyId": 3, "name": "A Second Author"},
    "Work:1": {"legacyId": 1129624, "details": {"publicationTime": -1830384000000}},
}


def state_page(state: Any, more: str = "") -> str:
    document = json.dumps({"props": {"pageProps": {"apolloState": state}}})
    return f'<html><script id="__NEXT_DATA__" type="application/json">{document}</script>{more}</html>'


def with_book(**changes: Any) -> str:
    return state_page(STATE | {BOOK_KEY: STATE[BOOK_KEY] | changes})


def test_a_book_page_is_read_from_its_state() -> None:
    book = parse_book(state_page(STATE), "40395")
    assert (book.book_id, book.work_id, book.title) == ("40395", "1129624", "A Princess of Mars")
    assert book.authors == ("Edgar Rice Burroughs", "A Second Author")
    assert book.author_id == "10885"
    assert book.series == (
        GoodreadsSeriesLink("40523", "Barsoom", "1"),
        GoodreadsSeriesLink("7", "Mars & Beyond", "0.5"),
        GoodreadsSeriesLink("8", "Classics", None),
    )
    assert book.description == "A soldier wakes on Mars."
    assert (book.isbn_13, book.asin, book.publisher, book.language) == ("9780345331380", None, "Del Rey", "English")
    assert book.published == "1912-01-01"
    assert book.layer == "next_data"


def test_a_book_without_its_original_date_has_that_of_the_edition() -> None:
    assert parse_book(with_book(work=None), "40395").published == "1980-01-01"


def test_a_true_asin_is_kept() -> None:
    assert parse_book(with_book(details={"asin": "b0abcdefgh"}), "40395").asin == "B0ABCDEFGH"


def test_a_description_without_its_plain_form_is_made_plain() -> None:
    page = with_book(**{'description({"stripped":true})': None})
    assert parse_book(page, "40395").description == "A soldier wakes\non Mars."


def test_a_book_node_is_found_by_its_id_where_the_query_is_named_otherwise() -> None:
    assert parse_book(state_page(STATE | {"ROOT_QUERY": {}}), "40395").title == "A Princess of Mars"


JSON_LD = """<script type="application/ld+json">{"@context":"https://schema.org","@type":"Book",
"name":"A Princess of Mars (Barsoom, #1)","isbn":"9780345331380","inLanguage":"English",
"author":[{"@type":"Person","name":"Edgar Rice Burroughs","url":"https://www.goodreads.com/author/show/10885.E"}]}
</script>"""
HTML = """<div class="BookPageTitleSection__title"><h3><a href="https://www.goodreads.com/series/40523-barsoom"
aria-label="Book 1 in the Barsoom series">Barsoom #1</a></h3><h1 data-testid="bookTitle">A Princess of Mars</h1></div>
<div class="ContributorLinksList"><a class="ContributorLink" href="https://www.goodreads.com/author/show/10885.E"><span
class="ContributorLink__name">Edgar Rice Burroughs</span></a><a class="ContributorLink" href="/author/show/2"><span
class="ContributorLink__name">Scott Brick</span> <span class="ContributorLink__role">(Narrator)</span></a></div>
<div data-testid="description">A soldier wakes on Mars.</div>
<p data-testid="publicationInfo">First published October 1, 1912</p>"""


def test_a_state_without_its_book_falls_back_to_json_ld_helped_by_html() -> None:
    """KIWI: some pages come with a state from which the book's node is missing."""
    book = parse_book(state_page({"ROOT_QUERY": {}}, JSON_LD + HTML), "40395")
    assert book.layer == "json_ld"
    assert (book.isbn_13, book.language) == ("9780345331380", "English")
    assert book.series == (GoodreadsSeriesLink("40523", "Barsoom", "1"),)
    assert book.published == "1912-10-01"


def test_html_alone_is_enough() -> None:
    book = parse_book(f"<html>{HTML}</html>", "40395")
    assert (book.layer, book.title, book.authors) == ("html", "A Princess of Mars", ("Edgar Rice Burroughs",))
    assert (book.author_id, book.published) == ("10885", "1912-10-01")


def test_json_ld_alone_is_enough() -> None:
    book = parse_book(JSON_LD, "40395")
    assert (book.layer, book.title, book.series) == ("json_ld", "A Princess of Mars", ())


@pytest.mark.parametrize("markup", ["", "<html><title>Goodreads</title></html>", state_page({}), state_page([])])
def test_a_page_without_the_book_is_an_error_and_not_an_empty_book(markup: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        parse_book(markup, "40395")
    assert caught.value.fault is Fault.NONSENSE


@pytest.mark.parametrize("parse", [parse_series_page, parse_author_page, lambda page: parse_book(page, "1")])
def test_the_404_page_is_a_missing_thing(parse: Any) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        parse("<html><head><title>404 - Page not found</title></head></html>")
    assert caught.value.fault is Fault.MISSING


# --- whatever comes ------------------------------------------------------------------------------------------------

MARKUP = st.text() | st.lists(
    st.sampled_from(
        ["<?xml version='1.0'?>", "<![", "<!--", "<tr itemtype='http://schema.org/Book'>", "</div>", HEADER]
    )
    | st.builds(lambda props: react("SeriesList", props), ANY_JSON)
    | st.builds(
        lambda book: react("SeriesList", {"series": [{"book": book}]}),
        st.dictionaries(st.sampled_from([*HIT]), ANY_JSON),
    )
    | st.builds(lambda value: f"<script type='application/ld+json'>{json.dumps(value)}</script>", ANY_JSON)
    | st.builds(state_page, ANY_JSON)
    | st.builds(lambda changes: with_book(**changes), st.dictionaries(st.sampled_from([*STATE[BOOK_KEY]]), ANY_JSON))
    | st.sampled_from([ROWS, HTML, JSON_LD])
    | st.text(max_size=20)
).map("".join)


@given(MARKUP)
def test_no_page_whatever_it_holds_raises_anything_but_an_unusable_answer(markup: str) -> None:
    for parse in (parse_series_page, parse_author_page, lambda page: parse_book(page, "40395")):
        with suppress(UnusableAnswer):
            parse(markup)


@given(ANY_JSON, st.dictionaries(st.sampled_from([*HIT]), ANY_JSON))
def test_no_proposal_whatever_it_holds_raises_anything_but_an_unusable_answer(other: Any, changes: Any) -> None:
    for answer in (other, [other], [HIT | changes]):
        with suppress(UnusableAnswer):
            parse_autocomplete(answer)
