"""One book's way through the sources: ask in order while something is wanted, make sure, merge, write.

Belongs here: the order of the steps, and what happens when a source fails. Does not belong here: the questions
(metadata_sources), writing to Audiobookshelf (write_back), decisions (domain).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mam_assets.assets.metadata_sources import Memory, Source
from mam_assets.assets.patience import MOST_ODD_ANSWERS, ends_asking
from mam_assets.assets.write_back import WriteBack
from mam_assets.domain.matching import Answer, Candidate, judge, wanted
from mam_assets.domain.metadata import Change, merge
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import ServiceError
from mam_assets.store import metadata, metadata_writing
from mam_assets.store.metadata import BookForLookup
from mam_assets.store.metadata_due import WRITING


@dataclass
class Services:
    """Which services are still asked in this run. One that is out of reach is left alone for the rest of it; the others
    carry on."""

    left_alone: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _odd_in_a_row: Counter[str] = field(default_factory=Counter)

    def failed(self, service: str, error: ServiceError, about: str) -> bool:
        """Note a failure. A service out of reach, or odd several times in a row, is left alone from now on. Says
        whether the answer was bad about this one thing only: then it is not asked about it again for a while."""
        self._odd_in_a_row[service] += 1
        out_of_reach = ends_asking(error)
        if out_of_reach or self._odd_in_a_row[service] == MOST_ODD_ANSWERS:
            self.left_alone[service] = str(error)
            self.problems.append(f"{error} It is left alone for the rest of this run; the others carry on.")
        else:
            self.problems.append(f"{about}: {error}")
        return not out_of_reach

    def answered(self, service: str) -> None:
        """Note an answer."""
        self._odd_in_a_row[service] = 0


@dataclass
class Heard:
    """What was said of a book, the services that could not be asked, and when one of them answered badly about it."""

    answers: list[Answer] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    failed: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of one book. ``looked_up`` is False where no source could be asked at all; ``waiting`` are the
    services that it still waits for."""

    book: BookForLookup
    answers: tuple[Answer, ...]
    changes: tuple[Change, ...]
    waiting: frozenset[str]
    looked_up: bool
    written_back: bool


