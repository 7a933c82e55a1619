"""The metadata sources, in the order in which they are asked, all of one shape.

Belongs here: what each can give, which questions are put to it, and for how long its answers hold. Does not belong
here: whether an answer is the book (domain.matching), when a source is left alone (metadata_lookup).

| Source | Question | Answer holds | Miss holds |
|---|---|---|---|
| Google Books | ISBN; then title and author | 27 days | 14 days |
| Goodreads | ISBN, then title → proposals | 27 days | 14 days |
| | the book page of the proposal that fits | 60 days | 14 days |
| Audible, through Audiobookshelf | ASIN; then title and author | 27 days | 14 days |
| MAM | none: what author searches have stored | | |

27 days, so that the monthly refresh asks anew and a run by hand in between asks nothing again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from mam_assets.domain.books import GoodreadsBook, GoodreadsHit, ProviderMatch, SeriesRef, Volume, Work
from mam_assets.domain.identity import same_work
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.matching import Candidate, RecordingFacts
from mam_assets.domain.names import parse_title_series, strip_edition_notes
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import NotFound
from mam_assets.resources.goodreads import Goodreads
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.store import metadata, services
from mam_assets.store.metadata import BookForLookup

FRESH_FOR = timedelta(days=27)
PAGE_FRESH_FOR = timedelta(days=60)
MISS_FRESH_FOR = timedelta(days=14)

# Audiobookshelf asks Audible in its own name and knows no pace; a whole library in a row has got servers banned.
AUDIBLE_GAP_SECONDS = 1.0

_LONGEST_KEY = 500


class Source(Protocol):
    """A source of metadata. ``name`` is its word in `metadata_source`; ``service`` whose health and budget it uses,
    None where nobody is asked; ``gives`` the fields that it can know."""

    name: str
    service: str | None
    gives: frozenset[str]

    def ask(self, book: BookForLookup) -> Iterator[Sequence[Candidate]]:
        """The candidates of one question after another; the next question is put when none of them was the book.
        Raises ServiceError."""
        ...


@dataclass
class Memory:
    """Answers that are still fresh are not asked for again. ``asked`` and ``recalled`` count questions."""

    database: Engine
    now: Callable[[], datetime]
    asked: int = 0
    recalled: int = 0

    def recall(
        self,
        service: str,
        key: str,
        ask: Callable[[], Sequence[Candidate]],
        fresh_for: timedelta = FRESH_FOR,
    ) -> list[Candidate]:
        """The remembered answer, or a new one, which is then remembered; a miss too."""
        key, now = f"metadata:{key}"[:_LONGEST_KEY], self.now()
        with self.database.begin() as connection:
            known = services.known_answers(connection, service, [key], now).get(key)
        if known is not None:
            self.recalled += 1
            return [_candidate(row) for row in known.answer] if known.found else []
        self.asked += 1
        candidates = list(ask())
        answer = [asdict(candidate) for candidate in candidates] or None
        with self.database.begin() as connection:
            services.remember_answers(
                connection, service, {key: answer}, now, now + (fresh_for if candidates else MISS_FRESH_FOR)
            )
        return candidates


def _candidate(row: dict[str, Any]) -> Candidate:
    recording = row["recording"]
    return Candidate(
        **row
        | {
            "authors": tuple(row["authors"]),
            "series": tuple(SeriesRef(**ref) for ref in row["series"]),
            "series_ids": tuple(row["series_ids"]),
            "recording": recording and RecordingFacts(**recording | {"narrators": tuple(recording["narrators"])}),
        }
    )


def _asked_title(book: BookForLookup) -> str:
    """The title as a source would know it: without its series in brackets and notes on the edition."""
    return strip_edition_notes(parse_title_series(book.title or "")[0])


# --- Google Books -------------------------------------------------------------------------------------------------


class GoogleBooksSource:
    name = "GoogleBooks"
    service: str | None = "google_books"
    gives = frozenset({"subtitle", "publisher", "published_year", "description", "isbn", "language"})

    def __init__(self, client: GoogleBooks, memory: Memory) -> None:
        self._client = client
        self._memory = memory

    def ask(self, book: BookForLookup) -> Iterator[Sequence[Candidate]]:
        isbn = normalise_isbn(book.values.get("isbn"))
        if isbn:
            yield self._recall(f"isbn:{isbn}", lambda: self._client.by_isbn(isbn))
        title, author = _asked_title(book), book.authors[0]
        yield self._recall(f"title:{title}|{author}", lambda: self._client.by_title(title, author))

    def _recall(self, key: str, ask: Callable[[], Sequence[Volume]]) -> list[Candidate]:
        return self._memory.recall("google_books", key, lambda: [of_volume(volume) for volume in ask()])


def of_volume(volume: Volume) -> Candidate:
    """A Google Books volume as a candidate. Its title may name a series, but nothing says that it would."""
    title, series = parse_title_series(volume.title)
    return Candidate(
        source="GoogleBooks",
        key=volume.volume_id,
        title=title,
        authors=volume.authors,
        values={
            "subtitle": volume.subtitle,
            "publisher": volume.publisher,
            "published_year": volume.published,
            "description": volume.description,
            "isbn": normalise_isbn(volume.isbn_13) or normalise_isbn(volume.isbn_10),
            "language": volume.language,
        },
        series=(series,) if series else (),
    )


# --- Goodreads ----------------------------------------------------------------------------------------------------


class GoodreadsSource:
    name = "Goodreads"
    service: str | None = "goodreads"
    gives = frozenset({"publisher", "published_year", "description", "isbn", "language", "series", "series_number"})

    def __init__(self, client: Goodreads, memory: Memory) -> None:
        self._client = client
        self._memory = memory

    def ask(self, book: BookForLookup) -> Iterator[Sequence[Candidate]]:
        known = book.answered.get(self.name)
        if known:
            yield self._page(known)
        isbn = normalise_isbn(book.values.get("isbn"))
        for question in filter(None, (isbn, _asked_title(book))):
            hits = self._hits(question)
            # Proposals hold little; only the page of the one that fits already is worth a second request.
            fitting = next((hit for hit in hits if same_work(book.work, _work(hit)).is_same), None)
            others = [hit for hit in hits if hit is not fitting]
            yield [*(self._page(fitting.key) if fitting else ()), *others]

    def _hits(self, question: str) -> list[Candidate]:
        return self._memory.recall(
            "goodreads", f"hits:{question}", lambda: [of_hit(hit) for hit in self._client.autocomplete(question)]
        )

    def _page(self, book_id: str) -> list[Candidate]:
        def ask() -> list[Candidate]:
            try:
                return [of_page(self._client.book(book_id))]
            except NotFound:
                return []  # removed there: an answer

        return self._memory.recall("goodreads", f"book:{book_id}", ask, PAGE_FRESH_FOR)


def _work(hit: Candidate) -> Work:
    return Work(hit.title, hit.authors, series=hit.series[0] if hit.series else None)


def of_hit(hit: GoodreadsHit) -> Candidate:
    """A proposal of Goodreads' autocomplete."""
    return Candidate("Goodreads", hit.book_id, hit.title, (hit.author,), series=(hit.series,) if hit.series else ())


