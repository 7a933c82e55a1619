"""The pages of the Goodreads twin: book, series, author's list, and the rows of its autocomplete.

Belongs here: a work turned into the JSON and HTML that Goodreads shows. Does not belong here: which page is asked for,
and blocks (goodreads).
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from mam_assets.sandbox.twins.words import slug
from mam_assets.sandbox.world.model import World, WorldAuthor, WorldSeries, WorldWork

SITE = "https://www.goodreads.com"
BOOK_ID_OFFSET = 1_000_000
_BOILERPLATE = "Discover and share books you love on Goodreads."


class Pages:
    """Writes the pages of one world."""

    def __init__(self, world: World, *, says_how_many: bool = True) -> None:
        self._says_how_many = says_how_many
        self._authors = {author.name: author for author in world.authors}
        self._series = {series.series_id: series for series in world.series}
        self._now = world.now

    # --- what several pages share -------------------------------------------------------------------------------

    def author_of(self, work: WorldWork) -> WorldAuthor:
        return self._authors[work.authors[0]]

    def places(self, work: WorldWork) -> list[tuple[WorldSeries, str | None]]:
        """The series of a work with its position in each, the main one first."""
        own = [(self._series[work.series_id], work.position)] if work.series_id else []
        return own + [(self._series[number], position) for number, position in work.also_in]

    def full_title(self, work: WorldWork) -> str:
        """As "Title (Series, #1)"; without number for works that have none."""
        title = f"{work.title}: {work.subtitle}" if work.subtitle else work.title
        places = self.places(work)
        if not places:
            return title
        series, position = places[0]
        return f"{title} ({series.name}, #{position})" if position else f"{title} ({series.name})"

    def _author_json(self, author: WorldAuthor) -> dict[str, Any]:
        address = f"{author.author_id}.{slug(author.name, '_')}"
        return {
            "id": author.author_id,
            "name": author.name,
            "isGoodreadsAuthor": False,
            "profileUrl": f"{SITE}/author/show/{address}",
            "worksListUrl": f"{SITE}/author/list/{address}",
        }

    # --- autocomplete -------------------------------------------------------------------------------------------

    def autocomplete_row(self, work: WorldWork, rank: int) -> dict[str, Any]:
        number = book_id(work)
        row: dict[str, Any] = {
            "imageUrl": f"https://i.gr-assets.com/demo/{number}._SY75_.jpg",
            "bookId": str(number),
            "workId": str(work.work_id),
            "bookUrl": f"/book/show/{number}.{slug(work.title, '_')}",
            "from_search": True,
            "from_srp": True,
            "qid": "aBcDeFgHiJ",
            "rank": rank,
            "title": self.full_title(work),
            "bookTitleBare": work.title,
            "numPages": None if number % 7 == 0 else pages_of(work),
            "avgRating": 0 if number % 5 == 0 else rating_of(work),
            "ratingsCount": ratings_of(work),
            "author": self._author_json(self.author_of(work)),
            "kcrPreviewUrl": None,
        }
        if work.description and number % 3:
            row["description"] = {
                "html": work.description,
                "truncated": False,
                "fullContentUrl": f"{SITE}/book/show/{number}",
            }
        return row

    # --- book ---------------------------------------------------------------------------------------------------

    def book_page(self, work: WorldWork) -> str:
        """All three layers; but a book id ending in 3 lacks the JSON state, and one ending in 7 the Book in it."""
        number = book_id(work)
        head = [
            f"<title>{html.escape(work.title)} by {html.escape(self.author_of(work).name)} | Goodreads</title>",
            f'<meta property="og:title" content="{html.escape(work.title)}"/>',
            f'<meta property="og:url" content="{SITE}/book/show/{number}.{slug(work.title, "_")}"/>',
            f'<meta property="og:description" content="{html.escape(work.description or _BOILERPLATE)}"/>',
            f'<script type="application/ld+json">{_script_json(self._json_ld(work))}</script>',
        ]
        tail = ""
        if number % 10 != 3:
            state = self._apollo_state(work, with_book=number % 10 != 7)
            data = {"props": {"pageProps": {"apolloState": state}}, "page": "/book/show/[book_id]", "buildId": "demo"}
            tail = f'<script id="__NEXT_DATA__" type="application/json">{_script_json(data)}</script>'
        return _document("\n".join(head), self._book_body(work) + tail)

    def _json_ld(self, work: WorldWork) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "Book",
            # Goodreads writes HTML entities into this script.
            "name": html.escape(self.full_title(work)),
            "bookFormat": "Audiobook" if work.asin else "Paperback",
            "numberOfPages": pages_of(work),
            "inLanguage": work.language,
            "author": [
                {"@type": "Person", "name": name, "url": self._author_json(self._authors[name])["profileUrl"]}
                for name in work.authors
            ],
            "aggregateRating": {
                "@type": "AggregateRating",
                "ratingValue": float(rating_of(work)),
                "ratingCount": ratings_of(work),
                "reviewCount": ratings_of(work) // 20,
            },
        }
        if work.isbn_13:
            facts["isbn"] = work.isbn_13
        return facts

    def _apollo_state(self, work: WorldWork, *, with_book: bool) -> dict[str, Any]:
        number = book_id(work)
        book_key = f"Book:kca://book/amzn1.gr.book.v1.{number}"
        work_key = f"Work:kca://work/amzn1.gr.work.v1.{work.work_id}"
        query = 'getBookByLegacyId({"legacyId":"' + str(number) + '"})'
        state: dict[str, Any] = {"ROOT_QUERY": {"__typename": "Query"}}
        if not with_book:
            return state
        state["ROOT_QUERY"][query] = {"__ref": book_key}
        # A stub of another book stands first in the map, as on true pages.
        state[f"Book:kca://book/amzn1.gr.book.v1.{number}stub"] = {
            "__typename": "Book",
            "id": f"kca://book/amzn1.gr.book.v1.{number}stub",
            "legacyId": number + 500_000,
            "title": "",
        }
        edges = []
        for name in work.authors:
            author = self._authors[name]
            key = f"Contributor:kca://author/amzn1.gr.author.v1.{author.author_id}"
            node = {"__typename": "Contributor", "name": name, "webUrl": self._author_json(author)["profileUrl"]}
            state[key] = node if number % 6 == 0 else {**node, "legacyId": author.author_id}
            edges.append({"__typename": "BookContributorEdge", "node": {"__ref": key}, "role": "Author"})
        placement = "seriesPlacement" if number % 4 == 0 else "userPosition"
        series_edges = []
        for series, position in self.places(work):
            key = f"Series:kca://series/amzn1.gr.series.v1.{series.series_id}"
            state[key] = {
                "__typename": "Series",
                "id": key.removeprefix("Series:"),
                "title": series.name,
                "webUrl": f"{SITE}/series/{series.series_id}-{slug(series.name, '-').lower()}",
            }
            series_edges.append({"__typename": "BookSeries", placement: position or "", "series": {"__ref": key}})
        state[book_key] = {
            "__typename": "Book",
            "id": book_key.removeprefix("Book:"),
            "legacyId": number,
            "webUrl": f"{SITE}/book/show/{number}.{slug(work.title, '_')}",
            "title": f"{work.title}: {work.subtitle}" if work.subtitle else work.title,
            "titleComplete": self.full_title(work),
            "description": f"<b>{html.escape(work.description)}</b><br />" if work.description else None,
            'description({"stripped":true})': work.description or "",
            "imageUrl": f"https://m.media-amazon.com/images/demo/{number}.jpg",
            "primaryContributorEdge": edges[0],
            "secondaryContributorEdges": edges[1:],
            "bookSeries": series_edges,
            "bookGenres": [
                {
                    "__typename": "BookGenre",
                    "genre": {
                        "__typename": "Genre",
                        "name": work.genre,
                        "webUrl": f"{SITE}/genres/{slug(work.genre, '-').lower()}",
                    },
                }
            ],
            "details": self._details(work),
            "work": {"__ref": work_key},
        }
        state[work_key] = {
            "__typename": "Work",
            "id": work_key.removeprefix("Work:"),
            "stats": {"averageRating": float(rating_of(work)), "ratingsCount": ratings_of(work)},
            "details": {"originalTitle": work.title, "publicationTime": _milliseconds(_published_on(work))},
        }
        if number % 6:
            state[work_key]["legacyId"] = work.work_id
        return state

    def _details(self, work: WorldWork) -> dict[str, Any]:
        return {
            "__typename": "BookDetails",
            "asin": work.asin,
            "format": "Audiobook" if work.asin else "Paperback",
            "numPages": pages_of(work),
            "publicationTime": _milliseconds(_published_on(work)),
            "publisher": work.publisher,
            "isbn": None,
            "isbn13": work.isbn_13,
            "language": {"__typename": "Language", "name": work.language},
        }

    def _book_body(self, work: WorldWork) -> str:
        parts = [f'<h1 class="Text Text__title1" data-testid="bookTitle">{html.escape(work.title)}</h1>']
        for series, position in self.places(work)[:1]:
            label = f"Book {position} in the {series.name} series" if position else f"The {series.name} series"
            address = f"{SITE}/series/{series.series_id}-{slug(series.name, '-').lower()}"
            parts.append(
                f'<div class="BookPageTitleSection__title"><h3 aria-label="{html.escape(label)}">'
                f'<a href="{address}" aria-label="{html.escape(label)}">{html.escape(series.name)} '
                f"{'#' + position if position else ''}</a></h3></div>"
            )
        names = "".join(
            f'<a class="ContributorLink" href="{self._author_json(self._authors[name])["profileUrl"]}">'
            f'<span class="ContributorLink__name" data-testid="name">{html.escape(name)}</span></a>'
            for name in work.authors
        )
        parts.append(f'<div class="ContributorLinksList">{names}</div>')
        if work.description:
            parts.append(f'<div data-testid="description"><span>{html.escape(work.description)}</span></div>')
        parts.append(f'<p data-testid="pagesFormat">{pages_of(work)} pages, Paperback</p>')
        published = _published_on(work)
        if published:
            word = "Expected publication" if published > self._now.date() else "First published"
            parts.append(
                f'<p data-testid="publicationInfo">{word} {published:%B} {published.day}, {published.year}</p>'
            )
        return "\n".join(parts)

    # --- series -------------------------------------------------------------------------------------------------

    def series_page(
        self, series: WorldSeries, members: Sequence[tuple[WorldWork, str | None]], page: int, per_page: int
    ) -> str:
        """Labels ("Book 1") stand beside the books in series of even number and are missing in those of odd number."""
        shown = members[(page - 1) * per_page : page * per_page]
        primary = sum(1 for work, position in members if work.kind == "primary" and (position or "").isdigit())
        blocks = [
            _react(
                "SeriesHeader",
                {
                    "title": f"{series.name} Series",
                    "subtitle": f"{primary} primary works • {len(members)} total works",
                    "description": {"html": f"Books by {html.escape(series.author)}.", "truncated": False},
                },
            )
        ]
        # True pages split their list over several components.
        for part in (shown[:10], shown[10:]):
            if not part:
                continue
            listed: dict[str, Any] = {"series": [self._series_row(work) for work, _ in part]}
            if series.series_id % 2 == 0:
                listed["seriesHeaders"] = [f"Book {position}" if position else "" for _, position in part]
            blocks.append(_react("SeriesList", listed))
        if self._says_how_many and (len(members) > per_page or series.series_id % 3 == 0):
            paging = {"numWorks": len(members), "currentPageNumber": page, "perPage": per_page}
            blocks.append(_react("FullPagePaginationControls", paging))
        return _document(f"<title>{html.escape(series.name)} Series by {html.escape(series.author)}</title>", *blocks)

    def _series_row(self, work: WorldWork) -> dict[str, Any]:
        number = book_id(work)
        author = self._author_json(self.author_of(work))
        book: dict[str, Any] = {
            "imageUrl": f"https://i.gr-assets.com/demo/{number}.jpg",
            "bookId": str(number),
            "workId": str(work.work_id),
            "bookUrl": f"/book/show/{number}.{slug(work.title, '_')}",
            "from_search": False,
            "title": self.full_title(work),
            "bookTitleBare": work.title,
            "numPages": pages_of(work),
            "avgRating": float(rating_of(work)),
            "ratingsCount": ratings_of(work),
            "textReviewsCount": ratings_of(work) // 20,
            "author": {key: author[key] for key in ("id", "name", "profileUrl")},
            "description": {"html": work.description or "", "truncated": False},
        }
        if work.release_date:
            book["publicationDate"] = work.release_date.isoformat()
        elif work.year:
            book["publicationDate"] = str(work.year)
        return {"isLibrarianView": False, "readOnlyStars": True, "book": book}

    # --- author -------------------------------------------------------------------------------------------------

    def author_list_page(self, author: WorldAuthor, works: Sequence[WorldWork], page: int, per_page: int) -> str:
        shown = works[(page - 1) * per_page : page * per_page]
        rows = "\n".join(self._author_row(work) for work in shown)
        address = f"/author/list/{author.author_id}.{slug(author.name, '_')}"
        links = f'<em class="current">{page}</em>'
        if page * per_page < len(works):
            links += f' <a class="next_page" rel="next" href="{address}?page={page + 1}&amp;per_page=30">next »</a>'
        else:
            links += ' <span class="next_page disabled">next »</span>'
        return _document(
            f"<title>Books by {html.escape(author.name)}</title>",
            f"<h1>Books by {html.escape(author.name)}</h1>",
            f'<table class="tableList">{rows}</table>',
            f"<div>{links}</div>",
        )

    def _author_row(self, work: WorldWork) -> str:
        number = book_id(work)
        roles = ["", " <span class='greyText'>(Translator)</span>"] if work.kind == "translation" else []
        names = [*work.authors, "Ana Robledo"] if work.kind == "translation" else list(work.authors)
        contributors = ", ".join(
            f'<div class="authorName__container"><a class="authorName" itemprop="url" '
            f'href="{SITE}/author/show/{self._authors[name].author_id if name in self._authors else 9999}">'
            f'<span itemprop="name">{html.escape(name)}</span></a>{roles[place] if roles else ""}</div>'
            for place, name in enumerate(names)
        )
        published = work.release_date or _published_on(work)
        if published is None:
            when = ""
        elif published > self._now.date():
            when = f"— expected publication {published.year}"
        else:
            when = f"— published {published.year}"
        return (
            '<tr itemscope itemtype="http://schema.org/Book"><td>'
            f'<img alt="" class="bookCover" itemprop="image" src="https://i.gr-assets.com/demo/{number}._SX50_.jpg"/></td><td>'
            f'<a class="bookTitle" itemprop="url" href="/book/show/{number}.{slug(work.title, "_")}">'
            f"<span itemprop='name' role='heading'>{html.escape(self.full_title(work))}</span></a><br/>"
            f"by {contributors}<br/>"
            f'<span class="minirating"> {rating_of(work)} avg rating — {ratings_of(work):,} ratings</span>\n{when}\n— '
            f'<a class="greyText" href="/work/editions/{work.work_id}">{1 + number % 40} editions</a></td></tr>'
        )

    def author_page(self, author: WorldAuthor, works: int) -> str:
        return _document(
            f"<title>{html.escape(author.name)} (Author)</title>",
            f'<h1 class="authorName"><span itemprop="name">{html.escape(author.name)}</span></h1>',
            f'<div class="dataTitle">Works</div><div class="dataItem">{works}</div>',
        )


def book_id(work: WorldWork) -> int:
    return work.work_id + BOOK_ID_OFFSET


def pages_of(work: WorldWork) -> int:
    return 120 + work.work_id * 13 % 500


def rating_of(work: WorldWork) -> str:
    return f"3.{50 + work.work_id % 50}"


def ratings_of(work: WorldWork) -> int:
    return 300 + work.work_id * 7919 % 90_000


def not_found_page() -> str:
    return _document("<title>404 - Page not found</title>", "<h1>page not found</h1>")


def _published_on(work: WorldWork) -> date | None:
    if work.release_date:
        return work.release_date
    return date(work.year, 1 + work.work_id % 12, 1 + work.work_id % 28) if work.year else None


def _milliseconds(day: date | None) -> int | None:
    return None if day is None else int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _script_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _react(component: str, props: dict[str, Any]) -> str:
    """A component with its properties as JSON in an attribute, HTML entities and all."""
    text = html.escape(json.dumps(props, ensure_ascii=False), quote=True)
    return f'<div data-react-class="ReactComponents.{component}" data-react-props="{text}"></div>'


def _document(head: str, *body: str) -> str:
    joined = "\n".join(body)
    return f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>{head}</head><body>{joined}</body></html>'
