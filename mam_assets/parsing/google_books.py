"""Google Books' JSON -> records, and its error bodies -> what they mean.

Belongs here: how Google spells a volume and a spent quota. Does not belong here: asking (resources/google_books.py),
whether a volume is the wanted book (domain/identity.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mam_assets.domain.books import Volume
from mam_assets.parsing.answers import Fault, UnusableAnswer, kind, quoted
from mam_assets.parsing.json_values import mapping, sequence, text
from mam_assets.parsing.languages import language_name
from mam_assets.parsing.spellings import count, isbn_shape, unescaped, year_month_day

_KEY_REMEDY = "Set GOOGLE_BOOKS_API_KEY to a key of your own with the Books API switched on"
_LATER = "Nothing is lost; what waits is taken up again later"

_SPENT = {
    "ratelimitexceeded",
    "rate_limit_exceeded",
    "dailylimitexceeded",
    "dailylimitexceededunreg",
    "userratelimitexceeded",
    "quotaexceeded",
    "resource_exhausted",
}
_BAD_KEY = {
    "api_key_invalid",
    "keyinvalid",
    "keyexpired",
    "permission_denied",
    "accessnotconfigured",
    "service_disabled",
    "api_key_service_blocked",
    "unauthenticated",
    "forbidden",
}


@dataclass(frozen=True, slots=True)
class VolumePage:
    """`rows` is how many items the answer held, readable or not: what paging counts. Google's own total is an estimate
    that changes from page to page, and is not kept."""

    volumes: tuple[Volume, ...]
    rows: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """Which quota is spent: the day's (renewed at midnight Pacific) or a shorter one."""

    daily: bool


class QuotaSpent(UnusableAnswer):
    """Google says that a quota is used up; `quota` says which."""

    def __init__(self, problem: str, quota: Quota) -> None:
        self.quota = quota
        super().__init__(Fault.LIMITED, problem, _LATER)


def parse_volumes(answer: Any) -> VolumePage:
    """A page of search results; no `items` key means no match, or a page beyond the end.

    Raises UnusableAnswer when the answer is not a list of volumes at all, or none of its items can be read.
    """
    if not isinstance(answer, dict):
        raise UnusableAnswer(Fault.NONSENSE, f"the answer is {kind(answer)}, not a list of volumes", _LATER)
    if "error" in answer:
        raise read_error(count(mapping(answer["error"]).get("code")) or 0, json.dumps(answer)[:20_000])
    items = answer.get("items")
    if items is None and (answer.get("kind") == "books#volumes" or count(answer.get("totalItems")) is not None):
        return VolumePage((), rows=0)
    if not isinstance(items, list):
        raise UnusableAnswer(Fault.NONSENSE, f"`items` is {kind(items)}, not a list of volumes", _LATER)
    problems: list[str] = []
    volumes = [volume for item in items if (volume := _volume(mapping(item), problems)) is not None]
    if items and not volumes:
        raise UnusableAnswer(Fault.NONSENSE, f"none of {len(items)} volumes could be read: {problems[0]}", _LATER)
    return VolumePage(tuple(volumes), rows=len(items), problems=tuple(problems))


def _volume(item: Mapping[str, Any], problems: list[str]) -> Volume | None:
    info = mapping(item.get("volumeInfo"))
    volume_id, title = text(item.get("id")), unescaped(info.get("title"))
    if volume_id is None or title is None:
        problems.append(f"volume {volume_id or 'without id'}: no id or no title, left out")
        return None
    isbns = {
        text(mapping(entry).get("type")): isbn_shape(mapping(entry).get("identifier"))
        for entry in reversed(sequence(info.get("industryIdentifiers")))
    }
    language = text(info.get("language"))
    return Volume(
        volume_id=volume_id,
        title=title,
        subtitle=unescaped(info.get("subtitle")),
        authors=_texts(info.get("authors")),
        publisher=unescaped(info.get("publisher")),
        published=year_month_day(info.get("publishedDate")),
        description=unescaped(info.get("description")),
        isbn_13=_of_length(isbns.get("ISBN_13"), 13),
        isbn_10=_of_length(isbns.get("ISBN_10"), 10),
        language=language_name(language) or language,
        categories=_texts(info.get("categories")),
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for entry in sequence(value) if (word := unescaped(entry))))


def _of_length(isbn: str | None, length: int) -> str | None:
    return isbn if isbn and len(isbn) == length else None


def read_error(status: int, body: str, *, with_key: bool = True) -> UnusableAnswer:
    """What an error answer means: a spent quota (seen as 429, 403 and even 400), a bad key, or a plain refusal.

    Without a key the daily limit is 0: waiting for more would not help, so that is a missing key.
    """
    try:
        error = mapping(mapping(json.loads(body)).get("error"))
    except (ValueError, RecursionError):
        error = {}
    message = text(error.get("message")) or ""
    details = [mapping(part) for part in [*sequence(error.get("errors")), *sequence(error.get("details"))]]
    reasons = {(text(part.get("reason")) or "").lower() for part in details} | {
        (text(error.get("status")) or "").lower()
    }
    quotas = [mapping(part.get("metadata")) for part in details]
    says = f"Google Books answered {status} {quoted(message)}" if message else f"Google Books answered {status}"
    if reasons & _SPENT or status == 429 or re.search(r"quota|limit exceeded", message, re.IGNORECASE):
        if not with_key:
            return UnusableAnswer(Fault.SIGN_IN, f"{says}: without a key the daily limit is 0", _KEY_REMEDY)
        words = " ".join([message, *reasons, *(text(quota.get("quota_limit")) or "" for quota in quotas)]).lower()
        return QuotaSpent(says, Quota(daily=bool(re.search(r"per ?day|daily", words))))
    if reasons & _BAD_KEY or status in {401, 403} or "api key" in message.lower():
        return UnusableAnswer(Fault.SIGN_IN, says, _KEY_REMEDY)
    if status == 404:
        return UnusableAnswer(Fault.MISSING, says, "The volume is no longer there")
    if status >= 500:
        return UnusableAnswer(Fault.DOWN, says, _LATER)
    if status >= 400:
        return UnusableAnswer(Fault.REFUSED, says, "Asking the same again changes nothing; the answer says why")
    return UnusableAnswer(Fault.NONSENSE, says, _LATER)
