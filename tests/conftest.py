"""What every test can have: a real PostgreSQL, settings that reach nothing else, and no network beyond this machine.

One embedded server serves the whole session; under xdist all workers share it, each with a database of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from mam_assets.settings import Settings, load_settings
from mam_assets.store import embedded, migrations, server

SERVER_PREFIX = "mam-assets-tests-"
MEMORY_WANTED = 12 * 2**30

# A slow example is a busy machine, and no failing one.
hypothesis_settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("unhurried")


# --- no network but loopback -------------------------------------------------------------------------------------


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = str(address[0])
    return host in ("localhost", "::1", "") or host.startswith("127.")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine, and every name that would have to be looked up."""
    patch = pytest.MonkeyPatch()

    def guarded(name: str) -> Callable[..., Any]:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_local(address):
                self.close()  # whoever made it expects an OSError and would leave it open
                raise RuntimeError(f"a test tried to reach {address!r}; tests talk to this machine only")
            return original(self, address)

        return connect

    original_lookup = socket.getaddrinfo

    def lookup(host: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_local((name,)) and not name.replace(".", "").isdigit():
            raise RuntimeError(f"a test tried to look up {name!r}; tests talk to this machine only")
        return original_lookup(host, *rest, **options)

    patch.setattr(socket.socket, "connect", guarded("connect"))
    patch.setattr(socket.socket, "connect_ex", guarded("connect_ex"))
    patch.setattr(socket, "getaddrinfo", lookup)
    yield
    patch.undo()


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def _sweep() -> None:
    """Stop and remove the servers of sessions that were killed."""
    for folder in (*Path("/dev/shm").glob(f"{SERVER_PREFIX}*"), *Path(tempfile.gettempdir()).glob(f"{SERVER_PREFIX}*")):
        if embedded.stop_if_unused(folder):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of the session's server, of its database `mam_assets`, which tests leave alone."""
    _sweep()
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    folder = _roomiest() / f"{SERVER_PREFIX}{session[:12]}"
    folder.mkdir(mode=0o711, exist_ok=True)
    yield server.embedded_address(load_settings(_env_file=None, data_dir=folder), durable=False).ours
    if embedded.leave(folder):
        shutil.rmtree(folder)


def _roomiest() -> Path:
    """Memory, where there is plenty: hundreds of databases are copied and removed, each of 300 small files."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_WANTED:
        return memory
    return Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def make_database(server_url: str) -> Callable[[str | None], str]:
    """A function that makes a database, empty or from a template, and gives its address. None is dropped: they go with
    the server, whose folder is removed in a fraction of the time."""
    admin = create_engine(server_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def make(template: str | None = None) -> str:
        name = f"test_{uuid4().hex[:12]}"
        origin = make_url(template).database if template else "template1"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {origin} STRATEGY FILE_COPY"))
        return make_url(server_url).set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture(scope="session")
def template_url(make_database: Callable[[str | None], str]) -> str:
    """A migrated database that nothing connects to, to be copied."""
    url = make_database(None)
    migrations.upgrade(url)
    return url


@pytest.fixture(scope="session")
def database_url(make_database: Callable[[str | None], str], template_url: str) -> str:
    """A migrated database, shared by the tests of this worker. Tests that commit take `clean_url` instead."""
    return make_database(template_url)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the shared database."""
    engine = create_engine(database_url, connect_args={"options": "-c timezone=UTC"})
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back; `connection.begin_nested()` gives savepoints."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        if transaction.is_active:
            transaction.rollback()


@pytest.fixture
def empty_url(make_database: Callable[[str | None], str]) -> str:
    """A database of the test's own, without a single table."""
    return make_database(None)


@pytest.fixture
def clean_url(make_database: Callable[[str | None], str], template_url: str) -> str:
    """A migrated database of the test's own, for tests that commit."""
    return make_database(template_url)


@pytest.fixture
def clean_engine(clean_url: str) -> Iterator[Engine]:
    """An engine on a migrated database of the test's own, for tests that commit."""
    engine = create_engine(clean_url, connect_args={"options": "-c timezone=UTC"})
    yield engine
    engine.dispose()


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from the environment of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings(bare_environment: None, database_url: str, tmp_path: Path) -> Settings:
    """Settings on the shared database, with a data folder of the test's own."""
    return load_settings(_env_file=None, database_url=database_url, data_dir=tmp_path / "data")


@pytest.fixture
def clean_settings(bare_environment: None, clean_url: str, tmp_path: Path) -> Settings:
    """Settings on a database of the test's own, for tests that commit."""
    return load_settings(_env_file=None, database_url=clean_url, data_dir=tmp_path / "data")
