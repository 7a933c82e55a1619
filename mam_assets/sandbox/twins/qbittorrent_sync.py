"""What changed between two answers of ``sync/maindata``.

Here: the difference of two states. Not here: the states themselves and the numbers of the answers (qbittorrent.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def delta(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Only what changed, with the keys of a partial update; a group in which nothing did stays away."""
    answer: dict[str, Any] = {}
    for group in ("torrents", "categories", "trackers"):
        answer |= _changes(group, before[group], now[group])
    answer |= _listed("tags", [tag for tag in now["tags"] if tag not in before["tags"]])
    answer |= _listed("tags_removed", [tag for tag in before["tags"] if tag not in now["tags"]])
    state = {key: value for key, value in now["server_state"].items() if before["server_state"].get(key) != value}
    return {**answer, "server_state": state} if state else answer


def _listed(name: str, values: list[str]) -> dict[str, Any]:
    return {name: values} if values else {}


def _changes(group: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of one group, key by key within its rows, and the rows that are gone."""
    changed: dict[str, Any] = {}
    for key, value in now.items():
        old = before.get(key)
        if old is None or not isinstance(value, dict):
            if old != value:
                changed[key] = value
        elif fields := {name: field for name, field in value.items() if old.get(name) != field}:
            changed[key] = fields
    answer: dict[str, Any] = {group: changed} if changed else {}
    return answer | _listed(f"{group}_removed", [key for key in before if key not in now])
