"""MyAnonamouse's JSON -> records: search rows, the account's standing, the session cookie.

Belongs here: how MAM spells a torrent. Does not belong here: asking (resources/mam.py), judging a release
(domain/release.py). The download hash `dl` is a secret of the account and is never read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

from mam_assets.domain.books import MamSearchPage, MamUser, Medium, Release, SeriesRef
from mam_assets.parsing.answers import Fault, UnusableAnswer, kind, quoted
from mam_assets.parsing.json_values import flag, mapping, number, sequence, text
from mam_assets.parsing.languages import mam_language
from mam_assets.parsing.recordings import MAM_MAIN_CATEGORIES, mam_medium, says_abridged, says_dramatised
from mam_assets.parsing.spellings import count, integer, isbn_shape, moment, nested_json, unescaped

SESSION_REMEDY = "Make a new session under Preferences, Security on MAM, for us alone, and set MAM_ID to it"
_LATER = "Nothing is lost; try again later"

_MEDIATYPES = {
    1: Medium.AUDIOBOOK,
    2: Medium.EBOOK,
    3: Medium.MUSIC,
    4: Medium.RADIO,
    5: Medium.EBOOK,
    6: Medium.EBOOK,
    7: Medium.EBOOK,
    8: Medium.AUDIOBOOK,
}
_ABRIDGED_BIT = 32
_DRAMATISED_TAG = 10
_UNITS = {"b": 0, "bytes": 0, "kib": 1, "kb": 1, "mib": 2, "mb": 2, "gib": 3, "gb": 3, "tib": 4, "tb": 4}
_SIZE = re.compile(r"([\d,]*\.?\d+)\s*([a-z]+)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)")
_SPELLED = re.compile(r"(?:(\d{1,4})\s*h\w*)?\s*(?:(\d{1,3})\s*m(?:n|in)?\w*)?\s*(?:(\d{1,2}(?:\.\d+)?)\s*s\w*)?")
_ASIN = re.compile(r"\bB0[0-9A-Z]{8}\b", re.IGNORECASE)
# No lossy audiobook needs more; a duration that implies more is that of one file of many.
_MOST_BITS_PER_SECOND = 400_000


def parse_search(answer: Any, *, start: int, perpage: int) -> MamSearchPage:
    """A page of search results; `start` and `perpage` are what was asked, for answers that do not repeat them.

    A row without id or title is left out and named in `problems`; a row with one unreadable part is kept without that
    part. Raises UnusableAnswer for anything that is neither rows nor MAM's own "Nothing returned, out of …", and for a
    page without rows that counts results beyond its start: what it leaves out would be taken for not there.
    """
    if not isinstance(answer, dict):
        raise UnusableAnswer(Fault.NONSENSE, f"the answer is {kind(answer)}, not a page of results", _LATER)
    refusal = text(answer.get("error")) or text(answer.get("message"))
    if refusal and refusal.startswith("Nothing returned, out of"):
        return MamSearchPage((), found=0, start=start, perpage=perpage)
    if refusal:
        raise _refusal(refusal)
    found = next((n for key in ("found", "total_found", "total") if (n := count(answer.get(key))) is not None), None)
    rows = answer.get("data")
    if rows is None and found == 0:
        rows = []
    if not isinstance(rows, list):
        raise UnusableAnswer(Fault.NONSENSE, f"`data` is {kind(rows)}, not a list of rows", _LATER)
    problems: list[str] = []
    releases = [release for row in rows if (release := _release(row, problems)) is not None]
    if rows and not releases:
        raise UnusableAnswer(Fault.NONSENSE, f"none of {len(rows)} rows could be read: {problems[0]}", _LATER)
    first = count(answer.get("start"))
    first = start if first is None else first
    if not rows and found is not None and found > first:
        raise UnusableAnswer(
            Fault.NONSENSE, f"no rows came from place {first} on, although {found} are counted", _LATER
        )
    return MamSearchPage(
        tuple(releases),
        found=first + len(rows) if found is None else found,
        start=first,
        perpage=count(answer.get("perpage")) or perpage,
        problems=tuple(problems),
        author_ids=_author_ids(rows),
    )


def _refusal(words: str) -> UnusableAnswer:
    if re.search(r"not signed in|log ?in|session|cookie", words, re.IGNORECASE):
        return UnusableAnswer(Fault.SIGN_IN, f"MAM says {quoted(words)}", SESSION_REMEDY)
    return UnusableAnswer(Fault.NONSENSE, f"MAM says {quoted(words)}", _LATER)


def _release(row: Any, problems: list[str]) -> Release | None:
    row = mapping(row)
    torrent_id = count(row.get("id"))
    title = unescaped(row.get("title")) or unescaped(row.get("name"))
    if torrent_id is None or title is None:
        problems.append(f"row {text(row.get('id')) or 'without id'}: no id or no title, left out")
        return None

    def nested(name: str) -> Any:
        try:
            return nested_json(row.get(name))
        except ValueError:
            problems.append(f"torrent {torrent_id}: {name} is not readable")
            return None

    narrators = _names(nested("narrator_info"))
    new_tags = [integer(tag) for tag in sequence(nested("categories"))]
    tags = unescaped(row.get("tags"))
    category = count(row.get("category"))
    size = parse_size(row.get("size"))
    runtime = parse_duration(mapping(mapping(nested("mediainfo")).get("General")).get("Duration"))
    if runtime and size and (count(row.get("numfiles")) or 1) > 1 and size * 8 / runtime > _MOST_BITS_PER_SECOND:
        problems.append(f"torrent {torrent_id}: the duration can only be that of one of its files")
        runtime = None
    dramatised = _DRAMATISED_TAG in new_tags or says_dramatised(title, tags, *narrators)
    identifier = text(row.get("isbn"))
    asin = _ASIN.search(identifier or "")
    return Release(
        source="MAM",
        guid=str(torrent_id),
        title=title,
        authors=_names(nested("author_info")),
        narrators=narrators,
        series=_series(nested("series_info")),
        medium=_medium(row, category, torrent_id, problems),
        language=mam_language(row.get("language"), row.get("lang_code")),
        filetype=(unescaped(row.get("filetype")) or "").lower() or None,
        size_bytes=size,
        seeders=count(row.get("seeders")),
        leechers=count(row.get("leechers")),
        snatched=count(row.get("times_completed")),
        added_at=moment(row.get("added")),
        categories=() if category is None else (category,),
        freeleech=bool(flag(row.get("free")) or flag(row.get("personal_freeleech"))),
        vip=bool(flag(row.get("vip"))),
        abridged=_abridged(row, title, tags),
        dramatised=dramatised or (False if new_tags else None),
        runtime_seconds=runtime,
        isbn=isbn_shape(identifier),
        asin=asin[0].upper() if asin else None,
        tags=tags,
    )


def _names(info: Any) -> tuple[str, ...]:
    """Names of `{"<id>": "Name"}`, or of a plain list of names; each once, in order."""
    values = info.values() if isinstance(info, dict) else sequence(info)
    return tuple(dict.fromkeys(name for value in values if (name := unescaped(value))))


def _author_ids(rows: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """(name, number) of the rows' authors, each name once; a name with two numbers is two people, and left out."""
    numbers: dict[str, set[str]] = {}
    for row in rows:
        try:
            info = mapping(nested_json(mapping(row).get("author_info")))
        except ValueError:
            continue
        for key, name in info.items():
            if str(key).isdigit() and (shown := unescaped(name)):
                numbers.setdefault(shown, set()).add(str(key))
    return tuple((name, found.pop()) for name, found in numbers.items() if len(found) == 1)


