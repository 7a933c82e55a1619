"""Prowlarr's results and indexers, and the names that releases bear."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import Medium, Release, SeriesRef
from mam_assets.parsing.answers import UnusableAnswer
from mam_assets.parsing.prowlarr import (
    download_path,
    indexer_complaints,
    mam_torrent_id,
    parse_error,
    parse_indexers,
    parse_results,
    parse_version,
)
from mam_assets.parsing.release_names import ReleaseName, read_release_name

from .any_json import ANY_JSON

ROW: dict[str, Any] = {
    "guid": "https://www.myanonamouse.net/t/123456",
    "age": 12,
    "size": 608700000,
    "files": 1,
    "grabs": 321,
    "indexerId": 1,
    "indexer": "MyAnonamouse",
    "title": "Emma by Jane Austen [ENG / M4B] [VIP]",
    "publishDate": "2026-07-20T10:00:00Z",
    "downloadUrl": "http://prowlarr:9696/1/download?apikey=SECRETKEY&link=QmFzZTY0&file=Emma+by+Jane+Austen",
    "infoUrl": "https://www.myanonamouse.net/t/123456",
    "indexerFlags": ["freeleech"],
    "categories": [{"id": 3030, "name": "Audio/Audiobook", "subCategories": []}, {"id": 100042, "subCategories": []}],
    "seeders": 40,
    "leechers": 1,
    "protocol": "torrent",
}


def read(**changes: Any) -> Release:
    (release,) = parse_results([ROW | changes]).releases
    return release


def test_a_result_becomes_a_release_without_the_key() -> None:
    release = read()
    assert release == Release(
        source="Prowlarr",
        guid="https://www.myanonamouse.net/t/123456",
        title="Emma",
        authors=("Jane Austen",),
        medium=Medium.AUDIOBOOK,
        language="English",
        filetype="m4b",
        size_bytes=608700000,
        seeders=40,
        leechers=1,
        snatched=321,
        added_at=datetime(2026, 7, 20, 10, tzinfo=UTC),
        categories=(3030, 100042),
        freeleech=True,
        vip=True,
        indexer="MyAnonamouse",
        indexer_id=1,
        download_url="http://prowlarr:9696/1/download?link=QmFzZTY0&file=Emma+by+Jane+Austen",
    )
    assert release.narrators == ()
    assert release.abridged is None


def test_no_secret_stays_in_any_address() -> None:
    release = read(
        guid="https://tracker.example/download?id=7&passkey=SECRETKEY",
        infoUrl=None,
        downloadUrl=None,
        magnetUrl="http://prowlarr:9696/2/download?apikey=SECRETKEY&link=TWFn&file=Emma",
    )
    assert "SECRETKEY" not in repr(release)
    assert release.guid == "https://tracker.example/download?id=7"
    assert release.download_url == "http://prowlarr:9696/2/download?link=TWFn&file=Emma"


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"seeders": None, "leechers": None}, "seeders", None),
        ({"categories": [{"id": 7020}]}, "medium", Medium.EBOOK),
        ({"categories": [{"id": 2040}]}, "medium", Medium.VIDEO),
        ({"categories": [{"id": 3030}, {"id": 5000}]}, "medium", Medium.VIDEO),
        ({"categories": [{"id": 3030}, {"id": 3000}]}, "medium", Medium.AUDIOBOOK),
        ({"categories": [{"id": 3010}]}, "medium", Medium.MUSIC),
        ({"categories": [{"id": 3030}, {"id": 7020}], "guid": "x", "infoUrl": None}, "medium", Medium.UNKNOWN),
        ({"categories": [{"id": 3030}, {"id": 100130}]}, "medium", Medium.RADIO),
        ({"categories": [{"id": 3030}, {"id": 100026}]}, "medium", Medium.MUSIC),
        ({"categories": [{"id": 3030}, {"id": 100130}], "guid": "x", "infoUrl": None}, "medium", Medium.AUDIOBOOK),
        ({"categories": None}, "medium", Medium.UNKNOWN),
        ({"indexerFlags": None}, "freeleech", False),
        ({"infoHash": "AB" * 20}, "info_hash", "ab" * 20),
        ({"infoHash": "not a hash"}, "info_hash", None),
        ({"downloadUrl": None, "magnetUrl": "magnet:?xt=urn:btih:" + "cd" * 20}, "info_hash", "cd" * 20),
        ({"guid": "anything"}, "guid", "https://www.myanonamouse.net/t/123456"),
        ({"title": "Emma (Abridged) by Jane Austen [ENG / MP3]"}, "abridged", True),
        ({"title": "Emma (Dramatised) by Jane Austen [ENG / MP3]"}, "dramatised", True),
        ({"title": "Sense &amp; Sensibility"}, "title", "Sense & Sensibility"),
    ],
)
def test_each_oddity_is_read_as_meant(changes: dict[str, Any], field: str, expected: Any) -> None:
    assert getattr(read(**changes), field) == expected


def test_a_torrent_of_mam_is_known_by_its_id_whichever_way_it_comes() -> None:
    assert mam_torrent_id(read()) == "123456"
    assert mam_torrent_id(read(guid="abc")) == "123456"
    assert mam_torrent_id(read(guid="https://elsewhere.example/t/9", infoUrl=None)) is None
    assert mam_torrent_id(Release(source="MAM", guid="77", title="Emma", authors=())) == "77"


def test_usenet_is_left_out_and_broken_rows_are_named() -> None:
    results = parse_results([ROW, ROW | {"protocol": "usenet"}, {"indexer": "Archive"}])
    assert len(results.releases) == 1
    assert results.problems == ("a result of Archive has no title or no guid",)


@pytest.mark.parametrize("answer", [{}, None, "x", [{}], {"message": "Search failed"}])
def test_a_failed_read_is_never_an_empty_list(answer: Any) -> None:
    with pytest.raises(UnusableAnswer):
        parse_results(answer)


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (
            "Emma by Jane Austen [ENG / M4B] [VIP]",
            ReleaseName("Emma", ("Jane Austen",), (), (), "English", "m4b", True),
        ),
        (
            "Stand by Emma by Jane Austen, Mary Shelley [GER / MP3 M4B]",
            ReleaseName("Stand by Emma", ("Jane Austen", "Mary Shelley"), (), (), "German", "mp3 m4b"),
        ),
        ("The Odyssey by Homer [ENG / MP3]", ReleaseName("The Odyssey", ("Homer",), (), (), "English", "mp3")),
        (
            "Tales by A Byron, B Shelley, C Polidori... [ENG / M4B]",
            ReleaseName("Tales", ("A Byron", "B Shelley", "C Polidori"), (), (), "English", "m4b"),
        ),
        ("Jane Austen - Emma (1815) [M4B]", ReleaseName("Emma", ("Jane Austen",), filetype="m4b")),
        (
            "L. Frank Baum - Oz 03 - Ozma of Oz [MP3 64kbps]",
            ReleaseName("Ozma of Oz", ("L. Frank Baum",), (), (SeriesRef("Oz", "03"),), filetype="mp3"),
        ),
        (
            "A Study in Scarlet - Arthur Conan Doyle (Unabridged) [MP3]",
            ReleaseName("A Study in Scarlet", ("Arthur Conan Doyle",), filetype="mp3", abridged=False),
        ),
        (
            "Emma by Jane Austen read by Elizabeth Klett [ENG / M4B]",
            ReleaseName("Emma", ("Jane Austen",), ("Elizabeth Klett",), (), "English", "m4b"),
        ),
        ("Dracula by Bram Stoker", ReleaseName("Dracula", ("Bram Stoker",))),
        ("Trial by Fire", ReleaseName("Trial by Fire")),
        ("The Odyssey", ReleaseName("The Odyssey")),
        ("[M4B]", ReleaseName("[M4B]")),
    ],
)
def test_names_are_taken_apart_as_far_as_they_are_sure(name: str, read_as: ReleaseName) -> None:
    assert read_release_name(name) == read_as


def test_a_pack_still_shows_that_it_is_one() -> None:
    """bindery #2276: "Books 1-4" in brackets was dropped, and the pack imported as one book."""
    assert "[Books 1-14]" in read_release_name("L. Frank Baum - Oz [Books 1-14] [M4B]").title


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://p:9696/5/download?apikey=K&link=QQ%3D%3D&file=E+F", ("5/download", {"link": "QQ==", "file": "E F"})),
        ("https://host/prowlarr/12/download?link=x", ("12/download", {"link": "x"})),
        ("https://tracker.example/rss/download/9", None),
        ("magnet:?xt=urn:btih:x", None),
        ("file:///5/download", None),
        ("", None),
    ],
)
def test_only_a_proxied_address_leads_to_a_download(address: str, path: Any) -> None:
    assert download_path(address) == path


