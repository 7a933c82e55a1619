"""What `mam doctor` says: one line about one thing, right, worth a look, or to be mended.

Does not belong here: looking (doctor_machine.py, doctor_services.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """OK is right, WARN works but somebody should look, FAIL must be mended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """``subject`` is what was looked at, ``words`` what is right, or what is wrong and how to mend it. No secrets."""

    level: Level
    subject: str
    words: str


def ok(subject: str, words: str) -> Finding:
    """It is right."""
    return Finding(Level.OK, subject, words)


def warn(subject: str, words: str) -> Finding:
    """It works, or its part is off; somebody should know."""
    return Finding(Level.WARN, subject, words)


def fail(subject: str, words: str) -> Finding:
    """It must be mended."""
    return Finding(Level.FAIL, subject, words)
