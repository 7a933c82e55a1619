"""What exists: the catalogue of each series and author, and which series are due to be read.

Belongs here: SQL on catalog_entries and on when each series was checked. Does not belong here: what of it is missing
(gaps), the identity of series (series_identity), who is asked about which author (author_catalog).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from mam_assets.domain.books import CatalogEntry
from mam_assets.domain.names import normalise_series
from mam_assets.domain.series_identity import Fate, SeriesSide, judge_number
from mam_assets.store import series_identity
from mam_assets.store import tables as t

# A statement takes 65,535 values at most, and an entry has fifteen.
_AT_ONCE = 2000
_TOLD = (
    "title",
    "authors",
    "series_name",
    "position",
    "published",
    "isbn",
    "asin",
    "goodreads_id",
    "language",
    "audiobook",
)
# What is told again in each round without being asked for is not written again in each.
_SEEN_EVERY = timedelta(hours=20)


@dataclass(frozen=True)
class SeriesDue:
    """A series whose catalogue is to be read. ``book_title`` is an owned book of it, for finding the series' number;
    ``other_series`` are names of the further series that this book is in."""

    series_id: int
    name: str
    names: tuple[str, ...]
    authors: tuple[str, ...]
    goodreads_id: str | None
    book_title: str
    other_series: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identified:
    """The series' id from now on, and what its number led to. ``held_apart_from`` names the series that has the number
    already and that a person keeps apart from this one; ``doubt`` says why the two are not taken for one."""

    series_id: int
    merged: bool = False
    held_apart_from: str | None = None
    doubt: str | None = None


def series_due(
    connection: Connection,
    *,
    stale_before: datetime | None,
    failed_before: datetime | None = None,
    ids: Sequence[int] = (),
    limit: int = 0,
) -> list[SeriesDue]:
    """Series with an owned book, never checked first, then the longest ago; `stale_before=None` takes all. One whose
    last attempt failed is due however fresh its list is, and comes after the others, so that three bad pages starve
    nobody; `failed_before` leaves out those that failed since."""
    rows = connection.execute(
        text(
            """
            SELECT s.id AS series_id, s.name, s.author, s.goodreads_id, owned.book_title, owned.authors, names.names,
                   (SELECT array_agg(DISTINCT called.name)
                    FROM book_series bs JOIN series other ON other.id = bs.series_id
                    CROSS JOIN LATERAL (
                        SELECT other.name UNION SELECT n.name FROM series_names n WHERE n.series_id = other.id
                    ) called
                    WHERE bs.book_id = owned.book_id AND other.id <> s.id) AS other_series
            FROM series s
            CROSS JOIN LATERAL (
                -- the first volume names the series best; a box set or a book without a place names it worst
                SELECT b.id AS book_id, b.title AS book_title, b.authors
                FROM book_series bs JOIN books b ON b.id = bs.book_id
                WHERE bs.series_id = s.id AND b.status IN ('active', 'duplicate') AND b.title_key <> ''
                ORDER BY (bs.position ~ '^[0-9]+$') DESC NULLS LAST, length(bs.position), bs.position, b.id
                LIMIT 1
            ) owned
            CROSS JOIN LATERAL (
                SELECT array_agg(DISTINCT n.name) AS names FROM series_names n WHERE n.series_id = s.id
            ) names
            WHERE (cardinality(CAST(:ids AS bigint[])) = 0 OR s.id = ANY(CAST(:ids AS bigint[])))
              AND (CAST(:stale AS timestamptz) IS NULL OR s.last_completion_check IS NULL
                   OR s.last_completion_check < :stale OR s.check_failed_at > s.last_completion_check)
              AND (CAST(:failed AS timestamptz) IS NULL OR s.check_failed_at IS NULL OR s.check_failed_at < :failed)
            ORDER BY s.check_failed_at NULLS FIRST, s.last_completion_check NULLS FIRST, s.id
            LIMIT nullif(:limit, 0)
            """
        ),
        {"ids": list(ids), "stale": stale_before, "failed": failed_before, "limit": limit},
    )
    return [
        SeriesDue(
            series_id=row.series_id,
            name=row.name,
            names=tuple(row.names or (row.name,)),
            authors=tuple(row.authors) or ((row.author,) if row.author else ()),
            goodreads_id=row.goodreads_id,
            book_title=row.book_title,
            other_series=tuple(row.other_series or ()),
        )
        for row in rows
    ]


def identify_series(connection: Connection, series_id: int, goodreads_id: str, now: datetime) -> Identified:
    """Note a series' Goodreads number. If another of our series has it, the two are judged by their names, works and
    books (domain/series_identity.judge_number): one, and this one is merged into that; or not, by a person's word or in
    doubt, and this one stays without the number, or every gap would count twice."""
    other = connection.execute(
        select(t.Series.id, t.Series.name)
        .where(t.Series.goodreads_id == goodreads_id, t.Series.id != series_id)
        .order_by(t.Series.id)
        .limit(1)
    ).first()
    if other is None:
        connection.execute(update(t.Series).where(t.Series.id == series_id).values(goodreads_id=goodreads_id))
        return Identified(series_id)
    sides = series_identity.sides_of(connection, [other.id, series_id])
    verdict = judge_number(
        sides[other.id],
        sides[series_id],
        shared_books=series_identity.shared_books(connection, other.id, series_id),
        held_apart=frozenset({other.id, series_id}) in series_identity.held_apart(connection),
        pen_names=series_identity.pen_names(connection),
    )
    if verdict.fate is Fate.APART:
        _without_number(connection, series_id, now, None)
        return Identified(series_id, held_apart_from=other.name)
    if verdict.fate is Fate.ASK:
        doubt = f"{verdict.evidence}: `mam series merge {other.id} {series_id}` if they are one"
        _without_number(connection, series_id, now, doubt)
        return Identified(series_id, doubt=doubt)
    series_identity.merge(
        connection,
        keep=other.id,
        drop=series_id,
        rule=verdict.rule,
        evidence=verdict.evidence,
        by="series_catalog",
        now=now,
    )
    return Identified(other.id, merged=True)


def _without_number(connection: Connection, series_id: int, now: datetime, doubt: str | None) -> None:
    values = {"last_completion_check": now, "goodreads_id": None, "check_failed_at": None, "check_problem": doubt}
    connection.execute(update(t.Series).where(t.Series.id == series_id).values(**values))


def owned_side(connection: Connection, series_id: int) -> SeriesSide:
    """A series of ours with the books that are owned of it as its works, those without a place too."""
    side = series_identity.sides_of(connection, [series_id])[series_id]
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT bs.position, b.title FROM book_series bs JOIN books b ON b.id = bs.book_id
            WHERE bs.series_id = :id AND b.title_key <> '' AND b.status IN ('active', 'duplicate') ORDER BY 1, 2
            """
        ),
        {"id": series_id},
    )
    return replace(side, works=tuple((row.position, row.title) for row in rows))


