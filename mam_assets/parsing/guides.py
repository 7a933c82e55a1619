"""The Markdown files of a person's crawler script -> guides.

Belongs here: the form of such a file (spec.md section 1): a `# title` line, then `**URL:**`, `**Category:**` and
`**Crawled:**` lines, `---`, `## Content`. Does not belong here: running the script and finding its files
(resources/crawler.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from mam_assets.parsing.json_values import clean_text
from mam_assets.parsing.spellings import moment, without_secrets

_TITLE = re.compile(r"#[ \t]+(\S.*)")
_FIELD = re.compile(r"\*\*\s*(URL|Category|Crawled)\s*:\s*\*\*(.*)|\*\*\s*(URL|Category|Crawled)\s*\*\*\s*:(.*)", re.I)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<([^>\s]+)>")
_CONTENT = re.compile(r"##[ \t]+Content[ \t]*#*[ \t]*", re.IGNORECASE)
_LONGEST_TITLE, _LONGEST_URL = 500, 2000


class BadGuide(ValueError):
    """A file that is no guide. The message says what is missing, for a person."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A page as the script wrote it. ``url`` has no key in it; ``crawled_at`` is None where the line is missing or no
    time; times without a zone are UTC. ``content`` is Markdown as it stands, maybe empty."""

    url: str
    title: str
    category: str | None
    crawled_at: datetime | None
    content: str


def parse_guide(data: bytes) -> Guide:
    """Read one file. Raises BadGuide where title, address or content can't be found."""
    try:
        written = clean_text(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadGuide(f"it is not UTF-8 (byte {error.start})") from error
    lines = written.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = _begin_of_content(lines)
    if body is None:
        raise BadGuide("there is no `## Content` line")
    title: str | None = None
    fields: dict[str, str] = {}
    for line in (line.strip() for line in lines[: body - 1]):
        if title is None and (found := _TITLE.fullmatch(line)):
            title = found[1].strip().rstrip("#").strip()[:_LONGEST_TITLE]
        elif found := _FIELD.fullmatch(line):
            fields.setdefault((found[1] or found[3]).lower(), (found[2] or found[4] or "").strip())
    if not title:
        raise BadGuide("there is no `# title` line")
    return Guide(
        url=_address(fields.get("url")),
        title=title,
        category=fields.get("category") or None,
        crawled_at=moment(fields.get("crawled")),
        content="\n".join(lines[body:]).strip("\n"),
    )


def _begin_of_content(lines: list[str]) -> int | None:
    """The line after the first `## Content`. One that stands in the content itself comes later."""
    return next((number + 1 for number, line in enumerate(lines) if _CONTENT.fullmatch(line.strip())), None)


def _address(written: str | None) -> str:
    if not written:
        raise BadGuide("there is no `**URL:**` line")
    link = _LINK.fullmatch(written)
    url = (link[1] or link[2]) if link else written
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        usable = False
    if not usable or len(url) > _LONGEST_URL:
        raise BadGuide("its `**URL:**` is no http address")
    return without_secrets(url)
