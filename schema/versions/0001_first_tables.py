"""The first tables, with their triggers, views and the seven genres."""

# ruff: noqa: E501 - a column to a line reads best

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SCHEMA = Path(__file__).resolve().parents[1]

# Categories are MAM's numbers of audiobooks; MAM has none for erotica.
_GENRES: tuple[tuple[str, bool, list[int]], ...] = (
    ("Science Fiction", True, [47]),
    ("Fantasy", True, [41]),
    ("Mystery", True, [87]),
    ("Thriller", True, [40]),
    ("Romance", False, [46]),
    ("Erotica", False, []),
    ("Self-Help", False, [53]),
)


def upgrade() -> None:
    op.create_table(
        "authors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), server_default="", nullable=False, comment="normalised name, for matching"),
        sa.Column(
            "aliases",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="pen names and other spellings",
        ),
        sa.Column("goodreads_id", sa.Text()),
        sa.Column("google_books_id", sa.Text()),
        sa.Column("mam_author_id", sa.Text()),
        sa.Column(
            "total_audiobooks_external",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="works that exist as audiobooks, by all sources",
        ),
        sa.Column("audiobooks_owned", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("audiobooks_missing", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("completion_status", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("last_completion_check", sa.DateTime(timezone=True)),
        sa.Column("date_created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("date_updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "completion_status IN ('complete', 'partial', 'incomplete', 'unknown')",
            name=op.f("ck_authors_completion_status"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_authors"),
        sa.UniqueConstraint("name", name="uq_authors_name"),
        comment="Authors of the library, and how complete each is",
    )
    op.create_index("ix_authors_goodreads_id", "authors", ["goodreads_id"])
    op.create_index("ix_authors_last_completion_check", "authors", ["last_completion_check"])
    op.create_index("ix_authors_name_key", "authors", ["name_key"])

    op.create_table(
        "books",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("abs_id", sa.Text(), comment="Audiobookshelf item; null while only discovered"),
        sa.Column("library_id", sa.Text(), comment="Audiobookshelf library"),
        sa.Column("path", sa.Text(), comment="folder as Audiobookshelf sees it"),
        sa.Column("rel_path", sa.Text()),
        sa.Column("title", sa.Text(), comment="null: Audiobookshelf knows items without a title"),
        sa.Column("title_key", sa.Text(), server_default="", nullable=False, comment="normalised title"),
        sa.Column("subtitle", sa.Text()),
        sa.Column("author", sa.Text(), comment="authors joined, for showing; the rows are in book_authors"),
        sa.Column("author_key", sa.Text(), server_default="", nullable=False, comment="normalised first author"),
        sa.Column("authors", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("series", sa.Text(), comment="first series, for showing; the rows are in book_series"),
        sa.Column("series_number", sa.Text(), comment="position as text: 1, 0.5, 1-3, 2p1"),
        sa.Column("stands_alone", sa.Boolean(), comment="true: known to be in no series; null: not known"),
        sa.Column("isbn", sa.Text()),
        sa.Column("asin", sa.Text()),
        sa.Column("narrator", sa.Text(), comment="narrators joined, for showing"),
        sa.Column("narrators", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("publisher", sa.Text()),
        sa.Column("published_year", sa.Integer()),
        sa.Column("duration_minutes", sa.Double()),
        sa.Column("language", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("genres", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("abridged", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("explicit", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("num_audio_files", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "is_missing",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Audiobookshelf no longer finds the files",
        ),
        sa.Column("is_invalid", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "metadata_completeness_percent",
            sa.Double(),
            server_default=sa.text("0"),
            nullable=False,
            comment="0 to 100",
        ),
        sa.Column("last_metadata_update", sa.DateTime(timezone=True), comment="last time sources were asked"),
        sa.Column(
            "metadata_source",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="field → source of its value",
        ),
        sa.Column(
            "locked_fields",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="fields that a person set; no automated writer changes them",
        ),
        sa.Column("import_source", sa.Text(), server_default="user_import", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("duplicate_of", sa.BigInteger()),
        sa.Column("date_added", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("date_updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("abs_added_at", sa.DateTime(timezone=True)),
        sa.Column("abs_updated_at", sa.DateTime(timezone=True)),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), comment="last library read that showed the item"),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "import_source IN ('user_import', 'mam_scraper', 'series_completion', 'author_discovery', 'top10', 'request')",
            name=op.f("ck_books_import_source"),
        ),
        sa.CheckConstraint("status IN ('active', 'discovered', 'duplicate', 'archived')", name=op.f("ck_books_status")),
        sa.CheckConstraint("duplicate_of <> id", name=op.f("ck_books_duplicate_of")),
        sa.CheckConstraint("duration_minutes >= 0", name=op.f("ck_books_duration_minutes")),
        sa.CheckConstraint(
            "metadata_completeness_percent BETWEEN 0 AND 100", name=op.f("ck_books_metadata_completeness_percent")
        ),
        sa.ForeignKeyConstraint(["duplicate_of"], ["books.id"], name="fk_books_duplicate_of"),
        sa.PrimaryKeyConstraint("id", name="pk_books"),
        sa.UniqueConstraint("abs_id", name="uq_books_abs_id"),
        comment="Books of the library and books discovered elsewhere; archived, never deleted",
    )
    op.create_index("ix_books_asin", "books", ["asin"])
    op.create_index("ix_books_author_key", "books", ["author_key"])
    op.create_index("ix_books_date_added", "books", ["date_added"])
    op.create_index("ix_books_duplicate_of", "books", ["duplicate_of"])
    op.create_index("ix_books_import_source", "books", ["import_source"])
    op.create_index("ix_books_isbn", "books", ["isbn"])
    op.create_index(
        "ix_books_stale_metadata",
        "books",
        ["last_metadata_update", "id"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index("ix_books_status_last_seen_at", "books", ["status", "last_seen_at"])
    op.create_index("ix_books_title_key_author_key", "books", ["title_key", "author_key"])
    op.create_index(
        "ix_books_worst_metadata",
        "books",
        ["metadata_completeness_percent", "id"],
        postgresql_where=sa.text("status = 'active'"),
    )

    op.create_table(
        "failed_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_name", sa.Text(), nullable=False),
        sa.Column(
            "item_id", sa.Text(), server_default="", nullable=False, comment="what failed; empty for the task itself"
        ),
        sa.Column("item_name", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False, comment="stable code or short text; part of the tally's key"),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_details", sa.Text(), comment="secrets removed"),
        sa.Column("first_attempt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_attempt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempt_count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "task_name IN ('MAM', 'TOP10', 'METADATA_FULL', 'METADATA_NEW', 'SERIES', 'AUTHOR', 'DOWNLOAD', 'IMPORT', 'RETRY', 'CLEANUP')",
            name=op.f("ck_failed_attempts_task_name"),
        ),
        sa.CheckConstraint("attempt_count >= 1", name=op.f("ck_failed_attempts_attempt_count")),
        sa.PrimaryKeyConstraint("id", name="pk_failed_attempts"),
        sa.UniqueConstraint("task_name", "item_id", "reason", name="uq_failed_attempts_task_name_item_id_reason"),
        comment="Every failure, for ever: the database refuses DELETE and TRUNCATE",
    )
    op.create_index("ix_failed_attempts_chronic", "failed_attempts", [sa.literal_column("attempt_count DESC")])
    op.create_index("ix_failed_attempts_first_attempt", "failed_attempts", ["first_attempt"])
    op.create_index("ix_failed_attempts_last_attempt", "failed_attempts", ["last_attempt"])

    op.create_table(
        "genre_settings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("genre_name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("include_in_top10", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "mam_categories",
            sa.ARRAY(sa.Integer()),
            server_default=sa.text("'{}'::integer[]"),
            nullable=False,
            comment="MAM's category numbers of audiobooks",
        ),
        sa.Column("last_top10_run", sa.DateTime(timezone=True)),
        sa.Column(
            "top10_count", sa.Integer(), server_default=sa.text("10"), nullable=False, comment="how many ranks are kept"
        ),
        sa.Column("date_created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("date_updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("top10_count BETWEEN 0 AND 10", name=op.f("ck_genre_settings_top10_count")),
        sa.PrimaryKeyConstraint("id", name="pk_genre_settings"),
        sa.UniqueConstraint("genre_name", name="uq_genre_settings_genre_name"),
        comment="Genres of the weekly top ten and the daily scan",
    )

    op.create_table(
        "lookups",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text())),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), comment="null: never"),
        sa.PrimaryKeyConstraint("service", "key", name="pk_lookups"),
        comment="Cached answers, misses too",
    )
    op.create_index("ix_lookups_expires_at", "lookups", ["expires_at"])

    op.create_table(
        "releases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False, comment="MAM: torrent id; Prowlarr: its guid"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column(
            "author_keys",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="normalised authors, for finding all releases of one",
        ),
        sa.Column("narrators", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column(
            "series",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment='list of {"name", "position"}',
        ),
        sa.Column("medium", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("filetype", sa.Text()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("seeders", sa.Integer()),
        sa.Column("leechers", sa.Integer()),
        sa.Column("snatched", sa.Integer()),
        sa.Column("added_at", sa.DateTime(timezone=True), comment="uploaded at the tracker"),
        sa.Column("categories", sa.ARRAY(sa.Integer()), server_default=sa.text("'{}'::integer[]"), nullable=False),
        sa.Column("freeleech", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("abridged", sa.Boolean(), comment="null: not known"),
        sa.Column("dramatised", sa.Boolean(), comment="null: not known"),
        sa.Column("runtime_seconds", sa.Double()),
        sa.Column("isbn", sa.Text()),
        sa.Column("asin", sa.Text()),
        sa.Column("tags", sa.Text()),
        sa.Column("indexer", sa.Text()),
        sa.Column("indexer_id", sa.Integer()),
        sa.Column("info_hash", sa.Text(), comment="40 hex digits, lower case"),
        sa.Column("download_url", sa.Text(), comment="never a link that carries a secret"),
        sa.Column("first_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "medium IN ('audiobook', 'ebook', 'music', 'radio', 'video', 'unknown')", name=op.f("ck_releases_medium")
        ),
        sa.CheckConstraint("source IN ('MAM', 'Prowlarr', 'Manual')", name=op.f("ck_releases_source")),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sa.UniqueConstraint("source", "guid", name="uq_releases_source_guid"),
        comment="Releases that were seen at trackers and indexers",
    )
    op.create_index("ix_releases_added_at", "releases", ["added_at"])
    op.create_index("ix_releases_author_keys", "releases", ["author_keys"], postgresql_using="gin")
    op.create_index("ix_releases_info_hash", "releases", ["info_hash"])
    op.create_index("ix_releases_last_seen", "releases", ["last_seen"])

    op.create_table(
        "service_budgets",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("service", "day", name="pk_service_budgets"),
        comment="Requests per service and day",
    )

    op.create_table(
        "service_cookies",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="a secret: never shown, never logged"),
        sa.Column(
            "configured_fingerprint",
            sa.Text(),
            nullable=False,
            comment="hash of the configured cookie that it grew from",
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("service", name="pk_service_cookies"),
        comment="Newest value of cookies that rotate",
    )

    op.create_table(
        "service_sessions",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False, comment="the run"),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("service", "session_key", name="pk_service_sessions"),
        comment="Requests per service and session of work",
    )
    op.create_index("ix_service_sessions_started_at", "service_sessions", ["started_at"])

    op.create_table(
        "service_state",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), comment="the next request may start then"),
        sa.Column("lease_holder", sa.Text(), comment="who has a request under way"),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("status", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("last_success", sa.DateTime(timezone=True)),
        sa.Column("last_failure", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text(), comment="secrets removed"),
        sa.Column("consecutive_failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), comment="the service asked to be left alone until then"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('unknown', 'healthy', 'limited', 'blocked', 'unauthorised', 'down')",
            name=op.f("ck_service_state_status"),
        ),
        sa.PrimaryKeyConstraint("service", name="pk_service_state"),
        comment="Pace and health of each service",
    )

    op.create_table(
        "sync_marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "value", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sync_marks"),
        comment="How far each incremental reader has come",
    )

    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_name", sa.Text(), nullable=False),
        sa.Column("dagster_run_id", sa.Text()),
        sa.Column("scheduled_time", sa.DateTime(timezone=True)),
        sa.Column("actual_start", sa.DateTime(timezone=True)),
        sa.Column("actual_end", sa.DateTime(timezone=True)),
        sa.Column("duration_seconds", sa.Double()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("items_processed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("items_succeeded", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("items_failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("log_output", sa.Text(), comment="last lines, secrets removed"),
        sa.Column("error_message", sa.Text()),
        sa.Column(
            "metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'canceled', 'skipped')",
            name=op.f("ck_tasks_status"),
        ),
        sa.CheckConstraint(
            "task_name IN ('MAM', 'TOP10', 'METADATA_FULL', 'METADATA_NEW', 'SERIES', 'AUTHOR', 'DOWNLOAD', 'IMPORT', 'RETRY', 'CLEANUP')",
            name=op.f("ck_tasks_task_name"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("dagster_run_id", "task_name", name="uq_tasks_dagster_run_id_task_name"),
        comment="History of runs, kept 30 days",
    )
    op.create_index("ix_tasks_actual_start", "tasks", ["actual_start"])
    op.create_index("ix_tasks_created_at", "tasks", ["created_at"])
    op.create_index("ix_tasks_task_name_actual_start", "tasks", ["task_name", "actual_start"])

    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="viewer", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
        comment="Users of the API",
    )

    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False, comment="the part that is no secret"),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_keys_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
        comment="API keys, hashed",
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])

    op.create_table(
        "api_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "request_body", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), comment="secrets removed"
        ),
        sa.Column("response_code", sa.Integer()),
        sa.Column("response_time_ms", sa.Double()),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("ip_address", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_logs_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_logs"),
        comment="Calls of the API, kept 30 days",
    )
    op.create_index("ix_api_logs_created_at", "api_logs", ["created_at"])
    op.create_index("ix_api_logs_user_id", "api_logs", ["user_id"])

    op.create_table(
        "author_searches",
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("searched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("found", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="releases found"),
        sa.CheckConstraint(
            "source IN ('GoogleBooks', 'Goodreads', 'Audible', 'MAM', 'Prowlarr', 'Audiobookshelf', 'Manual')",
            name=op.f("ck_author_searches_source"),
        ),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name="fk_author_searches_author_id"),
        sa.PrimaryKeyConstraint("author_id", "source", name="pk_author_searches"),
        comment="Last search of each author at each source",
    )

    op.create_table(
        "book_authors",
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), server_default="author", nullable=False),
        sa.Column(
            "ordinal", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="0 is the first author"
        ),
        sa.CheckConstraint("role IN ('author')", name=op.f("ck_book_authors_role")),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name="fk_book_authors_author_id"),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_book_authors_book_id"),
        sa.PrimaryKeyConstraint("book_id", "author_id", name="pk_book_authors"),
        comment="Books and their authors",
    )
    op.create_index("ix_book_authors_author_id", "book_authors", ["author_id"])

    op.create_table(
        "mam_uploads",
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("book_id", sa.BigInteger(), comment="the discovered book"),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_mam_uploads_book_id"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_mam_uploads_release_id"),
        sa.PrimaryKeyConstraint("release_id", name="pk_mam_uploads"),
        comment="New uploads that the daily scan has seen",
    )
    op.create_index("ix_mam_uploads_book_id", "mam_uploads", ["book_id"])
    op.create_index("ix_mam_uploads_seen_at", "mam_uploads", ["seen_at"])

    op.create_table(
        "metadata_corrections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("old_value", sa.Text()),
        sa.Column("new_value", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("correction_date", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("corrected_by", sa.Text(), comment="the asset, or the name of the person"),
        sa.Column("reverted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "source IN ('GoogleBooks', 'Goodreads', 'Audible', 'MAM', 'Audiobookshelf', 'Manual')",
            name=op.f("ck_metadata_corrections_source"),
        ),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_metadata_corrections_book_id"),
        sa.PrimaryKeyConstraint("id", name="pk_metadata_corrections"),
        comment="Every change of metadata, kept 30 days",
    )
    op.create_index(
        "ix_metadata_corrections_book_id_correction_date", "metadata_corrections", ["book_id", "correction_date"]
    )
    op.create_index("ix_metadata_corrections_correction_date", "metadata_corrections", ["correction_date"])

    op.create_table(
        "series",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), comment="the author as shown"),
        sa.Column("author_id", sa.BigInteger()),
        sa.Column("name_key", sa.Text(), nullable=False, comment="normalised name"),
        sa.Column(
            "author_key", sa.Text(), server_default="", nullable=False, comment="normalised author, empty where unknown"
        ),
        sa.Column("goodreads_id", sa.Text()),
        sa.Column(
            "total_books_in_series",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="main works that exist; novellas are not counted",
        ),
        sa.Column("books_owned", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("books_missing", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("completion_percentage", sa.Double(), comment="0 to 100; null until the catalogue is known"),
        sa.Column("completion_status", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("last_completion_check", sa.DateTime(timezone=True)),
        sa.Column("date_created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("date_updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "completion_status IN ('complete', 'partial', 'incomplete', 'unknown')",
            name=op.f("ck_series_completion_status"),
        ),
        sa.CheckConstraint("completion_percentage BETWEEN 0 AND 100", name=op.f("ck_series_completion_percentage")),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name="fk_series_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("name_key", "author_key", name="uq_series_name_key_author_key"),
        comment="Series with at least one book, and how complete each is",
    )
    op.create_index("ix_series_author_id", "series", ["author_id"])
    op.create_index("ix_series_goodreads_id", "series", ["goodreads_id"])
    op.create_index("ix_series_last_completion_check", "series", ["last_completion_check"])

    op.create_table(
        "book_series",
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Text(), comment="as text: 1, 0.5, 1-3, 2p1; null where the source gives none"),
        sa.Column(
            "ordinal", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="0 is the first series"
        ),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_book_series_book_id"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_book_series_series_id"),
        sa.PrimaryKeyConstraint("book_id", "series_id", name="pk_book_series"),
        comment="Books and their series",
    )
    op.create_index("ix_book_series_series_id", "book_series", ["series_id"])

    op.create_table(
        "catalog_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("series_id", sa.BigInteger()),
        sa.Column("author_id", sa.BigInteger()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False, comment="the source's own id of the work"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("series_name", sa.Text()),
        sa.Column("position", sa.Text(), comment="place in the series, as text"),
        sa.Column("kind", sa.Text(), server_default="primary", nullable=False),
        sa.Column("published", sa.Text(), comment="YYYY, YYYY-MM or YYYY-MM-DD"),
        sa.Column("isbn", sa.Text()),
        sa.Column("asin", sa.Text()),
        sa.Column("goodreads_id", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("audiobook", sa.Boolean(), comment="true: the source shows a recording; null: it doesn't say"),
        sa.Column("status", sa.Text(), server_default="unjudged", nullable=False),
        sa.Column("reason", sa.Text(), comment="why it has this status, in words"),
        sa.Column("book_id", sa.BigInteger(), comment="the book that covers it"),
        sa.Column("first_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('primary', 'novella', 'collection', 'part', 'companion', 'summary', 'translation')",
            name=op.f("ck_catalog_entries_kind"),
        ),
        sa.CheckConstraint(
            "source IN ('GoogleBooks', 'Goodreads', 'Audible', 'MAM', 'Prowlarr', 'Audiobookshelf', 'Manual')",
            name=op.f("ck_catalog_entries_source"),
        ),
        sa.CheckConstraint(
            "status IN ('unjudged', 'owned', 'missing', 'upcoming', 'not_wanted')",
            name=op.f("ck_catalog_entries_status"),
        ),
        sa.CheckConstraint("num_nonnulls(series_id, author_id) >= 1", name=op.f("ck_catalog_entries_owner")),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name="fk_catalog_entries_author_id"),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_catalog_entries_book_id"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_catalog_entries_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_catalog_entries"),
        comment="What exists: the catalogue of each series and each author, with our verdict",
    )
    op.create_index("ix_catalog_entries_author_id_status", "catalog_entries", ["author_id", "status"])
    op.create_index("ix_catalog_entries_book_id", "catalog_entries", ["book_id"])
    op.create_index("ix_catalog_entries_last_seen", "catalog_entries", ["last_seen"])
    op.create_index("ix_catalog_entries_series_id_status", "catalog_entries", ["series_id", "status"])
    op.create_index(
        "uq_catalog_entries_of_author",
        "catalog_entries",
        ["author_id", "source", "source_key"],
        unique=True,
        postgresql_where=sa.text("author_id IS NOT NULL"),
    )
    op.create_index(
        "uq_catalog_entries_of_series",
        "catalog_entries",
        ["series_id", "source", "source_key"],
        unique=True,
        postgresql_where=sa.text("series_id IS NOT NULL"),
    )

    op.create_table(
        "missing_books",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("work_key", sa.Text(), nullable=False, comment="identity of the work; unique among open gaps"),
        sa.Column("book_id", sa.BigInteger(), comment="the book that filled the gap, or a discovered one"),
        sa.Column("series_id", sa.BigInteger()),
        sa.Column("author_id", sa.BigInteger()),
        sa.Column("requested_by", sa.BigInteger(), comment="who asked, for reason request"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text()),
        sa.Column("authors", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("series_name", sa.Text()),
        sa.Column("series_number", sa.Text(), comment="position as text"),
        sa.Column("kind", sa.Text(), server_default="primary", nullable=False),
        sa.Column("reason_missing", sa.Text(), nullable=False, comment="the first reason"),
        sa.Column(
            "reasons",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="every reason; a work wanted twice is one row",
        ),
        sa.Column("isbn", sa.Text()),
        sa.Column("asin", sa.Text()),
        sa.Column("goodreads_id", sa.Text()),
        sa.Column(
            "other_titles",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="titles under which sources also know the work",
        ),
        sa.Column("language", sa.Text()),
        sa.Column("published", sa.Text(), comment="YYYY, YYYY-MM or YYYY-MM-DD"),
        sa.Column("expected_runtime_seconds", sa.Double()),
        sa.Column("identified_date", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_date", sa.DateTime(timezone=True), comment="null while the gap is open"),
        sa.Column("download_status", sa.Text(), server_default="identified", nullable=False),
        sa.Column("hold_reason", sa.Text(), comment="what a person has to decide"),
        sa.Column("download_id", sa.BigInteger(), comment="the current attempt"),
        sa.Column("priority", sa.Integer(), server_default=sa.text("2"), nullable=False, comment="1 first, 3 last"),
        sa.CheckConstraint(
            "download_status IN ('identified', 'upcoming', 'held', 'queued', 'downloading', 'completed', 'failed', 'ignored')",
            name=op.f("ck_missing_books_download_status"),
        ),
        sa.CheckConstraint(
            "kind IN ('primary', 'novella', 'collection', 'part', 'companion', 'summary', 'translation')",
            name=op.f("ck_missing_books_kind"),
        ),
        sa.CheckConstraint(
            "reason_missing IN ('series_gap', 'author_gap', 'top10', 'request')",
            name=op.f("ck_missing_books_reason_missing"),
        ),
        sa.CheckConstraint(
            "reasons <@ ARRAY['series_gap', 'author_gap', 'top10', 'request']::text[]",
            name=op.f("ck_missing_books_reasons"),
        ),
        sa.CheckConstraint("priority BETWEEN 1 AND 3", name=op.f("ck_missing_books_priority")),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name="fk_missing_books_author_id"),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_missing_books_book_id"),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name="fk_missing_books_requested_by"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_missing_books_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_missing_books"),
        comment="Gaps: works that are wanted and not owned",
    )
    op.create_index("ix_missing_books_author_id", "missing_books", ["author_id"])
    op.create_index("ix_missing_books_book_id", "missing_books", ["book_id"])
    op.create_index("ix_missing_books_download_id", "missing_books", ["download_id"])
    op.create_index("ix_missing_books_identified_date", "missing_books", ["identified_date"])
    op.create_index(
        "ix_missing_books_open",
        "missing_books",
        ["download_status", "priority", "identified_date"],
        postgresql_where=sa.text("closed_date IS NULL"),
    )
    op.create_index("ix_missing_books_requested_by", "missing_books", ["requested_by"])
    op.create_index("ix_missing_books_series_id", "missing_books", ["series_id"])
    op.create_index(
        "uq_missing_books_open_work",
        "missing_books",
        ["work_key"],
        unique=True,
        postgresql_where=sa.text("closed_date IS NULL"),
    )

    op.create_table(
        "series_names",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="as the source writes it"),
        sa.Column("name_key", sa.Text(), server_default="", nullable=False, comment="normalised name"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "source IN ('GoogleBooks', 'Goodreads', 'Audible', 'MAM', 'Prowlarr', 'Audiobookshelf', 'Manual')",
            name=op.f("ck_series_names_source"),
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_series_names_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_series_names"),
        sa.UniqueConstraint("series_id", "name", "source", name="uq_series_names_series_id_name_source"),
        comment="Spellings of series: the same series under two names is one series",
    )
    op.create_index("ix_series_names_name_key", "series_names", ["name_key"])

    op.create_table(
        "blocked_releases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("missing_book_id", sa.BigInteger(), nullable=False),
        sa.Column("release_id", sa.BigInteger()),
        sa.Column("guid_key", sa.Text(), nullable=False, comment="guid:<source>:<guid> or hash:<info hash>"),
        sa.Column("info_hash", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["missing_book_id"], ["missing_books.id"], name="fk_blocked_releases_missing_book_id"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_blocked_releases_release_id"),
        sa.PrimaryKeyConstraint("id", name="pk_blocked_releases"),
        sa.UniqueConstraint("missing_book_id", "guid_key", name="uq_blocked_releases_missing_book_id_guid_key"),
        comment="Releases that failed for a gap or that a person blocked",
    )
    op.create_index("ix_blocked_releases_info_hash", "blocked_releases", ["info_hash"])
    op.create_index("ix_blocked_releases_release_id", "blocked_releases", ["release_id"])

    op.create_table(
        "downloads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("book_id", sa.BigInteger(), comment="the book once it is imported"),
        sa.Column("missing_book_id", sa.BigInteger()),
        sa.Column("release_id", sa.BigInteger()),
        sa.Column("requested_by", sa.BigInteger()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("magnet_link", sa.Text(), comment="without trackers that carry a secret"),
        sa.Column("torrent_url", sa.Text(), comment="never a link that carries a secret"),
        sa.Column("qbittorrent_hash", sa.Text(), comment="v1 info-hash, known before sending"),
        sa.Column("qbittorrent_status", sa.Text(), comment="qBittorrent's own word"),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False, comment="0 to 1"),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("waiting_reason", sa.Text(), comment="why a queued download is not sent yet"),
        sa.Column("failure_reason", sa.Text()),
        sa.Column("failure_code", sa.Text(), comment="stable code, for tallies"),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_retries", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("last_attempt", sa.DateTime(timezone=True)),
        sa.Column("next_retry", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True), comment="handed to qBittorrent"),
        sa.Column(
            "fetch_attempts",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="times that its .torrent could not be had, since it was queued",
        ),
        sa.Column(
            "files_checked_at",
            sa.DateTime(timezone=True),
            comment="its list of files was seen and is what was promised",
        ),
        sa.Column("last_progress_at", sa.DateTime(timezone=True), comment="stalls count from here"),
        sa.Column(
            "absent_since",
            sa.DateTime(timezone=True),
            comment="the client first did not show it; null while it does",
        ),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("save_path", sa.Text(), comment="as qBittorrent sees it"),
        sa.Column("content_path", sa.Text(), comment="as qBittorrent sees it"),
        sa.Column("abs_import_status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("abs_import_error", sa.Text()),
        sa.Column("import_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_import",
            sa.DateTime(timezone=True),
            comment="not imported before; null: as soon as it is complete",
        ),
        sa.Column("date_queued", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("date_completed", sa.DateTime(timezone=True)),
        sa.Column("date_updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "abs_import_status IN ('pending', 'imported', 'import_failed')", name=op.f("ck_downloads_abs_import_status")
        ),
        sa.CheckConstraint("source IN ('MAM', 'Prowlarr', 'Manual')", name=op.f("ck_downloads_source")),
        sa.CheckConstraint(
            "status IN ('queued', 'downloading', 'completed', 'failed', 'abandoned')", name=op.f("ck_downloads_status")
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_downloads_progress")),
        sa.CheckConstraint("retry_count >= 0 AND max_retries >= 0", name=op.f("ck_downloads_retry_count")),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_downloads_book_id"),
        sa.ForeignKeyConstraint(["missing_book_id"], ["missing_books.id"], name="fk_downloads_missing_book_id"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_downloads_release_id"),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name="fk_downloads_requested_by"),
        sa.PrimaryKeyConstraint("id", name="pk_downloads"),
        comment="Attempts at releases, from queued to imported or abandoned",
    )
    op.create_index("ix_downloads_book_id", "downloads", ["book_id"])
    op.create_index("ix_downloads_due", "downloads", ["next_retry"], postgresql_where=sa.text("status = 'failed'"))
    op.create_index("ix_downloads_last_attempt", "downloads", ["last_attempt"])
    op.create_index("ix_downloads_missing_book_id", "downloads", ["missing_book_id"])
    op.create_index("ix_downloads_qbittorrent_hash", "downloads", ["qbittorrent_hash"])
    op.create_index("ix_downloads_release_id", "downloads", ["release_id"])
    op.create_index("ix_downloads_requested_by", "downloads", ["requested_by"])
    op.create_index("ix_downloads_status_date_queued", "downloads", ["status", "date_queued"])
    op.create_index(
        "ix_downloads_to_import",
        "downloads",
        ["date_completed"],
        postgresql_where=sa.text("status = 'completed' AND abs_import_status <> 'imported'"),
    )
    op.create_index(
        "uq_downloads_active_gap",
        "downloads",
        ["missing_book_id"],
        unique=True,
        postgresql_where=sa.text(
            "status IN ('queued', 'downloading') OR (status = 'completed' AND abs_import_status <> 'imported')"
        ),
    )
    op.create_index(
        "uq_downloads_active_hash",
        "downloads",
        ["qbittorrent_hash"],
        unique=True,
        postgresql_where=sa.text(
            "status IN ('queued', 'downloading') OR (status = 'completed' AND abs_import_status <> 'imported')"
        ),
    )

    op.create_table(
        "gap_searches",
        sa.Column("missing_book_id", sa.BigInteger(), nullable=False),
        sa.Column("last_search", sa.DateTime(timezone=True)),
        sa.Column("next_search", sa.DateTime(timezone=True)),
        sa.Column(
            "mam_asked_at",
            sa.DateTime(timezone=True),
            comment="asked by title, for want of a known author",
        ),
        sa.Column("prowlarr_asked_at", sa.DateTime(timezone=True)),
        sa.Column("searches", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "found",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="candidates that the last search found",
        ),
        sa.Column("last_error", sa.Text()),
        sa.ForeignKeyConstraint(["missing_book_id"], ["missing_books.id"], name="fk_gap_searches_missing_book_id"),
        sa.PrimaryKeyConstraint("missing_book_id", name="pk_gap_searches"),
        comment="Pace of the search for each gap",
    )
    op.create_index("ix_gap_searches_next_search", "gap_searches", ["next_search"])

    op.create_table(
        "release_decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("missing_book_id", sa.BigInteger(), nullable=False),
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment='list of {"code", "evidence"}',
        ),
        sa.Column(
            "rank",
            sa.ARRAY(sa.Double()),
            server_default=sa.text("'{}'::double precision[]"),
            nullable=False,
            comment="greater is better, compared in order",
        ),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), comment="who took a held release"),
        sa.CheckConstraint("verdict IN ('accept', 'hold', 'refuse')", name=op.f("ck_release_decisions_verdict")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name="fk_release_decisions_approved_by"),
        sa.ForeignKeyConstraint(["missing_book_id"], ["missing_books.id"], name="fk_release_decisions_missing_book_id"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_release_decisions_release_id"),
        sa.PrimaryKeyConstraint("id", name="pk_release_decisions"),
        sa.UniqueConstraint("missing_book_id", "release_id", name="uq_release_decisions_missing_book_id_release_id"),
        comment="Verdict on each candidate release of each gap",
    )
    op.create_index("ix_release_decisions_approved_by", "release_decisions", ["approved_by"])
    op.create_index("ix_release_decisions_missing_book_id_verdict", "release_decisions", ["missing_book_id", "verdict"])
    op.create_index("ix_release_decisions_release_id", "release_decisions", ["release_id"])

    op.create_table(
        "top10_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("genre_id", sa.BigInteger(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False, comment="the Sunday on which it was drawn up"),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.BigInteger()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("narrators", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("seeders", sa.Integer()),
        sa.Column("snatched", sa.Integer()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), comment="why it has this outcome, in words"),
        sa.Column("missing_book_id", sa.BigInteger()),
        sa.Column("book_id", sa.BigInteger()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('owned', 'wanted', 'active', 'ignored', 'refused')", name=op.f("ck_top10_entries_outcome")
        ),
        sa.CheckConstraint("rank BETWEEN 1 AND 10", name=op.f("ck_top10_entries_rank")),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_top10_entries_book_id"),
        sa.ForeignKeyConstraint(["genre_id"], ["genre_settings.id"], name="fk_top10_entries_genre_id"),
        sa.ForeignKeyConstraint(["missing_book_id"], ["missing_books.id"], name="fk_top10_entries_missing_book_id"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_top10_entries_release_id"),
        sa.PrimaryKeyConstraint("id", name="pk_top10_entries"),
        sa.UniqueConstraint("genre_id", "week", "rank", name="uq_top10_entries_genre_id_week_rank"),
        comment="The week's ten most snatched new audiobooks of each genre",
    )
    op.create_index("ix_top10_entries_book_id", "top10_entries", ["book_id"])
    op.create_index("ix_top10_entries_missing_book_id", "top10_entries", ["missing_book_id"])
    op.create_index("ix_top10_entries_release_id", "top10_entries", ["release_id"])
    op.create_index("ix_top10_entries_week", "top10_entries", ["week"])

    op.create_table(
        "imported_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("download_id", sa.BigInteger(), nullable=False),
        sa.Column("source_path", sa.Text(), nullable=False),
        sa.Column("target_path", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("method IN ('link', 'copy', 'in_place')", name=op.f("ck_imported_files_method")),
        sa.ForeignKeyConstraint(["download_id"], ["downloads.id"], name="fk_imported_files_download_id"),
        sa.PrimaryKeyConstraint("id", name="pk_imported_files"),
        sa.UniqueConstraint("download_id", "target_path", name="uq_imported_files_download_id_target_path"),
        comment="Files that imports put into the library folder",
    )

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="what it is done to: an info-hash, an item id"),
        sa.Column("download_id", sa.BigInteger()),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="without secrets",
        ),
        sa.Column("state", sa.Text(), server_default="intended", nullable=False),
        sa.Column("intended_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('intended', 'confirmed', 'abandoned')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["download_id"], ["downloads.id"], name="fk_outbox_download_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        comment="Intentions towards services: written before sending, settled after",
    )
    op.create_index("ix_outbox_download_id", "outbox", ["download_id"])
    op.create_index("ix_outbox_settled_at", "outbox", ["settled_at"])
    op.create_index(
        "uq_outbox_intended",
        "outbox",
        ["service", "action", "key"],
        unique=True,
        postgresql_where=sa.text("state = 'intended'"),
    )

    # Gaps and downloads refer to each other: the second key follows when both tables are there.
    op.create_foreign_key("fk_missing_books_download_id", "missing_books", "downloads", ["download_id"], ["id"])

    op.execute(sa.text((_SCHEMA / "triggers.sql").read_text(encoding="utf-8")))
    op.execute(sa.text((_SCHEMA / "views.sql").read_text(encoding="utf-8")))

    genre_settings = sa.table(
        "genre_settings",
        sa.column("genre_name", sa.Text),
        sa.column("enabled", sa.Boolean),
        sa.column("include_in_top10", sa.Boolean),
        sa.column("mam_categories", sa.ARRAY(sa.Integer)),
    )
    op.bulk_insert(
        genre_settings,
        [
            {"genre_name": name, "enabled": enabled, "include_in_top10": enabled, "mam_categories": categories}
            for name, enabled, categories in _GENRES
        ],
    )


def downgrade() -> None:
    for view in ("recent_failed_downloads", "author_completion_summary", "series_completion_summary"):
        op.execute(f"DROP VIEW {view}")
    op.drop_constraint("fk_missing_books_download_id", "missing_books", type_="foreignkey")
    for table in (
        "outbox",
        "imported_files",
        "top10_entries",
        "release_decisions",
        "gap_searches",
        "downloads",
        "blocked_releases",
        "series_names",
        "missing_books",
        "catalog_entries",
        "book_series",
        "series",
        "metadata_corrections",
        "mam_uploads",
        "book_authors",
        "author_searches",
        "api_logs",
        "api_keys",
        "users",
        "tasks",
        "sync_marks",
        "service_state",
        "service_sessions",
        "service_cookies",
        "service_budgets",
        "releases",
        "lookups",
        "genre_settings",
        "failed_attempts",
        "books",
        "authors",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_removal()")
    op.execute("DROP FUNCTION refuse_illegal_download_move()")
