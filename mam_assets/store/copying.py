"""Rows into a table by COPY: the one way in for thousands of rows at a time.

Belongs here: how COPY is spoken through SQLAlchemy's connection. Does not belong here: what the rows are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows, each with a value for every column, within the connection's transaction. Dictionaries must come as
    `psycopg.types.json.Jsonb` or text. Raises what SQLAlchemy's own statements raise, without the values."""
    import psycopg

    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection), "our engines speak psycopg 3 (store/server.py)"
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=driver.closed
        ) from None
