"""Asking a service about many things in turn: one bad answer leaves the others, a service that is out ends the turn.

Belongs here: the loop that every catalogue shares. Does not belong here: what is asked, and the rule that says which
error ends it (patience).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mam_assets.assets.patience import MOST_ODD_ANSWERS, ends_asking
from mam_assets.resources.errors import ServiceError

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


@dataclass
class Turn(Generic[Thing, Answer]):
    """What a turn gave. ``waiting`` are the things without a whole answer, for the next run; ``problems`` say why."""

    answered: list[tuple[Thing, Answer]] = field(default_factory=list)
    waiting: list[Thing] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def ask_each(
    things: Sequence[Thing],
    ask: Callable[[Thing], Answer],
    *,
    what: str,
    name_of: Callable[[Thing], str],
    failed: Callable[[Thing, ServiceError], None],
    progress: Callable[[str], None],
    every: int = 10,
) -> Turn[Thing, Answer]:
    """Ask about each thing. ``failed`` notes a thing whose own answer was bad, so that it comes later next time; a
    service that is out of reach ends the turn, and nothing is noted against those that it was not asked about.
    ``what`` names the things ("series"); ``progress`` is told every so many."""
    turn: Turn[Thing, Answer] = Turn()
    odd_in_a_row = 0
    for index, thing in enumerate(things):
        try:
            turn.answered.append((thing, ask(thing)))
        except ServiceError as error:
            odd_in_a_row += 1
            ended = ends_asking(error)
            if not ended:
                failed(thing, error)
            turn.waiting.append(thing)
            if ended or odd_in_a_row == MOST_ODD_ANSWERS:
                turn.waiting += things[index + 1 :]
                turn.problems.append(f"{error} {len(turn.waiting)} {what} wait for the next run.")
                break
            turn.problems.append(f"{name_of(thing)}: {error}")
            continue
        odd_in_a_row = 0
        if index % every == every - 1:
            progress(f"{index + 1} of {len(things)} {what} read")
    return turn
