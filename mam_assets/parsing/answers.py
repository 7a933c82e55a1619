"""What is wrong with an answer that cannot be used, said without knowing which call it answered.

Belongs here: the one exception that parsers raise and its few kinds. Does not belong here: the error tree that the rest
of the system sees (resources/errors.py): the clients turn the one into the other, adding service and call.
"""

from __future__ import annotations

from enum import StrEnum

from mam_assets.parsing.json_values import text


class Fault(StrEnum):
    """The kind of trouble; each has its class in the error tree."""

    NONSENSE = "nonsense"
    SIGN_IN = "sign_in"
    BLOCKED = "blocked"
    LIMITED = "limited"
    DOWN = "down"
    MISSING = "missing"
    REFUSED = "refused"


class UnusableAnswer(Exception):
    """An answer holds no result. `problem` and `remedy` are words for a person and hold no secret."""

    def __init__(self, fault: Fault, problem: str, remedy: str) -> None:
        self.fault = fault
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}. {remedy}")


def kind(value: object) -> str:
    """What JSON calls the type of a value: for messages about the wrong one."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")


def quoted(value: object, limit: int = 160) -> str:
    """A service's own words, on one line and short enough for a message."""
    words = " ".join((text(value) or "").split())
    return repr(words if len(words) <= limit else words[: limit - 1] + "…")
