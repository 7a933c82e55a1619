"""Reading ahead: the next thing is asked for in a thread while the last one is dealt with.

Belongs here: the one thread. Does not belong here: what is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Thing = TypeVar("Thing")

_END: Any = object()


def read_ahead(source: Iterable[Thing]) -> Iterator[Thing]:
    """The things of `source` in order, one of them made ahead. An error of the source is raised in its place. Whoever
    stops early, also by an error, waits for the thing that is being made."""
    rest = iter(source)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        ahead = pool.submit(next, rest, _END)
        while (thing := ahead.result()) is not _END:
            ahead = pool.submit(next, rest, _END)
            yield thing
