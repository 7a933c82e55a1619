"""What judging series and authors costs on a real PostgreSQL: the whole, how it grows, and after one import.

Run `python bench/bench_gaps.py` (10,000 and 100,000 books), or with sizes of your own. It prints a table, with the
machine's load beside it, and ends with 1 where a promise is missed.
"""

from __future__ import annotations

import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gap_world import NOW, fill, make_world
from sqlalchemy import Engine, event, text

from mam_assets.assets.judging import rejudge_authors, rejudge_books, rejudge_series
from mam_assets.domain.names import normalise_person, normalise_title
from mam_assets.resources.database import connect
from mam_assets.settings import Settings, load_settings
from mam_assets.store import embedded

IMPORTS = 20
LONGEST_SECONDS = 60.0
LONGEST_STATEMENTS = 0.2
STEEPEST = 1.15


@dataclass
class Measured:
    """One line: seconds, but for counts. ``first`` writes everything, ``again`` finds nothing changed."""

    books: int
    entries: int
    first: float
    again: float
    processor: float
    load: float
    imports: list[float]


def main() -> None:
    """Measure each size and print."""
    sizes = [int(text) for text in sys.argv[1:]] or [10_000, 100_000]
    measured = []
    for books in sizes:
        with tempfile.TemporaryDirectory(prefix="mam-assets-bench-") as folder:
            Path(folder).chmod(0o711)  # where root runs this, the server's own user passes through
            settings = load_settings(_env_file=None, database_url=None, data_dir=Path(folder) / "data")
            engine = connect(settings)
            try:
                measured.append(measure(engine, settings, books))
            finally:
                engine.dispose()
                embedded.leave(settings.data_dir)
    show(measured)
    missed = list(broken_promises(measured))
    for promise in missed:
        print(f"MISSED: {promise}")
    sys.exit(1 if missed else 0)


def measure(engine: Engine, settings: Settings, books: int) -> Measured:
    """The whole twice, then single imports."""
    with engine.begin() as connection:
        fill(connection, make_world(books))
        entries = connection.execute(text("SELECT count(*) FROM catalog_entries")).scalar_one()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    first, _ = _whole(engine, settings)
    print(f"{books} books, {entries} entries: first {first:.1f} s", flush=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    again, processor = _whole(engine, settings)
    load = os.getloadavg()[0]
    print(f"again {again:.1f} s, {processor:.1f} s of processor time, load {load:.1f}", flush=True)
    return Measured(books, entries, first, again, processor, load, [_import(engine, settings) for _ in range(IMPORTS)])


def _whole(engine: Engine, settings: Settings) -> tuple[float, float]:
    began, spent = time.perf_counter(), _processor_seconds()
    rejudge_series(engine, settings, NOW, NOW.date())
    rejudge_authors(engine, settings, NOW, NOW.date())
    return time.perf_counter() - began, _processor_seconds() - spent


def _processor_seconds() -> float:
    """Of this process and of those that it started and that ended; not of PostgreSQL."""
    return sum(os.times()[:4])


def _import(engine: Engine, settings: Settings) -> float:
    """Seconds inside statements to judge what one new book touches, which fills a gap of a series."""
    with engine.begin() as connection:
        gap = connection.execute(
            text(
                "SELECT * FROM missing_books WHERE closed_date IS NULL AND series_id IS NOT NULL "
                "ORDER BY md5(CAST(id AS text)) LIMIT 1"
            )
        ).one()
        given = {"title": gap.title, "key": normalise_title(gap.title), "authors": gap.authors, "series": gap.series_id}
        given |= {"author": gap.author_name, "author_key": normalise_person(gap.author_name), "n": gap.series_number}
        book_id = connection.execute(
            text(
                "INSERT INTO books (abs_id, title, title_key, author, author_key, authors, date_added) "
                "VALUES ('new ' || :key, :title, :key, :author, :author_key, :authors, now()) RETURNING id"
            ),
            given,
        ).scalar_one()
        for statement in (
            "INSERT INTO book_series (book_id, series_id, position) VALUES (:id, :series, :n)",
            "INSERT INTO book_authors (book_id, author_id) SELECT :id, id FROM authors WHERE name = :author",
        ):
            connection.execute(text(statement), {**given, "id": book_id})
    with statement_seconds(engine) as seconds:
        rejudge_books(engine, settings, NOW, NOW.date(), [book_id])
    with engine.begin() as connection:
        closed = connection.execute(text("SELECT closed_date FROM missing_books WHERE id = :id"), {"id": gap.id})
        assert closed.scalar_one() is not None, f"the gap of {gap.title!r} is still open"
    return sum(seconds)


@contextmanager
def statement_seconds(engine: Engine) -> Iterator[list[float]]:
    """The time spent inside each statement."""
    seconds: list[float] = []
    began = [0.0]

    def before(*_: object) -> None:
        began[0] = time.perf_counter()

    def after(*_: object) -> None:
        seconds.append(time.perf_counter() - began[0])

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield seconds
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def show(measured: list[Measured]) -> None:
    """The table."""
    print(
        f"{'books':>8}{'entries':>9}{'first':>9}{'again':>9}{'cpu of ours':>13}{'µs/entry':>10}"
        f"{'import':>9}{'worst':>9}{'load':>6}"
    )
    for line in measured:
        each = sorted(line.imports)
        print(
            f"{line.books:8}{line.entries:9}{line.first:8.1f}s{line.again:8.1f}s{line.processor:12.1f}s"
            f"{line.processor / line.entries * 1e6:10.0f}{each[len(each) // 2]:8.3f}s{each[-1]:8.3f}s{line.load:6.1f}"
        )
    for name, exponent in exponents(measured).items():
        print(f"exponent of {name}: {exponent:.2f}")
    print(
        f"wanted: {LONGEST_SECONDS:.0f} s at 100,000 books, exponent {STEEPEST}, {LONGEST_STATEMENTS} s in statements"
    )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def exponents(measured: list[Measured]) -> dict[str, float]:
    """How each cost grows between the smallest and the largest size, as a power of the entries."""
    small, large = measured[0], measured[-1]
    if large.entries == small.entries:
        return {}
    growth = math.log(large.entries / small.entries)
    return {
        name: math.log(getattr(large, name) / getattr(small, name)) / growth for name in ("first", "again", "processor")
    }


def broken_promises(measured: list[Measured]) -> Iterator[str]:
    """What was promised and does not hold: of the whole recomputation when little has changed ("again")."""
    for line in measured:
        if line.books <= 100_000 and line.again > LONGEST_SECONDS:
            yield f"{line.books} books took {line.again:.0f} s, and not {LONGEST_SECONDS:.0f} s (load {line.load:.1f})"
        middle = sorted(line.imports)[len(line.imports) // 2]
        if middle > LONGEST_STATEMENTS:
            yield f"an import took {middle:.3f} s in statements at {line.books} books"
    for name, exponent in exponents(measured).items():
        if exponent > STEEPEST:
            yield f"{name} grows as n^{exponent:.2f}"


if __name__ == "__main__":
    main()
