"""What a release on a weekly list or in the daily scan is to us: owned, pursued, in doubt, not for us, or new.

Belongs here: the ranks of a list, and the standing of a release among the books and gaps that stand near it. Does not
belong here: picking those near ones (store/surroundings.py), whether a release may be taken for a gap (release).

A list is of releases, and what is wanted is a work: whoever reads it must know that two releases are one work, and that
a work is owned under another title. Where that is in doubt, nothing is wanted and nothing is marked as owned: the entry
says so, and a person can ask for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mam_assets.domain.books import CatalogEntry, Medium, Release, Work
from mam_assets.domain.catalogue import EntryKind, classify
from mam_assets.domain.identity import PenNames, SamenessVerdict, same_person, same_series, same_work
from mam_assets.domain.languages import normalise_language
from mam_assets.domain.names import (
    normalise_person,
    normalise_title,
    parse_position,
    parse_title_series,
    split_people,
)

_SINGLE_WORKS = frozenset({EntryKind.PRIMARY, EntryKind.NOVELLA})


# --- ranks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ranked:
    """One rank of a list: the release that is shown, and others of the same work further down."""

    release: Release
    others: tuple[Release, ...] = ()


def rank(
    releases: Iterable[Release], *, places: int, since: datetime, languages: Collection[str] = ()
) -> tuple[Ranked, ...]:
    """The most snatched audiobooks uploaded since a time, one rank for each work.

    A work stands where its most snatched release puts it. Shown is the most snatched release that could be taken: an
    abridged one gives way to a whole one behind it. Equally snatched ones stand by seeders, then by age. What is not
    surely an audiobook, and what was uploaded earlier, is left out.
    """
    new = [
        release
        for release in releases
        if release.medium is Medium.AUDIOBOOK and (release.added_at is None or release.added_at >= since)
    ]
    groups: list[list[Release]] = []
    for release in sorted({release.guid: release for release in new}.values(), key=_most_snatched_first):
        group = next((g for g in groups if same_work(work_of(g[0]), work_of(release)).is_same), None)
        if group is not None:
            group.append(release)
        else:
            groups.append([release])
    return tuple(_shown(group, languages) for group in groups[: max(places, 0)])


def _shown(group: Sequence[Release], languages: Collection[str]) -> Ranked:
    first = next((release for release in group if refusal(release, languages) is None), group[0])
    return Ranked(first, tuple(release for release in group if release is not first))


def _most_snatched_first(release: Release) -> tuple[int, int, float, int, str]:
    age = release.added_at.timestamp() if release.added_at else 0.0
    number = int(release.guid) if release.guid.isdigit() else 0
    return (-(release.snatched or 0), -(release.seeders or 0), age, number, release.guid)


# --- standing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NearBook:
    """A book of ours near a release. One for each series that it is in. ``owned``: in the library, or only discovered
    by an earlier scan."""

    book_id: int
    work: Work
    owned: bool


@dataclass(frozen=True, slots=True)
class NearGap:
    """An open gap near a release. ``status`` is its download_status."""

    gap_id: int
    work: Work
    status: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a release is to us. ``outcome``: owned, pursued (a gap is open for it), known (discovered before), refused,
    doubtful, new. ``book_id`` is set for owned and known, ``gap_id`` for pursued."""

    outcome: str
    reason: str
    book_id: int | None = None
    gap_id: int | None = None


