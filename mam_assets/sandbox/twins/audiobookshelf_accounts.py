"""Who may do what in the Audiobookshelf twin, and how it says so.

Here: an account and the answer of ``POST /api/authorize``. Not here: checking tokens (audiobookshelf.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mam_assets.sandbox.twins.audiobookshelf_shapes import LIBRARY_ID, VERSION
from mam_assets.sandbox.twins.audiobookshelf_shelf import FIRST_ADDED, stable_id


@dataclass(frozen=True)
class Account:
    """Who a token belongs to: ``kind`` root (all), user (may update) or guest (may only read)."""

    username: str
    kind: str


def authorized(account: Account) -> dict[str, Any]:
    """The user behind a token with its rights, and the settings of the server (fewer than the true one names)."""
    may = account.kind != "guest"
    root = account.kind == "root"
    user: dict[str, Any] = {
        "id": stable_id("user", account.username),
        "username": account.username,
        "email": None,
        "type": account.kind,
        "token": "never-shown-by-the-twin",
        "isOldToken": True,
        "mediaProgress": [],
        "seriesHideFromContinueListening": [],
        "bookmarks": [],
        "isActive": True,
        "isLocked": False,
        "lastSeen": None,
        "createdAt": FIRST_ADDED,
        "permissions": {
            "download": True,
            "update": may,
            "delete": root,
            "upload": root,
            "createEreader": root,
            "accessAllLibraries": True,
            "accessAllTags": True,
            "accessExplicitContent": True,
            "selectedTagsNotAccessible": False,
        },
        "librariesAccessible": [],
        "itemTagsSelected": [],
        "hasOpenIDLink": False,
    }
    settings = {
        "id": "server-settings",
        "version": VERSION,
        "buildNumber": 1,
        "language": "en-us",
        "timeZone": "UTC",
    }
    answer = {"user": user, "userDefaultLibraryId": LIBRARY_ID, "serverSettings": settings}
    return {**answer, "ereaderDevices": [], "Source": "local"}
