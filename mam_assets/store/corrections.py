"""A person's word on fields: undo a correction, set and lock a field, unlock it. For the command line and the API.

Belongs here: SQL on metadata_corrections and locked_fields. Does not belong here: automated changes (metadata), who may
do it (api). No function commits.

What is decided here reaches Audiobookshelf with the next run of `book_metadata`, as METADATA_WRITE_BACK allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from mam_assets.domain.metadata import sensible
from mam_assets.domain.names import normalise_title
from mam_assets.domain.rereading import FIELDS
from mam_assets.store import tables as t
from mam_assets.store.memberships import one_at_a_time
from mam_assets.store.metadata import measure, set_fields, typed
from mam_assets.store.metadata_writing import wanted_by_a_person

LOCKABLE = tuple(name for name in FIELDS if name != "duration_minutes")
"""The fields that a person may set; the length is measured."""

UNLOCKED = "unlocked by a person"


class NotDone(Exception):
    """What a person asked for cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Reverted:
    """A correction that was undone: the field went from ``value`` back to ``restored``; ``row_id`` is the new row."""

    correction_id: int
    book_id: int
    title: str | None
    field: str
    value: str | None
    restored: str | None
    row_id: int


@dataclass(frozen=True, slots=True)
class Found:
    """A book that a person may have meant."""

    book_id: int
    title: str | None
    author: str | None
    status: str


def revert(connection: Connection, correction_id: int, now: datetime, *, by: str) -> Reverted:
    """Undo one correction: the old value and its source come back, and the field is locked, since a person decided.

    Its own row says so, and may itself be reverted. Raises NotDone where the correction is not known, is reverted
    already, or a later change of the field stands on it.
    """
    book_id = connection.execute(
        select(t.MetadataCorrection.book_id).where(t.MetadataCorrection.id == correction_id)
    ).scalar()
    if book_id is None:
        raise NotDone(f"There is no correction {correction_id}; corrections are kept for 30 days.")
    book = _locked_row(connection, book_id)
    columns = select(*t.MetadataCorrection.__table__.c)
    row = connection.execute(columns.where(t.MetadataCorrection.id == correction_id)).one()
    shown = f"Correction {row.id} ({row.field_name} of {book.title!r})"
    if row.reverted_at is not None:
        raise NotDone(f"{shown} was reverted already, on {row.reverted_at:%Y-%m-%d %H:%M} UTC.")
    if row.reason == UNLOCKED:
        raise NotDone(f"{shown} only unlocked the field: lock it again instead.")
    later = _standing_on(connection, row)
    if later:
        raise NotDone(f"{shown} has later ones standing on it: revert {', '.join(map(str, later))} first.")
    current = getattr(book, row.field_name)
    if current != typed(row.field_name, row.new_value) and (current or row.new_value):
        raise NotDone(f"{shown} made it {row.new_value!r}, but it has become {current!r} since: nothing to undo.")
    source = _source_before(connection, row)
    set_fields(connection, book_id, {row.field_name: row.old_value}, {row.field_name: source}, now)
    _lock(connection, book_id, row.field_name)
    measure(connection, book_id)
    row_id = _record(
        connection,
        book_id,
        row.field_name,
        (row.new_value, row.old_value),
        now,
        old_source=book.metadata_source.get(row.field_name),
        by=by,
        reason=f"correction {row.id} was reverted",
        reverts=row.id,
    )
    correction = t.MetadataCorrection
    connection.execute(update(correction).where(correction.id == row.id).values(reverted_at=now))
    if row.reverts is not None:
        # A revert was undone: what it had undone stands again.
        connection.execute(update(correction).where(correction.id == row.reverts).values(reverted_at=None))
    return Reverted(row.id, book_id, book.title, row.field_name, row.new_value, row.old_value, row_id)


def corrections_of(connection: Connection, *, run_id: str | None = None, book_id: int | None = None) -> list[int]:
    """The automated corrections of a run, of a book, or of a run on a book, that stand: newest first, the order in
    which they can be undone."""
    row = t.MetadataCorrection
    statement = select(row.id).where(row.reverted_at.is_(None), row.reverts.is_(None), row.source != "Manual")
    if run_id is not None:
        statement = statement.where(row.run_id == run_id)
    if book_id is not None:
        statement = statement.where(row.book_id == book_id)
    return list(connection.execute(statement.order_by(row.id.desc())).scalars())


def lock(
    connection: Connection, book_id: int, field: str, now: datetime, *, by: str, value: str | None = None
) -> str | None:
    """Lock a field of a book at ``value`` ("" empties it), or, without one, at what it is. Returns the field's value.

    Raises NotDone for a field that cannot be locked, and for a value that the field cannot hold.
    """
    _check_field(field)
    book = _locked_row(connection, book_id)
    old = getattr(book, field)
    if value is not None:
        new = sensible(field, value) if value.strip() else None
        if value.strip() and new is None:
            raise NotDone(f"{value!r} is no {field.replace('_', ' ')}.")
        if new is None and field in ("title", "author"):
            raise NotDone(f"A book without {field} cannot be found again.")
        set_fields(connection, book_id, {field: new}, {field: "Manual"}, now)
        old_text = None if old is None else str(old)
        old_source = book.metadata_source.get(field)
        _record(
            connection, book_id, field, (old_text, new), now, old_source=old_source, by=by, reason="set by a person"
        )
    _lock(connection, book_id, field)
    measure(connection, book_id)
    held = connection.execute(select(getattr(t.Book, field)).where(t.Book.id == book_id)).scalar()
    return None if held is None else str(held)


