"""`mam genres`: which genres are watched, and which MAM categories each means.

Does not belong here: the SQL (store/genres.py), which categories there are (domain/genres.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from mam_assets.domain.genres import AUDIOBOOK_CATEGORIES
from mam_assets.settings import Settings
from mam_assets.store import genres
from mam_assets.store.genres import Genre

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection


@contextmanager
def _transaction(settings: Settings) -> Iterator[Connection]:
    from mam_assets.resources.database import connect

    engine = connect(settings)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def show(console: Console, settings: Settings) -> None:
    """Every genre as it is set. Raises DatabaseUnavailable."""
    with _transaction(settings) as connection:
        known = genres.all_genres(connection)
    table = Table(box=None, pad_edge=False)
    for heading in ("Genre", "Enabled", "Weekly list", "MAM categories", "Last list"):
        table.add_column(heading)
    for genre in known:
        last = f"{genre.last_top10_run:%Y-%m-%d}" if genre.last_top10_run else "never"
        listed = f"{genre.places} ranks" if genre.in_top10 and genre.places else "no"
        table.add_row(escape(genre.name), "yes" if genre.enabled else "no", listed, _named(genre.categories), last)
    console.print(table)


def show_categories(console: Console) -> None:
    """MAM's categories of audiobooks, by name."""
    for number, name in sorted(AUDIOBOOK_CATEGORIES.items(), key=lambda pair: pair[1]):
        console.print(f"{number:>4} {name}", markup=False, highlight=False)


def change(
    console: Console,
    settings: Settings,
    name: str,
    *,
    enabled: bool | None = None,
    in_top10: bool | None = None,
    categories: str | None = None,
    places: int | None = None,
) -> None:
    """Change what is given of a genre. ``categories`` are numbers or names, comma separated. Raises GenreProblem."""
    words = None if categories is None else categories.split(",")

    def set_it(connection: Connection, now: datetime) -> Genre:
        return genres.set_genre(
            connection, name, now, enabled=enabled, in_top10=in_top10, categories=words, places=places
        )

    _do(console, settings, set_it)


def add(console: Console, settings: Settings, name: str, categories: str) -> None:
    """Make a new genre, enabled. Raises GenreProblem."""
    _do(console, settings, lambda connection, now: genres.add_genre(connection, name, categories.split(","), now))


def _do(console: Console, settings: Settings, change: Callable[[Connection, datetime], Genre]) -> None:
    with _transaction(settings) as connection:
        genre = change(connection, datetime.now(UTC))
    state = "enabled" if genre.enabled else "disabled"
    listed = f"a weekly list of {genre.places}" if genre.in_top10 and genre.places else "no weekly list"
    said = f"{genre.name}: {state}, {listed}, MAM categories {_named(genre.categories) or 'none'}"
    console.print(said, soft_wrap=True, markup=False, highlight=False)


def _named(categories: tuple[int, ...]) -> str:
    return ", ".join(f"{number} {AUDIOBOOK_CATEGORIES.get(number, '(unknown)')}" for number in categories)
