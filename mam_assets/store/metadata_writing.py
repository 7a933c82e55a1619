"""What is to be written to Audiobookshelf of a book, and what is known to have arrived there.

Belongs here: SQL on books.abs_written, abs_values and abs_unconfirmed. Does not belong here: what is sent
(domain/write_back), the order of the steps (assets/write_back.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, cast, func, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text

from mam_assets.domain.shown import Shown
from mam_assets.store import tables as t
from mam_assets.store.metadata_due import WRITING


def to_be_written(connection: Connection, book_id: int, due: bool) -> None:
    """Note whether something of a book is to be sent. While it is, the book is visited again by each run that can reach
    Audiobookshelf."""
    values = {"abs_unconfirmed": due} if due else {"abs_unconfirmed": due, "metadata_failed": _forgotten()}
    connection.execute(update(t.Book).where(t.Book.id == book_id).values(**values))


def wanted_by_a_person(connection: Connection, book_id: int) -> None:
    """Have the next run carry a person's word to Audiobookshelf, whatever failed before."""
    connection.execute(
        update(t.Book)
        .where(t.Book.id == book_id, t.Book.abs_id.is_not(None))
        .values(abs_unconfirmed=True, metadata_failed=_forgotten())
    )


def about_to_write(connection: Connection, book_id: int, written: Mapping[str, Shown | None]) -> None:
    """Note what is about to be sent, before it is: a kill after the sending must not make it look like a person's edit.
    It is unconfirmed until `wrote`."""
    connection.execute(
        update(t.Book)
        .where(t.Book.id == book_id)
        .values(abs_written=t.Book.abs_written.op("||")(cast(dict(written), JSONB)), abs_unconfirmed=True)
    )


def wrote(connection: Connection, book_id: int, fields: Collection[str], shown: Mapping[str, Shown]) -> None:
    """Note what Audiobookshelf shows of the fields that were sent and have arrived. Other fields are left to the next
    read, which tells a person's edit by them."""
    now_shown = {name: shown[name] for name in fields if name in shown}
    emptied = cast([name for name in fields if name not in shown], ARRAY(Text))
    connection.execute(
        update(t.Book)
        .where(t.Book.id == book_id)
        .values(
            abs_values=t.Book.abs_values.op("-")(emptied).op("||")(cast(now_shown, JSONB)),
            abs_unconfirmed=False,
            metadata_failed=_forgotten(),
        )
    )


def not_written(connection: Connection, book_id: int, now: datetime) -> None:
    """Note that Audiobookshelf gave a bad answer about this very item: it is left alone for a while."""
    failed = func.jsonb_build_object(WRITING, now.isoformat())
    connection.execute(
        update(t.Book)
        .where(t.Book.id == book_id)
        .values(metadata_failed=t.Book.metadata_failed.op("||")(failed), abs_unconfirmed=True)
    )


def _forgotten() -> object:
    return t.Book.metadata_failed.op("-")(WRITING)
