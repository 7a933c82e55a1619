"""`mam genres`: what a person types, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from mam_assets.cli.commands import app


@pytest.fixture
def genres(bare_environment: None, clean_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A function: `mam genres …` on a database of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", clean_url)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["genres", *words])

    return run


def test_genres_are_listed_changed_added_and_read_by_the_next_list(genres: object, clean_engine: Engine) -> None:
    assert callable(genres)
    assert "Fantasy" in genres("list").output
    enabled = genres("enable", "romance")
    assert (enabled.exit_code, enabled.output) == (
        0,
        "Romance: enabled, a weekly list of 10, MAM categories 46 Romance\n",
    )
    assert "41 Fantasy, 108 Urban Fantasy" in genres("set", "Fantasy", "--categories", "41,Urban Fantasy").output
    assert "no weekly list" in genres("set", "Fantasy", "--no-top10").output
    assert "a weekly list of 5" in genres("set", "fantasy", "--top10", "--places", "5").output
    assert "Weird [West]: enabled" in genres("add", "Weird [West]", "--categories", "48").output
    assert "disabled" in genres("disable", "Mystery").output
    listed = genres("list").output
    assert "Weird [West]" in listed
    assert "48 Western" in listed
    with clean_engine.begin() as connection:
        found = connection.execute(text("SELECT genre_name FROM genre_settings WHERE enabled ORDER BY 1")).scalars()
        assert list(found) == ["Fantasy", "Romance", "Science Fiction", "Thriller", "Weird [West]"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("enable", "Erotica"), "mam genres set"),
        (("enable", "Fantsy"), "Fantasy may be meant"),
        (("set", "Fantasy", "--categories", "63"), "The audiobooks of that name are 41"),
        (("set", "Fantasy", "--places", "11"), "0 to 10"),
        (("add", "Fantasy", "--categories", "41"), "already"),
        (("add", "!!", "--categories", "41"), "name"),
    ],
)
def test_what_cannot_be_kept_is_one_line_with_its_remedy(genres: object, words: tuple[str, ...], says: str) -> None:
    assert callable(genres)
    result = genres(*words)
    assert result.exit_code == 1
    assert says in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_the_categories_of_mam_are_listed_without_a_database(bare_environment: None) -> None:
    result = CliRunner().invoke(app, ["genres", "categories"])
    assert " 108 Urban Fantasy" in result.output
    assert len(result.output.splitlines()) == 35
