"""`mam revert`, `mam lock`, `mam unlock`: a person's word on the fields of a book.

Does not belong here: what a revert or a lock is (store/corrections.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mam_assets.cli.person import person
from mam_assets.settings import Settings
from mam_assets.store import corrections
from mam_assets.store.corrections import Found, NotDone, Reverted

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection

_LONGEST_VALUE = 60


def revert(
    console: Console,
    settings: Settings,
    correction_id: int | None,
    *,
    run_id: str | None,
    book: str | None,
    dry_run: bool,
) -> int:
    """Undo one correction, or all that stand of a run or a book, newest first. 0 when all were undone, else 1."""
    now = datetime.now(UTC)
    done: list[Reverted] = []
    refused: list[str] = []
    with _connection(settings) as connection:
        transaction = connection.begin()
        for number in _chosen(connection, correction_id, run_id, book):
            try:
                with connection.begin_nested():
                    done.append(corrections.revert(connection, number, now, by=person()))
            except NotDone as problem:
                refused.append(str(problem))
        if dry_run:
            transaction.rollback()
        else:
            transaction.commit()
    for one in done:
        _say(
            console,
            f"{'would revert' if dry_run else 'reverted'} {one.correction_id}: {one.field} of {one.title!r} (book "
            f"{one.book_id}) from {_short(one.value)} to {_short(one.restored)}",
        )
    for words in refused:
        _say(console, words)
    if done and not dry_run:
        _say(console, "The fields are locked. Audiobookshelf follows with the next run of book_metadata.")
    if not done and not refused:
        _say(console, "There is nothing to revert: no correction of these stands.")
    return 1 if refused or not done else 0


def lock(console: Console, settings: Settings, book: str, field: str, value: str | None) -> int:
    """Lock a field of a book, at a value where one is given. Raises NotDone."""
    with _connection(settings) as connection, connection.begin():
        found = _one(connection, book)
        held = corrections.lock(connection, found.book_id, field, datetime.now(UTC), by=person(), value=value)
    _say(console, f"{field} of {found.title!r} (book {found.book_id}) is locked at {_short(held)}")
    return 0


def unlock(console: Console, settings: Settings, book: str, field: str) -> int:
    """Leave a field of a book to the sources again. 1 where it was not locked. Raises NotDone."""
    with _connection(settings) as connection, connection.begin():
        found = _one(connection, book)
        was_locked = corrections.unlock(connection, found.book_id, field, datetime.now(UTC), by=person())
    words = "is left to the sources again" if was_locked else "was not locked"
    _say(console, f"{field} of {found.title!r} (book {found.book_id}) {words}")
    return 0 if was_locked else 1


def _chosen(connection: Connection, correction_id: int | None, run_id: str | None, book: str | None) -> list[int]:
    if correction_id is not None:
        if run_id is not None or book is not None:
            raise NotDone("Give either the number of a correction, or --run and --book.")
        return [correction_id]
    if run_id is None and book is None:
        raise NotDone("Say what to revert: the number of a correction, --run or --book.")
    book_id = None if book is None else _one(connection, book).book_id
    return corrections.corrections_of(connection, run_id=run_id, book_id=book_id)


def _one(connection: Connection, words: str) -> Found:
    """The book that is meant. Raises NotDone, naming the books it may be."""
    found = corrections.find_books(connection, words)
    if not found:
        raise NotDone(f"No book is called {words!r}; give a title or an id.")
    if len(found) > 1:
        listed = "\n".join(f"  {one.book_id}: {one.title} by {one.author} ({one.status})" for one in found)
        raise NotDone(f"{words!r} may be several books; give the id:\n{listed}")
    return found[0]


def _short(value: str | None) -> str:
    if not value:
        return "nothing"
    return repr(value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…")


def _say(console: Console, words: str) -> None:
    console.print(words, soft_wrap=True, markup=False, highlight=False)


@contextmanager
def _connection(settings: Settings) -> Iterator[Connection]:
    """Raises DatabaseUnavailable."""
    from mam_assets.resources.database import connect

    engine = connect(settings)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
