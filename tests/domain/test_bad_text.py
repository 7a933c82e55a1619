"""Text that nobody should have written: very long, empty, symbols, other scripts. Nothing hangs, nothing is guessed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mam_assets.domain.books import SeriesRef, Work
from mam_assets.domain.folding import clean_text, fold
from mam_assets.domain.identity import Sameness, same_people, same_series, same_work
from mam_assets.domain.isbn import normalise_isbn
from mam_assets.domain.marks import bare_range_in, marks_of, range_in, volume_in
from mam_assets.domain.people import normalise_person, split_people
from mam_assets.domain.positions import parse_position
from mam_assets.domain.series_in_title import place_in_title, without_volume
from mam_assets.domain.series_names import normalise_series
from mam_assets.domain.title_text import main_title, normalise_title, parse_title_all_series
from mam_assets.domain.titles import relate_titles

READERS: tuple[Callable[[str], object], ...] = (
    clean_text, fold, normalise_title, main_title, parse_title_all_series, marks_of, range_in, bare_range_in, volume_in,
    parse_position, normalise_series, normalise_person, split_people, normalise_isbn, without_volume,
    lambda text: place_in_title(text, ("Dune", "a")),
    lambda text: relate_titles(text, f"{text} again"),
    lambda text: same_work(Work(text, (text,), SeriesRef(text, text)), Work(f"{text}: a", (text,))),
)  # fmt: skip
PIECES = (
    "a ", "(", "((a) ", "#", "a #1, ", "1-", "1, 2 & ", "book 1 of ", "a: ", " - ", "summary of ", "a novel: ", ", The",
    "part 1 of 2 ", "complete the ", "\u0301", "\u200b", "中", "ا", "A & B, ", "J.", "(Translator) ", "&amp;",
    "1 of 2]", "narrated by ", "of the life of ", "\u00a0", "0", "[", "x 01 - ",
)  # fmt: skip


@pytest.mark.parametrize("end", ["", ")", "]", " (x, #1)", ": A Novel", "\n"])
def test_two_thousand_characters_are_read_at_once(end: str) -> None:
    """Patterns that take the square of a text's length would take seconds here, and those that double, for ever."""
    for piece in PIECES:
        text = (piece * 2000)[: 2000 - len(end)] + end
        for reader in READERS:
            started = time.process_time()
            reader(text)
            assert time.process_time() - started < 1, (reader, piece)


@pytest.mark.parametrize("title", ["", " ", "?!", "***", "…", "☃", "\u200b", "\x00", "()"])
def test_a_title_without_letters_is_never_surely_another(title: str) -> None:
    author = ("Jane Roe",)
    assert same_work(Work(title, author), Work(title, author)).is_unsure
    assert same_work(Work(title, author), Work("Emma", author)).is_unsure


@pytest.mark.parametrize("nobody", ["", "Unknown", "UNKNOWN AUTHOR", "Various", "various authors", "Anonymous", "N/A"])
def test_nobody_is_no_one_in_particular(nobody: str) -> None:
    assert same_people((nobody,), (nobody,)).is_unsure
    assert same_people((nobody,), ("Jane Roe",)).is_unsure
    assert same_work(Work("Poems", (nobody,)), Work("Poems", (nobody,))).is_unsure
    assert same_series("Saga", nobody, "Saga", nobody).is_unsure


@pytest.mark.parametrize(
    ("a", "b", "sameness"),
    [
        ("الأسود يليق بك", "الاسود يليق بك", Sameness.SAME),
        ("三体", "三体 (地球往事, #1)", Sameness.SAME),
        ("三体", "三体II", Sameness.DIFFERENT),
        ("Мастер и Маргарита", "МАСТЕР И МАРГАРИТА", Sameness.SAME),
        ("Cien años de soledad", "Cien anos de soledad", Sameness.SAME),
        ("Die Räuber", "Die Raeuber", Sameness.UNSURE),
        ("\u202bכתר\u202c", "כתר", Sameness.SAME),
        ("Zero\u200bWidth Tale", "ZeroWidth Tale", Sameness.SAME),
        ("Pride &amp; Prejudice", "Pride and Prejudice", Sameness.SAME),
    ],
)
def test_scripts_and_marks_change_no_verdict(a: str, b: str, sameness: Sameness) -> None:
    assert same_work(Work(a, ("Jane Roe",)), Work(b, ("Jane Roe",))).sameness is sameness
