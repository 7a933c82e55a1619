"""Markdown for Dagster's pages, put together so that no text of a service takes effect as markup.

Belongs here: how a page is written. Does not belong here: what stands on it (the assets), how it is reported
(reporting).

Titles, names and messages come from strangers: each text that is given to a `Page` is shown as it stands, and its
markup comes from us alone. An address may still be shown as a link to itself, which Dagster's UI makes of plain text.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

LONGEST = 200
"""Characters of one text on a page."""

_MARKUP = re.compile(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])")
_MARKUP_IN_FRONT = re.compile(r"^(?=[#+=-])|^([0-9]+)(?=[.)])")


def plain(text: object, longest: int | None = LONGEST) -> str:
    """A text as Markdown that shows it as it is, in one line; None is shown as nothing."""
    line = " ".join(("" if text is None else str(text)).split())[:longest]
    line = _MARKUP.sub(r"\\\g<0>", line)
    return _MARKUP_IN_FRONT.sub(r"\1\\", line)


class Page:
    """Paragraphs, lists and tables, one below the other. Empty until something is put on it."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def markdown(self) -> str:
        return "\n\n".join(self._parts)

    def words(self, text: str) -> None:
        """A paragraph."""
        self._parts.append(plain(text, None))

    def heading(self, text: str) -> None:
        self._parts.append(f"### {plain(text)}")

    def listed(self, texts: Iterable[str | tuple[str, str]], longest: int | None = LONGEST) -> None:
        """A list with a line for each text. Of two, the first one is written in bold."""
        lines = [
            f"- {plain(text, longest)}" if isinstance(text, str) else f"- **{plain(text[0])}** {plain(text[1])}"
            for text in texts
        ]
        if lines:
            self._parts.append("\n".join(lines))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Iterable[str] = ()) -> None:
        """A table; the columns among ``numbers`` are set to the right."""
        right = set(numbers)
        self._parts.append(
            "\n".join(
                [
                    _row(columns),
                    "|" + "|".join("---:" if column in right else "---" for column in columns) + "|",
                    *map(_row, rows),
                ]
            )
        )

    def output(self, text: str) -> None:
        """What a program wrote, line for line."""
        fence = "`" * (2 + max(map(len, re.findall("`+", text)), default=1))
        self._parts.append(f"{fence}text\n{text.rstrip() or '(no output)'}\n{fence}")


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(map(plain, cells)) + " |"
