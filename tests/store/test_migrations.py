"""The steps of the schema: forward, back, and the same as the models."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from mam_assets.store import migrations, tables

COLUMNS = """
    SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, is_identity
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1, 2
"""
COMMENTS = """
    SELECT relname, attname, description FROM pg_description JOIN pg_class ON pg_class.oid = objoid
    LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = objsubid AND attnum > 0
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1, 2
"""
LEFT_OVER = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
UNINDEXED_KEYS = """
    SELECT conname FROM pg_constraint AS key
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_index WHERE indrelid = key.conrelid AND indkey[0] = key.conkey[1]
            AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) LIKE '%IS NOT NULL%')
    )
"""


def ask(url: str, query: str) -> list[Any]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_the_schema_goes_up_and_down_and_up_again(empty_url: str) -> None:
    assert migrations.current(empty_url) is None
    migrations.upgrade(empty_url)
    assert migrations.current(empty_url) == migrations.head()
    migrations.downgrade(empty_url, "base")
    assert migrations.current(empty_url) is None
    assert ask(empty_url, LEFT_OVER) == []
    migrations.upgrade(empty_url)
    assert ask(empty_url, "SELECT count(*) FROM genre_settings") == [(7,)]


def test_going_up_when_there_is_nothing_to_do_changes_nothing(clean_url: str) -> None:
    before = ask(clean_url, COLUMNS)
    migrations.upgrade(clean_url)
    assert ask(clean_url, COLUMNS) == before


def test_alembic_finds_no_difference_between_models_and_database(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True, "compare_type": True})
    assert compare_metadata(context, tables.metadata) == []


@pytest.mark.parametrize(
    "query", [COLUMNS, CONSTRAINTS, INDEXES, COMMENTS], ids=["columns", "checks", "indexes", "comments"]
)
def test_the_steps_make_just_what_the_models_say(connection: Connection, empty_url: str, query: str) -> None:
    """Alembic compares no checks, no predicates of indexes and no comments: PostgreSQL's own catalogue does."""
    engine = create_engine(empty_url, poolclass=NullPool)
    tables.metadata.create_all(engine)
    assert [tuple(row) for row in connection.execute(text(query))] == ask(empty_url, query)


def test_two_processes_that_start_at_once_do_not_collide(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: migrations.upgrade(empty_url), range(4)))
    assert ask(empty_url, "SELECT count(*) FROM genre_settings") == [(7,)]


def test_a_step_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    engine = create_engine(empty_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE downloads (id int)"))
    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(empty_url)
    assert {name for (name,) in ask(empty_url, LEFT_OVER)} == {"downloads"}
    assert migrations.current(empty_url) is None


def test_a_database_from_a_newer_version_is_refused_with_the_remedy(clean_url: str) -> None:
    engine = create_engine(clean_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.UnknownRevision, match=r"step 9999 .* Install the newer version"):
        migrations.upgrade(clean_url)


def test_revisions_are_the_numbers_of_their_files_in_one_line() -> None:
    script = ScriptDirectory(str(migrations.SCHEMA))
    steps = list(script.walk_revisions())[::-1]
    assert tuple(step.revision for step in steps) == migrations.revisions()
    assert [step.down_revision for step in steps] == [None, *migrations.revisions()[:-1]]


def test_asking_whether_the_schema_is_current_does_not_import_alembic(database_url: str) -> None:
    program = (
        "import sys; from sqlalchemy import create_engine; from mam_assets.store import migrations\n"
        "with create_engine(sys.argv[1]).connect() as connection: print(migrations.is_current(connection))\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, database_url], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_there_are_enough_keys_and_indexes_and_every_key_is_indexed(connection: Connection) -> None:
    keys = connection.execute(text(CONSTRAINTS)).all()
    assert sum(1 for key in keys if key[2].startswith("FOREIGN KEY")) >= 15
    assert len(connection.execute(text(INDEXES)).all()) >= 30
    assert connection.execute(text(UNINDEXED_KEYS)).scalars().all() == []


def test_no_index_repeats_the_beginning_of_another(connection: Connection) -> None:
    """An index on (a) beside one on (a, b) costs every write and helps no read."""
    plain: dict[tuple[str, str], str] = {}
    for table, name, definition in connection.execute(text(INDEXES)):
        columns = re.search(r"\((.*?)\)( WHERE .*)?$", definition)
        if columns and not columns[2] and "gin" not in definition:
            plain[(table, columns[1])] = name
    repeated = [
        (name, other)
        for (table, columns), name in plain.items()
        for (other_table, other_columns), other in plain.items()
        if table == other_table and other_columns.startswith(f"{columns}, ")
    ]
    assert repeated == []


def test_the_seven_genres_are_there(connection: Connection) -> None:
    rows = connection.execute(text("SELECT genre_name, enabled, mam_categories FROM genre_settings ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [
        ("Science Fiction", True, [47]),
        ("Fantasy", True, [41]),
        ("Mystery", True, [87]),
        ("Thriller", True, [40]),
        ("Romance", False, [46]),
        ("Erotica", False, []),
        ("Self-Help", False, [53]),
    ]
