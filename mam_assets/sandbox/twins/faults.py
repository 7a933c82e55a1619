"""What can go wrong between a twin and a client, and what was asked of a twin.

Here: the kinds of faults, when one strikes, and a request as it is logged. Not here: carrying a fault out (serving.py).
"""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

_SECRET_NAMES = {"apikey", "key", "token", "mam_id", "password"}
_SECRET_PATH = re.compile(r"(download\.php/)[^/]+")


class Fault(StrEnum):
    """What can go wrong, with the options of each (times in seconds).

    The request itself is carried out by the twin under timeout, broken_json, slow_drip and session_expired; with
    ``executed=True`` also under reset and server_error: the case of a deed done and its answer lost.
    """

    REFUSE = "refuse"  # nobody listens; ``seconds`` listens again by itself. `path` and `times` mean nothing here
    RESET = "reset"  # accepted, then closed without an answer; ``executed``
    TIMEOUT = "timeout"  # the answer is held for ``seconds`` (30)
    RATE_LIMITED = "rate_limited"  # 429; ``retry_after`` (30), None sends no such header
    SERVER_ERROR = "server_error"  # ``status`` (500); ``executed``
    HTML_LOGIN = "html_login"
    EMPTY_BODY = "empty_body"  # 200 and nothing
    BROKEN_JSON = "broken_json"  # the first half of the true answer
    SLOW_DRIP = "slow_drip"  # the true answer over ``seconds`` (5)
    SESSION_EXPIRED = "session_expired"  # once, unless `times` says more
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class LoggedRequest:
    """One request as it was served. Times are seconds since the epoch; status 0 means that no answer was given."""

    service: str
    started: float
    finished: float
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    user_agent: str

    def redacted(self) -> dict[str, Any]:
        """As a JSON object with the values of secret parameters replaced."""
        query = [(name, "***" if name.lower() in _SECRET_NAMES else value) for name, value in self.query]
        return {**asdict(self), "path": _SECRET_PATH.sub(r"\1***", self.path), "query": query}


@dataclass
class ActiveFault:
    """A fault that is switched on. ``cleared`` wakes up whoever is held by it."""

    kind: Fault
    times: int | None
    path: str
    after: int
    options: dict[str, Any]
    cleared: threading.Event = field(default_factory=threading.Event)

    def strikes(self, path: str) -> bool:
        """Whether this request is hit; counts it when so. Under the server's lock."""
        if self.path not in path or self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True
