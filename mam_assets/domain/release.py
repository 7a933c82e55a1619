"""Whether a release is the wanted work: accept, hold for a person, or refuse; then which of the accepted is best.

Belongs here: the gate and the rank. Does not belong here: identity of names (identity, titles), when to search or grab,
the tracker's own limits (budgets).

Gate before rank: every contradiction refuses, whatever speaks for the release; missing evidence holds; only what is
certain is accepted. The rank orders accepted releases and can never lift one over the gate. Score-first software grabs
unrelated titles when nothing matches; this does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mam_assets.domain.books import Medium, Reason, Release, Work
from mam_assets.domain.evidence import Evidence, title_evidence
from mam_assets.domain.identity import PenNames, same_people, same_person
from mam_assets.domain.importing import RuntimeVerdict, runtime_verdict
from mam_assets.domain.languages import normalise_language
from mam_assets.domain.marks import Mark, marks_of, marks_of_all

RULES_VERSION = "2"

_AUDIO = frozenset({"m4b", "m4a", "mp3", "mp4", "flac", "aac", "ogg", "opus", "wav", "wma", "aax"})
_TEXT = frozenset(
    {"epub", "mobi", "azw", "azw3", "pdf", "cbz", "cbr", "djvu", "txt", "lit", "fb2", "doc", "docx", "rtf"}
)
# A reading of the same text by another narrator differs by some percent; an abridgement by half.
_RUNTIME_SLACK_SECONDS = 60.0
_RUNTIME_IMPOSSIBLE = (0.6, 1.7)


class Verdict(StrEnum):
    """What may be done with a release."""

    ACCEPT = "accept"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person wants. ``formats`` in order of preference; bit rates in kbit/s."""

    languages: tuple[str, ...] = ("English",)
    formats: tuple[str, ...] = ("m4b", "mp3")
    min_seeders: int = 1
    min_kbps: float = 24.0
    max_kbps: float = 400.0
    allow_dramatised: bool = False
    allow_abridged: bool = False
    preferred_narrators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with every reason, contradictions first. ``rank``: higher is better, among accepted releases only."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    rank: tuple[float, ...]
    rules_version: str = RULES_VERSION


@dataclass(slots=True)
class _Findings:
    against: list[Reason] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    support: list[Reason] = field(default_factory=list)

    def refuse(self, code: str, evidence: str) -> None:
        self.against.append(Reason(code, evidence))

    def hold(self, code: str, evidence: str) -> None:
        self.doubts.append(Reason(code, evidence))

    def note(self, code: str, evidence: str) -> None:
        self.support.append(Reason(code, evidence))

    def take(self, evidence: Evidence) -> None:
        self.against.extend(evidence.against)
        self.doubts.extend(evidence.doubts)
        self.support.extend(evidence.support)


def judge(
    work: Work,
    release: Release,
    *,
    preferences: Preferences,
    siblings: Sequence[Work] = (),
    blocked: frozenset[str] = frozenset(),
    pen_names: PenNames | None = None,
) -> Judgement:
    """Judge one release for one work. ``siblings`` are other works of the author or series; ``blocked`` holds
    "guid:<source>:<guid>" and "hash:<info_hash>".

    An unknown runtime on both sides is not by itself a reason to hold: title, author, language and medium being
    certain, the measured duration is compared after the download. An unknown size is.
    """
    findings = _Findings()
    _check_blocked(release, blocked, findings)
    _check_author(work, release, pen_names, findings)
    findings.take(title_evidence(work, release, siblings, pen_names=pen_names))
    _check_kind(work, release, findings)
    _check_recording(release, preferences, findings)
    _check_medium(release, findings)
    _check_language(work, release, preferences, findings)
    _check_size(work, release, preferences, findings)
    _check_seeders(release, preferences, findings)
    if findings.against:
        verdict = Verdict.REFUSE
    else:
        verdict = Verdict.HOLD if findings.doubts else Verdict.ACCEPT
    reasons = (*findings.against, *findings.doubts, *findings.support)
    return Judgement(verdict, reasons, _rank(work, release, preferences))


def choose(judged: Iterable[tuple[Release, Judgement]]) -> tuple[Release, Judgement] | None:
    """The best accepted release, or None. Ties go by source and guid: the order of the candidates changes nothing."""
    accepted = [pair for pair in judged if pair[1].verdict is Verdict.ACCEPT]
    if not accepted:
        return None
    return min(accepted, key=lambda pair: (tuple(-part for part in pair[1].rank), pair[0].source, pair[0].guid))


def block_keys(release: Release) -> frozenset[str]:
    """The keys under which a release is blocked."""
    keys = {f"guid:{release.source}:{release.guid}"}
    if release.info_hash:
        keys.add(f"hash:{release.info_hash.lower()}")
    return frozenset(keys)


# --- the gate -----------------------------------------------------------------------------------------------------


def _check_blocked(release: Release, blocked: frozenset[str], findings: _Findings) -> None:
    hit = {key.casefold() for key in block_keys(release)} & {key.casefold() for key in blocked}
    if hit:
        findings.refuse("blocked", f"this release was blocked for this book ({min(hit)})")


def _check_author(work: Work, release: Release, pen_names: PenNames | None, findings: _Findings) -> None:
    if not release.authors:
        findings.hold("author_unknown", f"{release.source} names no author of {release.title!r}")
        return
    verdict = same_people(work.authors, release.authors, pen_names=pen_names)
    evidence = verdict.reasons[0].evidence
    if verdict.is_different:
        findings.refuse("wrong_author", evidence)
    elif verdict.is_unsure:
        findings.hold("author_unsure", evidence)
    else:
        findings.note("author_same", evidence)


