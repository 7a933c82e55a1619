"""Catalogue minus library: series and authors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import CatalogEntry, OwnedBook
from mam_assets.domain.gaps import (
    AuthorVerdict,
    EntryKind,
    JudgedWork,
    SeriesVerdict,
    WorkStatus,
    author_gaps,
    classify,
    series_gaps,
)
from tests.domain.library_cases import AUTHOR, book, entry

TODAY = date(2026, 11, 22)
OWNED, MISSING, UPCOMING, NOT_WANTED = WorkStatus.OWNED, WorkStatus.MISSING, WorkStatus.UPCOMING, WorkStatus.NOT_WANTED


def holmes(entries: Sequence[CatalogEntry], owned: Sequence[OwnedBook] = ()) -> SeriesVerdict:
    return series_gaps(entries, owned, series_name="Sherlock Holmes", series_authors=AUTHOR, today=TODAY)


def doyle(
    entries: Sequence[CatalogEntry], owned: Sequence[OwnedBook] = (), pen_names: Sequence[str] = ()
) -> AuthorVerdict:
    return author_gaps(entries, owned, author=AUTHOR[0], pen_names=pen_names, today=TODAY)


def row(verdict: SeriesVerdict | AuthorVerdict, title: str) -> JudgedWork:
    return next(work for work in verdict.works if title in {work.entry.title, *(other.title for other in work.also)})


FOUR = (
    entry("A Study in Scarlet", "1"),
    entry("The Sign of Four", "2"),
    entry("The Adventures of Sherlock Holmes", "3"),
    entry("The Memoirs of Sherlock Holmes", "4"),
)


@pytest.mark.parametrize(
    ("candidate", "kind"),
    [
        (entry("A Study in Scarlet", "1"), EntryKind.PRIMARY),
        (entry("A Study in Scarlet (Sherlock Holmes, #1)"), EntryKind.PRIMARY),
        (entry("New Spring", "0"), EntryKind.PRIMARY),
        (entry("A Side Story", "0.5"), EntryKind.NOVELLA),
        (entry("The Complete Holmes", "1-9"), EntryKind.COLLECTION),
        (entry("Holmes Boxed Set"), EntryKind.COLLECTION),
        (entry("Holmes Books 1-3"), EntryKind.COLLECTION),
        (entry("The Holmes Trilogy"), EntryKind.COLLECTION),
        (entry("The Holmes Trilogy", "4"), EntryKind.PRIMARY),
        (entry("Scarlet", "1p1"), EntryKind.PART),
        (entry("Scarlet: Part 1 of 2"), EntryKind.PART),
        (entry("Sherlock Holmes: The Ultimate Guide"), EntryKind.COMPANION),
        (entry("A Study in Scarlet: The Graphic Novel", "1"), EntryKind.COMPANION),
        (entry("Summary of A Study in Scarlet", "1"), EntryKind.SUMMARY),
        (entry("Eine Studie in Scharlachrot", "1", language="ger"), EntryKind.TRANSLATION),
        (entry("Этюд в багровых тонах", "1"), EntryKind.TRANSLATION),
    ],
)
def test_an_entry_is_what_its_position_and_title_say(candidate: CatalogEntry, kind: EntryKind) -> None:
    found, reason = classify(candidate)
    assert found is kind
    assert reason.code
    assert reason.evidence


def test_what_is_not_owned_is_missing() -> None:
    verdict = holmes(FOUR, [book(1, "A Study in Scarlet", "1"), book(2, "The Sign of Four (Unabridged)")])
    assert [work.status for work in verdict.works] == [OWNED, OWNED, MISSING, MISSING]
    assert (verdict.owned_count, verdict.missing_count, verdict.total) == (2, 2, 4)
    assert verdict.percentage == Decimal("50.00")
    assert verdict.status == "partial"
    assert row(verdict, "The Sign of Four").owned_book_ids == (2,)


def test_an_empty_catalogue_is_unknown_never_complete() -> None:
    """A failed read is not an empty shelf: Readarr #4100 showed an author with 0 books."""
    verdict = holmes([], [book(1, "A Study in Scarlet", "1")])
    assert (verdict.status, verdict.total, verdict.percentage) == ("unknown", 0, Decimal("0.00"))
    assert verdict.unmatched_book_ids == (1,)