def series_is_fresh(connection: Connection, series_id: int, since: datetime) -> bool:
    """Whether the series' catalogue was read after `since`."""
    checked = connection.execute(select(t.Series.last_completion_check).where(t.Series.id == series_id)).scalar()
    return checked is not None and checked >= since


def series_checked(connection: Connection, series_id: int, now: datetime, *, name: str | None = None) -> None:
    """Note that Goodreads listed a whole series, and the name that it goes by there. A name that is already another
    series' is left to that one: the library's next read must find the right one of the two."""
    values = {"last_completion_check": now, "date_updated": now, "check_failed_at": None, "check_problem": None}
    connection.execute(update(t.Series).where(t.Series.id == series_id).values(**values))
    if name and (key := normalise_series(name)):
        connection.execute(
            text(
                """
                INSERT INTO series_names (series_id, name, name_key, source)
                SELECT s.id, :name, :key, 'Goodreads' FROM series s
                WHERE s.id = :id AND NOT EXISTS (
                    SELECT FROM series other LEFT JOIN series_names n ON n.series_id = other.id
                    WHERE other.id <> s.id AND (other.name_key = :key OR n.name_key = :key)
                      AND other.author_key = s.author_key)
                ON CONFLICT DO NOTHING
                """
            ),
            {"id": series_id, "name": name, "key": key},
        )


def series_check_failed(connection: Connection, series_id: int, problem: str, now: datetime) -> None:
    """Note that a series' catalogue could not be read whole, and why; it stays due."""
    values = {"check_failed_at": now, "check_problem": problem[:2000]}
    connection.execute(update(t.Series).where(t.Series.id == series_id).values(**values))


