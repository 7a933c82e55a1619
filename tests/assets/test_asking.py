"""A turn of asking: one bad answer leaves the others, a service that is out ends it, several bad ones in a row too."""

from __future__ import annotations

import pytest

from mam_assets.assets.asking import Turn, ask_each
from mam_assets.assets.patience import MOST_ODD_ANSWERS
from mam_assets.resources.errors import BadAnswer, Blocked, NotFound, RateLimited, ServiceDown, ServiceError

ODD, GONE = BadAnswer("s", "c", "nonsense", "Later."), NotFound("s", "c", "gone", "Later.")
DOWN, BLOCK, SPENT = (kind("s", "c", "out", "Later.") for kind in (ServiceDown, Blocked, RateLimited))


def turn_of(*answers: int | ServiceError) -> tuple[Turn[int, int], list[int], list[str]]:
    noted: list[int] = []
    told: list[str] = []

    def ask(index: int) -> int:
        answer = answers[index]
        if isinstance(answer, ServiceError):
            raise answer
        return answer

    turn = ask_each(
        range(len(answers)),
        ask,
        what="things",
        name_of=lambda index: f"thing {index}",
        failed=lambda index, error: noted.append(index),
        progress=told.append,
        every=2,
    )
    return turn, noted, told


@pytest.mark.parametrize(
    ("answers", "answered", "waiting", "noted"),
    [
        ((), 0, [], []),
        ((1, 2, 3), 3, [], []),
        ((1, ODD, 3), 2, [1], [1]),
        ((1, GONE, 3), 2, [1], [1]),
        ((1, DOWN, 3), 1, [1, 2], []),
        ((BLOCK, 2, 3), 0, [0, 1, 2], []),
        ((ODD, SPENT, 3), 0, [0, 1, 2], [0]),
        ((ODD, ODD, 3, ODD, ODD), 1, [0, 1, 3, 4], [0, 1, 3, 4]),
        ((*[ODD] * MOST_ODD_ANSWERS, 4, 5), 0, [0, 1, 2, 3, 4], [0, 1, 2]),
    ],
)
def test_what_was_not_answered_waits_and_only_bad_answers_are_noted(
    answers: tuple[int | ServiceError, ...], answered: int, waiting: list[int], noted: list[int]
) -> None:
    turn, against, _ = turn_of(*answers)
    assert len(turn.answered) == answered
    assert turn.waiting == waiting
    assert against == noted
    assert bool(turn.problems) is bool(waiting)


def test_progress_is_told_and_the_end_says_how_many_wait() -> None:
    turn, _, told = turn_of(1, 2, 3, 4, DOWN, 6)
    assert told == ["2 of 6 things read", "4 of 6 things read"]
    assert turn.problems == [f"{DOWN} 2 things wait for the next run."]
