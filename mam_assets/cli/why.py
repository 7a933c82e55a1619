"""`mam why`: the whole chain behind one book or gap.

Belongs here: choosing what is meant, printing. Does not belong here: the rows (store/why.py), what follows from them
(domain/explaining.py), what a title means (domain/meaning.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from mam_assets.domain.chains import Section
from mam_assets.domain.explaining import Chain, explain
from mam_assets.domain.meaning import Hit, Kind, Subject, meant, nearest, subjects, telling_word
from mam_assets.resources.redaction import Redactor
from mam_assets.settings import Settings
from mam_assets.store import why

WIDTH = 100
_CHOICES_SHOWN = 40
_LONGEST_CELL = 200
_MOST_COLUMNS = 6
_REF = re.compile(r"(book|gap|work):([0-9]{1,18})")


@dataclass(frozen=True)
class Asked:
    """What a person typed: a title or part of one, or `book:12`, `gap:7`, `work:31`."""

    title: str
    author: str | None = None
    series: str | None = None


@dataclass(frozen=True)
class Found:
    """What may be meant; one subject where it is clear. ``cut``: more rows hold the title's word than were looked
    at."""

    subjects: list[Subject]
    cut: bool = False


def run(console: Console, settings: Settings, asked: Asked, *, as_json: bool) -> int:
    """Print the chain; 0 where one thing is meant, 1 where none or several are. Raises DatabaseUnavailable."""
    from mam_assets.resources.database import connect

    engine = connect(settings)
    try:
        with engine.connect() as connection:
            found = find(connection, asked)
            if len(found.subjects) == 1:
                (subject,) = found.subjects
                facts = why.gather(connection, subject)
                chain = explain(subject.ref, subject.title, subject.authors, facts, now=datetime.now(UTC))
                show(console, chain, Redactor(settings.secrets()), as_json=as_json)
                if found.cut and not as_json:
                    _line(console, f"\n{_cut_words(asked)}")
                return 0
            near = [] if found.subjects else nearest(asked.title, why.titles(connection))
            searched = {} if found.subjects else why.searched(connection)
    finally:
        engine.dispose()
    if found.subjects:
        _show_choices(console, asked, found, as_json=as_json)
    else:
        _show_nothing(console, asked, near, searched, cut=found.cut, as_json=as_json)
    return 1


def find(connection: Connection, asked: Asked) -> Found:
    """What a person may mean by a title, or means by an id."""
    if match := _REF.fullmatch(asked.title.strip().lower()):
        hit = why.hit_by_id(connection, cast("Kind", match[1]), int(match[2]))
        if hit is None:
            return Found([])
        beside = meant(why.hits_by_title(connection, hit.title).hits, hit.title)
        return Found([_holding(hit, subjects([hit, *(other for other in beside if other.ref != hit.ref)]))])
    found = why.hits_by_title(connection, asked.title)
    hits = meant(found.hits, asked.title, author=asked.author, series=asked.series)
    return Found(subjects(hits), found.cut)


def _cut_words(asked: Asked) -> str:
    word = escape(repr(telling_word(asked.title)))
    return f"More than {why.MOST_HITS} rows hold {word}, and only the nearest were looked at: write more of the title."


def _holding(hit: Hit, found: Sequence[Subject]) -> Subject:
    own = [subject for subject in found if hit in subject.hits]
    # A gap or an entry that belongs to several recordings is shown by itself, with the books that cover it.
    if hit.kind != "book" and len(own) > 1:
        rest = subjects([other for other in {h for subject in own for h in subject.hits} if other.kind != "book"])
        own = [subject for subject in rest if hit in subject.hits]
    return own[0]


# --- printing -----------------------------------------------------------------------------------------------------


def show(console: Console, chain: Chain, redactor: Redactor, *, as_json: bool) -> None:
    """Print a chain, as tables or as JSON, free of secrets."""
    if as_json:
        _print_json(console, _clean(chain.as_json(), redactor))
        return
    console = _narrow(console)
    by = f" by {', '.join(chain.authors)}" if chain.authors else ""
    _line(console, f"[bold]{escape(chain.title)}[/]{escape(by)}  ({chain.ref})")
    for words in chain.answer:
        _line(console, escape(redactor.clean(words)))
    if chain.next_steps:
        _line(console, "\n[bold]What happens next[/]")
        for words in chain.next_steps:
            _line(console, escape(redactor.clean(words)))
    for section in chain.sections:
        _line(console, f"\n[bold]{escape(section.title)}[/]  [dim](from {escape(section.source)})[/]")
        _show_section(console, section, redactor)
        for note in section.notes:
            _line(console, f"[dim]{escape(note)}[/]")


def _show_section(console: Console, section: Section, redactor: Redactor) -> None:
    """A table where its columns fit side by side, else a paragraph for each row."""
    filled = [place for place in range(len(section.columns)) if any(_text(row[place]) for row in section.rows)]
    if len(filled) > _MOST_COLUMNS:
        for row in section.rows:
            _show_row(console, section.columns, row, redactor)
        return
    table = Table(header_style="dim", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for place in filled:
        table.add_column(section.columns[place], overflow="fold")
    for row in section.rows:
        table.add_row(*(escape(_short(redactor.clean(_text(row[place])))) for place in filled))
    console.print(table, highlight=False)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 2]} …"


def _show_row(console: Console, columns: Sequence[str], row: Sequence[Any], redactor: Redactor) -> None:
    """One row as a paragraph: its first cell, then what else it says."""
    told = [(name, _text(cell)) for name, cell in zip(columns, row, strict=True) if _text(cell)]
    words = "; ".join(f"{name} {_short(text)}" for name, text in told[1:])
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row("-", f"[bold]{escape(redactor.clean(told[0][1]))}[/]: {escape(redactor.clean(words))}")
    console.print(grid, highlight=False)


def _text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case float():
            return f"{cell:g}"
        case _:
            return " ".join(str(cell).split())


def _clean(value: Any, redactor: Redactor) -> Any:
    match value:
        case str():
            return redactor.clean(value)
        case list():
            return [_clean(each, redactor) for each in value]
        case dict():
            return {name: _clean(each, redactor) for name, each in value.items()}
        case _:
            return value


def _print_json(console: Console, value: Any) -> None:
    console.file.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _line(console: Console, markup: str) -> None:
    console.print(markup, highlight=False)


def _narrow(console: Console) -> Console:
    """At most 100 columns, and 100 in a pipe, which has no width of its own."""
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def _show_choices(console: Console, asked: Asked, found: Found, *, as_json: bool) -> None:
    choices: list[dict[str, Any]] = [
        {
            "ref": subject.ref,
            "title": subject.title,
            "authors": list(subject.authors),
            "series": next((f"{hit.series} {hit.position or ''}".strip() for hit in subject.hits if hit.series), None),
            "status": next(hit.status for hit in subject.hits),
        }
        for subject in found.subjects
    ]
    if as_json:
        _print_json(console, {"choices": choices, "cut": found.cut})
        return
    console = _narrow(console)
    _line(console, f"{len(choices)} things may be meant by {escape(repr(asked.title))}:")
    table = Table(header_style="dim", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("id", "title", "author", "series", "status"):
        table.add_column(name, overflow="fold")
    for choice in choices[:_CHOICES_SHOWN]:
        cells = (choice["ref"], choice["title"], ", ".join(choice["authors"]), choice["series"], choice["status"])
        table.add_row(*(escape(_text(cell)) for cell in cells))
    console.print(table, highlight=False)
    if len(choices) > _CHOICES_SHOWN:
        _line(console, f"… and {len(choices) - _CHOICES_SHOWN} more")
    _line(console, f"Choose one by its id, as in: mam why {choices[0]['ref']}; or narrow it by --author or --series.")
    if found.cut:
        _line(console, _cut_words(asked))


def _show_nothing(
    console: Console, asked: Asked, near: Sequence[str], searched: Mapping[str, int], *, cut: bool, as_json: bool
) -> None:
    if as_json:
        _print_json(console, {"choices": [], "cut": cut, "nearest": list(near), "searched": dict(searched)})
        return
    console = _narrow(console)
    narrowed = "".join(
        f", {name} {value!r}" for name, value in (("author", asked.author), ("series", asked.series)) if value
    )
    _line(console, escape(f"Nothing is known by {asked.title!r}{narrowed}: {_looked_through(asked, searched)}"))
    if cut:
        _line(console, _cut_words(asked))
    if near:
        _line(console, "The nearest titles:")
        for title in near:
            _line(console, f"- {escape(title)}")


def _looked_through(asked: Asked, searched: Mapping[str, int]) -> str:
    if _REF.fullmatch(asked.title.strip().lower()):
        return "no row has this id."
    if not telling_word(asked.title):
        return "it holds no letter and no digit that could be looked for."
    *others, last = (f"{number:,} {what}" for what, number in searched.items())
    words = (
        "looked through the titles of " + " and ".join((", ".join(others), last)) + ", subtitles and other titles too."
    )
    return words if any(searched.values()) else f"{words} Nothing is stored yet: run the asset `books` first."
