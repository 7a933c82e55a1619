"""Whether what a source answered is this very book, and which of its words may be believed of it.

Belongs here: choosing among answers, refusing in doubt, telling facts of the work from facts of one recording. Does not
belong here: sameness of works (identity), what then changes (metadata).

A wrong match spreads over every field, so doubt is a refusal, kept with its reasons.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mam_assets.domain.books import MetadataSuggestion, Reason, SeriesRef, Work
from mam_assets.domain.completeness import IDS, SERIES_FIELDS, WEIGHTS, is_filled
from mam_assets.domain.identity import SamenessVerdict, same_person, same_work
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.metadata import SETTLED_BY_TWO, says_the_same, sensible
from mam_assets.domain.names import normalise_series

RECORDING_FIELDS = frozenset({"narrator", "asin", "publisher", "published_year"})
"""What belongs to one recording: taken from a source of recordings only when it means the one that is owned."""

# A recording is cut and encoded in several ways; a reading by another narrator is further off than this.
_RUNTIME_TOLERANCE = 0.03
_SIZE_TOLERANCE = 0.005
_SHOWN_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What tells one recording of a work from another. Minutes and bytes of the whole."""

    narrators: tuple[str, ...] = ()
    minutes: float | None = None
    asin: str | None = None
    size_bytes: int | None = None
    abridged: bool | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer of a source: the work that it speaks of, and its word on each field (text, as the source wrote it).

    ``series`` are all series that it names; ``lists_series`` says that it would have named one if there were one.
    ``recording`` is None for sources of books on paper. ``imported_from`` marks the release that the book came from.
    """

    source: str
    key: str
    title: str
    authors: tuple[str, ...]
    values: Mapping[str, str | None] = field(default_factory=dict)
    series: tuple[SeriesRef, ...] = ()
    series_ids: tuple[str, ...] = ()
    lists_series: bool = False
    recording: RecordingFacts | None = None
    imported_from: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source said of one book. ``verdict`` is matched, refused or nothing; ``evidence`` says why, in words;
    ``values`` is what it says of the fields, for keeping."""

    source: str
    verdict: str
    evidence: str
    key: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    suggestion: MetadataSuggestion | None = None
    stands_alone: bool = False


def judge(
    book: Work, recording: RecordingFacts, source: str, candidates: Sequence[Candidate], known_key: str | None
) -> Answer:
    """The answer of a source: the best of the candidates that are surely this work, or why there is none.

    ``known_key`` is what was matched before: it is taken again while it still fits, so that two editions that fit
    equally well do not take turns.
    """
    if not candidates:
        return Answer(source, "nothing", "it knows no such book")
    judged = [(candidate, _same(book, candidate)) for candidate in candidates]
    fitting = [(candidate, verdict) for candidate, verdict in judged if verdict.is_same]
    refused = [f"{_named(c)}: {_words(verdict.reasons[0])}" for c, verdict in judged if not verdict.is_same]
    if not fitting:
        return Answer(source, "refused", _shortened(refused), judged[0][0].key)
    best, verdict = min(fitting, key=lambda pair: _fit(book, recording, pair[0], known_key))
    evidence = f"{_named(best)}: {'; '.join(_words(reason) for reason in verdict.reasons)}"
    values = {name: text for name, value in best.values.items() if (text := sensible(name, value)) is not None}
    if best.recording is not None:
        same, why = compare_recordings(recording, best.recording)
        same, why = (True, "the book was imported from it") if best.imported_from else (same, why)
        evidence += f"; {'this' if same else 'perhaps another'} recording: {why}"
        if not same:
            values = {name: text for name, text in values.items() if name not in RECORDING_FIELDS}
    chosen = _series_of(book, best.series)
    if chosen is not None:
        values |= {"series": chosen.name} | ({"series_number": chosen.position} if chosen.position else {})
    kept = {"title": best.title, "author": ", ".join(best.authors), **values}
    if best.series_ids:
        kept["series_ids"] = ", ".join(best.series_ids)
    if refused:
        evidence += f". Refused: {_shortened(refused)}"
    return Answer(
        source,
        "matched",
        evidence,
        best.key,
        {name: text for name, text in kept.items() if text},
        MetadataSuggestion(source, dict(values), f"{_named(best)}, by {_rule(verdict.reasons[0])}"),
        stands_alone=best.lists_series and not best.series,
    )


def _same(book: Work, candidate: Candidate) -> SamenessVerdict:
    theirs = work_of(candidate)
    verdict = same_work(book, theirs)
    if not verdict.is_unsure or verdict.reasons[0].code != "numbering_differs":
        return verdict
    # The number may be what is wrong with our book: an equal edition with an equal title settles which work it is.
    if not _shares_id(book, theirs):
        return verdict
    return same_work(replace(book, series=None), replace(theirs, series=None))


