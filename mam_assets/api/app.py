"""The REST API, put together: `create_app` for a server, for tests and for `python -m mam_assets.api`.

Belongs here: what all routes share (the connection to the database, errors) and the two probes. Does not belong here:
what a route answers (a module per noun).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from mam_assets.api import health
from mam_assets.settings import Settings
from mam_assets.store import migrations, server
from mam_assets.store.server import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Database:
    """The connection to the database, made when it is first asked for: the API begins to answer without it and
    heals by itself. Unlike `resources.database.connect` it changes nothing: migrations are for who starts us."""

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        self._settings = settings
        self._engine = engine
        self._lock = threading.Lock()

    def engine(self) -> Engine:
        """The engine. Raises DatabaseUnavailable."""
        with self._lock:
            if self._engine is None:
                self._engine = create_engine(
                    server.address(self._settings).ours,
                    pool_size=2,
                    max_overflow=8,
                    pool_pre_ping=True,
                    connect_args={
                        "connect_timeout": 5,
                        "application_name": "mam-assets api",
                        "options": "-c statement_timeout=15000 -c timezone=UTC",
                    },
                )
            return self._engine


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The application. ``engine`` replaces the one made from the settings (tests). Opens no connection."""
    app = FastAPI(
        title="mam-assets",
        summary="Keeps an Audiobookshelf library right and complete.",
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.database = Database(settings, engine)
    app.include_router(health.router)

    @app.get("/healthz", tags=["probes"])
    def alive() -> dict[str, str]:
        """The process runs; says nothing of what it needs."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["probes"])
    def ready() -> dict[str, Any]:
        """The database answers and has the shape that this version expects; else 503 with what to do."""
        with app.state.database.engine().connect() as connection:
            found = migrations.current_of(connection)
        if found != migrations.head():
            problem = f"it is at step {found or 'none'}, and this version wants {migrations.head()}"
            raise DatabaseUnavailable("this database", problem, "Start `mam up` once: it brings the database forward")
        return {"status": "ready", "schema": found}

    @app.exception_handler(DatabaseUnavailable)
    def unavailable(request: Request, error: DatabaseUnavailable) -> JSONResponse:
        return JSONResponse({"status": "unavailable", "problem": error.problem, "remedy": error.remedy}, 503)

    @app.exception_handler(DBAPIError)
    def database_failed(request: Request, error: DBAPIError) -> JSONResponse:
        # The driver's own words may hold the address, so only the kind is told.
        problem = f"the database did not answer ({type(error.orig).__name__})"
        remedy = "See that PostgreSQL runs and that its tables are there: `mam doctor` says what is wrong."
        return JSONResponse({"status": "unavailable", "problem": problem, "remedy": remedy}, 503)

    return app
