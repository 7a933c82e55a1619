"""Titles as many sources write them: the series is read rightly where one is told, and none is invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.carried_series import parse_title_all_series, parse_title_series
from mam_assets.domain.folding import fold
from mam_assets.domain.positions import parse_position
from mam_assets.domain.series_in_title import place_in_title
from mam_assets.domain.title_text import without_article
from tests.domain.written_titles import WrittenTitle, written_titles

WRITTEN = written_titles()


def test_the_table_is_large_and_of_all_kinds() -> None:
    carrying = [written for written in WRITTEN if written.series is not None]
    assert len(carrying) >= 600
    assert len(WRITTEN) - len(carrying) >= 300
    assert len({(written.title, written.known) for written in WRITTEN}) == len(WRITTEN)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: written.title)
def test_a_title_is_read_as_its_source_meant_it(written: WrittenTitle) -> None:
    if written.known is not None:
        bare, read = place_in_title(written.title, (written.known,))
    else:
        bare, read = parse_title_series(written.title)
    if written.series is None:
        assert (bare, read) == (written.title, None)
        return
    assert read is not None
    assert without_article(fold(read.name)) == without_article(fold(written.series))
    assert parse_position(read.position) == parse_position(written.position)
    assert written.bare in {None, bare}


@pytest.mark.parametrize(
    "title",
    ["Emma (Disc 3)", "Emma (Web 2.0)", "Emma (The Stand, Part 1 of 3)", "Emma (Unabridged, Part 2)", "Emma (May 12)"],
)
def test_a_number_in_a_bracket_may_count_something_else(title: str) -> None:
    assert parse_title_series(title) == (title, None)


def test_a_part_of_itself_is_no_series() -> None:
    title = "The Stand (The Stand, Part 1)"
    assert parse_title_series(title) == (title, None)
    assert parse_title_series("The Two Towers (The Lord of the Rings, Part 2)")[0] == "The Two Towers"


@given(st.text(alphabet=st.sampled_from("aB ()[]#,:-–.123 BookofTeilIVSeries"), max_size=50))
def test_whatever_is_read_has_a_title_a_name_and_a_place(title: str) -> None:
    bare, series = parse_title_all_series(title)
    assert fold(bare) or not fold(title)
    assert all(reference.name and parse_position(reference.position) is not None for reference in series)
