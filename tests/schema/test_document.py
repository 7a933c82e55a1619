"""DATABASE.md says what the models say."""

from __future__ import annotations

from mam_assets.store import tables
from schema.document import TARGET, document


def test_the_description_of_the_database_is_not_stale() -> None:
    assert TARGET.read_text(encoding="utf-8") == document(), "run: python -m schema.document"


def test_every_table_is_described_with_a_sentence() -> None:
    text = document()
    for table in tables.metadata.tables.values():
        assert table.comment, table.name
        assert f"### {table.name}\n\n{table.comment}." in text


def test_the_three_views_are_described() -> None:
    text = document()
    for view in ("series_completion_summary", "author_completion_summary", "recent_failed_downloads"):
        assert f"| `{view}` |" in text
