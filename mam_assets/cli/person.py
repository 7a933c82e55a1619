"""Who gives a command: the name that is kept beside what a person decided."""

from __future__ import annotations

import getpass


def person() -> str:
    """The user's name. A container's user may have none, and is "a person" then."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "a person"
