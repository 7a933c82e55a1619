"""Reading a whole library, against the floor: the same answers fetched, parsed with json, copied into one table.

Run `python bench/bench_library.py` (`--items N` for one size); it prints a table. The library is served over loopback
by a process of its own; PostgreSQL is the embedded one; ours is the asset `books`, run by Dagster in a process of its
own with the real client, transport and gate, whose pauses alone are scaled to nothing. *run* is the whole run with what
Dagster adds to it, *step* the asset's own part. The promises of time are those of the whole run at 100,000 items.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import psycopg
from library_server import LIBRARY, library_of
from sqlalchemy import Engine, text

from mam_assets.assets.library_read import PAGE
from mam_assets.resources.audiobookshelf import BATCH
from mam_assets.resources.database import connect
from mam_assets.settings import Settings, load_settings
from mam_assets.store import embedded

SIZES = (10_000, 100_000)
PROMISED_ITEMS = 100_000
FIRST_RATIO, UNCHANGED_RATIO, PEAK_MB = 3.0, 1.5, 300.0
FLOOR_COLUMNS = ("id", "path", "title", "authors", "narrators", "series", "year", "publisher", "description", "asin")


def floor_first(url: str, engine: Engine) -> float:
    """Seconds to fetch all pages and all items, parse them, and copy the items into one table without an index."""
    columns = ", ".join(f"{name} text" for name in FLOOR_COLUMNS)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS bench_floor"))
        connection.execute(text(f"CREATE TABLE bench_floor ({columns})"))
    began = time.perf_counter()
    with httpx.Client(base_url=url, trust_env=False) as client, engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        for rows in _pages(client):
            ids = [row["id"] for row in rows]
            for start in range(0, len(ids), BATCH):
                asked = {"libraryItemIds": ids[start : start + BATCH]}
                items = json.loads(client.post("/api/items/batch/get", json=asked).content)["libraryItems"]
                with driver.cursor() as cursor, cursor.copy("COPY bench_floor FROM STDIN") as copy:
                    for item in items:
                        copy.write_row(_floor_row(item))
                driver.commit()
    return time.perf_counter() - began


def _floor_row(item: dict[str, Any]) -> tuple[str | None, ...]:
    data = item["media"]["metadata"]
    lists = (data["authors"], data["narrators"], data["series"])
    plain = (data["publishedYear"], data["publisher"], data["description"], data["asin"])
    return item["id"], item["path"], data["title"], *map(json.dumps, lists), *plain


def floor_unchanged(url: str) -> float:
    """Seconds to fetch all pages of the list and parse them."""
    began = time.perf_counter()
    with httpx.Client(base_url=url, trust_env=False) as client:
        for _ in _pages(client):
            pass
    return time.perf_counter() - began


def _pages(client: httpx.Client) -> Iterator[list[dict[str, Any]]]:
    json.loads(client.get("/api/libraries").content)
    page = 0
    while True:
        asked: dict[str, str | int] = {"limit": PAGE, "page": page, "sort": "addedAt", "desc": 1}
        answer = json.loads(client.get(f"/api/libraries/{LIBRARY}/items", params=asked).content)
        yield answer["results"]
        page += 1
        if page * PAGE >= answer["total"]:
            return


def settings_for(url: str, data_dir: Path) -> Settings:
    """Nothing of the person's own settings, and no pauses."""
    from pydantic import SecretStr

    return load_settings(
        _env_file=None, database_url=None, data_dir=data_dir, abs_url=url, abs_token=SecretStr("key"), pace_scale=1e-9
    )