class Surroundings:
    """The books and gaps that may be the work of a release, by author and by title."""

    def __init__(
        self,
        books: Iterable[NearBook] = (),
        gaps: Iterable[NearGap] = (),
        *,
        writers: Iterable[str] = (),
        pen_names: PenNames | None = None,
    ) -> None:
        self._pen_names = pen_names or {}
        self._books: dict[str, list[NearBook]] = {}
        self._gaps: dict[str, list[NearGap]] = {}
        self._writers: dict[str, list[str]] = {}
        for book in books:
            self.add(book)
        for gap in gaps:
            for key in _stored_keys(gap.work):
                self._gaps.setdefault(key, []).append(gap)
        for writer in writers:
            for key in surname_keys([writer]):
                self._writers.setdefault(key, []).append(writer)

    def add(self, book: NearBook) -> None:
        """A book that has just become known."""
        for key in _stored_keys(book.work):
            self._books.setdefault(key, []).append(book)

    def concerns_us(self, release: Release, categories: Collection[int]) -> bool:
        """Whether an upload is one to keep: an audiobook in a category that is watched, or by an author of the library,
        or of a work that is a gap."""
        return release.medium is Medium.AUDIOBOOK and (
            not set(categories).isdisjoint(release.categories)
            or self.by_a_writer_of_ours(release)
            or self.gap_of(release) is not None
        )

    def by_a_writer_of_ours(self, release: Release) -> bool:
        """Whether an author of the release is surely one of whom the library has a book."""
        return any(
            same_person(name, writer, pen_names=self._pen_names).is_same
            for name in _people(release.authors)
            for key in sorted(wanted_surnames([name]))
            for writer in self._writers.get(key, ())
        )

    def gap_of(self, release: Release) -> NearGap | None:
        """The open gap whose work the release surely is."""
        work = work_of(release)
        return next((gap for gap in self._gaps_near(work) if self._compare(work, gap.work).is_same), None)

    def standing(self, release: Release, languages: Collection[str] = ()) -> Standing:
        """What a listed release is to us: owned, pursued, refused, doubtful or new. What is certain goes before what is
        in doubt; what could never be taken is refused rather than doubted. ``languages`` are those wanted; none means
        all."""
        work = work_of(release)
        owned, doubt = self._in_the_library(work)
        if owned is not None:
            return owned
        for gap in self._gaps_near(work):
            verdict = self._compare(work, gap.work)
            if verdict.is_same:
                return Standing("pursued", f"a gap already: {verdict.reasons[0].evidence}", gap_id=gap.gap_id)
            if verdict.is_unsure and doubt is None:
                doubt = _doubtful(gap.work, verdict)
        refused = refusal(release, languages)
        if refused is not None:
            return Standing("refused", refused)
        return doubt or Standing("new", "neither owned nor pursued")

    def standing_of_upload(self, release: Release, languages: Collection[str] = ()) -> Standing:
        """What an upload is to us as a book: owned, refused, known, doubtful or new. Whether it fills a gap is another
        question (`gap_of`)."""
        work = work_of(release)
        owned, doubt = self._in_the_library(work)
        if owned is not None:
            return owned
        refused = refusal(release, languages)
        if refused is not None:
            return Standing("refused", refused)
        for book in self._books_near(work, owned=False):
            verdict = self._compare(work, book.work)
            if verdict.is_same:
                evidence = f"discovered before: {verdict.reasons[0].evidence}"
                return Standing("known", evidence, book_id=book.book_id)
        return doubt or Standing("new", "not known yet")

    def _in_the_library(self, work: Work) -> tuple[Standing | None, Standing | None]:
        """The book of the library that the work is, or else the first that it may be."""
        doubt: Standing | None = None
        for book in self._books_near(work, owned=True):
            verdict = self._compare(work, book.work)
            if verdict.is_same:
                evidence = f"in the library: {verdict.reasons[0].evidence}"
                return Standing("owned", evidence, book_id=book.book_id), None
            if self._covers(book.work, work):
                evidence = f"{book.work.title!r} in the library holds number {_place(work)} of {_series(work)}"
                return Standing("owned", evidence, book_id=book.book_id), None
            if verdict.is_unsure and doubt is None:
                doubt = _doubtful(book.work, verdict)
        return None, doubt

    def _compare(self, a: Work, b: Work) -> SamenessVerdict:
        return same_work(a, b, pen_names=self._pen_names)

    def _books_near(self, work: Work, *, owned: bool) -> list[NearBook]:
        near = dict.fromkeys(book for key in _wanted_keys(work) for book in self._books.get(key, ()))
        return sorted((book for book in near if book.owned is owned), key=lambda book: book.book_id)

    def _gaps_near(self, work: Work) -> list[NearGap]:
        near = dict.fromkeys(gap for key in _wanted_keys(work) for gap in self._gaps.get(key, ()))
        return sorted(near, key=lambda gap: gap.gap_id)

    def _covers(self, box: Work, work: Work) -> bool:
        """Whether a box set holds the place in the series that the work has."""
        if box.series is None or work.series is None:
            return False
        span, place = parse_position(box.series.position), parse_position(work.series.position)
        if span is None or place is None or not span.is_range or place.is_range or place.is_part:
            return False
        series = same_series(box.series.name, box.authors, work.series.name, work.authors, pen_names=self._pen_names)
        return series.is_same and span.covers(place)


@dataclass(frozen=True, slots=True)
class JudgedUpload:
    """An upload with what it is to us. ``gap_id``: the gap whose work it surely is, and that it could fill.
    ``same_as``: the release of the same batch that is the same new work, whose book it shares."""

    release_id: int
    release: Release
    standing: Standing
    gap_id: int | None = None
    same_as: int | None = None


