"""Judging as the assets do it, inside a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Engine

from mam_assets.assets.judging import rejudge_authors, rejudge_books, rejudge_series
from mam_assets.settings import load_settings
from mam_assets.store.gaps import Written


class _Within:
    """A database whose transactions are all part of one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self._connection.begin_nested():
            yield self._connection


def judge_series(connection: Connection, now: datetime, ids: Sequence[int] = ()) -> Written:
    """Every series, or these."""
    return rejudge_series(_engine(connection), load_settings(_env_file=None), now, now.date(), ids)[0]


def judge_authors(connection: Connection, now: datetime, ids: Sequence[int] = ()) -> Written:
    """Every author, or these."""
    return rejudge_authors(_engine(connection), load_settings(_env_file=None), now, now.date(), ids)[0]


def judge_books(connection: Connection, now: datetime, book_ids: Sequence[int]) -> int:
    """What these books touch; returns how many gaps of lists and persons they fill."""
    return rejudge_books(_engine(connection), load_settings(_env_file=None), now, now.date(), book_ids)[2]


def _engine(connection: Connection) -> Engine:
    return cast(Engine, _Within(connection))
