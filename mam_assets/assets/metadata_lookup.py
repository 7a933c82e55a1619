"""One book's way through the sources: ask in order while something is wanted, make sure, merge, write.

Belongs here: the order of the steps, and what happens when a source fails. Does not belong here: the questions
(metadata_sources), writing to Audiobookshelf (write_back), decisions (domain).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from mam_assets.assets.metadata_sources import Memory, Source
from mam_assets.assets.patience import MOST_ODD_ANSWERS, ends_asking
from mam_assets.assets.write_back import WriteBack
from mam_assets.domain.matching import Answer, Candidate, judge, wanted
from mam_assets.domain.metadata import Change, merge
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import ServiceError
from mam_assets.store import metadata
from mam_assets.store.metadata import BookForLookup


@dataclass
class Services:
    """Which services are still asked in this run. One that is out of reach is left alone for the rest of it; the others
    carry on."""

    left_alone: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _odd_in_a_row: Counter[str] = field(default_factory=Counter)

    def failed(self, service: str, error: ServiceError, about: str) -> None:
        """Note a failure. A service out of reach, or odd several times in a row, is left alone from now on."""
        self._odd_in_a_row[service] += 1
        if ends_asking(error) or self._odd_in_a_row[service] == MOST_ODD_ANSWERS:
            self.left_alone[service] = str(error)
            self.problems.append(f"{error} It is left alone for the rest of this run; the others carry on.")
        else:
            self.problems.append(f"{about}: {error}")

    def answered(self, service: str) -> None:
        """Note an answer."""
        self._odd_in_a_row[service] = 0


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
    """What one run works with. ``write_back`` is None where nothing may be written to Audiobookshelf."""

    database: Engine
    sources: Sequence[Source]
    memory: Memory
    services: Services
    write_back: WriteBack | None
    run_id: str | None
    dry_run: bool = False

    def correct(self, book: BookForLookup) -> Outcome:
        """Look one book up and correct it, in transactions of its own. A failing service delays its own part only."""
        answers, waiting = self._ask(book)
        suggestions = [answer.suggestion for answer in answers if answer.suggestion]
        changes = merge(book.values, book.sources, book.locked, suggestions, "correct")
        could_ask = bool(answers) or not waiting
        if self.dry_run:
            # Kept nowhere: what our table had already would be no change for the first real run.
            return Outcome(book, answers, changes, frozenset(waiting), could_ask, False)
        now = self.memory.now()
        if self.write_back is not None and self.write_back.wants(book, changes):
            fresh = self._read_again(book, waiting)
            if fresh is not None:
                book = fresh
                changes = merge(book.values, book.sources, book.locked, suggestions, "correct")
        with self.database.begin() as connection:
            metadata.apply(connection, book, changes, now, by="book_metadata", run_id=self.run_id)
            metadata.keep_answers(connection, book.book_id, answers, now)
            metadata.looked_up(
                connection,
                book.book_id,
                now if could_ask else None,
                waiting=waiting,
                stands_alone=_stands_alone(book, answers),
            )
        written = self._send(book, waiting)
        return Outcome(book, answers, changes, frozenset(waiting), could_ask, written)

    def _ask(self, book: BookForLookup) -> tuple[tuple[Answer, ...], set[str]]:
        """What the sources say that have something to add, and the services that could not be asked."""
        answers: list[Answer] = []
        waiting: set[str] = set()
        for place, source in enumerate(self.sources):
            suggestions = [answer.suggestion for answer in answers if answer.suggestion]
            alone = book.stands_alone or any(answer.stands_alone for answer in answers) or None
            lacks = wanted(book.values, book.locked, alone, suggestions)
            unheard = place == 0 and source.name not in book.answered
            if not (source.gives & lacks or unheard):
                continue
            if source.service is not None and source.service in self.services.left_alone:
                waiting.add(source.service)
                continue
            try:
                answers.append(_answer(source, book))
            except ServiceError as error:
                self.services.failed(error.service, error, book.title or f"book {book.book_id}")
                waiting.add(source.service or error.service)
            else:
                if source.service is not None:
                    self.services.answered(source.service)
        return tuple(answers), waiting

    def _read_again(self, book: BookForLookup, waiting: set[str]) -> BookForLookup | None:
        """The book after its item was read anew: what a person has changed there since is in it, and locked."""
        assert self.write_back is not None
        if "audiobookshelf" in self.services.left_alone:
            waiting.add("audiobookshelf")
            return None
        try:
            return self.write_back.read_again(book, self.memory.now())
        except ServiceError as error:
            self.services.failed(error.service, error, book.title or f"book {book.book_id}")
            waiting.add("audiobookshelf")
            return None

    def _send(self, book: BookForLookup, waiting: set[str]) -> bool:
        if self.write_back is None or "audiobookshelf" in self.services.left_alone or "audiobookshelf" in waiting:
            return False
        try:
            return self.write_back.send(book.book_id)
        except ServiceError as error:
            self.services.failed(error.service, error, book.title or f"book {book.book_id}")
            waiting.add("audiobookshelf")
            return False


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
