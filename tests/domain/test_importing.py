"""Where an arrived download goes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import SeriesRef, Work
from mam_assets.domain.importing import (
    RuntimeVerdict,
    is_inside,
    map_path,
    plan_files,
    runtime_verdict,
    safe_name,
    target_folder,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dune", "Dune"),
        ("Dune: Messiah", "Dune - Messiah"),
        ("AC/DC", "AC-DC"),
        ("..", "_"),
        (".", "_"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "_"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Concord", "Concord"),
        ("COM1", "_COM1"),
        ("The End.", "The End"),
        ("What?", "What"),
        ("a\x00b\nc", "a b c"),
        (".hidden", "hidden"),
        ("~", "_~"),
        ("C:\\Windows", "C--Windows"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_a_name_is_made_safe(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(st.text(st.characters(exclude_categories=[]), max_size=400), st.integers(8, 240))
def test_a_safe_name_is_safe_everywhere_and_stays_as_it_is(text: str, limit: int) -> None:
    name = safe_name(text, limit=limit)
    assert name
    assert name not in {".", ".."}
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
    assert len(name.encode()) <= limit
    assert not name.endswith((".", " "))
    assert not name.startswith((".", " ", "~"))
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)
    assert safe_name(name, limit=limit) == name


def test_the_folder_has_the_form_that_audiobookshelf_reads() -> None:
    work = Work("Dune Messiah: A Novel", ("Frank Herbert",), SeriesRef("Dune", "02"))
    assert target_folder(work, ("Scott Brick",)) == PurePosixPath(
        "Frank Herbert/Dune/Vol 2 - Dune Messiah {Scott Brick}"
    )


@pytest.mark.parametrize(
    ("work", "narrators", "folder"),
    [
        (Work("Emma", ("Jane Austen",)), ("A B",), "Jane Austen/Emma {A B}"),
        (Work("Emma", ("Jane Austen",)), (), "Jane Austen/Emma"),
        (Work("Emma", ()), (), "Unknown Author/Emma"),
        (Work("Good Omens", ("A", "B", "C")), ("N1", "N2", "N3"), "A & B/Good Omens {N1, N2 and others}"),
        (Work("Tales", ("A B",), SeriesRef("S", "1-3")), (), "A B/S/Vol 1-3 - Tales"),
        (Work("Tales", ("A B",), SeriesRef("S", None)), (), "A B/S/Tales"),
        (Work("../../x", ("../..",), SeriesRef("..", "1")), ("{..}",), "_/Vol 1 - x"),
    ],
)
def test_the_folder_says_what_is_known(work: Work, narrators: tuple[str, ...], folder: str) -> None:
    assert str(target_folder(work, narrators)) == folder


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_no_text_leads_a_folder_out_of_the_library(title: str, author: str, series: str, narrator: str) -> None:
    folder = target_folder(Work(title, (author,), SeriesRef(series, "1")), (narrator,))
    assert not folder.is_absolute()
    assert ".." not in folder.parts
    assert 2 <= len(folder.parts) <= 3
    assert len(str(folder).encode()) <= 350
    assert is_inside(f"/library/{folder}", "/library")


BASE = PurePosixPath("A/B")


def targets(*files: str) -> list[str]:
    return [str(target.relative_to(BASE)) for _, target in plan_files([(name, 10) for name in files], BASE).copies]


def test_audio_cover_and_chapters_are_kept_and_nothing_else() -> None:
    files = [
        ("b/Dune.m4b", 9),
        ("b/cover.jpg", 5),
        ("b/Dune.cue", 1),
        ("b/chapters.txt", 1),
        ("b/info.nfo", 1),
        ("b/site.url", 1),
        ("b/setup.exe", 1),
        ("b/book.epub", 1),
        ("b/noext", 1),
        ("b/.DS_Store", 1),
        ("b/x.mp3", 0),
    ]
    plan = plan_files(files, BASE)
    assert {target.name for _, target in plan.copies} == {"Dune.m4b", "cover.jpg", "Dune.cue", "chapters.txt"}
    assert len(plan.left_out) == 7
    assert len(plan.audio) == 1
    assert all(why for _, why in plan.left_out)


@pytest.mark.parametrize(
    "path", ["../x.mp3", "/etc/x.mp3", "a/../../x.mp3", "..\\x.mp3", "C:\\x.mp3", "a\x00.mp3", "b/../x.mp3"]
)
def test_a_path_that_leads_out_is_left_out(path: str) -> None:
    plan = plan_files([(path, 10)], BASE)
    assert plan.copies == ()
    assert plan.left_out == ((path, "its path leads out of the torrent"),)


def test_discs_keep_their_order() -> None:
    files = ["Book/CD 2/01.mp3", "Book/CD 10/01.mp3", "Book/CD 1/02.mp3", "Book/CD 1/01.mp3"]
    assert targets(*files) == ["01-01.mp3", "01-02.mp3", "02-01.mp3", "10-01.mp3"]


def test_discs_without_numbers_are_numbered() -> None:
    assert targets("a/Side B/1.mp3", "a/Side A/1.mp3") == ["01-1.mp3", "02-1.mp3"]


def test_chapters_sort_by_number() -> None:
    assert targets("10.mp3", "2.mp3", "1.mp3") == ["1.mp3", "2.mp3", "10.mp3"]


def test_names_that_collide_are_numbered() -> None:
    assert targets("a/One.mp3", "a/one.mp3", "a/ONE.mp3") == ["ONE.mp3", "One (2).mp3", "one (3).mp3"]


def test_the_best_picture_is_the_cover() -> None:
    plan = plan_files([("a/1.mp3", 9), ("a/back.jpg", 900), ("a/Cover.PNG", 5)], BASE)
    assert ("a/Cover.PNG", BASE / "cover.png") in plan.copies
    assert ("a/back.jpg", "another picture is the cover") in plan.left_out


def test_without_audio_there_is_nothing_to_import() -> None:
    plan = plan_files([("cover.jpg", 5), ("virus.exe", 5)], BASE)
    assert plan.copies == ()
    assert not plan.audio


@given(
    st.lists(
        st.tuples(
            st.text(alphabet=st.sampled_from("aA1/.\\ é:mp3x"), max_size=16).map(lambda s: s + ".mp3"),
            st.integers(-1, 5),
        ),
        max_size=12,
    )
)
def test_every_file_is_copied_once_or_left_out_and_no_two_collide(files: list[tuple[str, int]]) -> None:
    plan = plan_files(files, BASE)
    places = [str(target).casefold() for _, target in plan.copies]
    assert len(places) == len(set(places))
    assert all(target.parent == BASE and target.name == safe_name(target.name, limit=240) for _, target in plan.copies)
    assert {source for source, _ in (*plan.copies, *plan.left_out)} == {name for name, _ in files}
    assert len(plan.copies) + len(plan.left_out) == len(set(files))


@pytest.mark.parametrize(
    ("expected", "measured", "verdict"),
    [
        (36000, 36000, RuntimeVerdict.OK),
        (36000, 37860, RuntimeVerdict.OK),
        (36000, 37861, RuntimeVerdict.HOLD),
        (36000, 34139, RuntimeVerdict.HOLD),
        (30, 89, RuntimeVerdict.OK),
        (36000, 4320, RuntimeVerdict.HOLD),
        (None, 36000, RuntimeVerdict.UNKNOWN),
        (36000, None, RuntimeVerdict.UNKNOWN),
        (0, 36000, RuntimeVerdict.UNKNOWN),
        (36000, float("nan"), RuntimeVerdict.UNKNOWN),
    ],
)
def test_a_runtime_far_off_is_another_recording(
    expected: float | None, measured: float | None, verdict: RuntimeVerdict
) -> None:
    """RMAB #272: 7 of 49 books were the wrong recording, found by runtimes from -88 % to +17 %."""
    assert runtime_verdict(expected, measured) is verdict


@pytest.mark.parametrize(
    ("path", "mapped"),
    [
        ("/downloads/Dune", "/mnt/d/Dune"),
        ("/downloads", "/mnt/d"),
        ("/downloads/", "/mnt/d"),
        ("/downloads2/Dune", "/downloads2/Dune"),
        ("/downloads/books/Dune", "/mnt/books/Dune"),
        ("/else", "/else"),
    ],
)
def test_paths_are_mapped_by_whole_folders(path: str, mapped: str) -> None:
    assert map_path(path, (("/downloads", "/mnt/d"), ("/downloads/books", "/mnt/books"))) == mapped


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        ("/library/a", "/library", True),
        ("/library", "/library", True),
        ("/library/a/../b", "/library/", True),
        ("/library/../etc", "/library", False),
        ("/library2/a", "/library", False),
        ("/../library", "/library", False),
        ("library/a", "library", False),
        ("/a", "/", True),
    ],
)
def test_inside_is_inside(path: str, folder: str, inside: bool) -> None:
    assert is_inside(path, folder) is inside
