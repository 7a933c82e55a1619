"""A crawler's Markdown files: the form of the specification is read, anything else is named and not guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.parsing.guides import BadGuide, Guide, parse_guide

WHOLE = """# How to seed

**URL:** https://www.example.org/guides/1
**Category:** Seeding
**Crawled:** 2026-03-01 12:30:00

---

## Content

Some *words*.

## Content

More of them.
"""


def test_a_whole_file_is_read() -> None:
    assert parse_guide(WHOLE.encode()) == Guide(
        url="https://www.example.org/guides/1",
        title="How to seed",
        category="Seeding",
        crawled_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        content="Some *words*.\n\n## Content\n\nMore of them.",
    )


@pytest.mark.parametrize("change", ["\r\n", "\r"])
def test_line_ends_and_a_mark_of_byte_order_change_nothing(change: str) -> None:
    assert parse_guide(b"\xef\xbb\xbf" + WHOLE.replace("\n", change).encode()) == parse_guide(WHOLE.encode())


@pytest.mark.parametrize(
    ("crawled", "expected"),
    [
        ("2026-03-01T12:30:00Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T13:30:00.123456+01:00", datetime(2026, 3, 1, 12, 30, 0, 123456, UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_is_read_where_it_is_one(crawled: str, expected: datetime | None) -> None:
    assert parse_guide(WHOLE.replace("2026-03-01 12:30:00", crawled).encode()).crawled_at == expected


def test_only_title_address_and_content_are_needed() -> None:
    guide = parse_guide(b"# T\n**URL:** http://a.example/x\n## Content\n")
    assert guide == Guide("http://a.example/x", "T", None, None, "")


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("**URL:** [here](https://a.example/x)", "https://a.example/x"),
        ("**URL:** <https://a.example/x>", "https://a.example/x"),
        ("**Url**: https://a.example/x", "https://a.example/x"),
        ("**URL:** https://me:word@a.example/x?id=1&passkey=abc", "https://a.example/x?id=1"),
    ],
)
def test_an_address_is_read_in_several_dresses_and_without_keys(line: str, url: str) -> None:
    assert parse_guide(WHOLE.replace("**URL:** https://www.example.org/guides/1", line).encode()).url == url


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (b"", "no `## Content` line"),
        (WHOLE.replace("## Content", "## Contents").encode(), "no `## Content` line"),
        (WHOLE.replace("# How", "How").encode(), "no `# title` line"),
        (WHOLE.replace("**URL:**", "URL:").encode(), "no `**URL:**` line"),
        (WHOLE.replace("https://www.example.org/guides/1", "javascript:alert(1)").encode(), "no http address"),
        (WHOLE.replace("https://www.example.org/guides/1", "file:///etc/passwd").encode(), "no http address"),
        (WHOLE.replace("https://www.example.org/guides/1", "https://[half").encode(), "no http address"),
        (WHOLE.replace("https://www.example.org/guides/1", "https://a.example/" + "x" * 3000).encode(), "http address"),
        (b"\xff\xfe" + WHOLE.encode(), "not UTF-8"),
        (b"\x89PNG\r\n", "not UTF-8"),
    ],
)
def test_what_is_no_guide_is_named(broken: bytes, says: str) -> None:
    with pytest.raises(BadGuide) as refused:
        parse_guide(broken)
    assert says in str(refused.value)


def test_a_title_and_fields_within_the_content_are_content() -> None:
    text = WHOLE + "\n# Another\n**URL:** https://other.example/\n"
    assert parse_guide(text.encode()).url == "https://www.example.org/guides/1"


@given(st.binary() | st.text().map(lambda text: (WHOLE + text).encode("utf-8", "ignore")))
def test_any_file_is_a_guide_or_a_bad_one(data: bytes) -> None:
    try:
        guide = parse_guide(data)
    except BadGuide:
        return
    assert guide.title
    assert guide.url.startswith("http")
    assert "\x00" not in guide.content
