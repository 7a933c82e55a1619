"""`mam why` at a terminal, in a pipe and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from mam_assets.cli.commands import app
from tests.store.puzzled import puzzle


@pytest.fixture
def runner(
    bare_environment: None, clean_engine: Engine, clean_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    with clean_engine.begin() as connection:
        puzzle(connection)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", clean_url)
    monkeypatch.setenv("MAM_ID", "lefttoright-and-long-enough")
    return CliRunner()


def test_one_meaning_is_the_chain_in_plain_text_of_100_columns(runner: CliRunner) -> None:
    result = runner.invoke(app, ["why", "glinda"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("Glinda of Oz by L. Frank Baum  (gap:")
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in result.output
    for source in ("missing_books", "catalog_entries", "release_decisions, releases", "downloads", "gap_searches"):
        assert f"(from {source}" in result.output


def test_several_meanings_are_listed_with_how_to_choose(runner: CliRunner) -> None:
    result = runner.invoke(app, ["why", "Ozma of Oz"])
    assert result.exit_code == 1
    assert "2 things may be meant" in result.output
    assert "Choose one by its id, as in: mam why book:" in result.output


def test_no_meaning_tells_what_was_searched_and_what_comes_near(runner: CliRunner) -> None:
    result = runner.invoke(app, ["why", "Glynda off Oz", "--author", "Baum"])
    assert result.exit_code == 1
    assert "Nothing is known by 'Glynda off Oz', author 'Baum'" in result.output
    assert "looked through the titles of 4 books, 6 gaps and 4 catalogue entries" in " ".join(result.output.split())
    assert "- Glinda of Oz" in result.output


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("book:999999", "no row has this id."),
        ("…", "it holds no letter and no digit that could be looked for."),
        ("qqqq", "and 4 catalogue entries, subtitles and other titles too."),
    ],
)
def test_a_word_that_is_nothing_says_what_it_looked_through(runner: CliRunner, asked: str, words: str) -> None:
    result = runner.invoke(app, ["why", asked])
    assert result.exit_code == 1
    assert words in " ".join(result.output.split())


def test_an_empty_database_says_what_to_do_first(runner: CliRunner, clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        connection.execute(text("TRUNCATE books, missing_books, catalog_entries CASCADE"))
    assert "Nothing is stored yet: run the asset `books` first." in " ".join(
        runner.invoke(app, ["why", "Oz"]).output.split()
    )


def test_json_holds_the_same_chain(runner: CliRunner) -> None:
    result = runner.invoke(app, ["why", "Glinda of Oz", "--series", "Oz", "--json"])
    assert result.exit_code == 0
    told = json.loads(result.output)
    assert set(told) == {"ref", "title", "authors", "answer", "next", "sections"}
    downloads = next(section for section in told["sections"] if section["title"] == "Downloads")
    assert downloads["rows"][0]["next retry"] == "2026-03-14T12:00:00+00:00"
    choices = json.loads(runner.invoke(app, ["why", "Ozma of Oz", "--json"]).output)["choices"]
    assert len(choices) == 2
    assert json.loads(runner.invoke(app, ["why", "qqqq", "--json"]).output) == {
        "choices": [],
        "cut": False,
        "nearest": [],
        "searched": {"books": 4, "gaps": 6, "catalogue entries": 4},
    }