def series_unknown(connection: Connection, series_id: int, now: datetime, doubt: str | None = None) -> None:
    """Note that Goodreads does not know a series, or no longer under the number that we had. ``doubt`` says which one
    it might be there."""
    values = {"last_completion_check": now, "date_updated": now, "goodreads_id": None, "completion_status": "unknown"}
    values |= {"check_failed_at": None, "check_problem": doubt}
    connection.execute(update(t.Series).where(t.Series.id == series_id).values(**values))


def save_entries(
    connection: Connection,
    entries: Sequence[CatalogEntry],
    now: datetime,
    *,
    series_id: int | None = None,
    author_id: int | None = None,
) -> None:
    """Keep what a source says exists in a series or of an author. What a source no longer names stays, with the day on
    which it was last seen: an absence upstream deletes nothing."""
    if (series_id is None) == (author_id is None):
        raise ValueError("an entry is of a series or of an author: give exactly one id")
    if series_id is not None:
        _save(connection, t.CatalogEntry.series_id, {series_id: entries}, now)
    elif author_id is not None:
        _save(connection, t.CatalogEntry.author_id, {author_id: entries}, now)


def save_series_entries(connection: Connection, entries: Mapping[int, Sequence[CatalogEntry]], now: datetime) -> int:
    """As `save_entries`, for many series at once; returns how many works that were."""
    return _save(connection, t.CatalogEntry.series_id, entries, now)


def _save(
    connection: Connection,
    owner: InstrumentedAttribute[int | None],
    entries: Mapping[int, Sequence[CatalogEntry]],
    now: datetime,
) -> int:
    """Entries by owner; returns how many. ``last_seen`` is true to a day."""
    rows = {
        (owner_id, entry.source, entry.source_key): {
            owner.key: owner_id,
            "source": entry.source,
            "source_key": entry.source_key,
            "title": entry.title,
            "authors": list(entry.authors),
            "series_name": entry.series.name if entry.series else None,
            "position": entry.series.position if entry.series else None,
            "published": entry.published,
            "isbn": entry.isbn,
            "asin": entry.asin,
            "goodreads_id": entry.goodreads_id,
            "language": entry.language,
            "audiobook": entry.audiobook,
            "first_seen": now,
            "last_seen": now,
        }
        for owner_id, found in entries.items()
        for entry in found
    }
    # In one order everywhere, so that two runs never wait for each other's rows.
    ordered = [rows[key] for key in sorted(rows)]
    for start in range(0, len(ordered), _AT_ONCE):
        statement = insert(t.CatalogEntry).values(ordered[start : start + _AT_ONCE])
        new = statement.excluded
        differs = [getattr(t.CatalogEntry, name).is_distinct_from(new[name]) for name in _TOLD]
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[owner, t.CatalogEntry.source, t.CatalogEntry.source_key],
                index_where=owner.is_not(None),
                set_={name: new[name] for name in _TOLD} | {"last_seen": now},
                where=or_(*differs, t.CatalogEntry.last_seen < now - _SEEN_EVERY),
            )
        )
    return len(rows)


def count_entries(connection: Connection, *, of: Literal["series", "authors"]) -> int:
    """How many works the catalogues hold."""
    owner = t.CatalogEntry.series_id if of == "series" else t.CatalogEntry.author_id
    return connection.execute(select(func.count()).select_from(t.CatalogEntry).where(owner.is_not(None))).scalar_one()


def works_by_source(connection: Connection) -> dict[str, int]:
    """By source: how many works the catalogues of series hold."""
    statement = (
        select(t.CatalogEntry.source, func.count().label("works"))
        .where(t.CatalogEntry.series_id.is_not(None))
        .group_by(t.CatalogEntry.source)
    )
    return {row.source: row.works for row in connection.execute(statement)}


def count_disagreeing(connection: Connection) -> int:
    """Works of series about which two sources say different things, as the last verdict noted it."""
    statement = (
        select(func.count())
        .select_from(t.CatalogEntry)
        .where(t.CatalogEntry.series_id.is_not(None), t.CatalogEntry.disagreements != {})
    )
    return connection.execute(statement).scalar_one()