def judge_uploads(
    uploads: Iterable[tuple[int, Release]], surroundings: Surroundings, languages: Collection[str] = ()
) -> list[JudgedUpload]:
    """What each of some uploads, given as (release id, release), is to us. Of several that are one new work the first
    is new, and the others are as it is."""
    judged = []
    for release_id, release in uploads:
        standing, same_as = surroundings.standing_of_upload(release, languages), None
        if standing.outcome == "new":
            # Known from here on; the book has no id yet, and goes by that of its release.
            surroundings.add(NearBook(-release_id, work_of(release), owned=False))
        elif standing.book_id is not None and standing.book_id < 0:
            same_as, standing = -standing.book_id, replace(standing, book_id=None)
        gap = None if standing.outcome in ("owned", "refused") else surroundings.gap_of(release)
        judged.append(JudgedUpload(release_id, release, standing, gap.gap_id if gap else None, same_as))
    return judged


def refusal(release: Release, languages: Collection[str] = ()) -> str | None:
    """Why a release could never be taken for a wanted work; None where it could. ``languages`` are those wanted;
    none means all."""
    if release.medium is not Medium.AUDIOBOOK:
        return f"no audiobook: {release.medium}"
    if not _people(release.authors):
        return "MAM names no author, so no release could be checked"
    if not normalise_title(release.title):
        return f"the title {release.title!r} has no letter or digit"
    language = normalise_language(release.language)
    if language is not None and languages and language not in {normalise_language(name) for name in languages}:
        return f"{release.language} is none of the languages wanted ({', '.join(languages)})"
    if release.dramatised:
        return "a dramatised adaptation, which is never taken for the book"
    if release.abridged:
        return "abridged"
    kind, reason = classify(_as_entry(release), languages=tuple(languages))
    return None if kind in _SINGLE_WORKS else f"{kind}: {reason.evidence}"


def work_of(release: Release) -> Work:
    """The work that a release says it is. A series that only the title names is read from there."""
    bare, named = parse_title_series(release.title)
    return Work(
        title=release.title,
        authors=release.authors,
        series=release.series[0] if release.series else named,
        other_titles=(bare,) if bare != release.title else (),
        isbn=release.isbn,
        asin=release.asin,
        language=release.language,
    )


# --- keys ---------------------------------------------------------------------------------------------------------


def surname_keys(names: Iterable[str]) -> frozenset[str]:
    """Under which surnames people are stored: the last word of the normalised name, and the last two written together
    ("Le Guin" and "LeGuin"). Names that name nobody ("Unknown", "Various") have none."""
    keys: set[str] = set()
    for name in _people(names):
        words = normalise_person(name).split()
        keys.add(words[-1])
        keys.add("".join(words[-2:]))
    return frozenset(keys)


def wanted_surnames(names: Iterable[str]) -> frozenset[str]:
    """Under which keys to look for people: their surnames, and their first words, for a name may be turned round."""
    people = _people(names)
    return surname_keys(people) | {normalise_person(name).split()[0] for name in people}


def _people(names: Iterable[str]) -> list[str]:
    people = [person for name in names for person in split_people(name)]
    # A name that isn't even surely its own is nobody's: "Various", "Unknown".
    return [person for person in people if same_person(person, person).is_same]


def _stored_keys(work: Work) -> frozenset[str]:
    return surname_keys(work.authors) | _title_keys(work)


def _wanted_keys(work: Work) -> frozenset[str]:
    return wanted_surnames(work.authors) | _title_keys(work)


def _title_keys(work: Work) -> frozenset[str]:
    # A surname has no blank and no bar: titles can't be mistaken for one.
    keys = {normalise_title(title) for title in (work.title, *work.other_titles)} - {""}
    return frozenset(f"|{key}" for key in keys)


def _doubtful(known: Work, verdict: SamenessVerdict) -> Standing:
    return Standing("doubtful", f"may be {known.title!r}, which we know: {verdict.reasons[0].evidence}")


def _place(work: Work) -> str:
    return (work.series.position if work.series else None) or ""


def _series(work: Work) -> str:
    return work.series.name if work.series else ""


def _as_entry(release: Release) -> CatalogEntry:
    return CatalogEntry(
        source=release.source,
        source_key=release.guid,
        title=release.title,
        authors=release.authors,
        series=release.series[0] if release.series else None,
        isbn=release.isbn,
        asin=release.asin,
        language=release.language,
        audiobook=True,
    )
