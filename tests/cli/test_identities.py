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


def merged(mam: CliRunner, engine: Engine) -> tuple[str, str, str]:
    """The numbers of Dune and of Dune Chronicles, and of the merge that made the second part of the first."""
    known = series(engine)
    kept, dropped = str(known["Dune by Ann Author"]), str(known["Dune Chronicles by Ann Author"])
    said(mam, "series", "merge", kept, dropped)
    with engine.begin() as connection:
        return kept, dropped, str(connection.execute(text("SELECT id FROM series_merges")).scalar_one())


def test_a_series_is_not_merged_with_itself(mam: CliRunner, clean_engine: Engine) -> None:
    number = str(series(clean_engine)["Dune by Ann Author"])
    for command in ("merge", "apart"):
        told = said(mam, "series", command, number, number, code=1)
        assert f"are one series, 'Dune' ({number}): name two." in told
    told = said(mam, "series", "merge", "Dune Chronicles", "The Dune Chronicles", code=1)
    assert "are one series, 'Dune Chronicles'" in told


def test_what_is_merged_already_says_by_which_merge_and_how_to_undo_it(mam: CliRunner, clean_engine: Engine) -> None:
    kept, dropped, merge = merged(mam, clean_engine)
    for command in ("merge", "apart"):
        for pair in ((kept, "Dune Chronicles"), ("Dune Chronicles", kept), (kept, dropped), (dropped, kept)):
            told = said(mam, "series", command, *pair, code=1)
            assert f"'Dune Chronicles' is part of 'Dune' ({kept}) already, by merge {merge}." in told
            assert f"`mam series unmerge {merge}` makes it a series of its own again." in told
    assert len(series(clean_engine)) == 2


def test_only_a_merge_is_undone(mam: CliRunner, clean_engine: Engine) -> None:
    assert "there is no merge 4711; `mam series list` shows them." in said(mam, "series", "unmerge", "4711", code=1)
    assert "Invalid value" in said(mam, "series", "unmerge", "Dune", code=2)
    _, _, merge = merged(mam, clean_engine)
    said(mam, "series", "unmerge", merge)
    told = said(mam, "series", "unmerge", merge, code=1)
    assert "was undone already" in told
    assert "`mam series merge` makes the two one again." in told


def test_what_holds_two_apart_is_listed_and_is_no_merge(mam: CliRunner, clean_engine: Engine) -> None:
    number = str(series(clean_engine)["Dune by Ann Author"])
    for _ in range(2):  # saying it again changes nothing
        said(mam, "series", "apart", number, "Dune Chronicles")
    with clean_engine.begin() as connection:
        note = str(connection.execute(text("SELECT id FROM series_merges")).scalar_one())
    shown = said(mam, "series", "list")
    assert "Held apart" in shown
    assert "No series were merged." in shown
    assert "is no merge: it notes that 'Dune Chronicles' is another series" in said(
        mam, "series", "unmerge", note, code=1
    )


def test_a_person_may_change_their_mind(mam: CliRunner, clean_engine: Engine) -> None:
    kept, dropped, merge = merged(mam, clean_engine)
    said(mam, "series", "unmerge", merge)
    assert "is now part of 'Dune Chronicles'" in said(mam, "series", "merge", dropped, kept)
    assert "Dune by Ann Author" not in series(clean_engine)


def test_an_unknown_series_says_where_names_and_numbers_are_shown(mam: CliRunner) -> None:
    for name in ("4711", "Nowhere", "?!"):
        told = said(mam, "series", "apart", name, "Dune Chronicles", code=1)
        assert f"no series is called '{name}', nor has that number." in told
        assert "`mam series list`" in told


def test_an_author_writes_under_another_name(mam: CliRunner) -> None:
    assert "Ann Author also writes as Una Abel." in said(mam, "author", "alias", "Una Abel", "Ann Author")
    assert "no author of the library" in said(mam, "author", "alias", "Una Abel", "Nobody Known", code=1)
    assert "has no other name" in said(mam, "author", "alias", "Una Abel", "Ann Author", "--remove")
