"""Bringing the database to the shape that the code expects, and back.

Belongs here: running the steps of `schema/versions`, and the cheap question whether there is anything to run. Does not
belong here: the steps themselves.

Two processes that start at once don't collide: all steps of a command run in one transaction that begins with an
advisory lock, so a step is done whole or not at all, by one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from alembic.config import Config

# The sibling of the package, in a checkout as in an installed wheel.
SCHEMA = Path(__file__).resolve().parents[2] / "schema"
_LOCK = 0x6D616D5F6D696772  # any number that nobody else locks


class UnknownRevision(RuntimeError):
    """The database is at a step that this version of the code does not have."""


@cache
def revisions() -> tuple[str, ...]:
    """All revisions, oldest first. They are the numbers that the files of `schema/versions` begin with."""
    return tuple(sorted(path.name.partition("_")[0] for path in (SCHEMA / "versions").glob("[0-9]*_*.py")))


def head() -> str:
    """The newest revision."""
    return revisions()[-1]


def current_of(connection: Connection) -> str | None:
    """The revision of the connected database, None when it has none."""
    if connection.execute(text("SELECT to_regclass('public.alembic_version')")).scalar() is None:
        return None
    return connection.execute(text("SELECT version_num FROM public.alembic_version")).scalar()


def is_current(connection: Connection) -> bool:
    """Whether the connected database has the newest shape. Two small queries, and Alembic is not imported."""
    return current_of(connection) == head()


def current(url: str) -> str | None:
    """The revision of the database at `url`, None when it has none."""
    with _locked(url) as connection:
        return current_of(connection)


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` (`postgresql+psycopg://…`) forward to `revision`. Nothing to do is no error."""
    with _locked(url) as connection:
        found = current_of(connection)
        if found is not None and found not in revisions():
            raise UnknownRevision(
                f"The database is at step {found} and this version of mam-assets ends at {head()}. "
                "Install the newer version that made it, or restore a backup from before."
            )
        if revision == "head" and found == head():
            return
        from alembic import command

        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`; "base" removes every table of ours, with what is in them."""
    from alembic import command

    with _locked(url) as connection:
        command.downgrade(_config(connection), revision)


def draft(url: str, message: str) -> Path:
    """Write the next step of `schema/versions` from what the models say and the database at `url` has; to be read over.

    Triggers, views, checks and seeds are not seen by Alembic and must be written by hand.
    """
    from alembic import command

    with _locked(url) as connection:
        number = f"{len(revisions()) + 1:04d}"
        script = command.revision(_config(connection), message, autogenerate=True, rev_id=number)
    if script is None or isinstance(script, list):
        raise RuntimeError(f"Alembic wrote {script!r} where one script was expected")
    revisions.cache_clear()
    return Path(script.path)


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL search_path = public"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCHEMA).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
