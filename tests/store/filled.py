"""A small database filled by hand, whose every number is known: for the tests of the report and of the health page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from mam_assets.store import tables as t

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # a Wednesday
DAY = timedelta(days=1)


def _add(connection: Connection, table: type[t.Base], **values: Any) -> int:
    return int(connection.execute(insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())


def fill(connection: Connection) -> None:
    """2 active books (and one archived), 2 series, 1 author, 4 gaps, 4 verdicts, 5 downloads, 3 failures, 3 runs."""
    add = lambda table, **values: _add(connection, table, **values)  # noqa: E731 - a shorthand for this one function
    author = add(
        t.Author,
        name="L. Frank Baum",
        total_audiobooks_external=20,
        audiobooks_owned=15,
        audiobooks_missing=5,
        completion_status="partial",
    )
    series = {"author_id": author, "author": "L. Frank Baum", "author_key": "baum"}
    oz = add(
        t.Series,
        name="Oz",
        name_key="oz",
        total_books_in_series=14,
        books_owned=12,
        books_missing=2,
        completion_percentage=85.7,
        completion_status="partial",
        last_completion_check=NOW,
        **series,
    )
    add(
        t.Series,
        name="Aunt Jane",
        name_key="aunt jane",
        total_books_in_series=2,
        books_owned=2,
        completion_percentage=100,
        completion_status="complete",
        **series,
    )
    whole = {"author": "L. Frank Baum", "narrator": "A Reader", "description": "x", "isbn": "9780000000019"}
    whole |= {"publisher": "P", "published_year": 1900, "language": "English"}
    add(
        t.Book,
        abs_id="a",
        title="The Wonderful Wizard of Oz",
        metadata_completeness_percent=100,
        last_metadata_update=NOW,
        **whole,
    )
    add(t.Book, abs_id="b", title="Ozma of Oz", metadata_completeness_percent=40, series="Oz", author="L. Frank Baum")
    add(t.Book, abs_id="c", title="Gone", status="archived", metadata_completeness_percent=0)

    gaps = {}
    for title, status, closed in (
        ("Glinda of Oz", "failed", None),
        ("Rinkitink in Oz", "held", None),
        ("The Royal Book of Oz", "upcoming", None),
        ("Tik-Tok of Oz", "completed", NOW),
    ):
        gaps[title] = add(
            t.MissingBook,
            work_key=title,
            title=title,
            author_name="L. Frank Baum",
            series_id=oz,
            reason_missing="series_gap",
            download_status=status,
            closed_date=closed,
        )
    add(t.MissingBook, work_key="x", title="A New One", reason_missing="top10")

    for guid, gap, verdict, code, evidence in (
        ("1", "Glinda of Oz", "accept", "right_work", "title, author and position agree"),
        ("2", "Glinda of Oz", "refuse", "wrong_author", "by Ruth Plumly Thompson"),
        ("3", "Rinkitink in Oz", "hold", "no_author", "the indexer names no author"),
        ("4", "Rinkitink in Oz", "refuse", "wrong_author", "by Somebody Else"),
    ):
        release = add(t.Release, source="MAM", guid=guid, title=f"{gap} [M4B]")
        add(
            t.ReleaseDecision,
            missing_book_id=gaps[gap],
            release_id=release,
            verdict=verdict,
            reasons=[{"code": code, "evidence": evidence}, {"code": "second", "evidence": "also"}],
            rules_version="1",
        )

    for title, more in (
        ("Glinda of Oz", {"status": "failed", "failure_reason": "stalled for 24 h", "next_retry": NOW - DAY}),
        ("Later", {"status": "failed", "failure_reason": "no seeders", "next_retry": NOW + DAY}),
        ("Waits", {"status": "queued", "waiting_reason": "10 downloads are active already"}),
        ("Comes", {"status": "downloading", "progress": 0.5, "qbittorrent_status": "downloading"}),
        ("Tik-Tok of Oz", {"status": "completed", "abs_import_status": "imported", "progress": 1.0}),
    ):
        add(t.Download, title=title, source="MAM", **more)  # type: ignore[arg-type]

    for item, reason, count, first, last in (
        ("7", "stalled", 3, NOW - 15 * DAY, NOW),
        ("7", "vanished", 2, NOW - DAY, NOW - DAY),
        ("8", "stalled", 1, NOW - 8 * DAY, NOW - 8 * DAY),
    ):
        add(
            t.FailedAttempt,
            task_name="DOWNLOAD",
            item_id=item,
            item_name=f"=Book {item}",
            reason=reason,
            attempt_count=count,
            first_attempt=first,
            last_attempt=last,
        )

    for task, status, start in (
        ("SERIES", "failed", NOW - 9 * DAY),
        ("SERIES", "succeeded", NOW),
        ("MAM", "failed", NOW - DAY),
    ):
        add(t.Task, task_name=task, status=status, actual_start=start, duration_seconds=2.5, items_processed=4)

    book = connection.execute(t.Book.__table__.select().where(t.Book.abs_id == "b")).one().id
    for source in ("GoogleBooks", "GoogleBooks", "Audible"):
        add(t.MetadataCorrection, book_id=book, field_name="publisher", new_value="P", source=source)
    connection.execute(
        insert(t.ServiceState).values(
            service="mam", status="down", last_failure=NOW, last_error="no <answer> in time", consecutive_failures=2
        )
    )
    connection.execute(insert(t.ServiceBudget).values(service="google_books", day=datetime.now(UTC).date(), used=17))
    connection.execute(insert(t.ServiceState).values(service="google_books", status="healthy", last_success=NOW))
