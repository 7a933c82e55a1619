"""Where the database is: the person's own PostgreSQL, or the embedded one.

Belongs here: turning settings into addresses with their drivers written out, and the check that the server will do.
Does not belong here: engines (resources/database), migrations (migrations), the embedded server's life (embedded).

Drivers are always written out: SQLAlchemy 2.1 reads a bare `postgresql://` as psycopg 3, with which dagster-postgres
fails at its first NOTIFY. Dagster's tables live in a schema of their own, `dagster`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from mam_assets.settings import Settings
from mam_assets.store import embedded
from mam_assets.store.postgres_programs import EmbeddedServerError

if TYPE_CHECKING:
    import psycopg

OLDEST_VERSION = 14
CONNECT_SECONDS = 10


class DatabaseUnavailable(RuntimeError):
    """The database cannot be used. The message has the address without its password, the problem and the remedy."""

    def __init__(self, shown: str, problem: str, remedy: str) -> None:
        self.shown = shown
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"PostgreSQL at {shown}: {problem}. {remedy}")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The two addresses of one database. Both may carry a password: show `shown` instead."""

    ours: str = field(repr=False)
    """For our engines: `postgresql+psycopg://…`."""
    dagster: str = field(repr=False)
    """For Dagster's storage: `postgresql+psycopg2://…`, with `search_path=dagster`."""
    shown: str
    """For people: no password."""
    is_embedded: bool


_checked: set[str] = set()


def address(settings: Settings) -> ServerAddress:
    """The addresses of the database; starts or joins the embedded server where DATABASE_URL is not set.

    The server is known to be reachable, PostgreSQL 14 or newer, and to have the schema `dagster`.
    Raises DatabaseUnavailable.
    """
    if settings.database_url is not None:
        url = _own(settings.database_url.get_secret_value())
        found = _addresses(url, shown=_shown(url), is_embedded=False)
        if found.ours not in _checked:
            _check(url, found.shown)
            _checked.add(found.ours)
        return found
    return embedded_address(settings)


def embedded_address(settings: Settings, *, durable: bool = True) -> ServerAddress:
    """The addresses of the embedded server in `settings.data_dir`; see embedded.join."""
    try:
        socket_folder = embedded.join(settings.data_dir, durable=durable)
    except EmbeddedServerError as error:
        raise DatabaseUnavailable(
            str(settings.data_dir / "postgres"), str(error), "DATABASE_URL names a server of your own instead"
        ) from error
    place = {"host": str(socket_folder), "port": str(embedded.PORT)}
    url = URL.create("postgresql", username=embedded.SUPERUSER, database=embedded.DATABASE, query=place)
    return _addresses(url, shown=f"{settings.data_dir / 'postgres'} (embedded)", is_embedded=True)


def _own(text: str) -> URL:
    """Parse DATABASE_URL: postgres:// or postgresql://, with or without a driver."""
    remedy = "Write DATABASE_URL as postgresql://user:password@host:5432/name"
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        # Without its cause: that message repeats the text, password and all.
        raise DatabaseUnavailable("DATABASE_URL", "it is no address of a database", remedy) from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise DatabaseUnavailable("DATABASE_URL", f"it names {url.get_backend_name()}, not PostgreSQL", remedy)
    if not url.database:
        raise DatabaseUnavailable(_shown(url), "the address names no database", remedy)
    return url.set(drivername="postgresql")


def _addresses(url: URL, *, shown: str, is_embedded: bool) -> ServerAddress:
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    path = f"{options} -csearch_path={embedded.DAGSTER_SCHEMA}".strip()
    dagster = url.set(drivername="postgresql+psycopg2").update_query_dict({"options": path})
    return ServerAddress(
        ours=url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False),
        dagster=dagster.render_as_string(hide_password=False),
        shown=shown,
        is_embedded=is_embedded,
    )


def _shown(url: URL) -> str:
    """The address for people: no password, also none that was put into the query."""
    query = {name: value for name, value in url.query.items() if "password" not in name}
    return url.set(drivername="postgresql", query=query).render_as_string(hide_password=True)


def _check(url: URL, shown: str) -> None:
    """Connect once: the server must answer, be new enough, speak UTF-8, and have the schema for Dagster."""
    import psycopg

    # Not as text: SQLAlchemy writes a space in a query as "+", which libpq does not read back.
    parts = url.translate_connect_args(username="user", database="dbname") | dict(url.query)
    parts.setdefault("connect_timeout", CONNECT_SECONDS)
    try:
        with psycopg.connect(**parts, autocommit=True) as connection:
            version = connection.info.server_version // 10000
            encoding = connection.info.parameter_status("server_encoding")
            if version < OLDEST_VERSION:
                raise DatabaseUnavailable(
                    shown,
                    f"it is version {version}, and {OLDEST_VERSION} is the oldest that will do",
                    "Upgrade it, or leave DATABASE_URL empty for the embedded server",
                )
            if encoding != "UTF8":
                raise DatabaseUnavailable(
                    shown,
                    f"the database stores text as {encoding}, and names of books need UTF8",
                    f"Create it with CREATE DATABASE {url.database} ENCODING 'UTF8' TEMPLATE template0",
                )
            if connection.execute("SELECT to_regnamespace(%s)", [embedded.DAGSTER_SCHEMA]).fetchone() == (None,):
                _create_schema(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseUnavailable(
            shown,
            f"its user may not create the schema {embedded.DAGSTER_SCHEMA} ({_first_line(error)})",
            f"As an administrator of the database: GRANT CREATE ON DATABASE {url.database} TO {url.username}",
        ) from None
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            shown,
            _first_line(error),
            "Check that it runs, and the user, password and name in DATABASE_URL",
        ) from None
    except psycopg.ProgrammingError as error:
        raise DatabaseUnavailable(shown, _first_line(error), "Check the spelling of DATABASE_URL") from None


def _create_schema(connection: psycopg.Connection[Any]) -> None:
    import psycopg

    try:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {embedded.DAGSTER_SCHEMA}")
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateSchema):
        return  # another process was quicker


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
