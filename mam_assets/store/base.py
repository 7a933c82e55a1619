"""What every table shares: metadata with naming rules, and the column shapes that repeat.

Belongs here: naming convention, type map, check and key shorthands. Does not belong here: any table.

Units everywhere: times are `timestamptz`, text is `text`, sizes are bytes, durations are seconds unless the name says
minutes, positions in a series are text.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Fixed names, so that a migration can name what it drops and two machines generate the same one.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base; `Base.metadata` is what Alembic compares against."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class as it stands
        str: Text,
        int: Integer,
        float: Double,
        date: Date,
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text),
        list[int]: ARRAY(Integer),
        list[float]: ARRAY(Double),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


Key = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
"""A bigint identity primary key."""

Bytes = Annotated[int, mapped_column(BigInteger)]
"""A size in bytes."""

Moment = Annotated[datetime, mapped_column(server_default=func.now())]
"""A time that defaults to the transaction's."""

Count = Annotated[int, mapped_column(server_default=text("0"))]
"""A number that starts at nought."""

Off = Annotated[bool, mapped_column(server_default=text("false"))]
"""A flag that starts false."""

Texts = Annotated[list[str], mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))]
"""A list of texts, empty rather than null."""

Document = Annotated[dict[str, Any], mapped_column(JSONB, server_default=text("'{}'::jsonb"))]
"""A JSON object, empty rather than null."""


def reference(
    target: str, *, index: bool = True, primary_key: bool = False, comment: str | None = None, use_alter: bool = False
) -> Mapped[Any]:
    """A foreign key to `target` ("books.id") that refuses to orphan its rows: no cascade, so nothing is lost.

    Indexed unless `index=False`, which says that a key or a constraint that begins with the column serves already.
    """
    key = ForeignKey(target, use_alter=use_alter)
    return mapped_column(BigInteger, key, index=index or None, primary_key=primary_key, comment=comment)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A check that `column` holds one of `values`; null passes where the column is nullable."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
