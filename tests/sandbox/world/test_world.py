from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.model import OwnedItem, World, WorldRelease, WorldWork
from mam_assets.sandbox.world.releases import CATEGORY_OF_GENRE, NO_RELEASE, TOP_10_GENRES
from mam_assets.sandbox.world.works import isbn_10_of


def owned(world: World, key: str) -> OwnedItem:
    return next(item for item in world.owned if item.key == key)


def offered(world: World, release_id: int) -> WorldRelease:
    return next(release for release in world.releases if release.release_id == release_id)


def titled(world: World, title: str) -> WorldWork:
    return next(work for work in world.works if work.title == title)


# --- counts and consistency -------------------------------------------------------------------------------------


def test_the_world_is_as_large_as_promised(world: World) -> None:
    assert len(world.series) >= 15
    assert len(world.authors) >= 30
    assert len(world.works) >= 250
    owned_works = {item.work_id for item in world.owned if item.work_id}
    assert 0.4 <= len(owned_works) / len(world.works) <= 0.6


def test_ids_and_keys_are_unique(world: World) -> None:
    for values in (
        [author.author_id for author in world.authors],
        [author.name for author in world.authors],
        [series.series_id for series in world.series],
        [work.work_id for work in world.works],
        [work.isbn_13 for work in world.works if work.isbn_13],
        [work.asin for work in world.works if work.asin],
        [item.key for item in world.owned],
        [item.folder for item in world.owned],
        [release.release_id for release in world.releases],
        [release.mam_id for release in world.releases if release.mam_id],
    ):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_every_isbn_has_its_check_digit(world: World) -> None:
    codes = [work.isbn_13 for work in world.works if work.isbn_13]
    assert len(codes) > 200
    for code in codes:
        assert re.fullmatch(r"978\d{10}", code)
        assert sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(code)) % 10 == 0
        short = isbn_10_of(code)
        assert sum((10 - place) * (10 if c == "X" else int(c)) for place, c in enumerate(short)) % 11 == 0


def test_an_asin_looks_like_one(world: World) -> None:
    assert all(re.fullmatch(r"B0[0-9A-Z]{8}", work.asin) for work in world.works if work.asin)


def test_everything_named_exists(world: World) -> None:
    names = {author.name for author in world.authors}
    numbers = {series.series_id for series in world.series}
    works = {work.work_id for work in world.works}
    assert all(name in names for work in world.works for name in work.authors)
    assert all(series.author in names for series in world.series)
    assert all(work.series_id is None or work.series_id in numbers for work in world.works)
    assert all(item.work_id is None or item.work_id in works for item in world.owned)
    assert all(number in works for release in world.releases for number in release.work_ids)


def test_the_volumes_of_a_series_are_numbered_without_a_gap(world: World) -> None:
    for series in world.series:
        positions = [
            position
            for work in world.works
            if work.kind == "primary"
            for number, position in ((work.series_id, work.position), *work.also_in)
            if number == series.series_id and position
        ]
        assert len(positions) == len(set(positions)), series.name
        whole = sorted(int(position.partition(".")[0]) for position in positions)
        assert whole[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(whole)), series.name


def test_volumes_numbered_later_are_not_invented(world: World) -> None:
    """The only works without a true year are the ones that the package's docstring names, and translations."""
    unknown = {work.title for work in world.works if not work.year}
    assert unknown == {
        "An Atlas of Barsoom",
        "The Caspak Trilogy",
        "Una princesa de Marte",
        "Das Zeichen der Vier",
        "Study Guide: The Time Machine by H.G. Wells",
    }


def test_runtimes_agree_wherever_they_are_told(world: World) -> None:
    runtime = {work.work_id: work.runtime_seconds for work in world.works}
    for release in world.releases:
        told = sum(seconds for _, seconds in release.files)
        true = sum(runtime[number] for number in release.work_ids)
        odd = release.abridged or release.filetype == "epub" or release.release_id in (1017, 1018)
        assert odd or told == pytest.approx(true), release.title
    for item in world.owned:
        if item.work_id and not item.abridged:
            assert sum(seconds for _, seconds in item.files) == pytest.approx(runtime[item.work_id])


