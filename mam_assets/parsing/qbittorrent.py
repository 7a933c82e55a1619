"""qBittorrent's rows (4.5 to 5.2) → records.

Belongs here: which field means what, in which unit. Does not belong here: asking (resources/torrent_client.py), what a
state means for a download (domain/lifecycle.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mam_assets.domain.books import TorrentState
from mam_assets.parsing.json_values import instant, number, path_text, text, whole


def read_torrent(row: Mapping[str, Any], info_hash: str | None = None) -> TorrentState | None:
    """A row of torrents/info, or of sync/maindata, where the hash is the key and given as ``info_hash``.

    None when the row has no hash or no state: a torrent that cannot be told apart cannot be followed. Times of the
    service are seconds since 1970, -1 when unset.
    """
    key = text(row.get("hash")) or info_hash
    state = text(row.get("state"))
    if not key or not state:
        return None
    progress = number(row.get("progress")) or 0.0
    return TorrentState(
        info_hash=key.lower(),
        name=text(row.get("name")) or key,
        state=state,
        progress=min(max(progress, 0.0), 1.0),
        size_bytes=max(whole(row.get("size")) or 0, 0),
        save_path=path_text(row.get("save_path")) or "",
        content_path=path_text(row.get("content_path")) or "",
        category=text(row.get("category")) or "",
        tags=tuple(filter(None, (tag.strip() for tag in (text(row.get("tags")) or "").split(",")))),
        added_on=instant(row.get("added_on"), 1),
        completion_on=instant(row.get("completion_on"), 1),
        num_seeds=max(whole(row.get("num_seeds")) or 0, 0),
        seeding_seconds=max(number(row.get("seeding_time")) or 0.0, 0.0),
        infohash_v1=(text(row.get("infohash_v1")) or "").lower() or None,
    )
