"""Reads titles_as_sources_write_them.txt, whose own head says what its marks mean.

Belongs here: marks to expectations. Does not belong here: what our code makes of the titles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("titles_as_sources_write_them.txt")
_NUMBER = re.compile(r"~(?P<shown>[^~=]*)(?:=(?P<meant>[^~]*))?~")


@dataclass(frozen=True)
class WrittenTitle:
    """A title as a source writes it, and what it says. ``series`` and ``position`` are None where it says nothing;
    ``bare`` is None where it is left open; ``known`` is the series that the reader is told of beforehand."""

    title: str
    bare: str | None
    series: str | None
    position: str | None
    known: str | None


def written_titles() -> list[WrittenTitle]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [_read(line) for line in lines if line and not line.startswith("#")]


def _read(line: str) -> WrittenTitle:
    told = line.startswith("+ ")
    text = line.removeprefix("+ ")
    known = None
    if told and " | " in text:
        known, _, text = text.partition(" | ")
    number = _NUMBER.search(text)
    text = _NUMBER.sub(lambda match: match["shown"], text)
    series = re.search(r"<(.*?)>", text)
    bare = re.search(r"\{(.*?)\}", text)
    title = re.sub(r"[{}<>]", "", text)
    return WrittenTitle(
        title,
        _plain(bare[1]) if bare else None if series else title,
        _plain(series[1]) if series else None,
        (number["meant"] or number["shown"]).strip() if number else None,
        known or (_plain(series[1]) if told and series else None),
    )


def _plain(marked: str) -> str:
    return re.sub(r"[{}<>]", "", marked)