def test_indexers_show_till_when_they_rest() -> None:
    indexers = parse_indexers(
        [
            {"id": 1, "name": "MyAnonamouse", "enable": True, "protocol": "torrent", "privacy": "private"},
            {"id": 2, "name": "Archive", "enable": False, "protocol": "torrent"},
        ],
        [{"id": 4, "indexerId": 1, "disabledTill": "2026-08-01T10:00:00.1234567Z"}, {"indexerId": None}],
    )
    assert [(i.name, i.enabled, i.privacy) for i in indexers] == [
        ("MyAnonamouse", True, "private"),
        ("Archive", False, None),
    ]
    assert indexers[0].disabled_till == datetime(2026, 8, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert indexers[1].disabled_till is None


def test_only_health_notes_about_indexers_that_fail_are_complaints() -> None:
    notes = [
        {"source": "UpdateCheck", "type": "warning", "message": "New update"},
        {"source": "IndexerStatusCheck", "type": "warning", "message": "Indexers unavailable due to failures: Archive"},
    ]
    assert indexer_complaints(notes) == ("Indexers unavailable due to failures: Archive",)


def test_the_words_of_an_xml_error_are_found() -> None:
    assert parse_error('<?xml version="1.0"?><error code="410" description="Indexer is &amp; disabled" />') == (
        "Indexer is & disabled"
    )
    assert parse_error("d8:announce") is None


@given(ANY_JSON, st.dictionaries(st.sampled_from([*ROW, "magnetUrl", "infoHash"]), ANY_JSON))
def test_no_answer_whatever_it_holds_raises_anything_but_an_unusable_answer(other: Any, changes: Any) -> None:
    for answer in (other, [other], [ROW | changes], [ROW, ROW | changes, other]):
        for parse in (parse_results, parse_indexers, indexer_complaints, parse_version):
            with suppress(UnusableAnswer):
                parse(answer)


@given(st.text(max_size=80))
def test_a_name_never_loses_its_title(name: str) -> None:
    assert read_release_name(f"x{name}").title
    read_release_name(f"Emma by {name} [ENG / M4B]")
    download_path(f"http://{name}/1/download?{name}")
