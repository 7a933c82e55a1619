"""ISBN and ASIN."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.isbn import normalise_asin, normalise_isbn


@pytest.mark.parametrize(
    ("text", "isbn"),
    [
        ("9780439554930", "9780439554930"),
        ("978-0-439-55493-0", "9780439554930"),
        ("0439554934", "9780439554930"),
        ("ISBN: 0-439-55493-4", "9780439554930"),
        ("080442957X", "9780804429573"),
        ("080442957x", "9780804429573"),
        ("9780439554931", None),
        ("0439554935", None),
        ("439554934", None),
        ("0000000000", None),
        ("B002V1A0WE", None),
        ("", None),
        (None, None),
    ],
)
def test_an_isbn_has_a_right_check_digit(text: str | None, isbn: str | None) -> None:
    assert normalise_isbn(text) == isbn


@pytest.mark.parametrize(
    ("text", "asin"),
    [
        ("B002V1A0WE", "B002V1A0WE"),
        ("ASIN:b002v1a0we", "B002V1A0WE"),
        ("0439554934", None),
        ("B00", None),
        (None, None),
    ],
)
def test_an_asin_is_a_recording(text: str | None, asin: str | None) -> None:
    assert normalise_asin(text) == asin


@given(st.text())
def test_any_text_is_an_isbn_or_not(text: str) -> None:
    isbn = normalise_isbn(text)
    assert isbn is None or normalise_isbn(isbn) == isbn