def test_runtimes_are_whole_minutes_and_short(world: World) -> None:
    for work in world.works:
        assert work.runtime_seconds % 60 == 0
        assert 60 <= work.runtime_seconds <= 200 or work.kind == "collection"


def test_the_same_clock_gives_the_same_world(world: World) -> None:
    assert build_world(world.now) == world


def test_another_clock_moves_dates_only(world: World) -> None:
    later = build_world(world.now + timedelta(days=40))
    assert later.owned == world.owned
    assert [replace(r, added=world.now) for r in later.releases] == [
        replace(r, added=world.now) for r in world.releases
    ]


# --- what is offered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("genre", TOP_10_GENRES)
def test_a_genre_has_more_than_ten_new_uploads_of_different_rank(world: World, genre: str) -> None:
    week = [
        release
        for release in world.releases
        if release.on_mam
        and release.category == CATEGORY_OF_GENRE[genre]
        and world.now - timedelta(days=7) <= release.added < world.now
    ]
    assert len(week) > 10
    assert len({release.snatched for release in week}) == len(week)
    owned_works = {item.work_id for item in world.owned}
    assert any(set(release.work_ids) <= owned_works for release in week)


def test_some_uploads_are_of_today(world: World) -> None:
    assert sum(world.now - release.added < timedelta(days=1) for release in world.releases) >= 4


def test_most_gaps_have_a_release_and_some_have_none(world: World) -> None:
    owned_works = {item.work_id for item in world.owned}
    gaps = {work.work_id for work in world.works if work.kind == "primary" and work.work_id not in owned_works}
    with_release = {number for release in world.releases for number in release.work_ids} & gaps
    assert 0.75 <= len(with_release) / len(gaps) < 1
    titles = {work.title for work in world.works}
    assert titles >= NO_RELEASE


# --- the awkward cases, in the order of the package's docstring -------------------------------------------------


def test_a_box_set_is_owned_and_its_volumes_are_not(world: World) -> None:
    box = owned(world, "box-set-caspak")
    assert box.series == (("Caspak", "1-3"),)
    number = titled(world, "The Caspak Trilogy").series_id
    members = {work.work_id for work in world.works if work.series_id == number and work.kind == "primary"}
    assert len(members) == 3
    assert not members & {item.work_id for item in world.owned}


@pytest.mark.parametrize(
    ("title", "position", "kind"),
    [
        ("Peter Pan in Kensington Gardens", "0.5", "novella"),
        ("When the World Screamed", "3.5", "novella"),
        ("The Man in the Iron Mask", "3.4", "primary"),
        ("Good Wives", "1.5", "part"),
        ("The Martian Tales Trilogy", "1-3", "collection"),
        ("Una princesa de Marte", "1", "translation"),
        ("Das Zeichen der Vier", "2", "translation"),
        ("An Atlas of Barsoom", None, "companion"),
        ("The Woggle-Bug Book", None, "companion"),
        ("Study Guide: The Time Machine by H.G. Wells", None, "summary"),
    ],
)
def test_a_series_holds_more_than_whole_volumes(world: World, title: str, position: str | None, kind: str) -> None:
    work = titled(world, title)
    assert (work.position, work.kind) == (position, kind)


def test_one_series_goes_by_several_names(world: World) -> None:
    number = titled(world, "A Princess of Mars").series_id
    volumes = {work.work_id for work in world.works if work.series_id == number}
    names = {name for item in world.owned if item.work_id in volumes for name, _ in item.series}
    assert {"Barsoom"} < names <= {"Barsoom", "John Carter of Mars", "Barsoom Series"}


def test_two_authors_are_joined_in_one_item_and_listed_in_another(world: World) -> None:
    assert owned(world, "joined-authors").authors == ("Robert Louis Stevenson & Lloyd Osbourne",)
    assert owned(world, "two-authors").authors == ("Robert Louis Stevenson", "Lloyd Osbourne")


def test_a_series_name_holds_a_comma_and_is_owned(world: World) -> None:
    series = next(series for series in world.series if "," in series.name)
    assert any(work.series_id == series.series_id for work in world.works)


def test_works_stand_in_two_series(world: World) -> None:
    assert {work.title for work in world.works if work.also_in} == {"Tarzan at the Earth's Core", "She and Allan"}


