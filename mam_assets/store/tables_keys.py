"""Tables of keys: every name that a work may be found by. Derived from other rows, and made again from them.

Does not belong here: what a key is (domain.wanting), the rows that have them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from mam_assets.store.base import Base, reference


class SeriesWorkKey(Base):
    """A key of a work of a series that is owned by the series' own evidence (`book_id`) or wanted (null)."""

    __tablename__ = "series_work_keys"

    series_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True, index=True)
    book_id: Mapped[int | None] = reference("books.id", comment="the book that shows it; null: the series lacks it")

    __table_args__ = ({"comment": "What the works of each series are known as, so that another series finds them"},)


class MissingBookKey(Base):
    """A key of a gap, open or closed."""

    __tablename__ = "missing_book_keys"

    missing_book_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("missing_books.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True, index=True)

    __table_args__ = (
        {"comment": "What the work of each gap is known as, so that it is found without reading them all"},
    )