def test_a_catalogue_with_a_hole_is_never_complete() -> None:
    """rreading-glasses #332: partial lists."""
    entries = [FOUR[0], FOUR[1], FOUR[3]]
    owned = [book(1, "A Study in Scarlet"), book(2, "The Sign of Four"), book(4, "The Memoirs of Sherlock Holmes")]
    verdict = holmes(entries, owned)
    assert (verdict.status, verdict.holes, verdict.missing_count) == ("unknown", (3,), 0)
    assert holmes(FOUR, [*owned, book(3, "Adventures of Sherlock Holmes", "3")]).status == "complete"


def test_nothing_owned_is_incomplete() -> None:
    assert holmes(FOUR).status == "incomplete"


def test_a_box_set_that_is_owned_covers_its_range() -> None:
    verdict = holmes(FOUR, [book(7, "Sherlock Holmes Collection", "1-3")])
    assert [work.status for work in verdict.works] == [OWNED, OWNED, OWNED, MISSING]
    assert {work.reason.code for work in verdict.works[:3]} == {"owned_in_box_set"}


def test_a_box_set_is_known_by_its_title_or_by_the_catalogue() -> None:
    by_title = holmes(FOUR, [book(7, "Sherlock Holmes, Books 1-3")])
    assert by_title.owned_count == 3
    by_catalogue = holmes([*FOUR, entry("The Early Holmes", "1-2")], [book(7, "The Early Holmes")])
    assert by_catalogue.owned_count == 2
    assert row(by_catalogue, "The Early Holmes").status is OWNED


@pytest.mark.parametrize(
    "extra",
    [
        entry("Holmes Boxed Set", "1-4"),
        entry("Scarlet, First Half", "1p1"),
        entry("Le Chien des Baskerville", "5", language="French"),
        entry("Sherlock Holmes: The Ultimate Guide"),
        entry("Summary of The Sign of Four"),
        entry("A Holmes Diary"),
    ],
)
def test_what_is_no_work_of_the_series_is_no_gap(extra: CatalogEntry) -> None:
    """completeseries #49: publishers' packs invented 38 missing books."""
    verdict = holmes([*FOUR, extra], [book(n, work.title) for n, work in enumerate(FOUR)])
    assert row(verdict, extra.title).status is NOT_WANTED
    assert (verdict.total, verdict.missing_count, verdict.status) == (4, 0, "complete")


def test_a_novella_is_a_gap_of_lower_priority_that_is_not_counted() -> None:
    verdict = holmes([*FOUR, entry("The Field Bazaar", "3.5")])
    novella = row(verdict, "The Field Bazaar")
    assert (novella.status, novella.priority, novella.counted) == (MISSING, 3, False)
    assert novella in verdict.missing
    assert verdict.total == 4


def test_a_box_set_does_not_hold_the_novella_between() -> None:
    verdict = holmes([*FOUR, entry("The Field Bazaar", "2.5")], [book(7, "Holmes 1-4", "1-4")])
    assert row(verdict, "The Field Bazaar").status is MISSING
    assert verdict.status == "complete"


@pytest.mark.parametrize(
    ("published", "status"),
    [
        ("2026-11-23", UPCOMING),
        ("2026-12", UPCOMING),
        ("2027", UPCOMING),
        ("2026-11-22", MISSING),
        ("2026-11", MISSING),
        ("2026", MISSING),
        ("1900", MISSING),
        (None, MISSING),
        ("soon", MISSING),
    ],
)
def test_what_is_not_out_yet_is_upcoming(published: str | None, status: WorkStatus) -> None:
    verdict = holmes([*FOUR, entry("The Last Bow", "5", published=published)])
    assert row(verdict, "The Last Bow").status is status
    assert verdict.upcoming_count == (status is UPCOMING)


@pytest.mark.parametrize(
    ("source", "audiobook", "status"),
    [
        pytest.param("MAM", True, MISSING, id="a tracker has what is out"),
        pytest.param("Audible", True, UPCOMING, id="a shop lists it before"),
        pytest.param("GoogleBooks", None, UPCOMING, id="a book without a date says nothing"),
    ],
)
def test_what_mam_offers_is_out_whatever_date_was_announced(
    source: str, audiobook: bool | None, status: WorkStatus
) -> None:
    offered = entry("The Last Bow", "5", source=source, audiobook=audiobook, published=None)
    verdict = holmes([*FOUR, entry("The Last Bow", "5", published="2031-05-01"), offered])
    assert row(verdict, "The Last Bow").status is status