def _series(info: Any) -> tuple[SeriesRef, ...]:
    """Series of `{"<id>": ["Name", "number text", float?]}`. The text wins over the float, of which -1 means none."""
    refs = []
    for entry in mapping(info).values():
        parts = entry if isinstance(entry, list) else [entry]
        name = unescaped(parts[0]) if parts else None
        if name is None:
            continue
        position = unescaped(parts[1]) if len(parts) > 1 else None
        if position is None and len(parts) > 2 and (place := number(parts[2])) is not None and place > 0:
            position = f"{place:g}"
        refs.append(SeriesRef(name, position))
    return tuple(refs)


def _medium(row: Mapping[str, Any], category: int | None, torrent_id: int, problems: list[str]) -> Medium:
    """What old and new scheme agree on; where they contradict each other nothing is known."""
    main = integer(row.get("main_cat"))
    old = (MAM_MAIN_CATEGORIES.get(main) if main is not None else None) or mam_medium(category)
    mediatype = integer(row.get("mediatype"))
    new = _MEDIATYPES.get(mediatype) if mediatype is not None else None
    if old and new and old is not new:
        problems.append(f"torrent {torrent_id}: filed as {old} by main_cat and as {new} by mediatype")
        return Medium.UNKNOWN
    return old or new or Medium.UNKNOWN