def unlock(connection: Connection, book_id: int, field: str, now: datetime, *, by: str) -> bool:
    """Leave a field to the sources again; what it holds stays until one knows better. False where it was not locked."""
    _check_field(field)
    book = _locked_row(connection, book_id)
    if field not in book.locked_fields:
        return False
    held = getattr(book, field)
    value = None if held is None else str(held)
    old_source = book.metadata_source.get(field)
    _record(connection, book_id, field, (value, value), now, old_source=old_source, by=by, reason=UNLOCKED)
    connection.execute(
        update(t.Book)
        .where(t.Book.id == book_id)
        .values(
            locked_fields=func.array_remove(t.Book.locked_fields, field),
            # A person's word would stand for ever, locked or not.
            metadata_source=t.Book.metadata_source.op("-")(field)
            if book.metadata_source.get(field) == "Manual"
            else t.Book.metadata_source,
            date_updated=now,
        )
    )
    measure(connection, book_id)
    return True


def find_books(connection: Connection, words: str) -> list[Found]:
    """The books that a person means by an id ("12", "book:12") or a title; by a part of the title where none has it
    whole."""
    book = t.Book
    columns = select(book.id, book.title, book.author, book.status).order_by(book.id).limit(20)
    number = words.strip().removeprefix("book:")
    if number.isascii() and number.isdigit():
        rows = connection.execute(columns.where(book.id == int(number))).all() if len(number) < 19 else []
        if rows:
            return [Found(*row) for row in rows]
    key = normalise_title(words)
    if not key:
        return []
    rows = connection.execute(columns.where(book.title_key == key)).all()
    if not rows:
        rows = connection.execute(columns.where(func.strpos(book.title_key, key) > 0)).all()
    return [Found(*row) for row in rows]


# --- parts --------------------------------------------------------------------------------------------------------


def _check_field(field: str) -> None:
    if field not in LOCKABLE:
        raise NotDone(f"{field!r} cannot be locked; the fields are {', '.join(LOCKABLE)}.")


def _locked_row(connection: Connection, book_id: int) -> Any:
    """The book's row, kept for this transaction."""
    one_at_a_time(connection)
    columns = select(*t.Book.__table__.c)
    book = connection.execute(columns.where(t.Book.id == book_id).with_for_update()).one_or_none()
    if book is None:
        raise NotDone(f"There is no book {book_id}.")
    return book


def _standing_on(connection: Connection, row: Any) -> Sequence[int]:
    """Later changes of the same field that stand, newest first. A revert of a later change cancels it, and is none."""
    return (
        connection.execute(
            text(
                """
                SELECT c.id FROM metadata_corrections c
                WHERE c.book_id = :book AND c.field_name = :field AND c.id > :id AND c.reverted_at IS NULL
                  AND c.reason IS DISTINCT FROM :unlocked AND NOT coalesce(c.reverts > :id, false)
                ORDER BY c.id DESC
                """
            ),
            {"book": row.book_id, "field": row.field_name, "id": row.id, "unlocked": UNLOCKED},
        )
        .scalars()
        .all()
    )


def _source_before(connection: Connection, row: Any) -> str | None:
    """Whose the old value was. Where the row doesn't say: of the correction that made it, else Audiobookshelf's, which
    showed it first."""
    if row.old_value is None or row.old_source is not None:
        return None if row.old_value is None else str(row.old_source)
    made = connection.execute(
        text(
            """
            SELECT source FROM metadata_corrections
            WHERE book_id = :book AND field_name = :field AND id < :id AND new_value = :value
              AND reason IS DISTINCT FROM :unlocked
            ORDER BY id DESC LIMIT 1
            """
        ),
        {
            "book": row.book_id,
            "field": row.field_name,
            "id": row.id,
            "value": row.old_value,
            "unlocked": UNLOCKED,
        },
    ).scalar()
    return str(made) if made else "Audiobookshelf"


def _lock(connection: Connection, book_id: int, field: str) -> None:
    """Lock a field, and have the book visited by the next run, which carries it to Audiobookshelf."""
    book = t.Book
    connection.execute(
        update(book)
        .where(book.id == book_id)
        .values(locked_fields=func.array_append(func.array_remove(book.locked_fields, field), field))
    )
    wanted_by_a_person(connection, book_id)


def _record(
    connection: Connection,
    book_id: int,
    field: str,
    values: tuple[str | None, str | None],
    now: datetime,
    *,
    old_source: str | None,
    by: str,
    reason: str,
    reverts: int | None = None,
) -> int:
    old, new = values
    statement = insert(t.MetadataCorrection).values(
        book_id=book_id,
        field_name=field,
        old_value=old,
        new_value=new,
        source="Manual",
        old_source=None if old is None else old_source,
        reason=reason,
        correction_date=now,
        corrected_by=by,
        reverts=reverts,
    )
    return int(connection.execute(statement.returning(t.MetadataCorrection.id)).scalar_one())
