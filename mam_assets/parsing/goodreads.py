"""Goodreads' autocomplete, series pages and author lists -> records; a block told from a page.

Belongs here: how Goodreads' list pages look, layer by layer: JSON inside the page first, its HTML where that is gone.
Does not belong here: book pages (goodreads_book.py), asking (resources/goodreads.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mam_assets.domain.books import CatalogEntry, GoodreadsAuthorPage, GoodreadsHit, GoodreadsSeriesPage, SeriesRef
from mam_assets.domain.names import normalise_series, parse_title_all_series, parse_title_series
from mam_assets.parsing.answers import Fault, UnusableAnswer, kind
from mam_assets.parsing.html import attribute, first_text, linked_id, page_of
from mam_assets.parsing.json_values import mapping, sequence, text
from mam_assets.parsing.spellings import count, nested_json, unescaped, year_month_day

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_LATER = "Nothing is lost; saved answers and the other sources carry on"
_CHALLENGE = re.compile(r"awswaf|gokuProps|challenge-container|captcha|are you a robot|just a moment", re.IGNORECASE)
_LARGEST_CHALLENGE = 20_000
_BOOK_PATH = re.compile(r"/book/show/(\d+)")
_WORK_PATH = re.compile(r"/work/editions/(\d+)")
_LABEL = re.compile(r"(?:book|volume|vol\.?)\s+(\S.*)", re.IGNORECASE)
_PER_PAGE = 100


def block(status: int, headers: Mapping[str, str], body: str) -> UnusableAnswer | None:
    """Why an answer is a refusal of us as a client; None where it may be a page.

    Known forms: 202 (whatever the body), 403, an empty 200, a small page that holds a challenge, the firewall's header.
    """
    if status == 202:
        problem = "it answered 202, its sign for a challenge"
    elif status == 403:
        problem = "it answered 403"
    elif any(name.lower() == "x-amzn-waf-action" for name in headers):
        problem = "its firewall answered instead"
    elif status == 200 and not body.strip():
        problem = "it answered with an empty page"
    elif status == 200 and len(body) < _LARGEST_CHALLENGE and _CHALLENGE.search(body):
        problem = "a challenge came instead of the page"
    else:
        return None
    return UnusableAnswer(Fault.BLOCKED, problem, "It is taken as an answer: the source rests, the others carry on")


def parse_autocomplete(answer: Any) -> tuple[GoodreadsHit, ...]:
    """The rows of an autocomplete answer, best first; an empty list is a true "nothing found"."""
    if not isinstance(answer, list):
        raise UnusableAnswer(Fault.NONSENSE, f"the answer is {kind(answer)}, not a list of books", _LATER)
    hits = tuple(hit for row in answer if (hit := _hit(mapping(row))) is not None)
    if answer and not hits:
        raise UnusableAnswer(Fault.NONSENSE, f"none of {len(answer)} books could be read", _LATER)
    return hits


def _hit(row: Mapping[str, Any]) -> GoodreadsHit | None:
    book_id, full = text(row.get("bookId")), unescaped(row.get("title"))
    author = mapping(row.get("author"))
    name = unescaped(author.get("name"))
    title = unescaped(row.get("bookTitleBare")) or (parse_title_series(full)[0] if full else None)
    if book_id is None or title is None or name is None:
        return None
    return GoodreadsHit(
        book_id=book_id,
        work_id=text(row.get("workId")),
        title=title,
        author=name,
        author_id=text(author.get("id")),
        series=parse_title_series(full)[1] if full else None,
    )


def parse_series_page(markup: str, *, page: int = 1) -> GoodreadsSeriesPage:
    """One page of a series. Positions come from the labels beside the books ("Book 1-2") or, where the page has none,
    from titles that name this same series.

    Raises UnusableAnswer (missing) for a 404 page and (nonsense) where no layer holds a list of works, or where a
    part of the list cannot be read: half a page would look like a shorter series.
    """
    soup = page_of(markup)
    _whole(markup)
    components = _react_components(soup)
    unreadable = [tag for tag in soup.select("[data-react-class$=SeriesList]") if not _props(tag)]
    if unreadable:
        raise UnusableAnswer(Fault.NONSENSE, "a part of the list of works cannot be read", _LATER)
    heading = next((unescaped(props.get("title")) for name, props in components if name.endswith("SeriesHeader")), None)
    title = _without_series_word(heading or first_text(soup, "h1") or first_text(soup, "title") or "")
    lists = [props for name, props in components if name.endswith("SeriesList")]
    if lists:
        entries, layer = [entry for props in lists for entry in _listed(props, title)], "react_props"
    else:
        entries = [entry for row in soup.select(_ROWS) if (entry := _row(row, title)) is not None]
        layer = "html"
    empty_by_its_own_word = any("series" in props and props["series"] == [] for props in lists)
    beyond_the_end = page > 1 and heading is not None and not lists
    if not title or not (entries or empty_by_its_own_word or beyond_the_end):
        raise UnusableAnswer(Fault.NONSENSE, "the page holds no list of works that can be read", _LATER)
    paging = next((props for name, props in components if name.endswith("PaginationControls")), {})
    return GoodreadsSeriesPage(
        title=title,
        entries=_each_once(entries),
        num_works=count(paging.get("numWorks")),
        page=count(paging.get("currentPageNumber")) or page,
        per_page=count(paging.get("perPage")) or _PER_PAGE,
        layer=layer,
    )


def _react_components(soup: BeautifulSoup) -> list[tuple[str, Mapping[str, Any]]]:
    components = []
    for tag in soup.select("[data-react-class][data-react-props]"):
        if (props := _props(tag)) is not None:
            components.append((attribute(tag, "data-react-class"), props))
    return components


def _props(tag: Tag) -> Mapping[str, Any] | None:
    try:
        return mapping(nested_json(attribute(tag, "data-react-props")))
    except ValueError:
        return None


def _whole(markup: str) -> None:
    """A page that stops in the midst of a tag or a text was cut off on its way."""
    if markup.strip() and not markup.rstrip().endswith(">"):
        raise UnusableAnswer(Fault.NONSENSE, "the page breaks off", _LATER)


def _listed(props: Mapping[str, Any], series: str) -> list[CatalogEntry]:
    labels = sequence(props.get("seriesHeaders"))
    entries = []
    for index, member in enumerate(sequence(props.get("series"))):
        book = mapping(mapping(member).get("book"))
        book_id, full = text(book.get("bookId")), unescaped(book.get("title"))
        title = unescaped(book.get("bookTitleBare")) or (parse_title_series(full)[0] if full else None)
        if book_id is None or title is None:
            continue
        author = unescaped(mapping(book.get("author")).get("name"))
        label = unescaped(labels[index]) if index < len(labels) else None
        position = _position_in_label(label) or _position_in_title(full or title, series)
        entries.append(
            _entry(
                book_id,
                text(book.get("workId")),
                title,
                (author,) if author else (),
                series,
                position,
                year_month_day(book.get("publicationDate")),
            )
        )
    return entries


def _entry(
    book_id: str,
    work_id: str | None,
    title: str,
    authors: tuple[str, ...],
    series: str | None,
    position: str | None,
    published: str | None,
) -> CatalogEntry:
    return CatalogEntry(
        source="Goodreads",
        source_key=work_id or book_id,
        title=title,
        authors=authors,
        series=SeriesRef(series, position) if series else None,
        published=published,
        goodreads_id=book_id,
    )


def _position_in_label(label: str | None) -> str | None:
    found = _LABEL.fullmatch(label or "")
    return found[1].strip() if found else None


def _position_in_title(title: str, series: str) -> str | None:
    """The number that a title carries for this series: a number within another series would be a wrong one."""
    key = normalise_series(series)
    refs = parse_title_all_series(title)[1]
    return next((ref.position for ref in refs if key and normalise_series(ref.name) == key), None)


def _without_series_word(heading: str) -> str:
    heading = re.sub(r"\s+(?:by\s.*|\|\s*Goodreads.*)$", "", heading.strip())
    return re.sub(r"(?<=\S)\s+Series$", "", heading)


_ROWS = "[itemtype$='schema.org/Book']"


def parse_author_page(markup: str) -> GoodreadsAuthorPage:
    """One page of an author's books. People named with another role (Translator, Narrator …) are not authors.

    Raises UnusableAnswer (missing) for a 404 page and (nonsense) where the page is no list of books.
    """
    soup = page_of(markup)
    _whole(markup)
    rows = soup.select(_ROWS)
    entries = [entry for row in rows if (entry := _row(row, None)) is not None]
    heading = f"{first_text(soup, 'title') or ''} {first_text(soup, 'h1') or ''}"
    if not entries and (rows or "books by" not in heading.lower()):
        raise UnusableAnswer(Fault.NONSENSE, "the page holds no list of books that can be read", _LATER)
    following = soup.select_one("a.next_page[href]")
    return GoodreadsAuthorPage(_each_once(entries), has_next=following is not None)


def _row(row: Tag, series: str | None) -> CatalogEntry | None:
    link = row.select_one("a.bookTitle[href], a[href*='/book/show/']:has([itemprop=name])")
    full = text(link.get_text(" ")) if link else None
    book_id = linked_id(link, _BOOK_PATH) if link else None
    if full is None or book_id is None:
        return None
    full = " ".join(full.split())
    title, carried = parse_title_series(full)
    work = row.select_one("a[href*='/work/editions/']")
    published = re.search(r"published\s+(?:[A-Za-z]+ \d{1,2}, )?(\d{4})\b", row.get_text(" "))
    name = series or (carried.name if carried else None)
    position = _position_in_title(full, series) if series else (carried.position if carried else None)
    return _entry(
        book_id,
        linked_id(work, _WORK_PATH) if work else None,
        title,
        _row_authors(row),
        name,
        position,
        published[1] if published else None,
    )


def _row_authors(row: Tag) -> tuple[str, ...]:
    names = []
    for link in row.select("a.authorName"):
        name = text(" ".join(link.get_text(" ").split()))
        if name and not _other_role(link):
            names.append(name)
    return tuple(dict.fromkeys(names))


def _other_role(link: Tag) -> bool:
    """Whether "(Narrator)" or the like follows the name, before the next name; "(Goodreads Author)" is no role."""
    from bs4 import Tag

    words = []
    for following in link.next_siblings:
        if isinstance(following, Tag) and (
            (following.name == "a" and "authorName" in attribute(following, "class"))
            or following.select_one("a.authorName")
        ):
            break
        words.append(following.get_text(" ") if isinstance(following, Tag) else str(following))
    roles = re.findall(r"\(([^()]{2,40})\)", " ".join(words))
    return any(role.strip().lower() not in {"goodreads author", "author"} for role in roles)


def _each_once(entries: list[CatalogEntry]) -> tuple[CatalogEntry, ...]:
    return tuple({entry.source_key: entry for entry in reversed(entries)}.values())[::-1]
