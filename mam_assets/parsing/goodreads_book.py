"""Goodreads' book page -> a record: JSON state first, then JSON-LD, then HTML, and which of them answered.

Belongs here: the three layers of that one page. Does not belong here: list pages and blocks (goodreads.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mam_assets.domain.books import GoodreadsBook, GoodreadsSeriesLink
from mam_assets.domain.names import parse_title_series
from mam_assets.parsing.answers import Fault, UnusableAnswer
from mam_assets.parsing.html import attribute, first_text, linked_id, page_of, plain
from mam_assets.parsing.json_values import mapping, sequence, text
from mam_assets.parsing.languages import language_name
from mam_assets.parsing.spellings import count, integer, isbn_shape, unescaped

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_SERIES_PATH = re.compile(r"/series/(\d+)")
_AUTHOR_PATH = re.compile(r"/author/show/(\d+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOILERPLATE = "Discover and share books you love on Goodreads"


def parse_book(markup: str, book_id: str) -> GoodreadsBook:
    """The book with this id. `published` is the work's first publication where the page tells it, else the edition's.

    JSON-LD knows neither series nor date: what the HTML has of them is added, `layer` still says json_ld. Raises
    UnusableAnswer (missing) for a 404 page, (nonsense) where no layer holds a title: a page whose state came
    without its book is a passing fault.
    """
    soup = page_of(markup)
    book = _from_state(soup, book_id)
    if book is not None:
        return book
    linked, shown = _from_json_ld(soup, book_id), _from_html(soup, book_id)
    if linked is not None and shown is not None:
        return replace(
            linked,
            author_id=linked.author_id or shown.author_id,
            series=shown.series,
            description=shown.description or linked.description,
            published=linked.published or shown.published,
        )
    found = linked or shown
    if found is None:
        raise UnusableAnswer(Fault.NONSENSE, "no layer of the page holds the book", "It is asked again later")
    return found


# --- the JSON state ------------------------------------------------------------------------------------------------


def _from_state(soup: BeautifulSoup, book_id: str) -> GoodreadsBook | None:
    script = soup.select_one("script#__NEXT_DATA__")
    try:
        document = mapping(json.loads(script.get_text())) if script else {}
    except (ValueError, RecursionError):
        return None
    state = mapping(mapping(mapping(document.get("props")).get("pageProps")).get("apolloState"))
    node = _book_node(state, book_id)
    if node is None:
        return None

    def follow(reference: Any) -> Mapping[str, Any]:
        key = text(mapping(reference).get("__ref"))
        return mapping(state.get(key)) if key else mapping(reference)

    title, carried = parse_title_series(unescaped(node.get("title")) or "")
    primary = mapping(node.get("primaryContributorEdge"))
    edges = [primary, *(mapping(edge) for edge in sequence(node.get("secondaryContributorEdges")))]
    authors = [
        unescaped(follow(e.get("node")).get("name")) for e in edges if (text(e.get("role")) or "Author") == "Author"
    ]
    details, work = mapping(node.get("details")), follow(node.get("work"))
    stripped = next((value for key, value in node.items() if key.startswith("description(") and "true" in key), None)
    asin = (text(details.get("asin")) or "").upper()
    isbn = isbn_shape(details.get("isbn13"))
    language = unescaped(mapping(details.get("language")).get("name"))
    series = tuple(link for entry in sequence(node.get("bookSeries")) if (link := _series_link(mapping(entry), follow)))
    return GoodreadsBook(
        book_id=text(node.get("legacyId")) or book_id,
        work_id=text(work.get("legacyId")) or _id_in(work.get("editions"), work.get("webUrl")),
        title=title if carried else unescaped(node.get("title")) or title,
        authors=tuple(dict.fromkeys(name for name in authors if name)),
        author_id=_person_id(follow(primary.get("node"))),
        series=series,
        description=text(stripped) or plain(text(node.get("description")) or ""),
        isbn_13=isbn if isbn and len(isbn) == 13 else None,
        # An edition without an ASIN shows its ISBN-10 in that field.
        asin=asin if re.fullmatch(r"B[0-9A-Z]{9}", asin) else None,
        publisher=unescaped(details.get("publisher")),
        language=language_name(language) or language,
        published=_day(mapping(work.get("details")).get("publicationTime")) or _day(details.get("publicationTime")),
        layer="next_data",
    )


def _book_node(state: Mapping[str, Any], book_id: str) -> Mapping[str, Any] | None:
    """The node that the page is about, among stubs of other books."""
    asked = [
        mapping(value).get("__ref")
        for key, value in mapping(state.get("ROOT_QUERY")).items()
        if key.startswith("getBookByLegacyId") and re.search(rf"\D{re.escape(book_id)}\D", key)
    ]
    named = [mapping(state.get(key)) for key in asked if isinstance(key, str)]
    same_id = [mapping(node) for node in state.values() if text(mapping(node).get("legacyId")) == book_id]
    books = [node for node in same_id if node.get("__typename") == "Book"]
    return next((node for node in [*named, *books] if text(node.get("title"))), None)


def _series_link(entry: Mapping[str, Any], follow: Any) -> GoodreadsSeriesLink | None:
    series = follow(entry.get("series"))
    name, found = unescaped(series.get("title")), _SERIES_PATH.search(text(series.get("webUrl")) or "")
    if name is None or found is None:
        return None
    position = text(entry.get("userPosition")) or text(entry.get("seriesPlacement"))
    return GoodreadsSeriesLink(found[1], name, position)


def _person_id(node: Mapping[str, Any]) -> str | None:
    found = _AUTHOR_PATH.search(text(node.get("webUrl")) or "")
    return text(count(node.get("legacyId"))) or (found[1] if found else None)


def _id_in(*nodes: Any) -> str | None:
    for node in nodes:
        found = re.search(r"/work/(?:editions/)?(\d+)", text(mapping(node).get("webUrl")) or text(node) or "")
        if found:
            return found[1]
    return None


def _day(milliseconds: Any) -> str | None:
    """A date of epoch milliseconds, which lie before 1970 for most classics."""
    value = integer(milliseconds)
    if value is None:
        return None
    try:
        return (_EPOCH + timedelta(milliseconds=value)).date().isoformat()
    except OverflowError:
        return None


# --- JSON-LD -------------------------------------------------------------------------------------------------------


def _from_json_ld(soup: BeautifulSoup, book_id: str) -> GoodreadsBook | None:
    node = next(_books_in_json_ld(soup), None)
    name = unescaped(node.get("name")) if node else None
    if node is None or name is None:
        return None
    people = node.get("author")
    people = [mapping(person) for person in (people if isinstance(people, list) else [people])]
    isbn = isbn_shape(node.get("isbn"))
    language = unescaped(node.get("inLanguage"))
    first = _AUTHOR_PATH.search(text(people[0].get("url")) or "") if people else None
    return GoodreadsBook(
        book_id=book_id,
        work_id=None,
        title=parse_title_series(name)[0],
        authors=tuple(dict.fromkeys(person for p in people if (person := unescaped(p.get("name"))))),
        author_id=first[1] if first else None,
        series=(),
        description=None,
        isbn_13=isbn if isbn and len(isbn) == 13 else None,
        asin=None,
        publisher=None,
        language=language_name(language) or language,
        published=None,
        layer="json_ld",
    )


def _books_in_json_ld(soup: BeautifulSoup) -> Iterator[Mapping[str, Any]]:
    for script in soup.select("script[type='application/ld+json']"):
        try:
            document = json.loads(script.get_text())
        except (ValueError, RecursionError):
            continue
        for candidate in [document, *sequence(document), *sequence(mapping(document).get("@graph"))]:
            if mapping(candidate).get("@type") in ("Book", ["Book"]):
                yield mapping(candidate)


# --- HTML ----------------------------------------------------------------------------------------------------------


def _from_html(soup: BeautifulSoup, book_id: str) -> GoodreadsBook | None:
    title = first_text(soup, "[data-testid=bookTitle]")
    if title is None:
        heading = soup.select_one("meta[property='og:title']")
        title = text(attribute(heading, "content")) if heading else None
        if title is None or title.lower() == "goodreads":
            return None
    author = soup.select_one("a.ContributorLink[href]")
    description = first_text(soup, "[data-testid=description]")
    dated = re.search(
        r"published\s+(?:([A-Z][a-z]+) (\d{1,2}), )?(\d{4})", first_text(soup, "[data-testid=publicationInfo]") or ""
    )
    return GoodreadsBook(
        book_id=book_id,
        work_id=None,
        title=parse_title_series(title)[0],
        authors=_contributors(soup),
        author_id=linked_id(author, _AUTHOR_PATH) if author else None,
        series=_series_of_heading(soup),
        description=None if description and description.startswith(_BOILERPLATE) else description,
        isbn_13=None,
        asin=None,
        publisher=None,
        language=None,
        published=_written_day(*dated.groups()) if dated else None,
        layer="html",
    )


def _contributors(soup: BeautifulSoup) -> tuple[str, ...]:
    names = []
    for link in soup.select(".ContributorLinksList a.ContributorLink, .BookPageMetadataSection a.ContributorLink"):
        role = first_text(link, ".ContributorLink__role")
        name = first_text(link, ".ContributorLink__name") or text(link.get_text())
        if name and role is None:
            names.append(name)
    return tuple(dict.fromkeys(names))


def _series_of_heading(soup: BeautifulSoup) -> tuple[GoodreadsSeriesLink, ...]:
    links = []
    for tag in soup.select(
        ".BookPageTitleSection__title h3 a[href*='/series/'], .BookPageTitleSection__title a[aria-label]"
    ):
        found = re.fullmatch(r"Book (.+?) in the (.+?)(?: series)?", attribute(tag, "aria-label"))
        series_id = linked_id(tag, _SERIES_PATH)
        name = found[2] if found else re.sub(r"\s*#.*$", "", tag.get_text().strip())
        if series_id and name:
            links.append(GoodreadsSeriesLink(series_id, name, found[1] if found else None))
    return tuple(dict.fromkeys(links))


def _written_day(month: str | None, day: str | None, year: str) -> str:
    try:
        return datetime.strptime(f"{month} {day} {year}", "%B %d %Y").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        return year
