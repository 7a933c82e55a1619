"""Is it the same recording: twice in the library, or back again after it was gone?

Belongs here: comparing recordings that are already of one work by their keys. Does not belong here: whether two titles
are one work (identity), who archives and marks (store, assets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from mam_assets.domain.names import fold

LENGTH_TOLERANCE = 0.01
"""Rips of one recording differ by lead-in and lead-out; recordings of one work by the same people differ by more."""


@dataclass(frozen=True, slots=True)
class LibraryRecording:
    """A recording of the library. ``narrators`` are normalised names, ``key`` is an id of whoever asks."""

    key: int | str
    title_key: str
    author_key: str
    narrators: frozenset[str]
    minutes: float | None
    abridged: bool = False
    position: str | None = None
    subtitle: str | None = None
    language: str | None = None
    library_id: str | None = None
    rel_path: str | None = None


@dataclass(frozen=True, slots=True)
class Former:
    """A book that is not in the library now: archived, or discovered elsewhere (``archived_at`` is None)."""

    recording: LibraryRecording
    archived_at: datetime | None


def same_recording(one: LibraryRecording, other: LibraryRecording) -> bool:
    """Whether two items hold one recording: title, author, narrators and abridgement agree, the lengths to 1 %, and
    nothing that both say contradicts. Without a length there is no proof, and they are two."""
    if not one.title_key or not one.author_key:
        return False
    if (one.title_key, one.author_key, one.narrators, one.abridged) != (
        other.title_key,
        other.author_key,
        other.narrators,
        other.abridged,
    ):
        return False
    if not one.minutes or not other.minutes:
        return False
    if abs(one.minutes - other.minutes) > LENGTH_TOLERANCE * max(one.minutes, other.minutes):
        return False
    pairs = ((one.position, other.position), (one.subtitle, other.subtitle), (one.language, other.language))
    return not any(a and b and fold(a) != fold(b) for a, b in pairs)


def find_duplicates(recordings: Iterable[LibraryRecording]) -> dict[int | str, int | str | None]:
    """For each recording, in the order in which they came: None where it is kept, else the key of what it repeats."""
    kept: dict[tuple[object, ...], list[LibraryRecording]] = defaultdict(list)
    found: dict[int | str, int | str | None] = {}
    for one in recordings:
        group = kept[one.title_key, one.author_key, one.narrators, one.abridged]
        first = next((other for other in group if same_recording(other, one)), None)
        found[one.key] = None if first is None else first.key
        if first is None:
            group.append(one)
    return found


def find_returned(arrivals: Sequence[LibraryRecording], formers: Sequence[Former]) -> dict[int | str, int | str]:
    """Which former book each arrival is: the archived one of its folder, else the archived one of the same recording,
    else one that was discovered under its title and author. The last archived goes first; each is given away once.

    A folder whose title and author both changed holds another book.
    """
    returned: dict[int | str, int | str] = {}
    taken: set[int | str] = set()
    dated = [(f.archived_at, f) for f in formers if f.archived_at is not None]
    archived = [f for _, f in sorted(dated, key=itemgetter(0), reverse=True)]
    places = _by([(f.recording.library_id, f.recording.rel_path) for f in archived], archived)
    works = _by([(f.recording.title_key, f.recording.author_key) for f in archived], archived)
    found = [f for f in formers if f.archived_at is None]
    heard_of = _by([(f.recording.title_key, f.recording.author_key) for f in found], found)

    def give(arrival: LibraryRecording, candidates: Iterable[Former]) -> None:
        former = next((f for f in candidates if f.recording.key not in taken), None)
        if former is not None and arrival.key not in returned:
            taken.add(former.recording.key)
            returned[arrival.key] = former.recording.key

    for one in arrivals:
        here = places.get((one.library_id, one.rel_path), ())
        give(one, (f for f in here if not _is_another(one, f.recording)))
    for one in arrivals:
        give(one, (f for f in works.get((one.title_key, one.author_key), ()) if same_recording(one, f.recording)))
    for one in arrivals:
        if one.title_key and one.author_key:
            give(one, heard_of.get((one.title_key, one.author_key), ()))
    return returned


def _by(keys: Sequence[tuple[str | None, str | None]], formers: Sequence[Former]) -> Mapping[object, list[Former]]:
    groups: dict[object, list[Former]] = defaultdict(list)
    for key, former in zip(keys, formers, strict=True):
        groups[key].append(former)
    return groups


def _is_another(one: LibraryRecording, other: LibraryRecording) -> bool:
    return one.title_key != other.title_key and one.author_key != other.author_key