def of_page(page: GoodreadsBook) -> Candidate:
    """A Goodreads book page. Only its JSON state is known to list every series, so only there none means none. Its ASIN
    is left out: it is that of an edition for the eye."""
    return Candidate(
        source="Goodreads",
        key=page.book_id,
        title=page.title,
        authors=page.authors,
        values={
            "publisher": page.publisher,
            "published_year": page.published,
            "description": page.description,
            "isbn": page.isbn_13,
            "language": page.language,
        },
        series=tuple(SeriesRef(link.name, link.position) for link in page.series),
        series_ids=tuple(link.series_id for link in page.series),
        lists_series=page.layer == "next_data",
    )


# --- Audible, through Audiobookshelf ------------------------------------------------------------------------------


class AudibleSource:
    name = "Audible"
    service: str | None = "audiobookshelf"
    gives = frozenset(
        {"narrator", "asin", "series", "series_number", "publisher", "published_year", "description", "language"}
    )

    def __init__(self, client: Audiobookshelf, memory: Memory, clock: Clock, *, pace_scale: float) -> None:
        self._client = client
        self._memory = memory
        self._clock = clock
        self._gap = AUDIBLE_GAP_SECONDS * pace_scale
        self._asked_at: float | None = None

    def ask(self, book: BookForLookup) -> Iterator[Sequence[Candidate]]:
        asin = normalise_asin(book.values.get("asin"))
        if asin:
            yield self._recall(f"asin:{asin}", asin, "")
        title, author = _asked_title(book), book.authors[0]
        yield self._recall(f"title:{title}|{author}", title, author)

    def _recall(self, key: str, title: str, author: str) -> list[Candidate]:
        def ask() -> list[Candidate]:
            self._wait()
            return [of_match(match) for match in self._client.search_provider(title, author, "audible")]

        return self._memory.recall("audible", key, ask)

    def _wait(self) -> None:
        now = self._clock.monotonic()
        if self._asked_at is not None and now - self._asked_at < self._gap:
            self._clock.sleep(self._gap - (now - self._asked_at))
        self._asked_at = self._clock.monotonic()


def of_match(match: ProviderMatch) -> Candidate:
    """An answer of Audiobookshelf's provider search. Audible knows recordings, and lists a series where there is one,
    but not for every book."""
    return Candidate(
        source="Audible",
        key=match.asin or match.title,
        title=match.title,
        authors=match.authors,
        values={
            "subtitle": match.subtitle,
            "narrator": ", ".join(match.narrators),
            "asin": match.asin,
            "isbn": match.isbn,
            "publisher": match.publisher,
            "published_year": str(match.published_year) if match.published_year else None,
            "description": match.description,
            "language": match.language,
        },
        series=match.series,
        recording=RecordingFacts(
            match.narrators,
            match.duration_seconds / 60 if match.duration_seconds else None,
            match.asin,
            None,
            match.abridged,
        ),
    )


# --- MAM ----------------------------------------------------------------------------------------------------------


class MamSource:
    name = "MAM"
    service: str | None = None
    gives = frozenset({"narrator", "asin", "isbn", "series", "series_number", "language"})

    def __init__(self, database: Engine) -> None:
        self._database = database

    def ask(self, book: BookForLookup) -> Iterator[Sequence[Candidate]]:
        with self._database.begin() as connection:
            found = metadata.releases_of(connection, book)
        # Outside the transaction: whoever takes the answer may be long about it.
        yield found


def sources(
    memory: Memory,
    *,
    google_books: GoogleBooks,
    goodreads: Goodreads,
    audiobookshelf: Audiobookshelf,
    clock: Clock,
    pace_scale: float,
) -> tuple[Source, ...]:
    """The sources in the order in which they are asked (spec.md 3)."""
    return (
        GoogleBooksSource(google_books, memory),
        GoodreadsSource(goodreads, memory),
        AudibleSource(audiobookshelf, memory, clock, pace_scale=pace_scale),
        MamSource(memory.database),
    )