def _abridged(row: Mapping[str, Any], title: str, tags: str | None) -> bool | None:
    """The uploader's flag, else the words; a flag that is there and unset means that it was not called abridged."""
    flags = integer(row.get("browseflags"))
    if flags is not None and flags >= 0 and flags & _ABRIDGED_BIT:
        return True
    words = says_abridged(title, tags)
    return words if words is not None else (False if flags is not None else None)


def parse_size(value: Any) -> int | None:
    """Bytes of "881.8 MiB", "1,018.3 KiB", "6324306932" or a number; None where it is none of these."""
    written = text(value)
    found = _SIZE.fullmatch(written) if written else None
    power = _UNITS.get((found[2] or "b").lower()) if found else None
    amount = number(found[1].replace(",", "")) if found else None
    if power is None or amount is None:
        return None
    size = amount * 1024**power
    return integer(float(round(size))) if math.isfinite(size) else None


def parse_duration(value: Any) -> float | None:
    """Seconds of "21:02:13", "02:13.5" or "21 h 2 min"; a bare number is None, as nobody says its unit."""
    written = text(value)
    found = (_CLOCK.fullmatch(written) or _SPELLED.fullmatch(written)) if written else None
    if not found:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return (hours * 3600 + minutes * 60 + seconds) or None


def parse_user(answer: Any) -> MamUser:
    """The account's standing. The unsatisfied counts are None unless `snatch_summary` was asked for."""
    refusal = text(mapping(answer).get("error")) or text(mapping(answer).get("message"))
    if refusal:
        raise _refusal(refusal)
    username = unescaped(mapping(answer).get("username"))
    if username is None:
        raise UnusableAnswer(Fault.NONSENSE, "no username in the account's status", _LATER)
    unsatisfied = mapping(answer.get("unsat"))
    return MamUser(
        username=username,
        classname=unescaped(answer.get("classname")),
        ratio=number(answer.get("ratio")),
        unsatisfied_count=count(unsatisfied.get("count")),
        unsatisfied_limit=count(unsatisfied.get("limit")),
        wedges=count(answer.get("wedges")),
        downloaded_bytes=number(answer.get("downloaded_bytes")),
        uploaded_bytes=number(answer.get("uploaded_bytes")),
    )


def parse_cookie_check(answer: Any) -> str:
    """Who is logged in, from `{"Success": "You are logged in as: name"}`."""
    words = text(mapping(answer).get("Success"))
    found = re.search(r"logged in as:?\s*(\S.*)", words or "", re.IGNORECASE)
    if not found:
        raise UnusableAnswer(Fault.SIGN_IN, "MAM does not say who is logged in", SESSION_REMEDY)
    return found[1].strip()


def rotated_cookie(set_cookie_headers: Iterable[str]) -> str | None:
    """The newest session value that an answer's `Set-Cookie` headers hand out, verbatim (`%3D` stays `%3D`).

    Deletions (`deleted`, an empty value, `Max-Age=0`, an expiry in the past century) are no values.
    """
    newest = None
    for header in set_cookie_headers:
        pair, _, attributes = header.partition(";")
        name, _, value = (part.strip() for part in pair.partition("="))
        if name != "mam_id" or not re.fullmatch(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+", value):
            continue
        if value.lower() != "deleted" and not _deletes(attributes):
            newest = value
    return newest


def _deletes(attributes: str) -> bool:
    try:
        morsel = SimpleCookie(f"x=x;{attributes}")["x"]
        age = integer(morsel["max-age"])
        return (age is not None and age <= 0) or bool(
            morsel["expires"] and parsedate_to_datetime(morsel["expires"]).year < 2000
        )
    except (CookieError, KeyError, ValueError):
        return False
