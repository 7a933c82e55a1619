"""`mam series` and `mam author`: a person's word, in one line each, undone as easily."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from mam_assets.cli.commands import app
from mam_assets.domain.books import SeriesRef
from mam_assets.store.library import save_items
from tests.store.test_catalog import item

NOW = datetime(2026, 3, 11, tzinfo=UTC)


@pytest.fixture
def mam(
    bare_environment: None, clean_engine: Engine, clean_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", clean_url)
    with clean_engine.begin() as connection:
        save_items(
            connection,
            [
                item("1", "Dawn", "Ann Author", series=(SeriesRef("Dune", "1"),)),
                item("2", "Noon", "Ann Author", series=(SeriesRef("Dune Chronicles", "2"),)),
                item("3", "Salt", "Bob Writer", series=(SeriesRef("Dune", "1"),)),
            ],
            NOW,
        )
    return CliRunner()


def said(mam: CliRunner, *words: str, code: int = 0) -> str:
    result = mam.invoke(app, words)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def series(engine: Engine) -> dict[str, int]:
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT id, name || ' by ' || author AS name FROM series"))
        return {row.name: row.id for row in rows}


def test_series_are_merged_listed_and_parted_again(mam: CliRunner, clean_engine: Engine) -> None:
    before = series(clean_engine)
    assert "No series were merged." in said(mam, "series", "list")
    assert "In doubt" in said(mam, "series", "list")
    number = str(before["Dune by Ann Author"])
    assert "is now part of 'Dune'" in said(mam, "series", "merge", number, "Dune Chronicles")
    assert len(series(clean_engine)) == 2
    assert "Dune Chronicles" in said(mam, "series", "list")
    with clean_engine.begin() as connection:
        merge = str(connection.execute(text("SELECT id FROM series_merges")).scalar_one())
    assert "a series of its own again" in said(mam, "series", "unmerge", merge)
    assert series(clean_engine) == before
    assert "undone already" in said(mam, "series", "unmerge", merge, code=1)
    assert "No pair of series is in doubt." in said(mam, "series", "list")


def test_what_stays_two_series_is_asked_about_no_more(mam: CliRunner, clean_engine: Engine) -> None:
    number = str(series(clean_engine)["Dune by Ann Author"])
    assert "stay two series" in said(mam, "series", "apart", number, "Dune Chronicles")
    assert "No pair of series is in doubt." in said(mam, "series", "list")


def test_a_name_that_may_be_two_series_is_not_guessed(mam: CliRunner) -> None:
    told = said(mam, "series", "merge", "Dune", "Dune Chronicles", code=1)
    assert "Dune by Ann Author" in told
    assert "Dune by Bob Writer" in told
    assert "no series is called 'Nowhere'" in said(mam, "series", "merge", "Nowhere", "Dune Chronicles", code=1)


def test_an_author_writes_under_another_name(mam: CliRunner) -> None:
    assert "Ann Author also writes as Una Abel." in said(mam, "author", "alias", "Una Abel", "Ann Author")
    assert "no author of the library" in said(mam, "author", "alias", "Una Abel", "Nobody Known", code=1)
    assert "has no other name" in said(mam, "author", "alias", "Una Abel", "Ann Author", "--remove")
