"""How qBittorrent writes a torrent as JSON: the row of a list, its properties, files and trackers.

Here: shapes and units, from services.md 2.4 to 2.7. Not here: states and time (qbittorrent_torrents.py), or HTTP.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mam_assets.sandbox.twins.messages import Form
from mam_assets.sandbox.twins.qbittorrent_torrents import Torrent, Torrents

INFINITE_ETA = 8_640_000

FILTERS: dict[str, set[str]] = {
    "downloading": {
        "downloading",
        "stalledDL",
        "checkingDL",
        "queuedDL",
        "metaDL",
        "forcedDL",
        "stoppedDL",
        "pausedDL",
    },
    "seeding": {"uploading", "stalledUP", "checkingUP", "queuedUP", "forcedUP"},
    "completed": {"uploading", "stalledUP", "checkingUP", "queuedUP", "forcedUP", "stoppedUP", "pausedUP"},
    "stopped": {"stoppedDL", "stoppedUP"},
    "paused": {"pausedDL", "pausedUP"},
    "active": {"downloading", "uploading"},
    "stalled": {"stalledDL", "stalledUP"},
    "stalled_uploading": {"stalledUP"},
    "stalled_downloading": {"stalledDL"},
    "checking": {"checkingDL", "checkingUP", "checkingResumeData"},
    "moving": {"moving"},
    "errored": {"error", "missingFiles"},
}
HIDDEN = {"running": "stopped", "resumed": "paused", "inactive": "active"}  # filters that show all but another's


def selected(rows: list[dict[str, Any]], form: Form) -> list[dict[str, Any]]:
    """The rows that ``torrents/info`` is asked for. Raises ``KeyError`` when asked to sort by what isn't a field."""
    state, category, tag = form.first("filter") or "all", form.first("category"), form.first("tag")
    if state in FILTERS:
        rows = [row for row in rows if row["state"] in FILTERS[state]]
    elif state in HIDDEN:
        rows = [row for row in rows if row["state"] not in FILTERS[HIDDEN[state]]]
    if category is not None:
        rows = [row for row in rows if row["category"] == category]
    if tag is not None:
        rows = [row for row in rows if (tag in row["tags"].split(", ") if tag else not row["tags"])]
    if hashes := form.first("hashes"):
        rows = [row for row in rows if row["hash"] in hashes.lower().split("|")]
    if sort := form.first("sort"):
        rows = sorted(rows, key=lambda row: (row[sort] is not None, row[sort]))
    if (form.first("reverse") or "").lower() in ("true", "1"):
        rows = rows[::-1]
    rows = rows[int(form.first("offset") or 0) :]
    limit = int(form.first("limit") or 0)
    return rows[:limit] if limit > 0 else rows


