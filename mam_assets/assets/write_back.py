"""Writing corrections to Audiobookshelf: read the item again, note what will be sent, send, note what it shows.

Belongs here: the order of these steps, which a kill may cut anywhere. Does not belong here: what is sent
(domain.write_back).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mam_assets.domain.books import LibraryItem
from mam_assets.domain.metadata import Change, Mode
from mam_assets.domain.shown import Shown, shown_values
from mam_assets.domain.write_back import Sending, Side, Values, arrived, plan
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.database import Connection, Engine
from mam_assets.store import library as shelf
from mam_assets.store import metadata, metadata_writing
from mam_assets.store.library_items import note_written
from mam_assets.store.metadata import BookForLookup


@dataclass
class WriteBack:
    """The way back to Audiobookshelf, as METADATA_WRITE_BACK allows (``mode``: fill or correct)."""

    database: Engine
    audiobookshelf: Audiobookshelf
    mode: Mode

    def __post_init__(self) -> None:
        self._item: LibraryItem | None = None

    def wants(self, book: BookForLookup, changes: Sequence[Change]) -> bool:
        """Whether something would be sent, by what the item showed last. Only then is it read again."""
        self._item = None
        if book.abs_id is None:
            return False
        ours: dict[str, Shown | None] = dict(book.shown)
        ours |= {change.field: [change.new] if change.field in _LISTS else change.new for change in changes}
        sources = book.sources | {change.field: change.source for change in changes}
        return bool(self._plan(book, ours, book.abs_values, sources).body)

    def read_again(self, book: BookForLookup, now: datetime) -> None:
        """Read the item: the library's own rule finds what a person has changed there since the last read, takes it
        over and locks it. Raises ServiceError, NotFound where the item is gone."""
        assert book.abs_id is not None
        self._item = self.audiobookshelf.item(book.abs_id)
        with self.database.begin() as connection:
            shelf.save_items(connection, [self._item], now)

    def note(self, connection: Connection, book_id: int) -> bool:
        """Note whether something of a book is to be sent, by what its item showed last. Belongs into the transaction
        that has changed the book."""
        book = metadata.book_for_lookup(connection, book_id)
        due = book.abs_id is not None and bool(self._plan(book, book.shown, book.abs_values, book.sources).body)
        metadata_writing.to_be_written(connection, book_id, due)
        return due

    def send(self, book_id: int, now: datetime) -> bool:
        """Send what is to be sent of a book whose item was read just now. True when something was. Raises ServiceError;
        the sending then stays due, and nothing of it is taken for a person's edit.

        What will be sent is committed before it is: a kill after the sending leaves a value there that we know as ours.
        """
        if self._item is None:
            return False
        item, self._item = self._item, None
        with self.database.begin() as connection:
            book = metadata.hold_book(connection, book_id)
            sending = self._plan(book, book.shown, shown_values(item), book.sources)
            if not sending.body:
                metadata_writing.to_be_written(connection, book_id, False)
                return False
            metadata_writing.about_to_write(connection, book_id, sending.written)
        self.audiobookshelf.update_media(item.abs_id, sending.body)
        after = self.audiobookshelf.item(item.abs_id)
        with self.database.begin() as connection:
            metadata.hold_book(connection, book_id)
            shown = shown_values(after)
            metadata_writing.wrote(connection, book_id, arrived(sending.written, shown), shown)
            note_written(connection, book_id, after, now)
            self.note(connection, book_id)  # a person may have set another value while it was sent
        return True

    def _plan(self, book: BookForLookup, ours: Values, theirs: Values, sources: dict[str, str]) -> Sending:
        side = Side(
            ours=ours,
            theirs=theirs,
            seen=book.abs_values,
            written=book.abs_written,
            sources=sources,
            locked=book.locked,
            unconfirmed=book.unconfirmed,
            former_series=book.former_series,
        )
        return plan(side, self.mode)


_LISTS = frozenset({"author", "narrator", "series", "series_number"})