_OTHER_KINDS = {
    Mark.SUMMARY: "summary",
    Mark.COMPANION: "companion",
    Mark.ADAPTATION: "adaptation",
    Mark.SAMPLE: "sample",
    Mark.PART: "part",
}


def _check_kind(work: Work, release: Release, findings: _Findings) -> None:
    wanted = frozenset().union(*(marks_of(title) for title in (work.title, *work.other_titles)))
    found = marks_of(release.title)
    for mark, code in _OTHER_KINDS.items():
        if mark in found and mark not in wanted:
            findings.refuse(code, f"{release.title!r} is a {code} by its name, {work.title!r} is not")


def _check_recording(release: Release, preferences: Preferences, findings: _Findings) -> None:
    marks = marks_of_all((release.title, release.tags))
    if not preferences.allow_abridged:
        if release.abridged is True:
            findings.refuse("abridged", f"{release.source} says that it is abridged")
        elif Mark.ABRIDGED in marks:
            findings.refuse("abridged", f"{release.title!r} is abridged by its name or tags")
    if not preferences.allow_dramatised:
        if release.dramatised is True:
            findings.refuse("dramatised", f"{release.source} says that it is dramatised")
        elif Mark.DRAMATISED in marks:
            findings.refuse("dramatised", f"{release.title!r} is dramatised by its name or tags")
        elif Mark.MAYBE_DRAMATISED in marks and release.dramatised is None:
            findings.hold("maybe_dramatised", f"{release.title!r} has a full cast: read or played?")


def _check_medium(release: Release, findings: _Findings) -> None:
    filetypes = _filetypes(release)
    if release.medium not in {Medium.AUDIOBOOK, Medium.UNKNOWN}:
        findings.refuse("medium", f"it is {release.medium.value}, not an audiobook")
    elif filetypes and not filetypes & _AUDIO and filetypes & _TEXT:
        findings.refuse("medium", f"its files are {', '.join(sorted(filetypes))}")
    elif release.medium is Medium.UNKNOWN:
        findings.hold("medium_unknown", f"{release.source} does not say that it is an audiobook")


def _check_language(work: Work, release: Release, preferences: Preferences, findings: _Findings) -> None:
    language = normalise_language(release.language)
    wanted = {normalise_language(name) for name in preferences.languages}
    if language is None:
        findings.hold("language_unknown", f"{release.source} names no language")
    elif language not in wanted:
        findings.refuse("language", f"it is in {language}, wanted is {', '.join(preferences.languages)}")
    elif (own := normalise_language(work.language)) is not None and own != language and own in wanted:
        findings.hold("language_differs", f"it is in {language}, the work as it is known is in {own}")


def _check_size(work: Work, release: Release, preferences: Preferences, findings: _Findings) -> None:
    expected, told = _positive(work.expected_runtime_seconds), _positive(release.runtime_seconds)
    if expected and told:
        share = told / expected
        shown = f"it runs {told / 3600:.1f} h, expected are {expected / 3600:.1f} h"
        if (
            abs(told - expected) > _RUNTIME_SLACK_SECONDS
            and not _RUNTIME_IMPOSSIBLE[0] <= share <= _RUNTIME_IMPOSSIBLE[1]
        ):
            findings.refuse("runtime_impossible", shown)
        elif runtime_verdict(expected, told) is RuntimeVerdict.HOLD:
            findings.hold("runtime_differs", shown)
        else:
            findings.note("runtime_agrees", shown)
    if release.size_bytes is None or release.size_bytes <= 0:
        findings.hold("size_unknown", f"{release.source} gives no size")
        return
    for runtime, whose in ((expected, "the expected"), (told, "its own")):
        if not runtime:
            continue
        kbps = release.size_bytes * 8 / 1000 / runtime
        if not preferences.min_kbps <= kbps <= preferences.max_kbps:
            findings.refuse(
                "size_impossible",
                f"{release.size_bytes / 2**20:.0f} MiB in {whose} {runtime / 3600:.1f} h are {kbps:.0f} kbit/s, "
                f"outside {preferences.min_kbps:.0f} to {preferences.max_kbps:.0f}",
            )
            return


def _check_seeders(release: Release, preferences: Preferences, findings: _Findings) -> None:
    if release.seeders is None:
        findings.hold("seeders_unknown", f"{release.source} does not say how many seed it")
    elif release.seeders < preferences.min_seeders:
        findings.refuse("too_few_seeders", f"{release.seeders} seed it, wanted are {preferences.min_seeders}")


# --- the rank -----------------------------------------------------------------------------------------------------


def _rank(work: Work, release: Release, preferences: Preferences) -> tuple[float, ...]:
    """(narrator, format, freeleech, seeders in steps, closeness of runtime, seeders): higher is better."""
    formats = [name.casefold() for name in preferences.formats]
    places = [formats.index(name) for name in _filetypes(release) if name in formats]
    format_rank = float(len(formats) - min(places)) if places else 0.0
    narrator = any(
        same_person(wanted, narrator).is_same
        for wanted in preferences.preferred_narrators
        for narrator in release.narrators
    )
    expected, told = _positive(work.expected_runtime_seconds), _positive(release.runtime_seconds)
    closeness = -abs(told - expected) / expected if expected and told else -1.0
    seeders = float(max(release.seeders or 0, 0))
    steps = float(sum(seeders >= step for step in (2, 5, 20)))  # past twenty more seeders change nothing
    return (float(narrator), format_rank, float(release.freeleech or release.vip), steps, closeness, seeders)


def _filetypes(release: Release) -> frozenset[str]:
    words = (release.filetype or "").casefold().replace(",", " ").replace("/", " ").split()
    return frozenset(word.strip(". ") for word in words)


def _positive(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 < seconds < float("inf") else None
