"""Just enough of BEP 3 to know a .torrent file: its v1 info-hash, name, files and trackers.

Here: reading bencoded bytes. Strict: whatever isn't a torrent raises ``ValueError``. Not here: making torrents.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TorrentFile:
    """``files`` are (path, bytes), the path beginning with the torrent's own name; sizes in bytes."""

    info_hash: str
    name: str
    files: tuple[tuple[str, int], ...]
    single: bool
    piece_bytes: int
    private: bool
    trackers: tuple[str, ...]
    comment: str


def read_torrent(data: bytes) -> TorrentFile:
    """Raises ``ValueError`` for anything but one whole v1 torrent."""
    spans: dict[bytes, tuple[int, int]] = {}
    try:
        value, end = _value(data, 0, spans)
    except IndexError:
        raise ValueError("the file ends too soon") from None
    if end != len(data) or not isinstance(value, dict) or not isinstance(value.get(b"info"), dict):
        raise ValueError("no bencoded torrent")
    info = value[b"info"]
    name = _text(info.get(b"name"))
    if b"pieces" not in info or not name:
        raise ValueError("no v1 torrent: pieces or name are missing")
    single = b"files" not in info
    if single:
        files = [(name, int(info[b"length"]))]
    else:
        files = [("/".join([name, *_safe(entry[b"path"])]), int(entry[b"length"])) for entry in info[b"files"]]
    start, stop = spans[b"info"]
    tiers = value.get(b"announce-list") or [[value[b"announce"]]] if b"announce" in value else []
    return TorrentFile(
        info_hash=hashlib.sha1(data[start:stop], usedforsecurity=False).hexdigest(),
        name=name,
        files=tuple(files),
        single=single,
        piece_bytes=int(info.get(b"piece length", 0)),
        private=info.get(b"private") == 1,
        trackers=tuple(_text(url) for tier in tiers for url in tier),
        comment=_text(value.get(b"comment", b"")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise ValueError("a text is missing")
    return value.decode("utf-8", "replace")


def _safe(parts: list[bytes]) -> list[str]:
    """Path parts as a client would write them: libtorrent, too, lets no name climb out of its folder."""
    return [_text(part).replace("/", "_") for part in parts if part not in (b"", b".", b"..")]


def _value(data: bytes, at: int, spans: dict[bytes, tuple[int, int]] | None = None) -> tuple[Any, int]:
    """The value that begins at ``at``, and where it ends. ``spans`` takes the places of a dictionary's values."""
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind == b"l":
        items, at = [], at + 1
        while data[at] != ord("e"):
            item, at = _value(data, at)
            items.append(item)
        return items, at + 1
    if kind == b"d":
        pairs, at = {}, at + 1
        while data[at] != ord("e"):
            key, start = _value(data, at)
            if not isinstance(key, bytes):
                raise ValueError("a key is no text")
            pairs[key], at = _value(data, start)
            if spans is not None:
                spans[key] = (start, at)
        return pairs, at + 1
    colon = data.index(b":", at)
    length = int(data[at:colon])
    start, end = colon + 1, colon + 1 + length
    if length < 0 or end > len(data):
        raise ValueError("the file ends too soon")
    return data[start:end], end
