"""The Google Books twin: volume search with its paging and quota oddities, and one volume by id.

Belongs here: the volumes of the world's works and how Google finds and limits them. Does not belong here: faults that
every service has (serving).
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mam_assets.sandbox.twins.serving import Request, Response, Twin, json_response
from mam_assets.sandbox.twins.words import words
from mam_assets.sandbox.world.model import World, WorldWork
from mam_assets.sandbox.world.works import isbn_10_of, synthetic_isbn_13

MOST_RESULTS = 40
_DEFAULT_RESULTS = 10
_SECOND_EDITION_CODES = 90_000  # keeps the ISBNs of second editions apart from those of first ones
_LANGUAGES = {"English": "en", "Spanish": "es", "German": "de"}
_TERM = re.compile(r'(?:(intitle|inauthor|isbn|inpublisher|subject|lccn|oclc):)?(?:"([^"]*)"|([^\s"+]+))')


@dataclass(frozen=True)
class _Edition:
    volume_id: str
    work: WorldWork
    isbn_13: str | None
    publisher: str | None
    published: str | None
    title: str


class GoogleBooksTwin(Twin):
    """Two editions of every third work, one of the others. ``daily_quota`` None never ends.

    ``control("quota", {"left": 3, "status": 429})`` lets three more searches pass; status 403 and 400 are the other two
    shapes in which an exhausted quota was seen.
    """

    name = "google_books"

    def __init__(self, world: World, *, key: str = "demo-google-key", daily_quota: int | None = None) -> None:
        self._key = key
        self._lock = threading.Lock()
        self._left = daily_quota
        self._limit = daily_quota
        self._quota_status = 429
        self._series = {series.series_id: series.name for series in world.series}
        self._editions = [edition for work in world.works for edition in _editions(work)]
        self._by_id = {edition.volume_id: edition for edition in self._editions}

    def control(self, verb: str, options: Mapping[str, Any]) -> Any:
        if verb != "quota":
            raise KeyError(verb)
        with self._lock:
            self._left = self._limit = None if options.get("left") is None else int(options["left"])
            self._quota_status = int(options.get("status", 429))
        return {"left": self._left}

    def answer(self, request: Request) -> Response:
        if request.path != "/books/v1/volumes" and not request.path.startswith("/books/v1/volumes/"):
            return _error(404, "Not Found", "notFound", "NOT_FOUND")
        key = request.first("key")
        if key is None:
            return _quota_error(429, 0)
        if key != self._key:
            details = [_error_info("API_KEY_INVALID", {"service": "books.googleapis.com"})]
            message = "API key not valid. Please pass a valid API key."
            return _error(400, message, "badRequest", "INVALID_ARGUMENT", details)
        with self._lock:
            if self._left is not None:
                if self._left <= 0:
                    return _quota_error(self._quota_status, self._limit or 0)
                self._left -= 1
        if request.path == "/books/v1/volumes":
            return self._search(request)
        edition = self._by_id.get(request.path.rpartition("/")[2])
        if edition is None:
            return _error(404, "The volume ID could not be found.", "notFound", "NOT_FOUND")
        return json_response(
            self._volume(edition, alone=True, with_series=request.first("includeNonComicsSeries") == "true")
        )

    def _search(self, request: Request) -> Response:
        query = request.first("q")
        if not query:
            return _error(400, "Required parameter: q", "required", "INVALID_ARGUMENT")
        start, most = _whole_number(request, "startIndex", 0), _whole_number(request, "maxResults", _DEFAULT_RESULTS)
        if start is None or most is None or most > MOST_RESULTS:
            return _error(400, "Request contains an invalid argument.", "badRequest", "INVALID_ARGUMENT")
        language = request.first("langRestrict")
        found = [
            edition
            for edition in self._editions
            if _matches(query, edition) and (language is None or _LANGUAGES[edition.work.language] == language)
        ]
        if request.first("orderBy") == "newest":
            found.sort(key=lambda edition: edition.published or "", reverse=True)
        if not found:
            return json_response({"kind": "books#volumes", "totalItems": 0})
        # The total is an estimate that moves from page to page; each later page begins with the last volume before it.
        answer: dict[str, Any] = {"kind": "books#volumes", "totalItems": len(found) + start % 7 * 13}
        if start < len(found):
            shown = found[max(0, start - 1) : start + most] if start else found[:most]
            answer["items"] = [self._volume(edition, alone=False, with_series=False) for edition in shown[:most]]
        if not answer.get("items"):
            answer.pop("items", None)
        return json_response(answer)

    def _volume(self, edition: _Edition, *, alone: bool, with_series: bool) -> dict[str, Any]:
        work, place = edition.work, edition.work.work_id
        info: dict[str, Any] = {
            "title": edition.title,
            "subtitle": work.subtitle,
            "authors": list(work.authors) if place % 17 else None,
            "publisher": edition.publisher if place % 4 else None,
            "publishedDate": edition.published,
            "description": _description(work, alone),
            "industryIdentifiers": _identifiers(edition),
            "readingModes": {"text": True, "image": False},
            "pageCount": 100 + place % 400,
            "printType": "BOOK",
            "categories": _categories(work, alone),
            "maturityRating": "NOT_MATURE",
            "allowAnonLogging": True,
            "contentVersion": "1.2.3.0.preview.2",
            "imageLinks": {
                "smallThumbnail": f"http://books.google.com/books/content?id={edition.volume_id}&zoom=5",
                "thumbnail": f"http://books.google.com/books/content?id={edition.volume_id}&zoom=1",
            },
            "language": _LANGUAGES[work.language],
            "previewLink": f"http://books.google.com/books?id={edition.volume_id}",
            "infoLink": f"https://books.google.com/books?id={edition.volume_id}",
        }
        if with_series and work.series_id and (work.position or "").isdigit():
            info["seriesInfo"] = {
                "kind": "books#volume_series_info",
                "bookDisplayNumber": work.position,
                "volumeSeries": [
                    {"seriesId": _opaque(f"series {work.series_id}"), "orderNumber": int(work.position or 0)}
                ],
            }
        return {
            "kind": "books#volume",
            "id": edition.volume_id,
            "etag": _opaque(f"etag {edition.volume_id}"),
            "selfLink": f"https://www.googleapis.com/books/v1/volumes/{edition.volume_id}",
            "volumeInfo": {name: value for name, value in info.items() if value is not None},
            "saleInfo": {"country": "US", "saleability": "NOT_FOR_SALE", "isEbook": False},
            "accessInfo": {"country": "US", "viewability": "NO_PAGES", "publicDomain": True},
        }


def _editions(work: WorldWork) -> list[_Edition]:
    first = _Edition(
        volume_id=_opaque(f"volume {work.work_id}"),
        work=work,
        isbn_13=work.isbn_13,
        publisher=work.publisher,
        published=_published(work),
        title=work.title,
    )
    if work.work_id % 3 or not work.year or work.release_date:
        return [first]
    second = _Edition(
        volume_id=_opaque(f"second {work.work_id}"),
        work=work,
        isbn_13=synthetic_isbn_13(_SECOND_EDITION_CODES + work.work_id % 1000),
        publisher="Old Lamp Classics",
        published=str(2001 + work.work_id % 20),
        title=work.other_titles[0] if work.other_titles else work.title,
    )
    return [first, second]


def _opaque(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())[:12].decode()


def _published(work: WorldWork) -> str | None:
    """Of length 4, 7 or 10, or nothing."""
    if work.release_date:
        return work.release_date.isoformat()
    if not work.year:
        return None
    month, day = 1 + work.work_id % 12, 1 + work.work_id % 28
    return (f"{work.year}", f"{work.year}-{month:02d}", f"{work.year}-{month:02d}-{day:02d}")[work.work_id // 3 % 3]


def _identifiers(edition: _Edition) -> list[dict[str, str]] | None:
    if edition.isbn_13 is None:
        return [{"type": "OTHER", "identifier": f"DEMO:{edition.volume_id}"}] if edition.work.work_id // 6 % 2 else None
    both = [
        {"type": "ISBN_13", "identifier": edition.isbn_13},
        {"type": "ISBN_10", "identifier": isbn_10_of(edition.isbn_13)},
    ]
    return both[::-1] if edition.work.work_id % 2 else both


def _description(work: WorldWork, alone: bool) -> str | None:
    if work.description is None or work.work_id % 7 == 0:
        return None
    return f"<p>{html.escape(work.description)}</p>" if alone else work.description


def _categories(work: WorldWork, alone: bool) -> list[str] | None:
    if work.work_id % 8 == 0:
        return None
    top = "Self-Help" if work.genre == "Self-Help" else "Fiction"
    return [f"{top} / {work.genre} / General"] if alone else [top]


def _matches(query: str, edition: _Edition) -> bool:
    """Every term must be met. An unknown field (subject:, lccn:, …) finds nothing here."""
    title = set(words(f"{edition.title} {edition.work.subtitle or ''}"))
    author_words = [set(words(name)) for name in edition.work.authors]
    for field, phrase, bare in _TERM.findall(query):
        wanted = set(words(phrase or bare))
        match field:
            case "isbn":
                code = re.sub(r"[^0-9Xx]", "", phrase or bare).upper()
                if edition.isbn_13 is None or code not in (edition.isbn_13, isbn_10_of(edition.isbn_13)):
                    return False
            case "intitle":
                if not wanted <= title:
                    return False
            case "inauthor":
                if not any(wanted <= name for name in author_words):
                    return False
            case "inpublisher":
                if not wanted <= set(words(edition.publisher or "")):
                    return False
            case "":
                if not wanted <= title.union(*author_words):
                    return False
            case _:
                return False
    return True


def _whole_number(request: Request, name: str, default: int) -> int | None:
    text = request.first(name)
    if text is None:
        return default
    return int(text) if text.isdigit() else None


# --- errors -----------------------------------------------------------------------------------------------------


def _error(code: int, message: str, reason: str, status: str, details: list[dict[str, Any]] | None = None) -> Response:
    error: dict[str, Any] = {
        "code": code,
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
        "status": status,
    }
    if details:
        error["details"] = details
    return json_response({"error": error}, code)


def _error_info(reason: str, metadata: dict[str, str]) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def _quota_error(status: int, limit: int) -> Response:
    message = (
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per day' of service 'books.googleapis.com' "
        "for consumer 'project_number:000000000000'."
    )
    if status == 403:
        return _error(403, "Daily Limit Exceeded", "dailyLimitExceeded", "PERMISSION_DENIED")
    metadata = {
        "service": "books.googleapis.com",
        "quota_metric": "books.googleapis.com/default",
        "quota_limit": "defaultPerDayPerProject",
        "quota_limit_value": str(limit),
        "quota_unit": "1/d/{project}",
        "consumer": "projects/000000000000",
    }
    return _error(
        status, message, "rateLimitExceeded", "RESOURCE_EXHAUSTED", [_error_info("RATE_LIMIT_EXCEEDED", metadata)]
    )
