"""Where the sources that name one work contradict each other, field by field, and which rule decided.

Belongs here: comparing what several entries say of one work. Does not belong here: which entries are one work
(catalogue), what follows for the library (gaps).

Silence is no contradiction, and neither is another precision ("1912" and "1912-10") or a subtitle more or less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mam_assets.domain.books import CatalogEntry
from mam_assets.domain.catalogue import entry_position
from mam_assets.domain.identity import same_people
from mam_assets.domain.languages import normalise_language
from mam_assets.domain.names import normalise_series, parse_position, parse_title_all_series
from mam_assets.domain.titles import TitleRelation, relate_titles, without_series_name

DECIDED = "decided"

RULES = {
    "speaker": "the entry that speaks for the work: its source ranks first, or is the first to give a place",
    "earliest": "the earliest date: later ones are reissues",
    "any_recording": "one source that shows a recording proves that there is one",
}
"""The stable codes under `decided`, in words a person understands."""

Told = tuple[str, str]
"""A source, and what it says."""


def disagreements(entries: Sequence[CatalogEntry], *, series_name: str | None = None) -> dict[str, dict[str, str]]:
    """Field → {source: what it says, "decided": code of the rule}: title, authors, position, published, language,
    audiobook; empty where all agree. ``entries`` mean one work, the first one speaks for it. Pass ``series_name`` where
    every position counts in that series; else only places in the speaker's own series are compared. A source that says
    two things has them joined by "; "."""
    if len(entries) < 2:
        return {}
    speaker = entries[0]
    fields = {
        "title": _if_any(_titles(entries), lambda a, b: _title_differs(a, b, entries, series_name)),
        "authors": _if_any(_authors(entries), _people_differ),
        "position": _if_any(_positions(entries, speaker, series_name), lambda a, b: a != b),
        "published": _if_any(_said(entries, "published"), _dates_differ),
        "language": _if_any(_said(entries, "language"), _languages_differ),
        "audiobook": _if_any(_recordings(entries), lambda a, b: a != b),
    }
    rules = {"published": "earliest", "audiobook": "any_recording"}
    return {field: _by_source(told) | {DECIDED: rules.get(field, "speaker")} for field, told in fields.items() if told}


def _if_any(told: list[Told], differ: Callable[[str, str], bool]) -> list[Told]:
    """All that is told, if anything of it contradicts the first."""
    return told if any(differ(told[0][1], value) for _, value in told[1:]) else []


def _by_source(told: Iterable[Told]) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    for source, value in told:
        if value not in values.setdefault(source, []):
            values[source].append(value)
    return {source: "; ".join(said) for source, said in values.items()}


def _said(entries: Sequence[CatalogEntry], field: str) -> list[Told]:
    return [(entry.source, value) for entry in entries if (value := getattr(entry, field))]


def _titles(entries: Sequence[CatalogEntry]) -> list[Told]:
    return [(entry.source, parse_title_all_series(entry.title)[0]) for entry in entries]


def _title_differs(a: str, b: str, entries: Sequence[CatalogEntry], series_name: str | None) -> bool:
    if a == b:
        return False
    names = [entry.series.name for entry in entries if entry.series] + ([series_name] if series_name else [])
    bare = [without_series_name(title, names) for title in (a, b)]
    return relate_titles(*bare, series=names) not in {TitleRelation.EQUAL, TitleRelation.SUBTITLE, TitleRelation.MAIN}


def _authors(entries: Sequence[CatalogEntry]) -> list[Told]:
    return [(entry.source, ", ".join(entry.authors)) for entry in entries if entry.authors]


def _people_differ(a: str, b: str) -> bool:
    return a != b and same_people([a], [b]).is_different


def _positions(entries: Sequence[CatalogEntry], speaker: CatalogEntry, series_name: str | None) -> list[Told]:
    own = series_name or (speaker.series.name if speaker.series else None)
    wanted = normalise_series(own, speaker.authors[0] if speaker.authors else None) if own else ""
    told = []
    for entry in entries:
        position = entry_position(entry, series_name)
        named = entry.series.name if entry.series else None
        counts_here = series_name is not None or (
            named is not None and normalise_series(named, entry.authors[0] if entry.authors else None) == wanted
        )
        if position is not None and counts_here:
            told.append((entry.source, position.canonical))
        elif position is None and counts_here and entry.series and (text := entry.series.position):
            told.append((entry.source, text))  # unreadable, but said
    return told if any(parse_position(value) is not None for _, value in told) else []


def _dates_differ(a: str, b: str) -> bool:
    shown = min(len(a), len(b))
    return a[:shown] != b[:shown]


def _languages_differ(a: str, b: str) -> bool:
    return normalise_language(a) != normalise_language(b)


def _recordings(entries: Sequence[CatalogEntry]) -> list[Told]:
    words = {True: "recording", False: "print only"}
    return [(entry.source, words[entry.audiobook]) for entry in entries if entry.audiobook is not None]