def test_a_reissue_to_come_does_not_make_a_work_upcoming() -> None:
    verdict = holmes([*FOUR, entry("A Study in Scarlet", "1", source="GoogleBooks", published="2031")])
    assert row(verdict, "A Study in Scarlet").status is MISSING


def test_two_sources_make_one_row() -> None:
    """Two series objects for one series must not double the gaps (audiosilo-meta #1514)."""
    again = [
        entry("A Study in Scarlet (Unabridged)", "1", source="MAM", series="The Sherlock Holmes Series"),
        entry("Sherlock Holmes: The Sign of the Four", "2", source="MAM"),
        entry("The Adventures of Sherlock Holmes", source="GoogleBooks"),
    ]
    verdict = holmes([*FOUR, *again])
    assert len(verdict.works) == 4
    assert verdict.missing_count == 4
    assert [other.source for other in row(verdict, "The Sign of Four").also] == ["MAM"]


def test_sources_that_count_differently_make_one_row() -> None:
    """Audnexus.bundle #25: one book is 15 in one series and 2 in another."""
    other = [entry("Prelude", "1", source="MAM"), entry("A Study in Scarlet", "2", source="MAM")]
    verdict = holmes([FOUR[0], *other])
    assert {work.entry.title for work in verdict.works} == {"A Study in Scarlet", "Prelude"}


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(
            (entry("Northern Lights", "1", isbn="0439554934"), entry("The Golden Compass", "1", isbn="0439554934")),
            id="an id in common",
        ),
        pytest.param(
            (entry("Northern Lights (The Golden Compass)", "1"), entry("The Golden Compass", "1", source="MAM")),
            id="a source that gives both titles",
        ),
    ],
)
def test_one_work_under_two_titles_is_one_row(entries: tuple[CatalogEntry, ...]) -> None:
    assert len(holmes(entries).works) == 1
    assert holmes(entries, [book(1, "The Golden Compass")]).status == "complete"


def test_volumes_that_share_a_title_are_apart() -> None:
    entries = [entry("Saga", str(number)) for number in (1, 2, 3)]
    verdict = holmes(entries, [book(5, "Saga", "2")])
    assert [work.status for work in verdict.works] == [MISSING, OWNED, MISSING]


def test_a_second_work_at_one_number_is_no_second_gap() -> None:
    verdict = holmes([*FOUR, entry("Scarlet: the play", "1")], [book(1, "A Study in Scarlet")])
    assert row(verdict, "Scarlet: the play").reason.code == "position_shared"
    assert verdict.total == 4


def test_a_title_is_believed_before_a_number() -> None:
    verdict = holmes(FOUR, [book(1, "The Sign of Four", "1")])
    assert row(verdict, "The Sign of Four").status is OWNED
    assert row(verdict, "A Study in Scarlet").status is MISSING


def test_a_number_is_believed_where_the_titles_are_akin() -> None:
    verdict = holmes(FOUR, [book(1, "A Study in Scarlet and Other Crimes", "1")])
    assert row(verdict, "A Study in Scarlet").owned_book_ids == (1,)


def test_a_book_by_someone_else_fills_no_gap() -> None:
    verdict = holmes(FOUR, [book(1, "A Study in Scarlet", "1", authors=("Adrian Doyle",))])
    assert verdict.owned_count == 0
    assert verdict.unmatched_book_ids == (1,)


def test_a_part_is_less_than_the_work_and_all_parts_are_the_work() -> None:
    assert holmes(FOUR, [book(1, "Scarlet", "1p1")]).owned_count == 0
    assert holmes(FOUR, [book(1, "Scarlet", "1p1"), book(2, "Scarlet", "1p2")]).owned_count == 1


def test_an_equal_isbn_is_the_work() -> None:
    entries = [entry("A Study in Scarlet", "1", isbn="0439554934")]
    verdict = holmes(entries, [book(1, "Étude en rouge", isbn="978-0-439-55493-0")])
    assert verdict.works[0].reason.code == "owned_isbn"


def test_a_series_without_numbers_is_judged_by_titles() -> None:
    verdict = holmes([entry("One Tale"), entry("Other Tale")], [book(1, "One Tale")])
    assert (verdict.owned_count, verdict.missing_count) == (1, 1)


