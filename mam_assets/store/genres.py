"""The genres that are watched, and which MAM categories each means: read and changed by a person.

Belongs here: SQL on genre_settings, for the command line, the API and the assets. Does not belong here: which
categories there are (domain.genres), the lists that come of them (discovery).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.genres import GenreProblem, read_categories, read_name, unknown_genre
from mam_assets.store.tables import GenreSetting


@dataclass(frozen=True)
class Genre:
    """A genre as it is set. ``in_top10`` and ``enabled`` together put it on the weekly lists; ``enabled`` alone is for
    the daily scan. ``places`` is how many ranks are kept, 0 to 10."""

    genre_id: int
    name: str
    enabled: bool
    in_top10: bool
    categories: tuple[int, ...]
    places: int
    last_top10_run: datetime | None


def all_genres(connection: Connection) -> list[Genre]:
    """Every genre, by name."""
    rows = connection.execute(select(*GenreSetting.__table__.c).order_by(func.lower(GenreSetting.genre_name)))
    return [_genre(row) for row in rows]


def genre_named(connection: Connection, name: str) -> Genre:
    """The genre of a name, whatever its letters' case. Raises GenreProblem where there is none."""
    wanted = " ".join(name.split()).casefold()
    genres = all_genres(connection)
    found = next((genre for genre in genres if genre.name.casefold() == wanted), None)
    if found is None:
        raise unknown_genre(name, (genre.name for genre in genres))
    return found


def set_genre(
    connection: Connection,
    name: str,
    now: datetime,
    *,
    enabled: bool | None = None,
    in_top10: bool | None = None,
    categories: Iterable[str | int] | None = None,
    places: int | None = None,
) -> Genre:
    """Change what is given of a genre and return it as it is now.

    Raises GenreProblem where there is no such genre, a category is none of MAM's for audiobooks, or a genre without
    categories would be enabled.
    """
    genre = genre_named(connection, name)
    changes: dict[str, Any] = {}
    if categories is not None:
        changes["mam_categories"] = list(read_categories(categories))
    if enabled is not None:
        changes["enabled"] = enabled
    if in_top10 is not None:
        changes["include_in_top10"] = in_top10
    if places is not None:
        if not 0 <= places <= 10:
            raise GenreProblem(f"A weekly list has 0 to 10 ranks, not {places}.")
        changes["top10_count"] = places
    if changes.get("enabled", genre.enabled) and not changes.get("mam_categories", genre.categories):
        raise GenreProblem(_without_categories(genre.name))
    if not changes:
        return genre
    statement = update(GenreSetting).where(GenreSetting.id == genre.genre_id)
    connection.execute(statement.values(**changes, date_updated=now))
    return genre_named(connection, genre.name)


def add_genre(connection: Connection, name: str, categories: Iterable[str | int], now: datetime) -> Genre:
    """A new genre, enabled and on the weekly lists. Raises GenreProblem where the name is taken or says nothing, or the
    categories are none of MAM's for audiobooks."""
    plain, ids = read_name(name), read_categories(categories)
    if not ids:
        raise GenreProblem(_without_categories(plain))
    taken = next((genre.name for genre in all_genres(connection) if genre.name.casefold() == plain.casefold()), None)
    if taken is not None:
        raise GenreProblem(f"There is a genre {taken!r} already; `mam genres set` changes its categories.")
    connection.execute(
        insert(GenreSetting).values(
            genre_name=plain, enabled=True, mam_categories=list(ids), date_created=now, date_updated=now
        )
    )
    return genre_named(connection, plain)


def watched_categories(connection: Connection) -> frozenset[int]:
    """MAM's categories of the enabled genres."""
    statement = select(GenreSetting.mam_categories).where(GenreSetting.enabled)
    return frozenset(category for categories in connection.execute(statement).scalars() for category in categories)


def _without_categories(name: str) -> str:
    return (
        f"{name} has no MAM category, so nothing could be asked for it: "
        f'`mam genres set "{name}" --categories …` gives it some; `mam genres categories` lists them all.'
    )


def _genre(row: Any) -> Genre:
    return Genre(
        genre_id=row.id,
        name=row.genre_name,
        enabled=row.enabled,
        in_top10=row.include_in_top10,
        categories=tuple(row.mam_categories),
        places=row.top10_count,
        last_top10_run=row.last_top10_run,
    )
