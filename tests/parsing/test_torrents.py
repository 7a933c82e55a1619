"""What is a torrent file, and what is not."""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torf
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.parsing.torrents import BadTorrent, read_metainfo

PASSKEY = "0123456789abcdef0123456789abcdef"


def bencoded(value: Any) -> bytes:
    """Bencoding for the tests, in the order given, so that odd files can be made."""
    match value:
        case bool() | int():
            return b"i%de" % value
        case str():
            return bencoded(value.encode("utf-8"))
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l%se" % b"".join(map(bencoded, value))
        case dict():
            return b"d%se" % b"".join(bencoded(key) + bencoded(entry) for key, entry in value.items())
    raise TypeError(value)


def info(**changes: Any) -> dict[str, Any]:
    plain = {"length": 100, "name": "Dune.m4b", "piece length": 16384, "pieces": b"x" * 20, "private": 1}
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def folder(*files: tuple[list[Any], int], **changes: Any) -> dict[str, Any]:
    entries = [{"length": length, "path": path} for path, length in files]
    return info(length=None, name="Dune", files=entries, **changes)


def torrent(content: Any) -> bytes:
    return bencoded({"announce": f"https://tracker.test/{PASSKEY}/announce", "info": content})


def test_a_real_torrent_file_is_read(tmp_path: Path) -> None:
    book = tmp_path / "Émile Zola - Germinal"
    (book / "CD 1").mkdir(parents=True)
    (book / "CD 1" / "01.mp3").write_bytes(b"a" * 50_000)
    (book / "cover.jpg").write_bytes(b"b" * 1_000)
    made = torf.Torrent(path=book, trackers=[f"https://tracker.test/{PASSKEY}/announce"], private=True)
    made.generate()
    stream = io.BytesIO()
    made.write_stream(stream)
    read = read_metainfo(stream.getvalue())
    assert read.info_hash == made.infohash
    assert read.name == "Émile Zola - Germinal"
    assert dict(read.files) == {"Émile Zola - Germinal/CD 1/01.mp3": 50_000, "Émile Zola - Germinal/cover.jpg": 1_000}
    assert read.size_bytes == 51_000
    assert read.private


def test_the_hash_is_of_the_bytes_as_they_stand() -> None:
    # Keys out of order and bytes that are no UTF-8: a decoder would write them back otherwise.
    content = {
        "private": 1,
        "name": b"caf\xe9.m4b",
        "piece length": 16384,
        "pieces": b"\xff" * 20,
        "length": 100,
        "x": b"\xff\x00",
    }
    read = read_metainfo(torrent(content))
    assert read.info_hash == hashlib.sha1(bencoded(content), usedforsecurity=False).hexdigest()


def test_an_info_inside_another_value_does_not_mislead() -> None:
    content = info()
    data = bencoded({"comment": "4:infod1:ae", "extra": {"info": {"name": "no"}}, "info": content})
    assert read_metainfo(data).info_hash == hashlib.sha1(bencoded(content), usedforsecurity=False).hexdigest()


def test_padding_files_are_no_files() -> None:
    content = folder((["a.mp3"], 10), (["b.mp3"], 20))
    content["files"].insert(1, {"attr": "p", "length": 70, "path": [".pad", "70"]})
    read = read_metainfo(torrent(content))
    assert read.files == (("Dune/a.mp3", 10), ("Dune/b.mp3", 20))
    assert read.size_bytes == 30


def test_a_name_that_is_a_number_is_a_name() -> None:
    assert read_metainfo(torrent(info(name="1984"))).name == "1984"


@pytest.mark.parametrize(
    "name", ["..", ".", "../x", "a/b", "/etc", "a\x00b", "a\nb", "..\\x", "C:\\x", "\\x", "", "  ", None, ["x"]]
)
def test_a_name_that_is_none_or_leads_elsewhere_is_refused(name: Any) -> None:
    with pytest.raises(BadTorrent):
        read_metainfo(torrent(info(name=name)))
    if name is not None:
        with pytest.raises(BadTorrent):
            read_metainfo(torrent(folder((["CD 1", name], 100))))


@pytest.mark.parametrize("name", ["AC\\DC - Live.mp3", "Vol. 1...", "...and more", "Wait: What?", "日本語", "a..b"])
def test_odd_but_harmless_names_are_kept(name: str) -> None:
    assert read_metainfo(torrent(info(name=name))).name == name


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!DOCTYPE html><html>login</html>", "web page"),
        (b"\n <html>", "web page"),
        (b'{"error": "no"}', "not a torrent"),
        (b"magnet:?xt=urn:btih:0", "not a torrent"),
        (b"de", "no content"),
        (torrent(info())[:-30], "cut off"),
        (torrent(info()) + b"rest", "cut off"),
        (b"d" * 50_000, "cut off"),
        (b"d4:info" + b"l" * 50_000, "cut off"),
        (torrent([1]), "no sense|no content"),
        (torrent(b"x"), "no sense|no content"),
        (torrent({}), "no content"),
        (torrent(info(pieces=None)), "no piece hashes"),
        (torrent(info(pieces=b"x" * 19)), "do not cover"),
        (torrent(info(pieces=b"x" * 40)), "do not cover"),
        (torrent(info(**{"piece length": 0})), "piece length"),
        (torrent(info(length=-5)), "no size"),
        (torrent(info(length="9")), "no size"),
        (torrent(info(length=None)), "no size"),
        (torrent(info(length=0)), "no files"),
        (torrent(info(length=None, files=[])), "no files"),
        (torrent(folder(([], 100))), "no name"),
        (torrent(folder((["a.mp3"], 50), (["A.MP3"], 50))), "same name"),
        (
            torrent({"name": "x", "piece length": 16384, "meta version": 2, "file tree": {"x": {"": {"length": 1}}}}),
            "version 2",
        ),
        (b"d8:announce" + b"9" * 30 + b":x", "no sense"),
    ],
)
def test_what_is_no_usable_torrent_is_refused_with_a_reason_and_no_secret(data: bytes, reason: str) -> None:
    with pytest.raises(BadTorrent, match=reason) as caught:
        read_metainfo(data)
    assert PASSKEY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(BadTorrent, match="larger"):
        read_metainfo(torrent(info(comment="x" * 11_000_000)))


@given(
    st.binary() | st.binary().map(lambda rest: b"d" + rest) | st.binary().map(lambda rest: torrent(info())[:-2] + rest)
)
def test_no_bytes_do_worse_than_be_refused(data: bytes) -> None:
    with suppress(BadTorrent):
        read_metainfo(data)


@given(st.integers(0, 300), st.binary(max_size=3))
def test_a_damaged_torrent_is_refused_or_has_sane_contents(at: int, damage: bytes) -> None:
    data = torrent(folder((["CD 1", "a.mp3"], 60), (["b.mp3"], 40)))
    try:
        read = read_metainfo(data[:at] + damage + data[at + len(damage) :])
    except BadTorrent:
        return
    assert len(read.info_hash) == 40
    assert read.files
    assert all(".." not in path.split("/") and not path.startswith("/") for path, _ in read.files)
