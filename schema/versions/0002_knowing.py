"""What knowing needs: what Audiobookshelf showed, what each source said, merged series, disagreeing sources, guides."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_VIEWS = Path(__file__).resolve().parents[1] / "views.sql"

_SOURCES = ("GoogleBooks", "Goodreads", "Audible", "MAM", "Audiobookshelf", "Manual")
_OLD_TOP10_OUTCOMES = ("owned", "wanted", "active", "ignored", "refused")
_TOP10_OUTCOMES = ("owned", "wanted", "active", "failed", "ignored", "doubtful", "refused")
_UPLOAD_OUTCOMES = ("discovered", "known", "owned", "doubtful", "refused")


def _document(name: str, comment: str | None = None) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False, comment=comment)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


# Whoever changes what a gap wants makes its keys void, in whatever statement.
_NAMES = (
    *("work_key", "title", "authors", "other_titles", "series_id", "series_name", "series_number", "isbn", "asin"),
    *("goodreads_id", "kind"),
)
_FORGET_KEYS = f"""
CREATE FUNCTION forget_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.keys_rules := 0;
    RETURN NEW;
END;
$$;
CREATE TRIGGER forget_keys BEFORE UPDATE OF {", ".join(_NAMES)} ON missing_books FOR EACH ROW
WHEN (({", ".join(f"OLD.{name}" for name in _NAMES)}) IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in _NAMES)}))
EXECUTE FUNCTION forget_keys();
"""


def upgrade() -> None:
    op.add_column("books", _document("metadata_times", "field → time at which its value was set, ISO 8601"))
    op.add_column("books", _document("abs_values", "field → value that Audiobookshelf showed last"))
    op.add_column("books", _document("abs_written", "field → value that we last sent there, or are about to"))
    op.add_column("books", sa.Column("abs_mark", sa.Text(), comment="digest of what the library's list showed of it"))
    op.alter_column(
        "books",
        "last_seen_at",
        comment="last library read that stored the item",
        existing_comment="last library read that showed the item",
    )
    op.create_index("ix_books_library_id_rel_path", "books", ["library_id", "rel_path"])
    op.add_column(
        "books",
        sa.Column(
            "metadata_waiting",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="services that could not be asked; such books are first next time",
        ),
    )
    op.add_column(
        "books",
        _document(
            "metadata_failed",
            "service, or write_back → time at which its answer about this very book was bad, ISO 8601",
        ),
    )
    op.add_column(
        "books",
        sa.Column(
            "abs_unconfirmed",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="something is to be sent there, or was and is not known to have arrived",
        ),
    )
    op.create_index(
        "ix_books_waiting_metadata",
        "books",
        ["id"],
        postgresql_where=sa.text("metadata_waiting <> '{}'::text[] OR abs_unconfirmed"),
    )

    op.add_column(
        "series",
        sa.Column("check_failed_at", sa.DateTime(timezone=True), comment="last attempt that gave no whole catalogue"),
    )
    op.add_column("series", sa.Column("check_problem", sa.Text(), comment="why it gave none"))
    op.alter_column(
        "author_searches",
        "searched_at",
        nullable=True,
        server_default=None,
        comment="last whole answer; null while there was none",
    )
    op.alter_column("author_searches", "found", comment="releases or works found", existing_comment="releases found")
    op.add_column(
        "author_searches",
        sa.Column("failed_at", sa.DateTime(timezone=True), comment="last attempt that gave no whole answer"),
    )
    op.add_column("author_searches", sa.Column("problem", sa.Text(), comment="why it gave none"))

    op.add_column("catalog_entries", sa.Column("rule", sa.Text(), comment="stable code of the rule that decided"))
    op.add_column(
        "catalog_entries",
        sa.Column(
            "same_as",
            sa.BigInteger(),
            sa.ForeignKey("catalog_entries.id", name="fk_catalog_entries_same_as"),
            comment="the entry that speaks for this very work",
        ),
    )
    op.add_column(
        "catalog_entries", _document("disagreements", "field → what other sources say, and the rule that decided")
    )
    op.create_index("ix_catalog_entries_same_as", "catalog_entries", ["same_as"])
    op.add_column(
        "catalog_entries",
        sa.Column(
            "counted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="stands in the totals of its series or author",
        ),
    )

    op.add_column(
        "metadata_corrections", sa.Column("run_id", sa.Text(), comment="Dagster run that made it; null: a person")
    )
    op.add_column(
        "metadata_corrections",
        sa.Column("old_source", sa.Text(), comment="whose the old value was; null: empty, or not known"),
    )
    op.create_check_constraint(
        op.f("ck_metadata_corrections_old_source"),
        "metadata_corrections",
        _one_of("old_source", ("GoogleBooks", "Goodreads", "Audible", "MAM", "Audiobookshelf", "Manual")),
    )
    op.create_table_comment(
        "metadata_corrections",
        "Every change of metadata, kept 30 days; a book's last change of series for ever",
        existing_comment="Every change of metadata, kept 30 days",
    )
    op.add_column(
        "metadata_corrections",
        sa.Column(
            "reverts",
            sa.BigInteger(),
            sa.ForeignKey("metadata_corrections.id", name="fk_metadata_corrections_reverts"),
            comment="the correction that this row undoes",
        ),
    )
    op.create_index("ix_metadata_corrections_run_id", "metadata_corrections", ["run_id"])
    op.create_index("ix_metadata_corrections_reverts", "metadata_corrections", ["reverts"])

    op.create_table(
        "metadata_answers",
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), comment="the source's own id of what it answered"),
        sa.Column(
            "evidence", sa.Text(), server_default="", nullable=False, comment="why it is, or isn't, this work, in words"
        ),
        _document("values", "field → value that it suggests"),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(_one_of("source", _SOURCES), name=op.f("ck_metadata_answers_source")),
        sa.CheckConstraint(
            _one_of("verdict", ("matched", "refused", "nothing")), name=op.f("ck_metadata_answers_verdict")
        ),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_metadata_answers_book_id"),
        sa.PrimaryKeyConstraint("book_id", "source", name="pk_metadata_answers"),
        comment="What each source last said of each book",
    )
    op.create_index("ix_metadata_answers_source_asked_at", "metadata_answers", ["source", "asked_at"])

    op.create_table(
        "series_merges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "dropped_name",
            sa.Text(),
            nullable=False,
            comment="the name of the series that was merged into the kept one",
        ),
        sa.Column("dropped_name_key", sa.Text(), server_default="", nullable=False, comment="normalised name"),
        sa.Column("dropped_author_key", sa.Text(), server_default="", nullable=False, comment="normalised author"),
        sa.Column("rule", sa.Text(), nullable=False, comment="stable code of the rule that decided"),
        sa.Column("evidence", sa.Text(), nullable=False, comment="in words"),
        _document("moved", "what moved: the dropped row, its books with places, its names"),
        sa.Column("merged_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("merged_by", sa.Text(), comment="the asset, or the name of the person"),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by", sa.Text()),
        sa.Column("restored_id", sa.BigInteger(), comment="the series that was made again"),
        sa.ForeignKeyConstraint(["kept_id"], ["series.id"], name="fk_series_merges_kept_id"),
        sa.ForeignKeyConstraint(["restored_id"], ["series.id"], name="fk_series_merges_restored_id"),
        sa.PrimaryKeyConstraint("id", name="pk_series_merges"),
        comment="Series that were merged, and why; undone by a person, a merge is not repeated",
    )
    op.create_index("ix_series_merges_kept_id", "series_merges", ["kept_id"])
    op.create_index("ix_series_merges_restored_id", "series_merges", ["restored_id"])
    op.create_index("ix_series_merges_dropped_name_key", "series_merges", ["dropped_name_key"])

    op.create_table(
        "crawled_guides",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("crawled_at", sa.DateTime(timezone=True), comment="as the script says"),
        sa.Column("content", sa.Text(), nullable=False, comment="Markdown, secrets removed"),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crawled_guides"),
        sa.UniqueConstraint("url", name="uq_crawled_guides_url"),
        comment="Pages that the person's own crawler script wrote",
    )

    op.drop_constraint(op.f("ck_top10_entries_outcome"), "top10_entries", type_="check")
    op.create_check_constraint(op.f("ck_top10_entries_outcome"), "top10_entries", _one_of("outcome", _TOP10_OUTCOMES))
    op.add_column(
        "top10_entries",
        sa.Column(
            "other_releases",
            sa.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'::bigint[]"),
            nullable=False,
            comment="releases of the same work further down the list",
        ),
    )

    op.alter_column("mam_uploads", "book_id", comment="the discovered or owned book that it is")
    op.add_column(
        "mam_uploads",
        sa.Column(
            "missing_book_id",
            sa.BigInteger(),
            sa.ForeignKey("missing_books.id", name="fk_mam_uploads_missing_book_id"),
            comment="the gap that it may fill",
        ),
    )
    op.add_column("mam_uploads", sa.Column("outcome", sa.Text(), comment="what it is to us; null: not judged yet"))
    op.add_column("mam_uploads", sa.Column("reason", sa.Text(), comment="why it has this outcome, in words"))
    op.create_index("ix_mam_uploads_missing_book_id", "mam_uploads", ["missing_book_id"])
    op.create_check_constraint(op.f("ck_mam_uploads_outcome"), "mam_uploads", _one_of("outcome", _UPLOAD_OUTCOMES))

    op.create_table(
        "series_work_keys",
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("book_id", sa.BigInteger(), comment="the book that shows it; null: the series lacks it"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_series_work_keys_series_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_series_work_keys_book_id"),
        sa.PrimaryKeyConstraint("series_id", "key", name="pk_series_work_keys"),
        comment="What the works of each series are known as, so that another series finds them",
    )
    op.create_index("ix_series_work_keys_key", "series_work_keys", ["key"])
    op.create_index("ix_series_work_keys_book_id", "series_work_keys", ["book_id"])
    op.create_table(
        "missing_book_keys",
        sa.Column("missing_book_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["missing_book_id"],
            ["missing_books.id"],
            name="fk_missing_book_keys_missing_book_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("missing_book_id", "key", name="pk_missing_book_keys"),
        comment="What the work of each gap is known as, so that it is found without reading them all",
    )
    op.create_index("ix_missing_book_keys_key", "missing_book_keys", ["key"])
    op.add_column(
        "missing_books",
        sa.Column(
            "keys_rules",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="version of the rules that made its keys; 0: to be made",
        ),
    )
    op.add_column(
        "missing_books",
        sa.Column(
            "same_as",
            sa.BigInteger(),
            sa.ForeignKey("missing_books.id", name="fk_missing_books_same_as"),
            comment="the gap for the very same work, for which this one was closed",
        ),
    )
    op.create_index("ix_missing_books_same_as", "missing_books", ["same_as"])
    op.create_index("ix_missing_books_keys_rules", "missing_books", ["keys_rules"])
    op.execute(_FORGET_KEYS)
    for view in ("series_completion_summary", "author_completion_summary", "recent_failed_downloads"):
        op.execute(f"DROP VIEW {view}")
    op.execute(sa.text(_VIEWS.read_text(encoding="utf-8")))


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_keys ON missing_books")
    op.execute("DROP FUNCTION forget_keys()")
    for name in ("same_as", "keys_rules"):
        op.drop_column("missing_books", name)
    op.drop_table("missing_book_keys")
    op.drop_table("series_work_keys")
    for name in ("reason", "outcome", "missing_book_id"):
        op.drop_column("mam_uploads", name)
    op.alter_column("mam_uploads", "book_id", comment="the discovered book")
    op.drop_column("top10_entries", "other_releases")
    op.drop_constraint(op.f("ck_top10_entries_outcome"), "top10_entries", type_="check")
    # The older words have none for these: an attempt that failed is still wanted, and what is in doubt isn't taken.
    op.execute("UPDATE top10_entries SET outcome = 'wanted' WHERE outcome = 'failed'")
    op.execute("UPDATE top10_entries SET outcome = 'refused' WHERE outcome = 'doubtful'")
    op.create_check_constraint(
        op.f("ck_top10_entries_outcome"), "top10_entries", _one_of("outcome", _OLD_TOP10_OUTCOMES)
    )
    op.drop_table("crawled_guides")
    op.drop_table("series_merges")
    op.drop_table("metadata_answers")
    for name in ("reverts", "old_source", "run_id"):
        op.drop_column("metadata_corrections", name)
    op.create_table_comment("metadata_corrections", "Every change of metadata, kept 30 days")
    for name in ("counted", "disagreements", "same_as", "rule"):
        op.drop_column("catalog_entries", name)
    for name in ("problem", "failed_at"):
        op.drop_column("author_searches", name)
    op.execute("DELETE FROM author_searches WHERE searched_at IS NULL")
    op.alter_column("author_searches", "found", comment="releases found")
    op.alter_column("author_searches", "searched_at", nullable=False, server_default=sa.func.now(), comment=None)
    for name in ("check_problem", "check_failed_at"):
        op.drop_column("series", name)
    op.drop_index("ix_books_waiting_metadata", "books")
    for name in ("abs_unconfirmed", "metadata_failed", "metadata_waiting"):
        op.drop_column("books", name)
    op.drop_index("ix_books_library_id_rel_path", "books")
    op.alter_column(
        "books",
        "last_seen_at",
        comment="last library read that showed the item",
        existing_comment="last library read that stored the item",
    )
    for name in ("abs_mark", "abs_written", "abs_values", "metadata_times"):
        op.drop_column("books", name)
