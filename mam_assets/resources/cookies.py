"""A session cookie that changes with the answers, kept where all processes find it.

Belongs here: which value is sent and which is kept. Does not belong here: which service needs one (its client).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from mam_assets.resources.gate import Clock, utc_now
from mam_assets.resources.redaction import Redactor
from mam_assets.store import services

if TYPE_CHECKING:
    import httpx


class RotatingCookie:
    """A `Session` of http.py: sends the newest value of one cookie and keeps each value that an answer brings.

    A value that the person configures anew (its SHA-256 differs) replaces all that grew from the former one.
    """

    def __init__(
        self, engine: Engine, service: str, name: str, configured: str, *, redactor: Redactor, clock: Clock = utc_now
    ) -> None:
        self._engine = engine
        self._service = service
        self._name = name
        self._configured = configured
        self._fingerprint = hashlib.sha256(configured.encode()).hexdigest()
        self._redactor = redactor
        self._clock = clock

    def sign(self, request: httpx.Request) -> None:
        """Set the Cookie header to this one cookie; whatever a cookie jar put there is overwritten."""
        with self._engine.connect() as connection:
            kept = services.newest_cookie(connection, self._service, self._fingerprint)
        value = kept or self._configured
        self._redactor.learn(value)
        request.headers["Cookie"] = f"{self._name}={value}"

    def learn(self, response: httpx.Response) -> None:
        """Keep the cookie that the answer set. An empty or deleted one is the end of a session, not a new value."""
        for header in response.headers.get_list("set-cookie"):
            name, _, rest = header.partition("=")
            value = rest.partition(";")[0].strip()
            if name.strip() != self._name or not value or value.lower() == "deleted":
                continue
            self._redactor.learn(value)
            with self._engine.begin() as connection:
                services.save_cookie(connection, self._service, value, self._fingerprint, self._clock())
