"""One read of the library: its lists compared page by page, what is new or changed expanded and stored.

Belongs here: the two halves of the read, which work side by side: pages from Audiobookshelf, and rows into our tables.
Does not belong here: when to compare everything, what is gone (library).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from mam_assets.domain.books import Library, LibraryItem
from mam_assets.resources.ahead import read_ahead
from mam_assets.resources.audiobookshelf import Audiobookshelf, ListingPage
from mam_assets.resources.database import Connection, Engine
from mam_assets.store import library as shelf
from mam_assets.store import library_sightings as sightings

PAGE = 1000
MOST_PROBLEMS = 1000
# So many books are judged by what they touch; of more the whole is quicker.
JUDGED_AT_ONCE = 200


@dataclass(frozen=True)
class PageBatch:
    """What is new or changed on a page, expanded. ``listed`` has the digests of the list, by id."""

    library: str
    items: list[LibraryItem]
    listed: Mapping[str, str]


@dataclass
class ReadLibrary:
    """The reading half: a connection that keeps the sightings, and how far each library was read last time (``marks``:
    library → time added of its newest item, ISO 8601)."""

    reader: Connection
    audiobookshelf: Audiobookshelf
    full: bool
    marks: Mapping[str, Any]
    newest: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    problems: list[str] = field(default_factory=list)

    def report(self, words: str) -> None:
        """Note what did not stop the read; of thousands of the same kind the first tell enough."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(words)


def page_batches(read: ReadLibrary, libraries: Sequence[Library]) -> Iterator[PageBatch]:
    """Read the lists, newest first; unless all is compared, until a page is older than the mark and holds nothing
    new. Pages without anything new give no batch."""
    for library in libraries:
        pages = _pages(read.audiobookshelf, library)
        # Where most pages are wanted, the next one is on its way while this one is compared.
        for page in read_ahead(pages) if read.full else pages:
            wanted = _compare(read, library, page)
            if wanted:
                yield _expanded(read, library, wanted)
            elif not read.full and _reached(read, library, page):
                break


def _pages(audiobookshelf: Audiobookshelf, library: Library) -> Iterator[ListingPage]:
    for number in count():
        page = audiobookshelf.listing(library.library_id, page=number, limit=PAGE)
        yield page
        if not page.rows or (number + 1) * PAGE >= page.total:
            return


def _compare(read: ReadLibrary, library: Library, page: ListingPage) -> dict[str, str]:
    """Digests of what is new or changed on a page, by id."""
    listed = page.listed
    read.seen += len(listed.digests)
    if listed.newest is not None:
        newest = listed.newest.isoformat()
        read.newest[library.library_id] = max(newest, read.newest.get(library.library_id, newest))
    # A row that cannot be read is there all the same, and not to be archived.
    unreadable = [problem.item_id for problem in listed.problems if problem.item_id]
    for problem in listed.problems:
        read.report(f"{library.name}: item {problem.item_id}: {problem.what}")
    with read.reader.begin():
        wanted = sightings.see(read.reader, listed.digests, unreadable)
    return {abs_id: listed.digests[abs_id] for abs_id in wanted}


def _reached(read: ReadLibrary, library: Library, page: ListingPage) -> bool:
    """Whether a page goes back beyond the newest item of the last read. Ties are read on."""
    mark = read.marks.get(library.library_id)
    oldest = page.listed.oldest
    return mark is None or (oldest is not None and oldest < datetime.fromisoformat(mark))


def _expanded(read: ReadLibrary, library: Library, wanted: Mapping[str, str]) -> PageBatch:
    items: list[LibraryItem] = []
    told: set[str | None] = set()
    for batch in read.audiobookshelf.batches(wanted):
        items += batch.items
        for problem in batch.problems:
            read.report(f"{library.name}: item {problem.item_id}: {problem.what}")
            told.add(problem.item_id)
    missed = wanted.keys() - {item.abs_id for item in items} - told
    for abs_id in sorted(missed):
        read.report(f"{library.name}: item {abs_id} was listed and could not be read: it went away meanwhile")
    return PageBatch(library.name, items, wanted)


@dataclass
class Sync:
    """The writing half: running counts of what was stored, and of which items (``touched``, by Audiobookshelf's ids: as
    many as it takes to know that they are many)."""

    new: int = 0
    changed: int = 0
    returned: int = 0
    edits: int = 0
    problems: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    @property
    def words(self) -> str:
        """For the log."""
        return f"{self.new} new, {self.changed} changed, {self.returned} back again, {self.edits} edited by a person"

    def add(self, database: Engine, audiobookshelf: Audiobookshelf, batch: PageBatch, now: datetime) -> None:
        """Store a batch in one transaction."""
        with database.begin() as connection:
            replaced = shelf.places_taken(connection, batch.items)
        # Removed and added again, an item has a new id before the old one is seen to be gone.
        there = _still_there(audiobookshelf, replaced)
        with database.begin() as connection:
            gone = [abs_id for abs_id in replaced if abs_id not in there]
            shelf.archive(connection, gone, now)
            self.count(shelf.save_items(connection, batch.items, now, listed=batch.listed))
        self.touch([*gone, *(item.abs_id for item in batch.items)])

    def touch(self, abs_ids: Iterable[str]) -> None:
        """Note which items were stored or archived."""
        for abs_id in abs_ids:
            if self.touched_many:
                return
            self.touched.add(abs_id)

    @property
    def touched_many(self) -> bool:
        """Whether more items were touched than are judged one by one."""
        return len(self.touched) > JUDGED_AT_ONCE

    def count(self, saved: shelf.Saved) -> None:
        """Add to the counts."""
        self.new += saved.new - saved.returned
        self.changed += saved.changed
        self.returned += saved.returned
        self.edits += saved.edits


def _still_there(audiobookshelf: Audiobookshelf, abs_ids: Sequence[str]) -> set[str]:
    """Which of these items the server still has. One that cannot be read is there all the same."""
    there: set[str] = set()
    for batch in audiobookshelf.batches(abs_ids):
        there |= {item.abs_id for item in batch.items}
        there |= {problem.item_id for problem in batch.problems if problem.item_id}
    return there
