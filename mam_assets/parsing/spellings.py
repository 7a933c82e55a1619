"""What services spell inside texts: HTML entities, JSON in strings, times, dates, ISBNs, addresses that carry a key.

Belongs here: reading one such value, the same for every service. Does not belong here: the plain types of JSON
(json_values.py), what a field of a certain service means (the module of that service).
"""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mam_assets.parsing.json_values import number, text

# The largest of PostgreSQL's bigint.
_LARGEST = 2**63 - 1
_SECRET_PARAMETERS = re.compile(
    r"(jackett_)?api_?key|auth(_?key)?|key|pass_?key|rss_?key|secret|token|torrent_pass", re.I
)


def unescaped(value: object) -> str | None:
    """As `text`, with HTML entities resolved (`Ender&#039;s` -> `Ender's`)."""
    plain = text(value)
    return text(html.unescape(plain)) if plain else None


def integer(value: object) -> int | None:
    """A 64-bit integer from an integer, a whole float or numeric text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= _LARGEST else None
    read = number(value)
    return int(read) if read is not None and read.is_integer() and abs(read) <= _LARGEST else None


def count(value: object) -> int | None:
    """An integer that is not negative."""
    read = integer(value)
    return read if read is not None and read >= 0 else None


def nested_json(value: object) -> Any:
    """JSON that came inside a string; "" and null are None, what is already an object or list stays as it is.

    Raises ValueError where the string holds something but no JSON.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def moment(value: object) -> datetime | None:
    """An aware UTC time from ISO-8601 or "2024-05-01 12:34:56" text; text without a zone is UTC."""
    written = text(value)
    if written is None:
        return None
    # .NET writes seven digits of a second where Python reads six.
    written = re.sub(r"(\.\d{6})\d+", r"\1", written)
    try:
        read = datetime.fromisoformat(written)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def year_month_day(value: object) -> str | None:
    """ "YYYY", "YYYY-MM" or "YYYY-MM-DD", as far as the text says it plainly ("1987*" -> "1987")."""
    written = text(value)
    found = re.match(r"(\d{4})(?!\d)(-(?:0[1-9]|1[0-2])(?!\d)(-(?:0[1-9]|[12]\d|3[01])(?!\d))?)?", written or "")
    return found[0] if found and found[1] != "0000" else None


def isbn_shape(value: object) -> str | None:
    """10 or 13 characters of an ISBN without hyphens. The shape only: whether the check digit holds is the domain's."""
    compact = re.sub(r"[\s-]", "", text(value) or "").upper()
    return compact if re.fullmatch(r"97[89][0-9]{10}|[0-9]{9}[0-9X]", compact) else None


def without_secrets(address: str) -> str:
    """An address without the query parameters that carry a key (`apikey`, `passkey` …) and without a password."""
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    if not any(_SECRET_PARAMETERS.fullmatch(name) for name, _ in pairs):
        return urlunsplit(parts._replace(netloc=host))
    kept = [(name, value) for name, value in pairs if not _SECRET_PARAMETERS.fullmatch(name)]
    return urlunsplit(parts._replace(netloc=host, query=urlencode(kept)))