@dataclass
class Desk:
    """What one run works with. ``write_back`` is None where nothing may be written to Audiobookshelf. A service that
    answered badly about a book since ``failed_before`` is not asked about it; None: all are."""

    database: Engine
    sources: Sequence[Source]
    memory: Memory
    services: Services
    write_back: WriteBack | None
    run_id: str | None
    dry_run: bool = False
    failed_before: datetime | None = None

    def correct(self, book: BookForLookup) -> Outcome:
        """Look one book up and correct it, in transactions of its own. A failing service delays its own part only."""
        heard = self._ask(book)
        answers, waiting = tuple(heard.answers), heard.waiting
        changes = _merged(book, answers)
        could_ask = bool(answers) or not waiting
        if self.dry_run:
            # Kept nowhere: what our table had already would be no change for the first real run.
            return Outcome(book, answers, changes, frozenset(waiting), could_ask, False)
        if self.write_back is not None and self.write_back.wants(book, changes):
            self._read_again(book, heard)
        now = self.memory.now()
        with self.database.begin() as connection:
            # As it is now: asking took its time, and what a person has set meanwhile stands.
            book = metadata.hold_book(connection, book.book_id)
            changes = _merged(book, answers)
            metadata.apply(connection, book, changes, now, by="book_metadata", run_id=self.run_id)
            metadata.keep_answers(connection, book.book_id, answers, now)
            metadata.looked_up(
                connection,
                book.book_id,
                now if could_ask else None,
                waiting=waiting,
                failed=heard.failed,
                stands_alone=_stands_alone(book, answers),
            )
            if self.write_back is not None:
                # In this transaction: a kill before the sending must not leave what nobody knows of.
                to_send = self.write_back.note(connection, book.book_id)
            else:
                to_send = False
                metadata_writing.to_be_written(connection, book.book_id, False)
        written = to_send and self._send(book)
        if to_send and not written and self.write_back is not None:
            waiting = waiting | {"audiobookshelf"}
        return Outcome(book, answers, changes, frozenset(waiting), could_ask, written)

    def _ask(self, book: BookForLookup) -> Heard:
        """Ask the sources that have something to add."""
        heard = Heard(failed={WRITING: book.failed[WRITING]} if WRITING in book.failed else {})
        for place, source in enumerate(self.sources):
            suggestions = [answer.suggestion for answer in heard.answers if answer.suggestion]
            alone = book.stands_alone or any(answer.stands_alone for answer in heard.answers) or None
            lacks = wanted(book.values, book.locked, alone, suggestions)
            unheard = place == 0 and source.name not in book.answered
            if not (source.gives & lacks or unheard):
                continue
            service = source.service
            if service is not None and (service in self.services.left_alone or self._rests(book, service)):
                heard.waiting.add(service)
                if service in book.failed:
                    heard.failed[service] = book.failed[service]
                continue
            try:
                heard.answers.append(_answer(source, book))
            except ServiceError as error:
                service = service or error.service
                heard.waiting.add(service)
                if self.services.failed(error.service, error, book.title or f"book {book.book_id}"):
                    heard.failed[service] = self.memory.now()
            else:
                if service is not None:
                    self.services.answered(service)
        return heard

    def _rests(self, book: BookForLookup, service: str) -> bool:
        """Whether a service (or the writing) answered badly about this book too short a time ago."""
        failed_at = book.failed.get(service)
        return failed_at is not None and self.failed_before is not None and failed_at >= self.failed_before

    def _read_again(self, book: BookForLookup, heard: Heard) -> None:
        """Read the item of a book anew: what a person has changed there since comes into our table, locked."""
        assert self.write_back is not None
        if "audiobookshelf" in self.services.left_alone or self._rests(book, WRITING):
            return
        try:
            self.write_back.read_again(book, self.memory.now())
        except ServiceError as error:
            if self.services.failed(error.service, error, book.title or f"book {book.book_id}"):
                heard.failed[WRITING] = self.memory.now()

    def _send(self, book: BookForLookup) -> bool:
        """Send what is to be sent, where the item could be read. What could not be sent stays noted as such."""
        assert self.write_back is not None
        if "audiobookshelf" in self.services.left_alone:
            return False
        try:
            written = self.write_back.send(book.book_id, self.memory.now())
        except ServiceError as error:
            if self.services.failed(error.service, error, book.title or f"book {book.book_id}"):
                with self.database.begin() as connection:
                    metadata_writing.not_written(connection, book.book_id, self.memory.now())
            return False
        if written:
            self.services.answered("audiobookshelf")
        return written


def _merged(book: BookForLookup, answers: Sequence[Answer]) -> tuple[Change, ...]:
    suggestions = [answer.suggestion for answer in answers if answer.suggestion]
    return merge(book.values, book.sources, book.locked, suggestions, "correct")


def _answer(source: Source, book: BookForLookup) -> Answer:
    """What a source says of a book. Its questions are put one after the other until an answer is the book."""
    candidates: dict[str, Candidate] = {}
    answer = judge(book.work, book.recording, source.name, (), None)
    for found in source.ask(book):
        candidates = {candidate.key: candidate for candidate in found} | candidates
        answer = judge(
            book.work, book.recording, source.name, tuple(candidates.values()), book.answered.get(source.name)
        )
        if answer.verdict == "matched":
            break
    return answer


def _stands_alone(book: BookForLookup, answers: Sequence[Answer]) -> bool:
    """Whether a source that lists series named none, and nobody else knows of one."""
    named = book.values.get("series") or any("series" in answer.values for answer in answers)
    return not named and any(answer.stands_alone for answer in answers)
