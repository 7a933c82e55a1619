"""What qBittorrent says of itself as JSON: its build, its preferences, the state of the server.

Here: shapes, from services.md 2.2 and 2.7. Not here: torrents (qbittorrent_shapes.py), sessions (qbittorrent.py).
"""

from __future__ import annotations

from typing import Any

from mam_assets.sandbox.twins.qbittorrent_versions import Profile


def build_info(profile: Profile) -> dict[str, Any]:
    info = {"qt": "6.8.2", "libtorrent": profile.libtorrent, "boost": "1.87", "openssl": "3.4", "zlib": "1.3"}
    return {**info, "bitness": 64, **({"platform": "linux"} if profile.major >= 5 else {})}


def preferences(save_root: str) -> dict[str, Any]:
    """Few of the many that the real one has: those that bear on downloads."""
    return {
        "save_path": save_root,
        "temp_path_enabled": False,
        "temp_path": f"{save_root}/temp",
        "auto_tmm_enabled": False,
        "create_subfolder_enabled": True,
        "queueing_enabled": False,
        "max_active_downloads": 3,
        "max_active_torrents": 5,
        "max_ratio_enabled": False,
        "max_ratio": -1,
        "max_ratio_act": 0,
        "max_seeding_time_enabled": False,
        "max_seeding_time": -1,
    }


def server_state(rows: list[dict[str, Any]], free_bytes: int) -> dict[str, Any]:
    """Speeds in bytes a second, amounts in bytes; two of the numbers are texts, as they are there."""
    return {
        "connection_status": "connected",
        "dht_nodes": 300,
        "dl_info_speed": sum(row["dlspeed"] for row in rows),
        "dl_info_data": sum(row["downloaded_session"] for row in rows),
        "dl_rate_limit": 0,
        "up_info_speed": sum(row["upspeed"] for row in rows),
        "up_info_data": 0,
        "up_rate_limit": 0,
        "alltime_dl": sum(row["downloaded"] for row in rows),
        "alltime_ul": 0,
        "free_space_on_disk": free_bytes,
        "global_ratio": "1.85",
        "queueing": False,
        "read_cache_hits": "0",
        "refresh_interval": 1500,
        "use_alt_speed_limits": False,
    }