# --- authors ------------------------------------------------------------------------------------------------------

AUDIO = (
    entry("The Lost World", audiobook=True, source="MAM"),
    entry("The Lost World: A Novel", source="GoogleBooks"),
    entry("The White Company", audiobook=True, source="MAM"),
    entry("Sir Nigel", source="Goodreads"),
)


def test_only_what_exists_as_an_audiobook_is_wanted() -> None:
    verdict = doyle(AUDIO)
    assert row(verdict, "The Lost World").status is MISSING
    assert row(verdict, "The White Company").status is MISSING
    assert row(verdict, "Sir Nigel").reason.code == "recording_unknown"
    assert (len(verdict.works), verdict.total) == (3, 2)


def test_a_shared_surname_is_refused() -> None:
    """Works that only share a surname are someone else's (Seshat guards the same)."""
    other = entry("Heaven Has Claws", authors=("Adrian Doyle",), audiobook=True)
    bare = entry("Doyle's Essays", authors=("Doyle",), audiobook=True)
    nobody = entry("Anonymous Tales", authors=(), audiobook=True)
    verdict = doyle([*AUDIO, other, bare, nobody])
    assert {item.entry.title for item in verdict.refused} == {"Heaven Has Claws", "Doyle's Essays", "Anonymous Tales"}
    assert all(item.reason.code for item in verdict.refused)
    assert len(verdict.works) == 3


def test_pen_names_are_the_author() -> None:
    entries = [entry("The Long Walk", authors=("Richard Bachman",), audiobook=True)]
    assert not doyle(entries).works
    assert len(doyle(entries, pen_names=("Richard Bachman",)).works) == 1


def test_an_author_s_owned_box_set_covers_its_volumes() -> None:
    entries = [entry(work.title, work.series.position, audiobook=True) for work in FOUR if work.series]
    verdict = doyle(entries, [book(9, "Holmes 1-3", "1-3", series="The Sherlock Holmes Series")])
    assert (verdict.owned_count, verdict.missing_count) == (3, 1)
    assert doyle(entries, [book(9, "Holmes 1-3", "1-3", series="Professor Challenger")]).owned_count == 0


def test_an_author_without_a_catalogue_is_unknown() -> None:
    assert doyle([]).status == "unknown"


# --- properties ---------------------------------------------------------------------------------------------------

_title_texts = st.sampled_from(
    [
        "Alpha",
        "Beta",
        "Beta: A Novel",
        "Gamma",
        "Holmes 2 - Beta",
        "Box Set",
        "Alpha (Unabridged)",
        "?!",
        "Summary of Beta",
    ]
)
_positions = st.sampled_from([None, "1", "2", "02", "3", "1-2", "1-3", "2.5", "2p1", "II", ""])
_entries = st.lists(
    st.builds(
        entry,
        _title_texts,
        _positions,
        source=st.sampled_from(["Goodreads", "MAM"]),
        audiobook=st.sampled_from([None, True]),
    ),
    max_size=9,
)
_owned = st.lists(st.builds(book, st.integers(1, 9), _title_texts, _positions), max_size=5)


@given(_entries, _owned, st.integers())
def test_the_order_of_the_entries_changes_nothing(
    entries: list[CatalogEntry], owned: list[OwnedBook], seed: int
) -> None:
    shuffled, shelf = list(entries), list(owned)
    Random(seed).shuffle(shuffled)
    Random(seed).shuffle(shelf)
    assert holmes(entries, owned) == holmes(shuffled, shelf)
    assert doyle(entries, owned) == doyle(shuffled, shelf)


@given(_entries, _owned)
def test_every_entry_is_in_one_row_and_the_counts_add_up(entries: list[CatalogEntry], owned: list[OwnedBook]) -> None:
    verdict = holmes(entries, owned)
    rows = [line for work in verdict.works for line in (work.entry, *work.also)]
    assert len(rows) == len(set(rows)) == len(set(entries))
    assert verdict.total == verdict.owned_count + verdict.missing_count
    assert 0 <= verdict.percentage <= 100
    assert verdict.status != "complete" or (verdict.total > 0 and verdict.missing_count == 0)
    known = {owned_book.book_id for owned_book in owned}
    assert all(set(work.owned_book_ids) <= known for work in verdict.works)
    assert all((work.status is OWNED) == bool(work.owned_book_ids) for work in verdict.works)
