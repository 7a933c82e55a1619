"""The nouns: frozen records that every other room speaks in.

Belongs here: what a library item, a catalogue entry, a release, a torrent *is*. Does not belong here: how a service
spells it (parsing), how it is stored (store), what follows from it (the other modules of domain).

Units everywhere: durations in seconds (float), sizes in bytes, times as aware UTC datetimes, positions as text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Medium(StrEnum):
    """What a release contains."""

    AUDIOBOOK = "audiobook"
    EBOOK = "ebook"
    MUSIC = "music"
    RADIO = "radio"
    VIDEO = "video"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SeriesRef:
    """A series as some source names it, and the place of the work in it.

    ``position`` is text as the source wrote it ("1", "0.5", "1-3", "2p1") or None where there is none.
    """

    name: str
    position: str | None = None


@dataclass(frozen=True, slots=True)
class LibraryMark:
    """One row of Audiobookshelf's (always minified) list: enough to see what is new or changed. ``digest`` is short for
    all that the row shows: another one means that something changed."""

    abs_id: str
    added_at: datetime
    updated_at: datetime
    media_type: str
    num_audio_files: int
    is_missing: bool
    digest: str = ""


@dataclass(frozen=True, slots=True)
class LibraryFolder:
    folder_id: str
    full_path: str


@dataclass(frozen=True, slots=True)
class Library:
    """A library of Audiobookshelf. ``media_type`` is "book" or "podcast"."""

    library_id: str
    name: str
    media_type: str
    folders: tuple[LibraryFolder, ...]
    last_scan: datetime | None


@dataclass(frozen=True, slots=True)
class LibraryItem:
    """One item of the Audiobookshelf library, expanded. Names come from the arrays, never from the joined strings."""

    abs_id: str
    library_id: str
    path: str
    rel_path: str
    title: str | None
    subtitle: str | None
    authors: tuple[str, ...]
    narrators: tuple[str, ...]
    series: tuple[SeriesRef, ...]
    published_year: int | None
    publisher: str | None
    description: str | None
    isbn: str | None
    asin: str | None
    language: str | None
    duration_seconds: float | None
    size_bytes: int | None
    num_audio_files: int
    abridged: bool
    explicit: bool
    is_missing: bool
    is_invalid: bool
    added_at: datetime
    updated_at: datetime
    genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderMatch:
    """One answer of Audiobookshelf's own provider search (Audible and others). ``duration_seconds`` is converted
    from the minutes that Audible gives."""

    title: str
    subtitle: str | None
    authors: tuple[str, ...]
    narrators: tuple[str, ...]
    series: tuple[SeriesRef, ...]
    publisher: str | None
    published_year: int | None
    description: str | None
    isbn: str | None
    asin: str | None
    language: str | None
    duration_seconds: float | None
    abridged: bool | None


@dataclass(frozen=True, slots=True)
class Volume:
    """A Google Books volume. ``published`` is text of length 4, 7 or 10 ("1912", "1912-10", "1912-10-01")."""

    volume_id: str
    title: str
    subtitle: str | None
    authors: tuple[str, ...]
    publisher: str | None
    published: str | None
    description: str | None
    isbn_13: str | None
    isbn_10: str | None
    language: str | None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoodreadsHit:
    """One row of Goodreads' autocomplete. ``series`` is read from the title."""

    book_id: str
    work_id: str | None
    title: str
    author: str
    author_id: str | None
    series: SeriesRef | None


@dataclass(frozen=True, slots=True)
class GoodreadsSeriesLink:
    series_id: str
    name: str
    position: str | None


