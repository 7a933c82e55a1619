"""Processes that read and judge portions beside the one that writes, so that two cores are put to use.

Belongs here: starting them, handing out portions, the loop inside them. Does not belong here: what is done with a
portion (judged_portions).

They read within the very snapshot of the writer's transaction (PostgreSQL exports it), so it is as if the writer itself
had read everything at that moment. They hear of their work through a pipe and end when it closes: with the writer,
however it went. multiprocessing is not used, since it would run the program's main module in each of them again.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Self

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from mam_assets.store.judged_portions import JudgedPortion, Terms, portions

PROCESSES = 2
WORTH_IT = 10
"""With fewer portions than this the processes would cost more than they save: about a second each to start."""

Judge = Callable[..., JudgedPortion]
"""A function of judged_portions: (connection, terms, ids, …) → portion."""


class JudgingProcessFailed(Exception):
    """A process beside this one ended, or could not judge its portion."""


class Judges:
    """Judges portions, in processes of their own where there are many: a context manager.

    Where ``connection`` has written what is to be read again, it must be ``alone``: a snapshot does not show a
    transaction's own writing."""

    def __init__(self, connection: Connection, terms: Terms, *, alone: bool = False) -> None:
        self._connection = connection
        self._terms = terms
        self._alone = alone
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes:
            if kind is not None:
                process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()
        self._processes = []

    def each(self, judge: Judge, ids: Sequence[int], *more: Any) -> Iterator[JudgedPortion]:
        """Every portion of ``ids``, judged, in no particular order."""
        waiting = deque(portions(ids))
        if self._alone or len(waiting) < WORTH_IT:
            return (judge(self._connection, self._terms, portion, *more) for portion in waiting)
        return self._apart(judge, waiting, more)

    def _apart(self, judge: Judge, waiting: deque[Sequence[int]], more: tuple[Any, ...]) -> Iterator[JudgedPortion]:
        at_work: dict[int, subprocess.Popen[bytes]] = {}
        for process in self._started():
            if waiting:
                _send(process, (judge, waiting.popleft(), more))
                at_work[_answers(process).fileno()] = process
        while at_work:
            for number in select.select(list(at_work), [], [])[0]:
                process = at_work.pop(number)
                portion = _received(process)
                if waiting:  # before what was found is written, so that nobody is idle meanwhile
                    _send(process, (judge, waiting.popleft(), more))
                    at_work[number] = process
                yield portion

    def _started(self) -> list[subprocess.Popen[bytes]]:
        snapshot = self._connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        url = self._connection.engine.url.render_as_string(hide_password=False)
        for _ in range(PROCESSES):
            command = [sys.executable, "-m", __name__]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._processes.append(process)
            _send(process, (url, snapshot, self._terms))
        return self._processes


def _answers(process: subprocess.Popen[bytes]) -> Any:
    return process.stdout


def _send(process: subprocess.Popen[bytes], message: Any) -> None:
    pipe: Any = process.stdin
    try:
        pickle.dump(message, pipe, pickle.HIGHEST_PROTOCOL)
        pipe.flush()
    except BrokenPipeError as error:
        raise _ended(process) from error


def _received(process: subprocess.Popen[bytes]) -> JudgedPortion:
    try:
        portion: JudgedPortion = pickle.load(_answers(process))
    except EOFError as error:
        raise _ended(process) from error
    return portion


def _ended(process: subprocess.Popen[bytes]) -> JudgingProcessFailed:
    return JudgingProcessFailed(
        f"a process that judges catalogues ended early (exit code {process.wait()}), and nothing was written: see what "
        "it said on standard error; where that is nothing, it may have lacked memory. Then run this again"
    )


def _judge_what_is_sent(tasks: BinaryIO, answers: BinaryIO) -> None:
    """The loop of such a process, until its pipe closes."""
    gc.disable()  # it lives for seconds, makes no cycles of its own, and would spend a quarter of them on looking
    url, snapshot, terms = pickle.load(tasks)
    engine = create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ", hide_parameters=True)
    with engine.connect() as connection:
        connection.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
        while True:
            try:
                judge, ids, more = pickle.load(tasks)
            except EOFError:
                return
            pickle.dump(judge(connection, terms, ids, *more), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


def main() -> None:
    """Take portions from the standard input, give them back on the standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up between the answers
    _judge_what_is_sent(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
