"""Values out of a service's JSON, of the type that is wanted or not at all.

Belongs here: reading one value safely, whatever stands there. Does not belong here: which fields a service has (its own
module). No function here raises; what cannot be read is None, and text comes out fit for PostgreSQL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_EXACT = 2**53  # up to here a float holds every whole number


def clean_text(value: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL and UTF-8 refuse."""
    return value.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def text(value: Any) -> str | None:
    """Text without outer blanks, None where there is none. Numbers become text: a title may be 1984."""
    if type(value) is str and value.isascii() and "\x00" not in value:  # nine in ten, and nothing to clean
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return clean_text(str(value)).strip() or None


def path_text(value: Any) -> str | None:
    """A path as it stands: a name may begin or end with a blank."""
    return clean_text(value) or None if isinstance(value, str) else None


def number(value: Any) -> float | None:
    """A finite number, also when it is written as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def whole(value: Any) -> int | None:
    """A whole number; a fraction is cut."""
    if type(value) is int and -_EXACT < value < _EXACT:
        return value
    read = number(value)
    return None if read is None else int(read)


def flag(value: Any) -> bool | None:
    """A truth value as services spell it: true, 1, "1", "true"; None where it is none of them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
            value.strip().lower()
        )
    return {1: True, 0: False}.get(value) if isinstance(value, int) else None


def instant(value: Any, per_second: int) -> datetime | None:
    """An aware UTC time from a count since 1970: ``per_second`` is 1 for seconds, 1000 for milliseconds. Zero and below
    mean "never" to the services."""
    read = value if type(value) is int and value < _EXACT else number(value)
    if read is None or read <= 0:
        return None
    try:
        return datetime.fromtimestamp(read / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def mapping(value: Any) -> Mapping[str, Any]:
    """The JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The JSON array, or an empty one."""
    return value if isinstance(value, list) else []


def texts(value: Any) -> tuple[str, ...]:
    """The texts of an array, blanks and other things left out, each once, in order."""
    return tuple(dict.fromkeys(filter(None, map(text, sequence(value)))))
