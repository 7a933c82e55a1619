"""Finding what is ours in a source's answers: the right hit of a search, the right series of a book's page, an author's
works among a tracker's releases or a library's volumes, the series that a work is told of. In doubt nothing is found.

Does not belong here: which entries are one work of one catalogue (catalogue), whether two series are one
(series_identity).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from mam_assets.domain.authors import is_by, written_by
from mam_assets.domain.books import (
    CatalogEntry,
    GoodreadsHit,
    GoodreadsSeriesLink,
    Medium,
    Release,
    SeriesRef,
    Volume,
)
from mam_assets.domain.identity import same_people, same_series
from mam_assets.domain.names import normalise_person, normalise_series, normalise_title, parse_title_all_series


def pick_hit(
    hits: Sequence[GoodreadsHit], title: str, authors: Sequence[str], series_names: Sequence[str]
) -> GoodreadsHit | None:
    """The hit that is the owned book: same title and author, one that names our series before one that names another.
    None when in doubt: a search by title brings study guides and namesakes too."""
    wanted = normalise_title(title)
    if not wanted or not authors:
        return None
    same = [
        hit
        for hit in hits
        if normalise_title(hit.title) == wanted and not same_people([hit.author], authors).is_different
    ]
    ours = [hit for hit in same if hit.series and _is_ours(hit.series.name, authors, series_names)]
    return next(iter(ours or [hit for hit in same if hit.series] or same), None)


@dataclass(frozen=True, slots=True)
class PickedSeries:
    """``by_name`` is false where only a book leads there: then the series' works must agree
    (series_identity.judge_listing) before the link is believed."""

    link: GoodreadsSeriesLink
    by_name: bool


def pick_series(
    links: Sequence[GoodreadsSeriesLink],
    names: Sequence[str],
    authors: Sequence[str],
    other_series: Sequence[str] = (),
) -> PickedSeries | None:
    """The link of a book's page that is our series, by any of its names. Where the book is in one series only, it may
    be ours under another name ("John Carter of Mars", "Barsoom"), or a person's shelf may hold a book of it.
    ``other_series`` are names of further series of ours that hold the book: a link that is one of those is not this."""
    ours = next((link for link in links if _is_ours(link.name, authors, names)), None)
    if ours is not None:
        return PickedSeries(ours, by_name=True)
    if len(links) != 1 or _is_ours(links[0].name, authors, other_series):
        return None
    return PickedSeries(links[0], by_name=False)


def _is_ours(name: str, authors: Sequence[str], series_names: Sequence[str]) -> bool:
    author = authors[0] if authors else None
    return any(same_series(name, author, ours, author).is_same for ours in series_names)


def pick_author_id(hits: Sequence[GoodreadsHit], title: str, names: Sequence[str]) -> str | None:
    """The Goodreads number of an author, from the hits for a book of theirs that we own: the title must be that book's
    and the name surely one of theirs. Namesakes share a name and no titles."""
    wanted = normalise_title(title)
    ids = {
        hit.author_id
        for hit in hits
        if hit.author_id and wanted and normalise_title(hit.title) == wanted and is_by((hit.author,), names)
    }
    return ids.pop() if len(ids) == 1 else None


# --- an author's works -------------------------------------------------------------------------------------------


def entries_of_releases(releases: Sequence[Release], names: str | Sequence[str]) -> list[CatalogEntry]:
    """The works that an author's releases on a tracker show to exist as audiobooks, one entry each. ``names`` are the
    author's, pen names too.

    Only releases by this very person: a search by author finds namesakes too. What is no audiobook shows nothing.
    """
    known = (names,) if isinstance(names, str) else tuple(names)
    return each_work_once(
        release_entry(release, release.series[0] if release.series else None)
        for release in _audiobooks(releases)
        if is_by(release.authors, known)
    )


def _audiobooks(releases: Iterable[Release]) -> list[Release]:
    return [release for release in releases if release.medium is Medium.AUDIOBOOK]


def release_entry(release: Release, series: SeriesRef | None) -> CatalogEntry:
    """The work that a release shows to exist as a recording, at this place."""
    return CatalogEntry(
        source=release.source,
        source_key=release.guid,
        title=release.title,
        authors=release.authors,
        series=series,
        isbn=release.isbn,
        asin=release.asin,
        language=release.language,
        audiobook=True,
    )


def entries_of_volumes(volumes: Iterable[Volume], names: Sequence[str]) -> list[CatalogEntry]:
    """The works among Google's volumes of an author, one entry each, by the edition that came out first. Google tells
    nothing of recordings; a volume without authors, or by others, shows nothing."""
    return each_work_once(
        CatalogEntry(
            source="GoogleBooks",
            source_key=volume.volume_id,
            title=f"{volume.title}: {volume.subtitle}"
            if volume.subtitle and not _tells_series(volume)
            else volume.title,
            authors=written_by(volume.authors),
            series=_tells_series(volume),
            published=volume.published,
            isbn=volume.isbn_13 or volume.isbn_10,
            language=volume.language,
        )
        for volume in volumes
        if is_by(volume.authors, names)
    )


def _tells_series(volume: Volume) -> SeriesRef | None:
    """The series that a title names in brackets, or a subtitle in words ("Book Two of The Long War")."""
    for text in (volume.title, f"{volume.title} ({volume.subtitle})" if volume.subtitle else ""):
        _, named = parse_title_all_series(text)
        if named:
            return named[0]
    return None


def entries_by(entries: Iterable[CatalogEntry], names: Sequence[str]) -> list[CatalogEntry]:
    """Of a source's list of an author those that are surely theirs; a list also holds what they only translated, read
    or introduced."""
    return each_work_once(
        replace(entry, authors=written_by(entry.authors)) for entry in entries if is_by(entry.authors, names)
    )


def each_work_once(entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
    """One entry for each work of each source: the earliest by date, then the one with the lowest key, completed by what
    its other editions and releases say. Another place in a series, or another language, is another entry."""
    groups: dict[Hashable, list[CatalogEntry]] = defaultdict(list)
    for entry in sorted(entries, key=_first_edition):
        groups[_work_key(entry)].append(entry)
    return [_completed(group) for group in groups.values()]


def _first_edition(entry: CatalogEntry) -> tuple[object, ...]:
    number = int(entry.source_key) if entry.source_key.isascii() and entry.source_key.isdigit() else 0
    return (entry.source, entry.published or "9", number, entry.source_key, repr(entry))


def _work_key(entry: CatalogEntry) -> Hashable:
    title = normalise_title(entry.title)
    place = (normalise_series(entry.series.name), entry.series.position) if entry.series else None
    if not title:
        return entry.source, entry.source_key
    return entry.source, title, tuple(sorted(map(normalise_person, entry.authors))), place, entry.language


def _completed(group: Sequence[CatalogEntry]) -> CatalogEntry:
    def said(field: str) -> str | None:
        return next((value for entry in group if (value := getattr(entry, field))), None)

    if len(group) == 1:
        return group[0]
    return replace(
        group[0],
        published=said("published"),
        isbn=said("isbn"),
        asin=said("asin"),
        goodreads_id=said("goodreads_id"),
    )


# --- the series that works are told of ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamedSeries:
    """A series of ours under all its names, with everyone who wrote a book of it."""

    series_id: int
    names: tuple[str, ...]
    authors: tuple[str, ...]


class SeriesFinder:
    """Finds our series by a source's name for it and the authors of the work; in doubt none."""

    def __init__(self, known: Iterable[NamedSeries]) -> None:
        self._by_key: dict[str, dict[int, NamedSeries]] = defaultdict(dict)
        for series in known:
            for name in series.names:
                for author in (None, *series.authors):
                    if key := normalise_series(name, author):
                        self._by_key[key][series.series_id] = series

    def find(self, name: str, authors: Sequence[str]) -> int | None:
        """The one series that goes by this name and shares an author; None where there is none, or more than one."""
        key = normalise_series(name, authors[0] if authors else None)
        found = [
            series.series_id
            for series in (self._by_key.get(key, {}) if key else {}).values()
            if same_people(authors, series.authors).is_same
        ]
        return found[0] if len(found) == 1 else None


def told_by_releases(releases: Iterable[Release], finder: SeriesFinder) -> dict[int, list[CatalogEntry]]:
    """The works that releases place in our series, by series: each shows a recording."""
    placed: dict[int, list[CatalogEntry]] = defaultdict(list)
    for release in _audiobooks(releases):
        for series in release.series:
            series_id = finder.find(series.name, release.authors)
            if series_id is not None:
                placed[series_id].append(release_entry(release, series))
    return {series_id: each_work_once(entries) for series_id, entries in placed.items()}


def told_by_entries(entries: Iterable[CatalogEntry], finder: SeriesFinder) -> dict[int, list[CatalogEntry]]:
    """Entries of authors' catalogues, or answers about owned books, that name one of our series, by series."""
    placed: dict[int, list[CatalogEntry]] = defaultdict(list)
    for entry in entries:
        if entry.series is not None and (series_id := finder.find(entry.series.name, entry.authors)) is not None:
            placed[series_id].append(entry)
    return {series_id: each_work_once(found) for series_id, found in placed.items()}