@dataclass(frozen=True, slots=True)
class GoodreadsBook:
    """A Goodreads book page. ``layer`` says which layer of the page answered (next_data, json_ld, html)."""

    book_id: str
    work_id: str | None
    title: str
    authors: tuple[str, ...]
    author_id: str | None
    series: tuple[GoodreadsSeriesLink, ...]
    description: str | None
    isbn_13: str | None
    asin: str | None
    publisher: str | None
    language: str | None
    published: str | None
    layer: str


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A work that a source says exists: a line of a series page, of an author's list, of a tracker's catalogue.

    ``source_key`` is the source's own id of the work. ``published`` is "YYYY", "YYYY-MM" or "YYYY-MM-DD" or None.
    ``audiobook`` is True where the source shows a recording, None where it doesn't say.
    """

    source: str
    source_key: str
    title: str
    authors: tuple[str, ...]
    series: SeriesRef | None = None
    published: str | None = None
    isbn: str | None = None
    asin: str | None = None
    goodreads_id: str | None = None
    language: str | None = None
    audiobook: bool | None = None


@dataclass(frozen=True, slots=True)
class GoodreadsSeriesPage:
    """One page (of 100) of a series. ``num_works`` is None where the page carries no paging component. ``layer`` says
    which layer of the page answered (react_props, html)."""

    title: str
    entries: tuple[CatalogEntry, ...]
    num_works: int | None
    page: int
    per_page: int
    layer: str = "react_props"


@dataclass(frozen=True, slots=True)
class GoodreadsAuthorPage:
    """One page of an author's list; ``has_next`` while the page links to a following one."""

    entries: tuple[CatalogEntry, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class Release:
    """What a tracker or indexer offers. ``(source, guid)`` is its identity.

    MAM: ``guid`` is the torrent id as text. Prowlarr: its guid; ``download_url`` has the key taken out. Prowlarr drops
    narrator, series and abridged, so those are empty or None: missing, not known to be absent.
    """

    source: str
    guid: str
    title: str
    authors: tuple[str, ...]
    narrators: tuple[str, ...] = ()
    series: tuple[SeriesRef, ...] = ()
    medium: Medium = Medium.UNKNOWN
    language: str | None = None
    filetype: str | None = None
    size_bytes: int | None = None
    seeders: int | None = None
    leechers: int | None = None
    snatched: int | None = None
    added_at: datetime | None = None
    categories: tuple[int, ...] = ()
    freeleech: bool = False
    vip: bool = False
    abridged: bool | None = None
    dramatised: bool | None = None
    runtime_seconds: float | None = None
    isbn: str | None = None
    asin: str | None = None
    tags: str | None = None
    indexer: str | None = None
    indexer_id: int | None = None
    info_hash: str | None = None
    download_url: str | None = None


@dataclass(frozen=True, slots=True)
class MamSearchPage:
    """``found`` is the number of rows that match in all; ``start`` the offset of the first row here. ``problems`` names
    what could not be read of which row, in words for a person; ``author_ids`` are (name, MAM's number) of authors."""

    releases: tuple[Release, ...]
    found: int
    start: int
    perpage: int
    problems: tuple[str, ...] = ()
    author_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MamUser:
    """The account's standing: what must be read before each grab."""

    username: str
    classname: str | None
    ratio: float | None
    unsatisfied_count: int | None
    unsatisfied_limit: int | None
    wedges: int | None
    downloaded_bytes: float | None = None
    uploaded_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class Indexer:
    """An indexer that Prowlarr knows. ``disabled_till`` is set while Prowlarr backs off from it."""

    indexer_id: int
    name: str
    enabled: bool
    protocol: str
    privacy: str | None
    disabled_till: datetime | None = None


@dataclass(frozen=True, slots=True)
class TorrentState:
    """A torrent as the client reports it. ``state`` is qBittorrent's word; ``progress`` 0..1."""

    info_hash: str
    name: str
    state: str
    progress: float
    size_bytes: int
    save_path: str
    content_path: str
    category: str
    tags: tuple[str, ...]
    added_on: datetime | None
    completion_on: datetime | None
    num_seeds: int = 0
    seeding_seconds: float = 0.0
    infohash_v1: str | None = None


@dataclass(frozen=True, slots=True)
class Metainfo:
    """What a .torrent says, checked: v1 info-hash (40 lower-case hex), name, files as (relative path, bytes)."""

    info_hash: str
    name: str
    files: tuple[tuple[str, int], ...]
    size_bytes: int
    private: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What an author wrote: the thing that a gap wants and that a release must be."""

    title: str
    authors: tuple[str, ...]
    series: SeriesRef | None = None
    isbn: str | None = None
    asin: str | None = None
    other_titles: tuple[str, ...] = ()
    published: str | None = None
    language: str | None = None
    expected_runtime_seconds: float | None = None
    is_collection: bool = False


@dataclass(frozen=True, slots=True)
class OwnedBook:
    """A book of the library as the gap rules see it: one row per (book, series). ``series_name`` names the series that
    ``series_position`` counts in; an author's gaps need it to see that a box set covers its volumes.
    ``place_is_settled``: a person has said that the number is right."""

    book_id: int
    title: str
    authors: tuple[str, ...]
    series_position: str | None = None
    isbn: str | None = None
    asin: str | None = None
    series_name: str | None = None
    place_is_settled: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: a stable code, and the evidence in words a person understands."""

    code: str
    evidence: str


@dataclass(frozen=True, slots=True)
class MetadataSuggestion:
    """What one source says of one book, after it was found to be the same work. Values are text or None."""

    source: str
    values: dict[str, str | None] = field(default_factory=dict)
    evidence: str = ""
