"""ISBN and ASIN: one spelling each, check digits verified.

Belongs here: the numbers themselves. Does not belong here: which source to believe (metadata).
"""

from __future__ import annotations

import re

_BETWEEN_DIGITS = re.compile(r"[\s\-‐‑–]")
_ISBN_10 = re.compile(r"[0-9]{9}[0-9X]")
_ISBN_13 = re.compile(r"97[89][0-9]{10}")
_ASIN = re.compile(r"B0[0-9A-Z]{8}")


def normalise_isbn(text: str | None) -> str | None:
    """The ISBN as 13 digits, from 10 or 13 with any hyphens; None where it is none or the check digit is wrong.

    An ISBN-10 that lost its leading zeros in a spreadsheet is None: nine digits may be anything.
    """
    if not text:
        return None
    digits = _BETWEEN_DIGITS.sub("", text).upper().removeprefix("ISBN").lstrip(":")
    if _ISBN_10.fullmatch(digits) and _check_10(digits[:9]) == digits[9]:
        body = "978" + digits[:9]
        isbn = body + _check_13(body)
    elif _ISBN_13.fullmatch(digits) and _check_13(digits[:12]) == digits[12]:
        isbn = digits
    else:
        return None
    return None if len(set(isbn[3:12])) == 1 else isbn  # 978-0000000002 and its like are fillers


def normalise_asin(text: str | None) -> str | None:
    """The ASIN of a recording in capitals ("B0..."), with MAM's "ASIN:" taken off; None where it is none. An ISBN-10
    in an ASIN's place is an ISBN."""
    if not text:
        return None
    asin = text.strip().upper().removeprefix("ASIN:").strip()
    return asin if _ASIN.fullmatch(asin) else None


def _check_10(nine: str) -> str:
    value = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), nine, strict=True)) % 11
    return "X" if value == 10 else str(value)


def _check_13(twelve: str) -> str:
    return str(-sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(twelve)) % 10)
