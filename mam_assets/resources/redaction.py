"""Secrets taken out of text before anyone can read it.

Belongs here: what counts as a secret in a message or a log line. Does not belong here: which secrets exist (settings).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "<hidden>"

# A value shorter than this would be found in ordinary words, and a log full of stars tells nobody anything.
_SHORTEST_SECRET = 4

_NAMES = (
    r"api[-_]?key|x-api-key|key|(?:access_|refresh_)?token|passkey|authkey|torrent_pass|mam_id"
    r"|password|passwd|secret|sid"
)
_VALUE = r"""[^\s&"'<>;,)}\]]+"""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b((?:set-)?cookie|authorization|x-api-key)(\"?'?\s*:\s*)[^\r\n]+"), rf"\1\2{HIDDEN}"),
    (re.compile(rf"(?i)((?<![a-z])(?:{_NAMES})=){_VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"""(?i)(["'](?:{_NAMES})["']\s*:\s*["'])[^"']+"""), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(download\.php/)[^\s?#\"'<>]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)(://)[^\s/@:]+:[^\s/@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)/[0-9a-z]{16,}(/announce)"), rf"/{HIDDEN}\1"),
    (re.compile(r"(?i)(/announce(?:\.php)?/)[0-9a-z]{16,}"), rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), HIDDEN),
    (re.compile(r"\bqbt_[A-Za-z0-9]{20,}"), HIDDEN),
)


class Redactor:
    """Takes known secret values, and whatever looks like one, out of text.

    Values under four characters are not looked for: they would be found in ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Hide this value from now on, also in its URL-encoded forms (a rotated cookie, for instance)."""
        if len(secret) < _SHORTEST_SECRET:
            return
        forms = {*self._forms, secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
        # Longest first: a secret that is part of another must not leave the rest of it standing.
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


class RedactingFilter(logging.Filter):
    """Cleans each record that passes, its traceback included. Put it on handlers: a logger's own filters do not see
    the records of its children."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redactor.clean(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self._redactor.clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def quiet_request_logs() -> None:
    """Keep httpx, httpcore and urllib3 from logging the address of each request: addresses carry keys."""
    for name in ("httpx", "httpcore", "urllib3", "qbittorrentapi"):
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.WARNING or logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
