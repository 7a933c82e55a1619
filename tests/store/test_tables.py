"""What the tables promise, asked of a real PostgreSQL that the migrations made."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Connection, Date, Table, UniqueConstraint, insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from mam_assets.store import tables, vocabulary

_serial = itertools.count(1)


def put(connection: Connection, table: Table, **values: Any) -> Any:
    """Insert a row with `values`, and whatever else the table insists on; its first key column."""
    row = dict(values)
    for column in table.columns:
        if column.name in row or column.nullable or column.server_default is not None or column.identity is not None:
            continue
        if column.foreign_keys:
            row[column.name] = put(connection, next(iter(column.foreign_keys)).column.table)
        elif isinstance(column.type, Date):
            row[column.name] = date(2026, 11, 1)
        elif column.type.python_type is str:
            row[column.name] = _allowed(table, column.name) or f"{column.name} {next(_serial)}"
        else:
            row[column.name] = column.type.python_type(1)
    if table is tables.CatalogEntry.__table__ and "author_id" not in row:
        row.setdefault("series_id", put(connection, tables.Series.__table__))
    return connection.execute(insert(table).values(row).returning(*table.primary_key.columns)).first()[0]


def _lists(table: Table) -> dict[str, list[str]]:
    """Column → the words that its CHECK allows."""
    found = {}
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint) and (
            match := re.match(r"(\w+) IN \((.*)\)$", str(constraint.sqltext))
        ):
            found[match[1]] = re.findall(r"'([^']+)'", match[2])
    return found


def _allowed(table: Table, column: str) -> str | None:
    return next(iter(_lists(table).get(column, ())), None)


def _every_list() -> Iterator[Any]:
    for table in tables.metadata.sorted_tables:
        for column, words in sorted(_lists(table).items()):
            yield pytest.param(table, column, words, id=f"{table.name}.{column}")


def _every_table() -> list[Any]:
    return [pytest.param(table, id=table.name) for table in tables.metadata.sorted_tables]


SPECIFIED = {
    "books": "id abs_id title subtitle author series series_number isbn asin narrator publisher published_year "
    "duration_minutes language description metadata_completeness_percent last_metadata_update metadata_source "
    "locked_fields import_source status date_added date_updated",
    "series": "id name author goodreads_id total_books_in_series books_owned books_missing completion_percentage "
    "last_completion_check completion_status date_created date_updated",
    "authors": "id name goodreads_id google_books_id mam_author_id total_audiobooks_external audiobooks_owned "
    "audiobooks_missing last_completion_check completion_status date_created date_updated",
    "missing_books": "id book_id series_id author_id title author_name series_name series_number reason_missing isbn "
    "asin goodreads_id identified_date closed_date download_status download_id priority",
    "downloads": "id book_id missing_book_id release_id requested_by title author source magnet_link torrent_url "
    "qbittorrent_hash qbittorrent_status progress status retry_count max_retries last_attempt next_retry "
    "abs_import_status abs_import_error date_queued date_completed",
    "tasks": "id task_name dagster_run_id scheduled_time actual_start actual_end duration_seconds status "
    "items_processed items_succeeded items_failed log_output error_message metadata",
    "failed_attempts": "id task_name item_id item_name reason error_code error_details first_attempt last_attempt "
    "attempt_count metadata created_at",
    "metadata_corrections": "id book_id field_name old_value new_value source reason correction_date corrected_by "
    "reverted_at",
    "genre_settings": "id genre_name enabled include_in_top10 mam_categories last_top10_run top10_count date_created "
    "date_updated",
    "api_logs": "id endpoint method request_body response_code response_time_ms user_id ip_address created_at",
}


@pytest.mark.parametrize("name", sorted(SPECIFIED))
def test_a_required_table_has_every_column_of_the_specification(name: str) -> None:
    assert set(SPECIFIED[name].split()) <= set(tables.metadata.tables[name].columns.keys())


@pytest.mark.parametrize("table", _every_table())
def test_a_table_takes_a_row_with_nothing_but_what_it_insists_on(connection: Connection, table: Table) -> None:
    put(connection, table)


@pytest.mark.parametrize(("table", "column", "words"), list(_every_list()))
def test_a_closed_list_takes_its_words_and_refuses_every_other(
    connection: Connection, table: Table, column: str, words: list[str]
) -> None:
    for word in words:
        with connection.begin_nested() as savepoint:
            put(connection, table, **{column: word})
            savepoint.rollback()
    with pytest.raises(IntegrityError, match=f"ck_{table.name}_{column}"), connection.begin_nested():
        put(connection, table, **{column: "no such word"})


def test_every_status_and_source_column_is_a_closed_list() -> None:
    open_lists = [
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if re.search(r"(^|_)(status|source|state|outcome|verdict|role|kind|medium|method)$", column.name)
        and column.name not in _lists(table)
    ]
    # qBittorrent's own words, one object per book, and the HTTP method of whoever calls: not ours to close.
    assert sorted(open_lists) == ["api_logs.method", "books.metadata_source", "downloads.qbittorrent_status"]


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("books", {"metadata_completeness_percent": 101}),
        ("books", {"duration_minutes": -1}),
        ("series", {"completion_percentage": -0.1}),
        ("missing_books", {"priority": 4}),
        ("missing_books", {"reasons": ["series_gap", "boredom"]}),
        ("downloads", {"progress": 1.01}),
        ("downloads", {"retry_count": -1}),
        ("top10_entries", {"rank": 11}),
        ("failed_attempts", {"attempt_count": 0}),
        ("genre_settings", {"top10_count": 11}),
    ],
)
def test_a_number_or_reason_out_of_bounds_is_refused(
    connection: Connection, table: str, values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match="check constraint"):
        put(connection, tables.metadata.tables[table], **values)


def test_a_catalogue_entry_belongs_to_a_series_or_an_author(connection: Connection) -> None:
    with pytest.raises(IntegrityError, match="ck_catalog_entries_owner"):
        put(connection, tables.CatalogEntry.__table__, series_id=None)


def test_a_source_lists_a_work_once_per_series_and_once_per_author(connection: Connection) -> None:
    entry = tables.CatalogEntry.__table__
    series, author = put(connection, tables.Series.__table__), put(connection, tables.Author.__table__)
    put(connection, entry, series_id=series, source="Goodreads", source_key="7")
    put(connection, entry, author_id=author, source="Goodreads", source_key="7")
    for owner in ({"series_id": series}, {"author_id": author}):
        with pytest.raises(IntegrityError, match="uq_catalog_entries_of_"), connection.begin_nested():
            put(connection, entry, source="Goodreads", source_key="7", **owner)


def test_a_work_has_one_open_gap_and_any_number_of_closed_ones(connection: Connection) -> None:
    gap = tables.MissingBook.__table__
    first = put(connection, gap, work_key="w")
    with pytest.raises(IntegrityError, match="uq_missing_books_open_work"), connection.begin_nested():
        put(connection, gap, work_key="w")
    connection.execute(update(gap).where(gap.c.id == first).values(closed_date=text("now()")))
    put(connection, gap, work_key="w")


@pytest.mark.parametrize(
    ("first", "is_active"),
    [
        ({"status": "queued"}, True),
        ({"status": "downloading"}, True),
        ({"status": "completed"}, True),
        ({"status": "completed", "abs_import_status": "import_failed"}, True),
        ({"status": "completed", "abs_import_status": "imported"}, False),
        ({"status": "failed"}, False),
        ({"status": "abandoned"}, False),
    ],
)
@pytest.mark.parametrize("shared", ["missing_book_id", "qbittorrent_hash"])
def test_a_gap_and_a_torrent_have_one_active_download(
    connection: Connection, first: dict[str, Any], is_active: bool, shared: str
) -> None:
    download = tables.Download.__table__
    value = put(connection, tables.MissingBook.__table__) if shared == "missing_book_id" else "a" * 40
    put(connection, download, **first, **{shared: value})
    if not is_active:
        put(connection, download, **{shared: value})
        return
    with pytest.raises(IntegrityError, match="uq_downloads_active_"):
        put(connection, download, **{shared: value})


@pytest.mark.parametrize("after", vocabulary.DOWNLOAD_STATUSES)
@pytest.mark.parametrize("before", vocabulary.DOWNLOAD_STATUSES)
def test_a_download_moves_only_as_the_rules_say(connection: Connection, before: str, after: str) -> None:
    download = tables.Download.__table__
    key = put(connection, download, status=before)
    move = update(download).where(download.c.id == key)
    if (before, after) == ("completed", "failed"):
        move = move.values(status=after, abs_import_status="import_failed")
    else:
        move = move.values(status=after)
    if before == after or (before, after) in vocabulary.DOWNLOAD_MOVES:
        connection.execute(move)
        return
    with pytest.raises(IntegrityError, match=f"download {key} cannot go from {before} to {after}"):
        connection.execute(move)


def test_a_completed_download_fails_only_when_its_import_found_it_damaged(connection: Connection) -> None:
    key = put(connection, tables.Download.__table__, status="completed")
    with pytest.raises(IntegrityError, match="cannot go from completed to failed"):
        connection.execute(update(tables.Download).where(tables.Download.id == key).values(status="failed"))


@pytest.mark.parametrize("statement", ["DELETE FROM failed_attempts", "TRUNCATE failed_attempts"])
@pytest.mark.parametrize("rows", [0, 2])
def test_failures_are_never_deleted(connection: Connection, statement: str, rows: int) -> None:
    for _ in range(rows):
        put(connection, tables.FailedAttempt.__table__)
    with pytest.raises(DBAPIError, match=f"failed_attempts is permanent: {statement.split()[0]} is refused"):
        connection.execute(text(statement))


def test_a_repeated_failure_meets_its_row(connection: Connection) -> None:
    failure = tables.FailedAttempt.__table__
    same = {"task_name": "DOWNLOAD", "item_id": "7", "reason": "stalled"}
    put(connection, failure, **same)
    with pytest.raises(IntegrityError, match="uq_failed_attempts_task_name_item_id_reason"):
        put(connection, failure, **same)


def test_a_book_that_history_names_cannot_be_deleted(connection: Connection) -> None:
    book = put(connection, tables.Book.__table__)
    put(connection, tables.MetadataCorrection.__table__, book_id=book)
    with pytest.raises(IntegrityError, match="fk_metadata_corrections_book_id"):
        connection.execute(text("DELETE FROM books WHERE id = :id"), {"id": book})


DERIVED = {"series_work_keys", "missing_book_keys"}  # made again from what they hang on


def test_no_foreign_key_cascades() -> None:
    cascading = [
        str(key)
        for table in tables.metadata.sorted_tables
        for key in table.foreign_keys
        if (key.ondelete is not None or key.onupdate is not None) and table.name not in DERIVED
    ]
    assert cascading == []


def test_all_times_carry_a_zone_and_all_keys_are_identities(connection: Connection) -> None:
    odd = connection.execute(
        text(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name <> 'alembic_version' AND "
            "(data_type IN ('timestamp without time zone', 'character varying', 'json') "
            "OR column_name = 'id' AND (data_type <> 'bigint' OR is_identity <> 'YES'))"
        )
    )
    assert odd.all() == []


def test_names_of_constraints_are_given_and_short_enough() -> None:
    names = [
        str(item.name)
        for table in tables.metadata.sorted_tables
        for item in (*table.constraints, *table.indexes)
        if not (isinstance(item, UniqueConstraint) and item.name is None)
    ]
    assert max(map(len, names)) <= 63
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("view", ["series_completion_summary", "author_completion_summary", "recent_failed_downloads"])
def test_a_view_can_be_asked(connection: Connection, view: str) -> None:
    assert connection.execute(text(f"SELECT * FROM {view}")).all() == []


def test_the_summary_of_a_series_counts_its_open_gaps(connection: Connection) -> None:
    series = put(connection, tables.Series.__table__, name="Barsoom")
    for status in ("identified", "held", "downloading", "upcoming", "ignored"):
        put(connection, tables.MissingBook.__table__, series_id=series, download_status=status)
    put(connection, tables.MissingBook.__table__, series_id=series, closed_date=date(2026, 1, 1))
    row = connection.execute(text("SELECT * FROM series_completion_summary WHERE name = 'Barsoom'")).one()
    assert (row.open_gaps, row.upcoming, row.held, row.active, row.ignored) == (3, 1, 1, 1, 1)


def test_recent_failed_downloads_are_those_of_thirty_days(connection: Connection) -> None:
    download = tables.Download.__table__
    for title, status, days in [
        ("recent", "failed", 29),
        ("given up", "abandoned", 1),
        ("old", "failed", 31),
        ("fine", "completed", 1),
    ]:
        put(connection, download, title=title, status=status, last_attempt=text(f"now() - interval '{days} days'"))
    found = connection.execute(text("SELECT title FROM recent_failed_downloads ORDER BY title")).scalars().all()
    assert found == ["given up", "recent"]