def test_one_volume_is_not_out_yet_and_nobody_offers_it(world: World) -> None:
    work = titled(world, "The Unwritten War of Mars")
    assert work.release_date is not None
    assert work.release_date > world.now.date()
    assert not any(work.work_id in release.work_ids for release in world.releases)


def test_a_pen_name_stands_for_an_author(world: World) -> None:
    aliases = {author.name: author.aliases for author in world.authors}
    assert "L. Frank Baum" in aliases["Edith Van Dyne"]
    assert offered(world, 1025).authors == ("L. Frank Baum",)


def test_a_namesake_is_all_that_is_offered_for_a_gap(world: World) -> None:
    releases = [release for release in world.releases if release.title == "The Pioneers"]
    assert [release.authors for release in releases] == [("R.M. Ballantyne",)]


@pytest.mark.parametrize(
    ("release_id", "field", "value"),
    [
        (1002, "abridged", True),
        (1005, "title", "Oz Books 1-14"),
        (1006, "behaviour", "never_completes"),
        (1008, "behaviour", "damaged"),
        (1010, "behaviour", "html_torrent"),
        (1011, "behaviour", "unsafe_names"),
        (1012, "main_cat", 14),
        (1013, "language", "German"),
        (1014, "dramatised", True),
        (1016, "seeders", 0),
        (1017, "series", (("Palliser", "4p1"),)),
        (1019, "series", (("Allan Quatermain", "9"),)),
        (1020, "narrators", ()),
        (1026, "filetype", "epub"),
        (1029, "magnet", True),
        (1030, "on_mam", False),
        (1031, "on_prowlarr", False),
    ],
)
def test_an_odd_release_has_its_number(world: World, release_id: int, field: str, value: object) -> None:
    assert getattr(offered(world, release_id), field) == value


@pytest.mark.parametrize(("better", "lesser"), [(1006, 1007), (1008, 1009)])
def test_a_bad_release_looks_better_than_the_good_one(world: World, better: int, lesser: int) -> None:
    assert offered(world, better).work_ids == offered(world, lesser).work_ids
    assert offered(world, better).seeders > offered(world, lesser).seeders
    assert offered(world, lesser).behaviour == "ok"


def test_one_work_is_offered_by_two_narrators(world: World) -> None:
    first, second = offered(world, 1003), offered(world, 1004)
    assert first.work_ids == second.work_ids
    assert first.narrators != second.narrators


@pytest.mark.parametrize("release_id", [1021, 1022, 1023, 1024])
def test_a_work_is_offered_under_its_other_title(world: World, release_id: int) -> None:
    release = offered(world, release_id)
    work = next(work for work in world.works if work.work_id in release.work_ids)
    assert release.title != work.title
    assert release.title in work.other_titles


def test_a_sample_is_too_small_to_be_the_book(world: World) -> None:
    assert sum(seconds for _, seconds in offered(world, 1018).files) < 10


def test_a_title_is_a_number(world: World) -> None:
    assert owned(world, "number-title").title == "813"
    assert any(release.title == "813" for release in world.releases)


def test_a_name_is_written_with_combining_marks(world: World) -> None:
    name = owned(world, "decomposed-name").authors[0]
    assert name != "Charlotte Brontë"
    assert unicodedata.normalize("NFC", name) == "Charlotte Brontë"


def test_a_recording_is_there_twice_and_a_work_by_two_narrators(world: World) -> None:
    first, second = owned(world, "duplicate-first"), owned(world, "duplicate-second")
    assert (first.work_id, first.narrators, first.files) == (second.work_id, second.narrators, second.files)
    one, two = owned(world, "narrator-one"), owned(world, "narrator-two")
    assert one.work_id == two.work_id
    assert one.narrators != two.narrators


def test_untidy_items_are_untidy(world: World) -> None:
    assert owned(world, "wordy-position").series == (("Jungle Books", "Volume the First"),)
    assert owned(world, "series-in-title").title == "The Road to Oz (Oz, Book 5)"
    assert owned(world, "last-name-first").authors == ("Dickens, Charles",)
    nameless = owned(world, "nameless")
    assert (nameless.title, nameless.authors, nameless.work_id) == (None, (), None)
    assert owned(world, "abridged-recording").abridged
