"""The bytes of a .torrent file → Metainfo, or the reason why they are none.

Belongs here: bencoding, the info-hash, what makes a file list unsafe. Does not belong here: fetching the file
(resources), whether it is the right book (domain). The bytes hold a passkey: no message quotes them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import parse_qs

from mam_assets.domain.books import Metainfo

LARGEST_BYTES = 10_000_000


class BadTorrent(ValueError):
    """These bytes are no torrent that we would add. ``reason`` is fit to be shown."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class DamagedTorrent(BadTorrent):
    """The bytes began as a torrent and broke off: perhaps on the way here, so that they may be whole another time."""


def read_metainfo(data: bytes) -> Metainfo:
    """Check a .torrent and say what is in it. Raises BadTorrent.

    Padding files (BEP 47) are left out of ``files`` and ``size_bytes``. A hybrid torrent is read by its v1 part.
    """
    info = _info(data)
    if not isinstance(info.get("pieces"), bytes):
        if info.get("meta version") == 2:
            raise BadTorrent("a torrent of version 2 only; qBittorrent and the trackers know it by another hash")
        raise BadTorrent("it has no piece hashes")
    name = _name(info.get("name"))
    whole = [(path, length, padding) for path, length, padding in _files(info, name)]
    _check_pieces(info, sum(length for _, length, _ in whole))
    files = tuple((path, length) for path, length, padding in whole if not padding)
    if not files or not any(length for _, length in files):
        raise BadTorrent("there are no files in it")
    if len({path.casefold() for path, _ in files}) < len(files):
        raise BadTorrent("two of its files have the same name")
    return Metainfo(
        info_hash=hashlib.sha1(_raw_info(data), usedforsecurity=False).hexdigest(),
        name=name,
        files=files,
        size_bytes=sum(length for _, length in files),
        private=bool(info.get("private")),
    )


def magnet_hash(uri: str) -> str:
    """The v1 info-hash (40 lower-case hex digits) that a magnet link names. Raises BadTorrent."""
    for topic in parse_qs(uri.partition("?")[2]).get("xt", []):
        urn, _, value = topic.rpartition(":")
        if urn.lower() != "urn:btih":
            continue
        if re.fullmatch(r"[0-9a-fA-F]{40}", value):
            return value.lower()
        if re.fullmatch(r"[a-zA-Z2-7]{32}", value):
            return base64.b32decode(value.upper()).hex()
    raise BadTorrent("the magnet link names no torrent of version 1")


def _info(data: bytes) -> Mapping[str, Any]:
    if not data.strip():
        raise BadTorrent("the answer was empty")
    if data.lstrip()[:1] == b"<":
        raise BadTorrent("a web page came instead of a torrent file")
    if not data.startswith(b"d"):
        raise BadTorrent("this is not a torrent file")
    if len(data) > LARGEST_BYTES:
        raise BadTorrent(f"larger than {LARGEST_BYTES} bytes")
    import torf

    try:
        torrent = torf.Torrent.read_stream(data, validate=False)
        info = torrent.metainfo.get("info")
    except torf.BdecodeError:
        raise DamagedTorrent("cut off or damaged") from None
    except (torf.TorfError, ValueError, TypeError, OverflowError, OSError, RecursionError):
        raise BadTorrent("its contents make no sense") from None
    if not isinstance(info, Mapping) or not info:
        raise BadTorrent("it describes no content")
    return info


def _files(info: Mapping[str, Any], name: str) -> Iterable[tuple[str, int, bool]]:
    entries = info.get("files")
    if entries is None:
        yield name, _length(info.get("length")), False
        return
    if "length" in info or not isinstance(entries, list):
        raise BadTorrent("its list of files makes no sense")
    for entry in entries:
        parts = entry.get("path") if isinstance(entry, Mapping) else None
        if not isinstance(parts, list) or not parts:
            raise BadTorrent("one of its files has no name")
        path = "/".join([name, *map(_name, parts)])
        yield path, _length(entry.get("length")), "p" in str(entry.get("attr", ""))


def _length(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadTorrent("one of its files has no size")
    return value


def _name(value: Any) -> str:
    """One part of a path. What could lead out of the folder is refused, never mended."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not text.strip():
        raise BadTorrent("one of its files has no name")
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        raise BadTorrent("a file name holds control characters")
    # Both kinds of path are looked at: the client may run on either system.
    windows = PureWindowsPath(text)
    if text in {".", ".."} or ".." in windows.parts or PurePosixPath(text).name != text:
        raise BadTorrent("a file name leads out of the folder")
    if windows.drive or windows.root:
        raise BadTorrent("a file name is an absolute path")
    return text


def _check_pieces(info: Mapping[str, Any], size: int) -> None:
    pieces, length = info["pieces"], info.get("piece length")
    if isinstance(length, bool) or not isinstance(length, int) or length <= 0:
        raise BadTorrent("it has no piece length")
    if size == 0:
        raise BadTorrent("there are no files in it")
    if len(pieces) % 20 or len(pieces) // 20 != -(-size // length):
        raise BadTorrent("its piece hashes do not cover its files")


def _raw_info(data: bytes) -> bytes:
    """The bytes of the info dictionary as they stand: the hash is of these, not of what a decoder would write again."""
    at = 1
    while data[at : at + 1] != b"e":
        key_end = _end(data, at)
        value_end = _end(data, key_end)
        if data[at:key_end] == b"4:info":
            return data[key_end:value_end]
        at = value_end
    raise BadTorrent("it describes no content")


def _end(data: bytes, at: int) -> int:
    """Where the bencoded value that begins at ``at`` ends. The data was decoded before, so it is well formed."""
    depth = 0
    while True:
        kind = data[at : at + 1]
        if kind == b"i":
            at = data.index(b"e", at) + 1
        elif kind in {b"l", b"d"}:
            depth += 1
            at += 1
        elif kind == b"e":
            depth -= 1
            at += 1
        else:
            colon = data.index(b":", at)
            at = colon + 1 + int(data[at:colon])
        if depth == 0:
            return at
