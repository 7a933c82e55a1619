"""Who is logged in to the twin of qBittorrent, and who is banned.

Here: log-in and its cookie, the API key, the end of a session, the ban after wrong passwords. Not here: what a session
may ask (qbittorrent.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mam_assets.sandbox.twins.messages import Request, Response, text_response
from mam_assets.sandbox.twins.qbittorrent_versions import Profile

BAN_AFTER, BAN_SECONDS, SESSION_SECONDS = 5, 3600, 3600
BANNED = "Your IP address has been banned after too many failed authentication attempts."


@dataclass
class Session:
    """One log-in. ``last_seen`` is in seconds since the epoch; ``known`` is what maindata told last, by group."""

    last_seen: float
    rid: int = 0
    known: dict[str, Any] = field(default_factory=dict)


class Sessions:
    """All sessions of one twin. ``failures`` counts wrong passwords in a row. The twin's lock is held by the caller."""

    def __init__(
        self, profile: Profile, credentials: tuple[str, str], api_key: str | None, clock: Callable[[], float]
    ) -> None:
        self.failures = 0
        self._profile = profile
        self._credentials = credentials
        self._api_key = api_key
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._banned_until = 0.0
        self._key_session = Session(0.0)  # of whoever comes with the API key

    def log_in(self, request: Request) -> Response:
        now = self._clock()
        if self.of(request) is not None:
            return self._logged_in(())
        if now < self._banned_until:
            return text_response(BANNED, 403)
        form = request.form()
        if (form.first("username"), form.first("password")) != self._credentials:
            self.failures += 1
            if self.failures >= BAN_AFTER:
                self.failures, self._banned_until = 0, now + BAN_SECONDS
            return text_response("Unauthorized", 401) if self._profile.since_5_2 else text_response("Fails.")
        self.failures = 0
        session_id = secrets.token_urlsafe(24)
        self._sessions[session_id] = Session(now)
        same_site = "Lax" if self._profile.since_5_2 else "Strict"
        cookie = f"{self._cookie_name(request)}={session_id}; HttpOnly; SameSite={same_site}; path=/"
        return self._logged_in((("Set-Cookie", cookie),))

    def of(self, request: Request) -> Session | None:
        """The session that a request comes with, unless it has ended."""
        bearer = request.headers.get("authorization")
        if self._profile.since_5_2 and self._api_key is not None and bearer == f"Bearer {self._api_key}":
            return self._key_session
        session = self._sessions.get(request.cookies().get(self._cookie_name(request), ""))
        now = self._clock()
        if session is None or now - session.last_seen > SESSION_SECONDS:
            return None
        session.last_seen = now
        return session

    def end(self, session: Session) -> None:
        self._sessions = {key: value for key, value in self._sessions.items() if value is not session}

    def end_all(self) -> None:
        self._sessions.clear()

    def preferences(self) -> dict[str, Any]:
        """The part of qBittorrent's preferences that is about logging in."""
        return {
            "web_ui_username": self._credentials[0],
            "web_ui_max_auth_fail_count": BAN_AFTER,
            "web_ui_ban_duration": BAN_SECONDS,
            "web_ui_session_timeout": SESSION_SECONDS,
        }

    def _logged_in(self, headers: tuple[tuple[str, str], ...]) -> Response:
        if self._profile.since_5_2:
            return Response(204, b"", None, headers)
        return Response(200, b"Ok.", "text/plain; charset=utf-8", headers)

    def _cookie_name(self, request: Request) -> str:
        port = request.headers.get("host", "").rpartition(":")[2]
        return f"QBT_SID_{port}" if self._profile.since_5_2 else "SID"
