"""Engines for our database: where settings become connections.

Belongs here: the engine with its limits, the migration check at first use, the Dagster resource that vends it. Does not
belong here: statements (store), where the server is (store/server).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import dagster as dg
from pydantic import Field
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError

from mam_assets.settings import Settings, load_settings
from mam_assets.store import migrations, server
from mam_assets.store.server import DatabaseUnavailable

__all__ = ["Connection", "DatabaseResource", "DatabaseUnavailable", "Engine", "connect"]

# Few connections per process: many processes share a server that allows 100.
POOL_SIZE = 2
MAX_OVERFLOW = 8
STATEMENT_SECONDS = 300
IDLE_IN_TRANSACTION_SECONDS = 600

_engines: dict[str, Engine] = {}
_guard = threading.Lock()


def connect(settings: Settings) -> Engine:
    """The engine of this process for the database of `settings`, with every migration applied.

    The same engine is returned for the same database, so that several clients in one process share its few
    connections; `dispose()` closes those and leaves the engine usable. Sessions run in UTC; a statement may take
    300 s. Starts or joins the embedded server where DATABASE_URL is not set. Raises DatabaseUnavailable.
    """
    address = server.address(settings)
    with _guard:
        engine = _engines.get(address.ours)
        if engine is None:
            engine = _engine(address.ours)
            event.listen(engine, "handle_error", partial(_tell_of_a_lost_connection, address.shown))
            try:
                _make_current(engine, address)
            except Exception:
                engine.dispose()
                raise
            _engines[address.ours] = engine
    return engine


def _tell_of_a_lost_connection(shown: str, context: ExceptionContext) -> None:
    """Add the server and the remedy to an error that ended the connection. A note, since callers catch by type; Dagster
    shows it with the message."""
    if context.is_disconnect and context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.add_note(
            f"database: {shown}: the connection was lost in the middle of a call. What was committed stands; see that "
            "PostgreSQL runs and is reachable, then run this again: it goes on from there."
        )


def _engine(url: str) -> Engine:
    given = make_url(url).query.get("options", "")
    options = [given if isinstance(given, str) else " ".join(given), "-c timezone=UTC"]
    options.append(f"-c statement_timeout={STATEMENT_SECONDS}s")
    options.append(f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s")
    return create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=MAX_OVERFLOW,
        pool_pre_ping=True,
        # Values may be secrets (MAM's cookie), and an error that shows them goes into Dagster's events for ever.
        hide_parameters=True,
        connect_args={
            "application_name": "mam-assets",
            "connect_timeout": server.CONNECT_SECONDS,
            "options": " ".join(options).strip(),
        },
    )


def _make_current(engine: Engine, address: server.ServerAddress) -> None:
    try:
        with engine.connect() as connection:
            if migrations.is_current(connection):
                return
        migrations.upgrade(address.ours)
    except DBAPIError as error:
        problem = str(error.orig).strip().partition("\n")[0]
        raise DatabaseUnavailable(
            address.shown,
            f"its tables cannot be read or made ({problem})",
            "Its user must own the database or hold CREATE on the schema public",
        ) from error


class DatabaseResource(dg.ConfigurableResource[Engine]):
    """Vends the engine to assets and sensors, which declare `dg.ResourceParam[Engine]`.

    Where the database is stands in DATABASE_URL or, for the embedded server, in DATA_DIR.
    """

    data_dir: str | None = Field(
        default=None, description="Folder of the embedded server. Empty: DATA_DIR of the environment."
    )

    def create_resource(self, context: dg.InitResourceContext) -> Engine:
        """The engine, see `connect`."""
        return connect(load_settings(data_dir=self.data_dir) if self.data_dir else load_settings())

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Engine]:
        """The engine for one run or tick; its idle connections are closed after."""
        engine = self.create_resource(context)
        try:
            yield engine
        finally:
            engine.dispose()