def row(torrents: Torrents, torrent: Torrent, major: int, minor: int) -> dict[str, Any]:
    """One torrent of ``torrents/info`` as version ``major.minor`` writes it."""
    now, size, progress = int(torrents.clock()), torrent.size, torrents.progress(torrent)
    state = torrents.state(torrent, "stopped" if major >= 5 else "paused")
    done = int(size * progress)
    speed = int(size / torrents.download_seconds) if state == "downloading" and torrents.download_seconds else 0
    eta = round((size - done) / speed) if speed else INFINITE_ETA
    completed = -1 if torrent.completed_on is None else int(torrent.completed_on)
    alive, known = torrent.limit > 0, torrents.has_metadata(torrent)
    fields: dict[str, Any] = {
        "hash": torrent.hash,
        "infohash_v1": torrent.hash,
        "infohash_v2": "",
        "name": torrent.name,
        "magnet_uri": magnet(torrent),
        "size": size if known else -1,
        "total_size": size if known else -1,
        "progress": progress,
        "dlspeed": speed,
        "upspeed": 1024 if state == "uploading" else 0,
        "priority": 0 if completed >= 0 else 1,
        "num_seeds": 3 if speed else 0,
        "num_complete": 12 if alive else 0,
        "num_leechs": 1 if state == "uploading" else 0,
        "num_incomplete": 2 if alive else 0,
        "state": state,
        "eta": 0 if completed >= 0 and state == "uploading" else eta,
        "seq_dl": False,
        "f_l_piece_prio": False,
        "category": torrent.category,
        "tags": ", ".join(sorted(torrent.tags)),
        "super_seeding": False,
        "force_start": False,
        "save_path": torrent.save_path,
        "download_path": "",
        "content_path": torrent.content_path,
        "root_path": torrent.root_path,
        "added_on": int(torrent.added_on),
        "completion_on": completed,
        "tracker": torrent.trackers[0] if torrent.trackers and alive else "",
        "trackers_count": len(torrent.trackers),
        "dl_limit": 0,
        "up_limit": 0,
        "downloaded": done,
        "uploaded": 0,
        "downloaded_session": done,
        "uploaded_session": 0,
        "amount_left": size - done,
        "completed": done,
        "max_ratio": -1,
        "max_seeding_time": -1,
        "max_inactive_seeding_time": -1,
        "ratio": 0,
        "ratio_limit": -2,
        "seeding_time_limit": -2,
        "inactive_seeding_time_limit": -2,
        "seen_complete": now if alive else -1,
        "auto_tmm": torrent.auto_tmm,
        "time_active": max(0, now - int(torrent.added_on)),
        "seeding_time": 0 if completed < 0 else max(0, now - completed),
        "last_activity": now if state in ("downloading", "uploading") else max(completed, int(torrent.added_on)),
        "availability": 12.0 if alive and completed < 0 else 0.0 if completed < 0 else -1,
    }
    if major >= 5:
        fields["popularity"] = 0
        fields["private"] = torrent.private if known else None
        fields["has_metadata"] = known
        fields["comment"] = torrent.comment
        fields["reannounce"] = 1500
    if (major, minor) >= (5, 2):
        pieces = -(-size // torrent.piece_bytes) if torrent.piece_bytes else 0
        fields |= {
            "created_by": "",
            "creation_date": -1,
            "pieces_num": pieces,
            "piece_size": torrent.piece_bytes,
            "pieces_have": int(pieces * progress),
            "total_wasted": 0,
            "connections_count": 0,
            "connections_limit": 100,
            "share_limit_action": "Default",
        }
    return fields


def magnet(torrent: Torrent) -> str:
    """As the real one: with the tracker's address, hence with the passkey in it."""
    trackers = "".join(f"&tr={quote(url, safe='')}" for url in torrent.trackers)
    return f"magnet:?xt=urn:btih:{torrent.hash}&dn={quote(torrent.name)}{trackers}"


def properties(torrents: Torrents, torrent: Torrent, major: int, minor: int) -> dict[str, Any]:
    shown = row(torrents, torrent, major, minor)
    pieces = -(-torrent.size // torrent.piece_bytes) if torrent.piece_bytes else 0
    return {
        "hash": torrent.hash,
        "infohash_v1": torrent.hash,
        "infohash_v2": "",
        "name": torrent.name,
        "save_path": torrent.save_path,
        "download_path": "",
        "comment": torrent.comment,
        "created_by": "",
        "creation_date": -1,
        "addition_date": shown["added_on"],
        "completion_date": shown["completion_on"],
        "last_seen": shown["seen_complete"],
        "piece_size": torrent.piece_bytes,
        "pieces_num": pieces,
        "pieces_have": int(pieces * shown["progress"]),
        "total_size": shown["total_size"],
        "total_downloaded": shown["downloaded"],
        "total_downloaded_session": shown["downloaded"],
        "total_uploaded": 0,
        "total_uploaded_session": 0,
        "total_wasted": 0,
        "dl_limit": -1,
        "up_limit": -1,
        "dl_speed": shown["dlspeed"],
        "dl_speed_avg": shown["dlspeed"],
        "up_speed": shown["upspeed"],
        "up_speed_avg": 0,
        "eta": shown["eta"],
        "nb_connections": shown["num_seeds"],
        "nb_connections_limit": 100,
        "peers": shown["num_leechs"],
        "peers_total": shown["num_incomplete"],
        "seeds": shown["num_seeds"],
        "seeds_total": shown["num_complete"],
        "share_ratio": 0,
        "seeding_time": shown["seeding_time"],
        "time_elapsed": shown["time_active"],
        "reannounce": 1500,
        "isPrivate": torrent.private,
        "private": torrent.private,
        "has_metadata": torrents.has_metadata(torrent),
    }


def files(torrents: Torrents, torrent: Torrent) -> list[dict[str, Any]]:
    progress = torrents.progress(torrent)
    listed, start = [], 0
    for index, (name, size) in enumerate(torrent.files):
        last = max(start, start + size - 1)
        span = [start // torrent.piece_bytes, last // torrent.piece_bytes] if torrent.piece_bytes else [0, 0]
        listed.append(
            {
                "index": index,
                "name": name,
                "size": size,
                "progress": progress,
                "priority": 1,
                "is_seed": progress >= 1.0,
                "piece_range": span,
                "availability": 1.0 if torrent.limit > 0 else 0.0,
            }
        )
        start += size
    return listed


def trackers(torrent: Torrent) -> list[dict[str, Any]]:
    none = {"num_peers": 0, "num_seeds": 0, "num_leeches": 0, "num_downloaded": 0}
    private = "This torrent is private" if torrent.private else ""
    listed = [
        {"url": f"** [{name}] **", "status": 0, "tier": -1, **none, "msg": private} for name in ("DHT", "PeX", "LSD")
    ]
    for tier, url in enumerate(torrent.trackers):
        working = torrent.limit > 0
        said = "" if working else "Torrent not registered with this tracker."
        counts = {**none, "num_seeds": 12, "num_peers": 14} if working else none
        listed.append({"url": url, "status": 2 if working else 4, "tier": tier, **counts, "msg": said})
    return listed
