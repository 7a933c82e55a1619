"""A number without a title shows nothing: wrong, foreign and shared numbering, and what a person can do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mam_assets.domain.books import CatalogEntry, Medium, OwnedBook, Release, SeriesRef, Work
from mam_assets.domain.gaps import JudgedWork, SeriesVerdict, WorkStatus, author_gaps, series_gaps
from mam_assets.domain.matching import Candidate, RecordingFacts, judge
from mam_assets.domain.release import Preferences, Verdict
from mam_assets.domain.release import judge as judge_release
from mam_assets.domain.wanting import Snapshot, Wanted, Wishes, keyed_works

TODAY = date(2026, 3, 1)
STORMLIGHT, SANDERSON = "The Stormlight Archive", ("Brandon Sanderson",)
NARNIA, LEWIS = "The Chronicles of Narnia", ("C. S. Lewis",)
OWNED, MISSING, NOT_WANTED = WorkStatus.OWNED, WorkStatus.MISSING, WorkStatus.NOT_WANTED


def entry(title: str, number: str | None, source: str = "Goodreads", **changes: Any) -> CatalogEntry:
    plain = CatalogEntry(source, f"{title}:{number}", title, SANDERSON, SeriesRef(STORMLIGHT, number))
    return replace(plain, audiobook=True if source == "MAM" else None, **changes)


def book(book_id: int, title: str, number: str | None = None, **changes: Any) -> OwnedBook:
    plain = OwnedBook(book_id, title, SANDERSON, number, series_name=STORMLIGHT)
    return replace(plain, **changes)


GOODREADS = (entry("The Way of Kings", "1"), entry("Words of Radiance", "2"), entry("Oathbringer", "3"))
KINGS = book(1, "The Way of Kings", "1")
MISTAKEN = entry("Edgedancer", "2", "MAM")


def series(entries: tuple[CatalogEntry, ...], *owned: OwnedBook) -> SeriesVerdict:
    return series_gaps(entries, owned, series_name=STORMLIGHT, series_authors=SANDERSON, today=TODAY)


def work(verdict: SeriesVerdict, title: str) -> JudgedWork:
    return next(one for one in verdict.works if one.entry.title == title)


def wishes(entries: tuple[CatalogEntry, ...], *owned: OwnedBook) -> dict[str, Wanted]:
    verdict = series(entries, *owned)
    rows = {(one.source, one.source_key): n for n, one in enumerate(entries)}
    snapshot = Snapshot(1, STORMLIGHT, SANDERSON, (), entries, owned, rows, author_id=1)
    found = Wishes("series_gap")
    found.note(snapshot, keyed_works(snapshot, verdict.works))
    return {want.title: want for want in found.wanted}


# --- what is owned ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owned", "rule", "said"),
    [
        pytest.param(book(2, "Edgedancer", "2"), "doubtful_position", "'Edgedancer'", id="an unknown title"),
        pytest.param(book(2, "The Lost Metal", "2"), "doubtful_position", "series_number", id="a title of elsewhere"),
        pytest.param(book(2, "Words of Radience"), "doubtful_spelling", "title", id="a near spelling"),
    ],
)
def test_a_book_that_only_may_be_the_work_leaves_it_missing_and_says_so(owned: OwnedBook, rule: str, said: str) -> None:
    verdict = series(GOODREADS, KINGS, owned)
    doubted = work(verdict, "Words of Radiance")
    assert (doubted.status, doubted.reason.code, doubted.owned_book_ids) == (MISSING, rule, ())
    assert said in doubted.reason.evidence
    assert (verdict.owned_count, verdict.missing_count, verdict.unmatched_book_ids) == (1, 2, (2,))


@pytest.mark.parametrize(
    ("title", "number", "changes"),
    [
        ("Words of Radiance: Part Two of the Archive", "2", {}),
        ("Words of Radience", "2", {}),
        ("The Stormlight Archive 2", "2", {}),
        ("The Stormlight Archive, Book Two", None, {}),
        ("Book 2", "2", {}),
        ("Les Rayonnantes", "2", {"place_is_settled": True}),
        ("Words of Radiance", "7", {}),
        ("Words of Radiance, Volume Two", None, {}),
    ],
)
def test_a_right_book_is_recognised_with_a_second_sign(
    title: str, number: str | None, changes: dict[str, bool]
) -> None:
    verdict = series(GOODREADS, KINGS, book(2, title, number, **changes))
    assert work(verdict, "Words of Radiance").owned_book_ids == (2,)


def test_a_person_s_word_on_the_number_owns_the_work_that_another_source_names_otherwise() -> None:
    entries = (*GOODREADS, entry("Les Rayonnantes", "2", "Audible"))
    assert work(series(entries, KINGS, book(2, "Les Rayonnantes", "2")), "Words of Radiance").status is MISSING
    settled = book(2, "Les Rayonnantes", "2", place_is_settled=True)
    assert work(series(entries, KINGS, settled), "Words of Radiance").owned_book_ids == (2,)


def test_parts_of_another_title_are_no_whole() -> None:
    parts = [book(2, "Edgedancer", "2p1"), book(3, "Edgedancer", "2p2")]
    assert work(series(GOODREADS, KINGS, *parts), "Words of Radiance").status is MISSING


@pytest.mark.parametrize(
    ("owned", "near"),
    [("Hunted", "Haunted"), ("The Lost Island", "The Last Island")],
)
def test_a_near_spelling_of_an_author_s_work_is_left_to_a_person(owned: str, near: str) -> None:
    entries = [CatalogEntry("MAM", "1", near, SANDERSON, audiobook=True)]
    (judged,) = author_gaps(entries, [OwnedBook(1, owned, SANDERSON)], author=SANDERSON[0], today=TODAY).works
    assert (judged.status, judged.reason.code) == (MISSING, "doubtful_spelling")


# --- a mistaken number of an uploader -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param((*GOODREADS, MISTAKEN), id="unknown elsewhere"),
        pytest.param((*GOODREADS, entry("Edgedancer", "2.5"), MISTAKEN), id="at its right number elsewhere"),
    ],
)
@pytest.mark.parametrize("owned", [(), (book(9, "Edgedancer"),), (book(9, "Edgedancer", "2"),)], ids=len)
def test_a_mistaken_number_makes_nothing_owned_and_nothing_sought(
    entries: tuple[CatalogEntry, ...], owned: tuple[OwnedBook, ...]
) -> None:
    verdict = series(entries, KINGS, *owned)
    radiance = work(verdict, "Words of Radiance")
    assert (radiance.status, radiance.owned_book_ids, radiance.also) == (MISSING, (), ())
    assert verdict.status == "partial"
    assert wishes(entries, KINGS, *owned)["Words of Radiance"].other_titles == ()


def test_a_title_at_a_number_that_is_another_s_is_no_gap_of_the_series() -> None:
    assert work(series((*GOODREADS, MISTAKEN), KINGS), "Edgedancer").reason.code == "position_shared"


def test_what_is_owned_at_the_number_by_an_uploader_s_word_is_said() -> None:
    doubted = work(series((*GOODREADS, MISTAKEN), KINGS, book(9, "Edgedancer")), "Words of Radiance").reason
    assert doubted.code == "doubtful_position"
    assert "'Edgedancer', which is in the library, has its number by MAM" in doubted.evidence


def test_an_owned_box_set_holds_what_the_better_source_puts_there() -> None:
    entries = (*GOODREADS, entry("Edgedancer", "2.5"), MISTAKEN)
    verdict = series(entries, book(4, "Stormlight Archive Books 1-2", "1-2"))
    assert [one.entry.title for one in verdict.works if one.status is OWNED] == [
        "The Way of Kings",
        "Words of Radiance",
    ]


def test_a_title_that_only_a_place_joined_is_no_name_of_the_work() -> None:
    entries = (*GOODREADS, entry("Words of Radience", "2", "MAM"))
    assert work(series(entries, KINGS), "Words of Radiance").titles == ("Words of Radiance",)
    want = wishes(entries, KINGS)["Words of Radiance"]
    sought = Work(want.title, want.authors, SeriesRef(STORMLIGHT, "2"), other_titles=want.other_titles)
    offered = Release("MAM", "7", "Words of Radience", SANDERSON, series=(SeriesRef(STORMLIGHT, "2"),),
                      medium=Medium.AUDIOBOOK, language="English", size_bytes=600_000_000, seeders=9, filetype="m4b",
                      abridged=False, dramatised=False)  # fmt: skip
    judgement = judge_release(sought, offered, preferences=Preferences())
    assert judgement.verdict is Verdict.HOLD
    assert "title_equal" not in {reason.code for reason in judgement.reasons}


@pytest.mark.parametrize("number", ["2", "2.5", None])
def test_the_gate_takes_no_mistaken_upload_for_the_work(number: str | None) -> None:
    want = wishes((*GOODREADS, MISTAKEN), KINGS)["Words of Radiance"]
    sought = Work(want.title, want.authors, SeriesRef(STORMLIGHT, "2"), other_titles=want.other_titles)
    stands = (SeriesRef(STORMLIGHT, number),) if number else ()
    offered = Release("MAM", "77", "Edgedancer", SANDERSON, series=stands, medium=Medium.AUDIOBOOK, language="English",
                      size_bytes=300_000_000, seeders=9, filetype="m4b")  # fmt: skip
    assert judge_release(sought, offered, preferences=Preferences()).verdict is not Verdict.ACCEPT


# --- sources that count differently -------------------------------------------------------------------------------

PUBLISHED = ("The Lion, the Witch and the Wardrobe", "Prince Caspian", "The Voyage of the Dawn Treader",
             "The Silver Chair", "The Horse and His Boy", "The Magician's Nephew", "The Last Battle")  # fmt: skip
OF_EVENTS = (PUBLISHED[5], PUBLISHED[0], PUBLISHED[4], PUBLISHED[1], PUBLISHED[2], PUBLISHED[3], PUBLISHED[6])


def narnia(source: str, titles: tuple[str, ...]) -> list[CatalogEntry]:
    return [CatalogEntry(source, f"{source}:{n}", title, LEWIS, SeriesRef(NARNIA, str(n)), audiobook=True)
            for n, title in enumerate(titles, 1)]  # fmt: skip


@pytest.mark.parametrize("other", ["Audible", "MAM"])
@pytest.mark.parametrize("numbers", [PUBLISHED, OF_EVENTS], ids=["numbered as published", "numbered by events"])
@pytest.mark.parametrize("title", PUBLISHED)
def test_a_book_is_itself_however_sources_count(title: str, numbers: tuple[str, ...], other: str) -> None:
    entries = [*narnia("Goodreads", PUBLISHED), *narnia(other, OF_EVENTS)]
    owned = OwnedBook(1, title, LEWIS, str(numbers.index(title) + 1), series_name=NARNIA)
    verdict = series_gaps(entries, [owned], series_name=NARNIA, series_authors=LEWIS, today=TODAY)
    assert {one.entry.title for one in verdict.works if one.status is OWNED} == {title}
    assert {one.entry.title for one in verdict.missing} == set(PUBLISHED) - {title}
    assert {one.entry.title: one.entry.source for one in verdict.works} == dict.fromkeys(PUBLISHED, "Goodreads")


def answer(title: str, number: str) -> Candidate:
    values = {"description": f"What happens in {title}.", "asin": "B000000001"}
    return Candidate("Audible", "B000000001", title, LEWIS, values, series=(SeriesRef(NARNIA, number),),
                     recording=RecordingFacts(("Someone Else",), 300, "B000000001", None, False))  # fmt: skip


@pytest.mark.parametrize("number", range(1, 8))
def test_no_answer_is_matched_by_a_number_of_another_count(number: int) -> None:
    owned = Work(PUBLISHED[number - 1], LEWIS, series=SeriesRef(NARNIA, str(number)))
    answers = [answer(title, str(n)) for n, title in enumerate(OF_EVENTS, 1)]
    told = judge(owned, RecordingFacts(("Lynn Redgrave",), 312), "Audible", answers, None)
    assert told.values.get("title", owned.title) == owned.title
    assert owned.title == OF_EVENTS[number - 1] or told.verdict == "refused"
