"""MAM's rows, as awkward as they come. Titles and people are of public-domain books; ids and hashes are made up."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import Medium, Release, SeriesRef
from mam_assets.parsing.answers import Fault, UnusableAnswer
from mam_assets.parsing.mam import (
    parse_cookie_check,
    parse_duration,
    parse_search,
    parse_size,
    parse_user,
    rotated_cookie,
)

from .any_json import ANY_JSON

ROW: dict[str, Any] = {
    "id": 564321,
    "title": "A Princess of Mars",
    "added": "2024-05-01 12:34:56",
    "main_cat": 13,
    "category": 47,
    "catname": "Audiobooks - Science Fiction",
    "mediatype": 1,
    "maincat": 1,
    "categories": "[45,1]",
    "language": 1,
    "lang_code": "ENG",
    "filetype": "m4b",
    "size": "881.8 MiB",
    "numfiles": 1,
    "seeders": 120,
    "leechers": 1,
    "times_completed": 2345,
    "author_info": '{"1234":"Edgar Rice Burroughs"}',
    "narrator_info": '{"55":"Scott Brick","56":"Orlagh Cassidy"}',
    "series_info": '{"77":["Barsoom","1",1]}',
    "vip": 1,
    "free": 0,
    "personal_freeleech": 0,
    "browseflags": 0,
    "tags": "unabridged space opera",
    "dl": "SecretDownloadHash",
    "isbn": "9781427201430",
    "mediainfo": '{"General":{"Duration":"21:02:13","Format":"MPEG-4"}}',
}


def page_of(*rows: Any, **top: Any) -> Any:
    return {"perpage": 100, "start": 0, "total": len(rows), "found": len(rows), "data": list(rows)} | top


def read(**changes: Any) -> Release:
    (release,) = parse_search(page_of(ROW | changes), start=0, perpage=100).releases
    return release


def test_a_row_becomes_a_release() -> None:
    assert read() == Release(
        source="MAM",
        guid="564321",
        title="A Princess of Mars",
        authors=("Edgar Rice Burroughs",),
        narrators=("Scott Brick", "Orlagh Cassidy"),
        series=(SeriesRef("Barsoom", "1"),),
        medium=Medium.AUDIOBOOK,
        language="English",
        filetype="m4b",
        size_bytes=round(881.8 * 1024**2),
        seeders=120,
        leechers=1,
        snatched=2345,
        added_at=datetime(2024, 5, 1, 12, 34, 56, tzinfo=UTC),
        categories=(47,),
        freeleech=False,
        vip=True,
        abridged=False,
        dramatised=False,
        runtime_seconds=21 * 3600 + 2 * 60 + 13,
        isbn="9781427201430",
        tags="unabridged space opera",
    )


def test_the_download_hash_is_never_kept() -> None:
    page = parse_search(page_of(ROW, ROW | {"id": None}), start=0, perpage=100)
    assert page.problems
    assert "SecretDownloadHash" not in repr(page)


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"title": 813}, "title", "813"),
        ({"title": "The Hunter&#039;s Tale &amp; Others"}, "title", "The Hunter's Tale & Others"),
        ({"author_info": '{"1":"L. Frank Baum","2":"O&#039;Henry"}'}, "authors", ("L. Frank Baum", "O'Henry")),
        ({"author_info": ""}, "authors", ()),
        ({"author_info": {"1": "Jules Verne"}}, "authors", ("Jules Verne",)),
        ({"narrator_info": ""}, "narrators", ()),
        ({"series_info": '{"7":["Oz","2"]}'}, "series", (SeriesRef("Oz", "2"),)),
        ({"series_info": '{"7":["Oz","",-1]}'}, "series", (SeriesRef("Oz", None),)),
        ({"series_info": '{"7":["Oz","",1.5]}'}, "series", (SeriesRef("Oz", "1.5"),)),
        ({"series_info": '{"7":["Oz","01-16, 13.5",1]}'}, "series", (SeriesRef("Oz", "01-16, 13.5"),)),
        ({"series_info": '{"7":["Oz","2p1",2]}'}, "series", (SeriesRef("Oz", "2p1"),)),
        ({"series_info": '{"7":["Oz",3,3]}'}, "series", (SeriesRef("Oz", "3"),)),
        ({"series_info": '{"7":[]}'}, "series", ()),
        ({"size": "1,018.3 KiB"}, "size_bytes", round(1018.3 * 1024)),
        ({"size": "6324306932"}, "size_bytes", 6324306932),
        ({"size": 6324306932}, "size_bytes", 6324306932),
        ({"size": "a lot"}, "size_bytes", None),
        ({"vip": "1"}, "vip", True),
        ({"vip": True}, "vip", True),
        ({"vip": "0"}, "vip", False),
        ({"free": "1"}, "freeleech", True),
        ({"personal_freeleech": True}, "freeleech", True),
        ({"fl_vip": 1}, "freeleech", False),
        ({"language": "37"}, "language", "German"),
        ({"language": 999, "lang_code": "FRE"}, "language", "French"),
        ({"language": 999, "lang_code": "???"}, "language", None),
        ({"category": 999}, "categories", (999,)),
        ({"main_cat": 999, "mediatype": None}, "medium", Medium.UNKNOWN),
        ({"main_cat": None, "mediatype": 8}, "medium", Medium.AUDIOBOOK),
        ({"main_cat": 14, "mediatype": 2}, "medium", Medium.EBOOK),
        ({"main_cat": 16, "mediatype": 4}, "medium", Medium.RADIO),
        ({"main_cat": 15, "mediatype": None}, "medium", Medium.MUSIC),
        ({"main_cat": None, "category": 130, "mediatype": None}, "medium", Medium.RADIO),
        ({"browseflags": 32}, "abridged", True),
        ({"browseflags": "34", "tags": ""}, "abridged", True),
        ({"browseflags": 2, "tags": ""}, "abridged", False),
        ({"browseflags": None, "tags": ""}, "abridged", None),
        ({"browseflags": None, "tags": "abridged"}, "abridged", True),
        ({"browseflags": 0, "tags": "", "title": "Emma (Abridged)"}, "abridged", True),
        ({"browseflags": None, "tags": "Unabridged"}, "abridged", False),
        ({"categories": "[10,45]"}, "dramatised", True),
        ({"categories": ""}, "dramatised", None),
        ({"tags": "full cast"}, "dramatised", True),
        ({"title": "Emma (Dramatised)"}, "dramatised", True),
        ({"narrator_info": '{"1":"GraphicAudio"}'}, "dramatised", True),
        ({"isbn": "ASIN:B0ABCDEFGH"}, "asin", "B0ABCDEFGH"),
        ({"isbn": "ASIN:B0ABCDEFGH"}, "isbn", None),
        ({"isbn": 9781427201430}, "isbn", "9781427201430"),
        ({"isbn": 0}, "isbn", None),
        ({"isbn": ""}, "isbn", None),
        ({"tags": 1984}, "tags", "1984"),
        ({"mediainfo": ""}, "runtime_seconds", None),
        ({"seeders": "7"}, "seeders", 7),
        ({"seeders": -1}, "seeders", None),
        ({"added": "yesterday"}, "added_at", None),
    ],
)
def test_each_oddity_is_read_as_meant(changes: dict[str, Any], field: str, expected: Any) -> None:
    assert getattr(read(**changes), field) == expected


@pytest.mark.parametrize("field", ["author_info", "narrator_info", "series_info", "mediainfo", "categories"])
def test_a_row_with_one_broken_part_is_kept_and_the_part_named(field: str) -> None:
    page = parse_search(page_of(ROW | {field: '{"1":"O"Henry"}'}), start=0, perpage=100)
    assert [release.title for release in page.releases] == ["A Princess of Mars"]
    assert page.problems == (f"torrent 564321: {field} is not readable",)


def test_contradicting_schemes_leave_the_medium_unknown() -> None:
    page = parse_search(page_of(ROW | {"main_cat": 13, "mediatype": 2}), start=0, perpage=100)
    assert page.releases[0].medium is Medium.UNKNOWN
    assert "ebook" in page.problems[0]


def test_the_duration_of_one_file_is_not_taken_for_the_whole() -> None:
    changes = {"numfiles": 40, "mediainfo": '{"General":{"Duration":"00:30:00"}}'}
    assert read(**changes).runtime_seconds is None
    assert read(numfiles=40).runtime_seconds == 75733


def test_rows_without_id_or_title_are_left_out_and_named() -> None:
    page = parse_search(page_of(ROW, {"id": 7}, "nonsense", found=3), start=0, perpage=100)
    assert len(page.releases) == 1
    assert len(page.problems) == 2
    assert page.found == 3


@pytest.mark.parametrize("counted", ["found", "total_found", "total"])
def test_the_number_found_is_read_under_each_of_its_names(counted: str) -> None:
    page = parse_search({"data": [ROW], counted: "250"}, start=100, perpage=100)
    assert (page.found, page.start, page.perpage) == (250, 100, 100)


def test_without_a_count_what_came_is_what_was_found() -> None:
    assert parse_search({"data": [ROW]}, start=100, perpage=100).found == 101


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Nothing returned, out of 0"},
        {"error": "Nothing returned, out of 1204335"},
        {"data": [], "found": 0, "total": 0},
        {"found": 0},
    ],
)
def test_nothing_found_is_an_empty_page(answer: Any) -> None:
    page = parse_search(answer, start=0, perpage=100)
    assert (page.releases, page.found) == ((), 0)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"error": "Something else"}, Fault.NONSENSE),
        ({"message": "Invalid request"}, Fault.NONSENSE),
        ({"error": "Error, you are not signed in"}, Fault.SIGN_IN),
        ({"found": 12}, Fault.NONSENSE),
        ({"data": {}, "found": 1}, Fault.NONSENSE),
        ({"data": [{"x": 1}], "found": 1}, Fault.NONSENSE),
        ({"data": [], "found": 250, "total": 250}, Fault.NONSENSE),
        ({}, Fault.NONSENSE),
        ([], Fault.NONSENSE),
        (None, Fault.NONSENSE),
    ],
)
def test_a_failed_read_is_never_an_empty_page(answer: Any, fault: Fault) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        parse_search(answer, start=0, perpage=100)
    assert caught.value.fault is fault


def test_a_page_behind_the_last_result_is_empty_and_one_before_it_is_not() -> None:
    assert parse_search({"data": [], "found": 250, "start": 250}, start=250, perpage=100).releases == ()
    with pytest.raises(UnusableAnswer, match="no rows came from place 200 on, although 250 are counted"):
        parse_search({"data": [], "found": 250, "start": 200}, start=200, perpage=100)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("1 B", 1),
        ("1.5 GiB", 1610612736),
        ("2 TiB", 2 * 1024**4),
        ("12 XB", None),
        ("", None),
        (None, None),
        (-5, None),
    ],
)
def test_sizes_are_read_in_every_unit(written: Any, size: int | None) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("21:02:13", 75733),
        ("102:00:01", 367201),
        ("02:13.5", 133.5),
        ("21 h 2 min", 75720),
        ("45 min 30 s", 2730),
        ("00:00:00", None),
        ("3600", None),
        (3600, None),
        ("", None),
    ],
)
def test_durations_are_read_in_every_form_that_names_its_unit(written: Any, seconds: float | None) -> None:
    assert parse_duration(written) == seconds


def test_the_account_is_read() -> None:
    user = parse_user(
        {
            "username": "reader",
            "classname": "VIP",
            "ratio": "5.43",
            "wedges": 12,
            "downloaded_bytes": 1.5e12,
            "uploaded_bytes": 5634994325504,
            "unsat": {"count": 3, "limit": 150, "red": False},
        }
    )
    assert (user.username, user.classname, user.ratio, user.wedges) == ("reader", "VIP", 5.43, 12)
    assert (user.unsatisfied_count, user.unsatisfied_limit) == (3, 150)
    assert user.downloaded_bytes == 1.5e12


def test_an_account_without_counts_has_unknown_counts() -> None:
    user = parse_user({"username": "reader", "ratio": "Inf."})
    assert (user.unsatisfied_count, user.unsatisfied_limit, user.ratio) == (None, None, None)


@pytest.mark.parametrize("answer", [{}, [], None, {"error": "no"}, {"username": ""}])
def test_an_account_that_cannot_be_read_is_no_account(answer: Any) -> None:
    with pytest.raises(UnusableAnswer):
        parse_user(answer)


def test_the_cookie_check_names_the_user() -> None:
    assert parse_cookie_check({"Success": "You are logged in as: reader"}) == "reader"
    with pytest.raises(UnusableAnswer) as caught:
        parse_cookie_check({"Success": False})
    assert caught.value.fault is Fault.SIGN_IN


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        (["mam_id=new%3Dvalue; expires=Fri, 01-Jan-2038 00:00:00 GMT; Max-Age=1296000; path=/"], "new%3Dvalue"),
        (["other=x; path=/", "mam_id=abc"], "abc"),
        (["mam_id=first", "mam_id=second"], "second"),
        (["mam_id=new", "mam_id=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0"], "new"),
        (["mam_id=gone; Max-Age=0; path=/"], None),
        (["mam_id=gone; expires=Thu, 01-Jan-1970 00:00:01 GMT"], None),
        (["mam_id=deleted"], None),
        (["mam_id="], None),
        (["mam_id"], None),
        (["mam_id=with space"], None),
        ([], None),
    ],
)
def test_only_a_true_new_cookie_is_a_rotation(headers: list[str], value: str | None) -> None:
    assert rotated_cookie(headers) == value


@given(st.dictionaries(st.sampled_from([*ROW]), ANY_JSON | st.builds(json.dumps, ANY_JSON)), ANY_JSON)
def test_no_row_whatever_it_holds_raises_anything_but_an_unusable_answer(changes: dict[str, Any], other: Any) -> None:
    page = parse_search(page_of(ROW | {"id": 1, "title": "Emma"} | changes, ROW, other), start=0, perpage=100)
    assert page.releases
    for answer in (other, {"data": other}, {"error": other}):
        with suppress(UnusableAnswer):
            parse_search(answer, start=0, perpage=100)
    for parse in (parse_user, parse_cookie_check):
        with suppress(UnusableAnswer):
            parse(other)
    parse_size(other), parse_duration(other)


@given(st.text())
def test_no_cookie_header_breaks_the_reading(header: str) -> None:
    rotated_cookie([header, f"mam_id={header}"])
