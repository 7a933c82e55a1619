"""How soon a log-in to qBittorrent is tried again that failed, since it bans whoever guesses.

Belongs here: the waits, shared by all clients of this process. Does not belong here: logging in (torrent_client.py).
"""

from __future__ import annotations

import threading

# qBittorrent bans an address for an hour after five wrong passwords. Waits after the first, second, … in a row.
_WAITS_SECONDS = (60.0, 300.0, 900.0, 3600.0)


class FailedLogins:
    """Wrong passwords of this process, so that no new client object tries again too soon. A changed password is a new
    key, and is tried at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: dict[str, tuple[int, float]] = {}

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next try is allowed."""
        with self._lock:
            return max(self._failed.get(key, (0, now))[1] - now, 0.0)

    def note(self, key: str, now: float) -> None:
        """A login failed."""
        with self._lock:
            times = self._failed.get(key, (0, 0.0))[0]
            pause = _WAITS_SECONDS[min(times, len(_WAITS_SECONDS) - 1)]
            self._failed[key] = (times + 1, now + pause)

    def forget(self, key: str) -> None:
        """A login succeeded."""
        with self._lock:
            self._failed.pop(key, None)


failed_logins = FailedLogins()
