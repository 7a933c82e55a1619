"""What is said of the metadata of all books at once: averages, shares, the worst, who rests.

Does not belong here: one book's fields (metadata).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


def worst(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """Active books with the least complete metadata."""
    rows = connection.execute(
        text(
            """
            SELECT title, author, metadata_completeness_percent FROM books WHERE status = 'active'
            ORDER BY metadata_completeness_percent, id LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def average_completeness(connection: Connection) -> float:
    """Of all active books, percent, to two places; 0 where there are none."""
    statement = "SELECT avg(metadata_completeness_percent) FROM books WHERE status = 'active'"
    return round(float(connection.execute(text(statement)).scalar() or 0), 2)


def fields_by_source(connection: Connection) -> dict[str, int]:
    """How many fields of active books come from each source."""
    rows = connection.execute(
        text(
            """
            SELECT value AS source, count(*) AS fields
            FROM books, jsonb_each_text(metadata_source)
            WHERE status = 'active'
            GROUP BY value ORDER BY count(*) DESC, value
            """
        )
    )
    return {row.source: row.fields for row in rows}


def resting_services(connection: Connection, now: datetime) -> dict[str, datetime]:
    """The services that asked to be left alone, and until when."""
    rows = connection.execute(text("SELECT service, retry_at FROM service_state WHERE retry_at > :now"), {"now": now})
    return {row.service: row.retry_at for row in rows}


def waiting_books(connection: Connection) -> dict[str, int]:
    """How many active books wait for each service: to be asked, or, of Audiobookshelf, to be written to."""
    rows = connection.execute(
        text(
            """
            SELECT service, count(*) AS books FROM (
                SELECT id, unnest(metadata_waiting) AS service FROM books WHERE status = 'active'
                UNION
                SELECT id, 'audiobookshelf' FROM books WHERE status = 'active' AND abs_unconfirmed
            ) waiting
            GROUP BY service ORDER BY service
            """
        )
    )
    return {row.service: row.books for row in rows}


def unhealthy(connection: Connection) -> list[dict[str, Any]]:
    """The services that metadata is asked of and that failed last, with what they said."""
    rows = connection.execute(
        text(
            """
            SELECT service, status, retry_at, last_error FROM service_state
            WHERE service IN ('google_books', 'goodreads', 'audiobookshelf') AND status NOT IN ('healthy', 'unknown')
            ORDER BY service
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


def overwritten_edits(connection: Connection) -> list[dict[str, Any]]:
    """Locked fields that an automated writer changed after a person did: there must be none."""
    rows = connection.execute(
        text(
            """
            SELECT b.id AS book_id, b.title, c.field_name, c.new_value, c.corrected_by, c.id AS correction
            FROM metadata_corrections c
            JOIN books b ON b.id = c.book_id AND c.field_name = ANY(b.locked_fields)
            WHERE c.source <> 'Manual' AND c.reverted_at IS NULL
              -- The person's own row is trimmed in time.
              AND (c.old_source = 'Manual'
               OR EXISTS (SELECT FROM metadata_corrections person
                          WHERE person.book_id = c.book_id AND person.field_name = c.field_name
                            AND person.source = 'Manual' AND person.id < c.id
                            AND NOT EXISTS (SELECT FROM metadata_corrections unlocked
                                            WHERE unlocked.book_id = c.book_id
                                              AND unlocked.field_name = c.field_name
                                              AND unlocked.reason = 'unlocked by a person'
                                              AND unlocked.id BETWEEN person.id AND c.id)))
            ORDER BY c.id
            """
        )
    )
    return [dict(row) for row in rows.mappings()]
