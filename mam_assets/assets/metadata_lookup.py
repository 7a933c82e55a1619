"""One book's way through the metadata sources: ask (or remember), make sure, merge, write, write back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from mam_assets.domain.books import MetadataSuggestion, Volume, Work
from mam_assets.domain.identity import Sameness, same_work
from mam_assets.domain.isbn import normalise_isbn
from mam_assets.domain.metadata import Change, merge
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.database import Engine
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.settings import Settings
from mam_assets.store import metadata, services
from mam_assets.store.metadata import BookForLookup

FRESH_FOR = timedelta(days=30)
MISS_FRESH_FOR = timedelta(days=14)
# What Audiobookshelf calls our fields. Series, authors and narrators are whole lists there: not written from here.
_WRITE_BACK = {
    "subtitle": "subtitle",
    "isbn": "isbn",
    "asin": "asin",
    "publisher": "publisher",
    "published_year": "publishedYear",
    "language": "language",
    "description": "description",
}


@dataclass(frozen=True)
class Correction:
    """A changed field, for the sample table."""

    title: str | None
    field: str
    old: str | None
    new: str | None
    source: str


@dataclass(frozen=True)
class Outcome:
    matched: bool
    changes: tuple[Correction, ...]
    written_back: bool


def correct_book(
    book: BookForLookup,
    database: Engine,
    google_books: GoogleBooks,
    audiobookshelf: Audiobookshelf,
    settings: Settings,
    now: datetime,
) -> Outcome:
    """Look one book up and correct it. Errors of Google Books pass through: they end the asking, not the book."""
    volume = _certain(book, _ask(book, database, google_books, now))
    suggestions = [_suggestion(volume)] if volume else []
    changes = merge(book.values, book.sources, book.locked, suggestions, "fill")
    if settings.mam_dry_run:
        # Kept nowhere either: what our table has and Audiobookshelf was never told would not be told it later.
        return Outcome(volume is not None, tuple(_correction(book, change) for change in changes), False)
    written = False
    if book.abs_id is not None and settings.metadata_write_back != "off":
        # Written back first: if Audiobookshelf refuses, our table must not claim what it does not show.
        changes, written = _write_back(audiobookshelf, book.abs_id, changes)
    with database.begin() as connection:
        metadata.apply(connection, book, changes, now, by="book_metadata")
        metadata.looked_up(connection, book.book_id, now)
    return Outcome(volume is not None, tuple(_correction(book, change) for change in changes), written)


def _write_back(
    audiobookshelf: Audiobookshelf, abs_id: str, changes: tuple[Change, ...]
) -> tuple[tuple[Change, ...], bool]:
    """Write what Audiobookshelf can hold of these changes. What a person has written there since we last read it
    stands: such changes are left out of what is returned. Whether anything was written."""
    if not any(change.field in _WRITE_BACK for change in changes):
        return changes, False
    item = audiobookshelf.item(abs_id)
    theirs = {field for field in _WRITE_BACK if getattr(item, field) not in (None, "")}
    kept = tuple(change for change in changes if change.field not in theirs)
    body = {_WRITE_BACK[change.field]: change.new for change in kept if change.field in _WRITE_BACK}
    return kept, bool(body) and audiobookshelf.update_media(abs_id, body)


def _correction(book: BookForLookup, change: Change) -> Correction:
    old = None if change.old is None else str(change.old)
    return Correction(book.title, change.field, old, change.new, change.source)


def _ask(book: BookForLookup, database: Engine, google_books: GoogleBooks, now: datetime) -> list[Volume]:
    """By ISBN where there is one, then by title and author; answers and misses are remembered."""
    isbn = normalise_isbn(book.values.get("isbn"))
    if isbn:
        found = _remembered(database, f"isbn:{isbn}", now, lambda: google_books.by_isbn(isbn))
        if found:
            return found
    title, author = book.title or "", book.authors[0]
    return _remembered(database, f"title:{title}|{author}", now, lambda: google_books.by_title(title, author))


def _remembered(database: Engine, key: str, now: datetime, ask: Any) -> list[Volume]:
    key = key[:500]
    with database.begin() as connection:
        known = services.known_answers(connection, "google_books", [key], now).get(key)
    if known is not None:
        return [_volume(row) for row in known.answer] if known.found else []
    volumes: list[Volume] = list(ask())
    answer = [asdict(volume) for volume in volumes] or None
    with database.begin() as connection:
        services.remember_answers(
            connection, "google_books", {key: answer}, now, now + (FRESH_FOR if volumes else MISS_FRESH_FOR)
        )
    return volumes


def _volume(row: dict[str, Any]) -> Volume:
    return Volume(**(row | {"authors": tuple(row["authors"]), "categories": tuple(row["categories"])}))


def _certain(book: BookForLookup, volumes: Sequence[Volume]) -> Volume | None:
    """The first volume that is this very work beyond doubt; else none: leave it unmatched rather than wrong."""
    ours = Work(title=book.title or "", authors=book.authors, isbn=normalise_isbn(book.values.get("isbn")))
    for volume in volumes:
        theirs = Work(title=volume.title, authors=volume.authors, isbn=volume.isbn_13 or volume.isbn_10)
        if same_work(ours, theirs).sameness is Sameness.SAME:
            return volume
    return None


def _suggestion(volume: Volume) -> MetadataSuggestion:
    values = {
        "subtitle": volume.subtitle,
        "publisher": volume.publisher,
        "published_year": volume.published[:4] if volume.published else None,
        "description": volume.description,
        "isbn": volume.isbn_13 or volume.isbn_10,
        "language": volume.language,
    }
    return MetadataSuggestion(source="GoogleBooks", values=values, evidence=f"Google Books volume {volume.volume_id}")