def work_of(candidate: Candidate) -> Work:
    """The candidate as identity sees it."""
    return Work(
        title=candidate.title,
        authors=candidate.authors,
        series=candidate.series[0] if candidate.series else None,
        isbn=normalise_isbn(candidate.values.get("isbn")),
        asin=normalise_asin(candidate.values.get("asin")),
        published=sensible("published_year", candidate.values.get("published_year")),
        language=candidate.values.get("language"),
    )


def _shares_id(book: Work, theirs: Work) -> bool:
    return bool(
        (theirs.isbn and normalise_isbn(book.isbn) == theirs.isbn)
        or (theirs.asin and normalise_asin(book.asin) == theirs.asin)
    )


def _fit(book: Work, recording: RecordingFacts, candidate: Candidate, known_key: str | None) -> tuple[bool, ...]:
    """Smaller is better: what the book was imported from, this recording, an equal id, what was matched before."""
    another = candidate.recording is not None and not compare_recordings(recording, candidate.recording)[0]
    return (
        not candidate.imported_from,
        another,
        not _shares_id(book, work_of(candidate)),
        candidate.key != known_key,
    )


def compare_recordings(ours: RecordingFacts, theirs: RecordingFacts) -> tuple[bool, str]:
    """Whether two recordings of one work are surely the same, and why. Minutes, size, ASIN or narrators must agree, and
    nothing may speak against it: of 49 books matched by title alone, 7 were another reading (field.md, 22)."""
    if ours.abridged is not None and theirs.abridged is not None and ours.abridged != theirs.abridged:
        return False, "only one of the two is abridged"
    agreeing = [
        person for person in theirs.narrators if any(same_person(person, known).is_same for known in ours.narrators)
    ]
    if ours.narrators and theirs.narrators and not agreeing:
        return False, f"it is read by {', '.join(theirs.narrators)}, ours by {', '.join(ours.narrators)}"
    if ours.minutes and theirs.minutes:
        shown = f"{theirs.minutes:.0f} and {ours.minutes:.0f} minutes"
        return abs(ours.minutes / theirs.minutes - 1) <= _RUNTIME_TOLERANCE, shown
    asin = normalise_asin(ours.asin)
    if asin and asin == normalise_asin(theirs.asin):
        return True, f"ASIN {asin}"
    if ours.size_bytes and theirs.size_bytes and abs(ours.size_bytes / theirs.size_bytes - 1) <= _SIZE_TOLERANCE:
        return True, f"{theirs.size_bytes} bytes"
    if agreeing:
        return True, f"read by {', '.join(agreeing)}"
    return False, "neither minutes, size, ASIN nor narrators can be compared"


def _series_of(book: Work, series: Sequence[SeriesRef]) -> SeriesRef | None:
    """Of several series the one that the book is in already, else the first."""
    ours = normalise_series(book.series.name) if book.series else ""
    same = (ref for ref in series if ours and normalise_series(ref.name) == ours)
    return next(same, series[0] if series else None)


def _named(candidate: Candidate) -> str:
    people = ", ".join(candidate.authors[:3])
    return f"{candidate.title!r}{f' by {people}' if people else ''} ({candidate.key})"


def _words(reason: Reason) -> str:
    return f"{_rule(reason)}: {reason.evidence}"


def _rule(reason: Reason) -> str:
    return reason.code.replace("_", " ")


def _shortened(refused: Sequence[str]) -> str:
    more = len(refused) - _SHOWN_REFUSALS
    return "; ".join(refused[:_SHOWN_REFUSALS]) + (f"; and {more} more" if more > 0 else "")


# --- what is still wanted -----------------------------------------------------------------------------------------


# Most works have no subtitle; the length is measured, and no source knows better.
_NOT_ASKED = frozenset({"subtitle", "duration_minutes"})


def wanted(
    values: Mapping[str, object],
    locked: Collection[str],
    stands_alone: bool | None,
    suggestions: Sequence[MetadataSuggestion] = (),
) -> frozenset[str]:
    """The fields that a further source should be asked for: what is empty and still suggested by nobody, and what is
    contradicted. One of ISBN and ASIN is enough."""
    said: dict[str, list[str]] = {}
    for suggestion in suggestions:
        for name, text in suggestion.values.items():
            if sensible(name, text) is not None:
                said.setdefault(name, []).append(str(text))
    missing = {
        name
        for name in WEIGHTS
        if name not in _NOT_ASKED and name not in locked and name not in said and not _possible(name, values.get(name))
    }
    if missing & IDS != IDS:
        missing -= IDS
    if stands_alone is True:
        missing -= SERIES_FIELDS
    return frozenset(missing | {name for name in said if name not in locked and _contradicted(name, values, said)})


def _possible(name: str, value: object) -> bool:
    return is_filled(value) and sensible(name, str(value)) is not None


def _contradicted(name: str, values: Mapping[str, object], said: Mapping[str, Sequence[str]]) -> bool:
    """Only of facts of the work: of the other fields each edition has its own."""
    if name not in SETTLED_BY_TWO or not _possible(name, values.get(name)):
        return False
    # Two who agree have settled it; one against ours wants a third voice.
    return not any(says_the_same(name, str(values[name]), text) for text in said[name]) and len(said[name]) < 2