def run_asset(url: str, data_dir: Path) -> dict[str, float]:
    """Materialise `books` with a full comparison: seconds of the run, and of the asset's own step in it; what it
    counted, and the peak of this process in MB."""
    import dagster as dg

    from mam_assets.assets.library import books
    from mam_assets.resources.audiobookshelf import Audiobookshelf
    from mam_assets.resources.clock import Clock
    from mam_assets.resources.services import ServiceKit

    settings = settings_for(url, data_dir)
    engine = connect(settings)
    client = Audiobookshelf.from_kit(ServiceKit.open(settings, f"bench-{time.time_ns()}", engine=engine))
    config = {
        "ops": {"books": {"config": {"scope": "full"}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    gc.collect()
    try:
        began = time.perf_counter()
        result = dg.materialize(
            [books],
            resources={"database": engine, "audiobookshelf": client, "clock": Clock(), "settings": settings},
            run_config=config,
        )
        seconds = time.perf_counter() - began
    finally:
        client.close()
        engine.dispose()
    (event,) = result.asset_materializations_for_node("books")
    (step,) = (one for one in result.all_events if one.is_step_success)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts: dict[str, Any] = {name: event.metadata[name].value for name in ("items_new", "items_changed")}
    return {"seconds": seconds, "step": step.step_success_data.duration_ms / 1000, "peak_mb": peak, **counts}


def _in_a_process(tell: Connection, url: str, data_dir: Path) -> None:
    tell.send(run_asset(url, data_dir))
    embedded.leave(data_dir)


def ours(url: str, data_dir: Path) -> dict[str, float]:
    """`run_asset` in a process of its own, so that its peak is its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_in_a_process, args=(there, url, data_dir))
    process.start()
    there.close()
    try:
        return dict(here.recv())
    finally:
        process.join()


@contextmanager
def _database() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mam-assets-bench-") as folder:
        Path(folder).chmod(0o711)  # where root runs this, the server's own user passes through
        data_dir = Path(folder) / "data"
        try:
            yield data_dir
        finally:
            embedded.leave(data_dir)


def measure(items: int, read: Callable[[str, Path], dict[str, float]] = ours) -> dict[str, float]:
    """One size: the floors before and after, so that both meet the same machine; the better of each counts."""
    with library_of(items) as url, _database() as data_dir:
        engine = connect(settings_for(url, data_dir))
        try:
            floors, lists = [floor_first(url, engine)], [floor_unchanged(url)]
            first = read(url, data_dir)
            floors.append(floor_first(url, engine))
            unchanged = [read(url, data_dir)]
            lists.append(floor_unchanged(url))
            unchanged.append(read(url, data_dir))
            lists.append(floor_unchanged(url))
        finally:
            engine.dispose()
    again = min(unchanged, key=lambda one: one["seconds"])
    return {
        "items": items,
        "stored": first["items_new"],
        "written_again": sum(one["items_new"] + one["items_changed"] for one in unchanged),
        "floor": min(floors),
        "first": first["seconds"],
        "first_step": first["step"],
        "list": min(lists),
        "again": again["seconds"],
        "again_step": again["step"],
        "peak_mb": max(first["peak_mb"], *(one["peak_mb"] for one in unchanged)),
    }


def misses(found: dict[str, float]) -> list[str]:
    """Which promises these figures break, in words."""
    told = []
    if found["stored"] != found["items"] or found["written_again"]:
        told.append("an item was not stored exactly once")
    if found["peak_mb"] > PEAK_MB:
        told.append(f"peak memory {found['peak_mb']:.0f} MB, at most {PEAK_MB:g}")
    if found["items"] >= PROMISED_ITEMS:
        for name, floor, most in (("first", "floor", FIRST_RATIO), ("again", "list", UNCHANGED_RATIO)):
            if found[name] > most * found[floor]:
                told.append(f"{name} {found[name] / found[floor]:.2f} times its floor, at most {most:g}")
    return told


def main() -> int:
    """Measure and print; 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, action="append", help="size of the library; several may be given")
    sizes = parser.parse_args().items or SIZES
    head = ("items", "floor s", "first run", "ratio", "step", "ratio", "list s", "again run", "ratio", "step", "ratio")
    print("".join(f"{name:>10}" for name in (*head, "peak MB", "load")))
    missed = []
    for items in sizes:
        found = measure(items)
        cells: list[float] = []
        for floor, *ours in (("floor", "first", "first_step"), ("list", "again", "again_step")):
            cells.append(found[floor])
            for name in ours:
                cells += [found[name], found[name] / found[floor]]
        cells += [found["peak_mb"], os.getloadavg()[0]]
        print(f"{items:10}" + "".join(f"{cell:10.2f}" for cell in cells), flush=True)
        missed += [f"{items} items: {words}" for words in misses(found)]
    print(
        f"\nPromised: peak {PEAK_MB:g} MB; at {PROMISED_ITEMS} items first {FIRST_RATIO:g}, again {UNCHANGED_RATIO:g}."
    )
    print("\n".join(f"MISSED: {words}" for words in missed) or "All kept.")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
