"""Writes `schema/DATABASE.md` from the models: `python -m schema.document`. A test fails when the file is stale.

Belongs here: how the description looks. Does not belong here: what it says; that is in the comments of the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sqlalchemy import CheckConstraint, Column, Index, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql

from mam_assets.store import tables, tables_acquisition, tables_keys, tables_library, tables_operation

SCHEMA = Path(__file__).resolve().parent
TARGET = SCHEMA / "DATABASE.md"

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_ROOMS = (
    ("The library and what exists", tables_library),
    ("Gaps, releases, downloads", tables_acquisition),
    ("By what works and gaps are found again", tables_keys),
    ("How the system runs", tables_operation),
)
_INTRODUCTION = """\
# The database

Generated from the models by `python -m schema.document`; a test fails when it is stale. Edit the models instead:
`mam_assets/store/tables_*.py`, and write a step in `schema/versions`.

Times are `timestamptz` in UTC, sizes are bytes, durations are seconds unless the name says minutes, positions in a
series are text. Rows that history needs are closed or archived, never deleted: no foreign key cascades. A gap is open
while `closed_date` is null.

The database itself refuses, by triggers (`triggers.sql`): DELETE and TRUNCATE of `failed_attempts`, and every move of
`downloads.status` that is not one of those in `mam_assets/store/vocabulary.py`.

Dagster keeps its own tables in the schema `dagster` of the same database; ours are in `public`.
"""


def document() -> str:
    """The whole description as Markdown."""
    parts = [_INTRODUCTION, "## Who refers to whom\n", _diagram(), _views()]
    for title, module in _ROOMS:
        parts.append(f"## {title}\n")
        parts.extend(_table(table) for table in _tables_of(module))
    return "\n".join(parts)


def _tables_of(room: ModuleType) -> Iterator[Table]:
    """Tables in the order in which their module defines them."""
    for value in vars(room).values():
        if isinstance(value, type) and issubclass(value, tables.Base) and value.__module__ == room.__name__:
            yield tables.metadata.tables[value.__tablename__]


def _diagram() -> str:
    lines = ["```mermaid", "erDiagram"]
    for table in sorted(tables.metadata.tables.values(), key=lambda table: table.name):
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            many = "|o" if key.parent.nullable else "||"
            lines.append(f"    {key.column.table.name} {many}--o{{ {table.name} : {key.parent.name}")
    lines.append("```\n")
    return "\n".join(lines)


def _views() -> str:
    text = (SCHEMA / "views.sql").read_text(encoding="utf-8")
    lines = ["## Views\n", "| View | Shows |", "|---|---|"]
    lines += [f"| `{name}` | {what} |" for name, what in re.findall(r"COMMENT ON VIEW (\w+) IS '([^']+)'", text)]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> str:
    lines = [f"### {table.name}\n", f"{table.comment}.\n", "| Column | Type | | Meaning |", "|---|---|---|---|"]
    lines += [_column(column) for column in table.columns]
    lines.append("")
    lines += [f"- {line}" for line in (*_constraints(table), *_indexes(table))]
    return "\n".join(lines).rstrip() + "\n"


def _column(column: Column[object]) -> str:
    marks = []
    if column.primary_key:
        marks.append("key")
    marks += [f"→ {key.column.table.name}" for key in column.foreign_keys]
    if column.nullable:
        marks.append("may be null")
    return f"| {column.name} | {column.type.compile(_DIALECT).lower()} | {', '.join(marks)} | {column.comment or ''} |"


def _constraints(table: Table) -> Iterator[str]:
    found = sorted(table.constraints, key=lambda constraint: str(constraint.name))
    for constraint in found:
        if isinstance(constraint, UniqueConstraint):
            yield f"unique: {', '.join(column.name for column in constraint.columns)}"
    for constraint in found:
        if isinstance(constraint, CheckConstraint):
            yield f"check: `{constraint.sqltext}`"


def _indexes(table: Table) -> Iterator[str]:
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        where = _where(index)
        kind = "unique where" if index.unique and where else "unique" if index.unique else "index"
        columns = ", ".join(getattr(expression, "name", None) or str(expression) for expression in index.expressions)
        if index.unique and where:
            yield f"{kind} `{where}`: {columns}"
        else:
            yield f"{kind}: {columns}" + (f" where `{where}`" if where else "")


def _where(index: Index) -> str:
    where = index.dialect_options["postgresql"]["where"]
    return "" if where is None else str(where)


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
