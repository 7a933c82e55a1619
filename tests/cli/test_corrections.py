"""`mam revert`, `mam lock` and `mam unlock`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from mam_assets.cli.commands import app
from mam_assets.domain.metadata import Change
from mam_assets.store import metadata
from mam_assets.store.library import save_items
from tests.store.test_catalog import NOW, item


class Desk:
    """A library of two books with three corrections, and the command beside it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.begin() as connection:
            save_items(connection, [item("a", "Emma", "Jane Austen"), item("b", "Emma [Red]", "C. Brown")], NOW)
            (self.emma, self.red) = connection.execute(text("SELECT id FROM books ORDER BY abs_id")).scalars()
            for book_id, field, value, run in (
                (self.emma, "publisher", "Ace", "run-1"),
                (self.emma, "language", "English", "run-1"),
                (self.red, "publisher", "Tor", "run-2"),
            ):
                book = metadata.book_for_lookup(connection, book_id)
                change = Change(field, None, value, "GoogleBooks", "was empty")
                metadata.apply(connection, book, [change], NOW, by="book_metadata", run_id=run)

    def say(self, *words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(words))
        return result.exit_code, result.output

    def of(self, book_id: int) -> Any:
        with self.engine.begin() as connection:
            return connection.execute(text("SELECT * FROM books WHERE id = :id"), {"id": book_id}).one()

    def number(self, book_id: int, field: str) -> str:
        statement = "SELECT min(id) FROM metadata_corrections WHERE book_id = :book AND field_name = :field"
        with self.engine.begin() as connection:
            return str(connection.execute(text(statement), {"book": book_id, "field": field}).scalar_one())


@pytest.fixture
def desk(
    bare_environment: None, clean_url: str, clean_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", clean_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return Desk(clean_engine)


def test_one_correction_is_undone_and_a_second_time_refused(desk: Desk) -> None:
    number = desk.number(desk.emma, "publisher")
    code, output = desk.say("revert", number)
    assert code == 0
    assert f"reverted {number}: publisher of 'Emma' (book {desk.emma}) from 'Ace' to nothing" in output
    assert "Audiobookshelf follows with the next run" in output
    assert (desk.of(desk.emma).publisher, desk.of(desk.emma).locked_fields) == (None, ["publisher"])
    code, output = desk.say("revert", number)
    assert (code, "was reverted already" in output) == (1, True)


def test_a_dry_run_only_tells(desk: Desk) -> None:
    code, output = desk.say("revert", "--run", "run-1", "--dry-run")
    assert (code, output.count("would revert")) == (0, 2)
    assert desk.of(desk.emma).publisher == "Ace"


def test_a_run_or_a_book_is_undone_whole(desk: Desk) -> None:
    assert desk.say("revert", "--run", "run-1")[0] == 0
    assert (desk.of(desk.emma).publisher, desk.of(desk.emma).language) == (None, None)
    assert desk.of(desk.red).publisher == "Tor"
    code, output = desk.say("revert", "--book", f"book:{desk.red}")
    assert (code, output.count("reverted ")) == (0, 1)
    code, output = desk.say("revert", "--run", "run-1")
    assert (code, "nothing to revert" in output) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["revert"], "Say what to revert"),
        (["revert", "1", "--run", "run-1"], "either the number of a correction, or"),
        (["revert", "9999"], "no correction 9999"),
        (["lock", "Nobody's Book", "title"], "No book is called"),
        (["lock", "Em", "title"], "may be several books; give the id:"),
        (["lock", "Emma", "colour"], "the fields are title, "),
        (["lock", "Emma", "isbn", "9780439554931"], "is no isbn"),
        (["unlock", "Emma", "publisher"], "was not locked"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_and_by_the_exit_code(desk: Desk, words: list[str], says: str) -> None:
    code, output = desk.say(*words)
    assert (code, says in output) == (1, True), output
    assert "Traceback" not in output


def test_a_field_is_locked_and_unlocked(desk: Desk) -> None:
    assert desk.say("lock", "Emma", "narrator", "Ann Reader")[1] == (
        f"narrator of 'Emma' (book {desk.emma}) is locked at 'Ann Reader'\n"
    )
    assert desk.of(desk.emma).narrators == ["Ann Reader"]
    assert desk.say("lock", str(desk.red), "publisher")[1].endswith("is locked at 'Tor'\n")
    assert desk.say("lock", "Emma", "publisher", "")[1].endswith("is locked at nothing\n")
    assert desk.of(desk.emma).publisher is None
    assert desk.say("unlock", "Emma", "narrator") == (
        0,
        f"narrator of 'Emma' (book {desk.emma}) is left to the sources again\n",
    )
