"""`mam series` and `mam author`: a person's word on which series are one, and under which names an author writes.

Does not belong here: the SQL (store/series_identity.py, store/author_catalog.py), the rules (domain).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mam_assets.cli.person import person
from mam_assets.domain.series_identity import decide, judge_pair
from mam_assets.settings import Settings
from mam_assets.store import author_catalog, series_identity, series_unmerging
from mam_assets.store.series_identity import NoSuchMerge

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection

_LATER = "The counts follow when `series_gaps` runs next."


@contextmanager
def _transaction(settings: Settings) -> Iterator[Connection]:
    from mam_assets.resources.database import connect

    engine = connect(settings)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def merge(console: Console, settings: Settings, keep: str, drop: str) -> None:
    """Merge two series, named by number or by name. Raises NoSuchMerge."""
    with _transaction(settings) as connection:
        kept, dropped = _two_series(connection, keep, drop)
        sides = {side.series_id: side for side in series_identity.sides_alike(connection)}
        words = f"{person()} says that they are one"
        if kept[0] in sides and dropped[0] in sides:
            words += f"; {judge_pair(sides[kept[0]], sides[dropped[0]]).evidence}"
        merge_id = series_identity.merge(
            connection,
            keep=kept[0],
            drop=dropped[0],
            rule="by_hand",
            evidence=words,
            by=person(),
            now=datetime.now(UTC),
        )
    _say(console, f"{dropped[1]!r} is now part of {kept[1]!r}. `mam series unmerge {merge_id}` undoes it. {_LATER}")


def unmerge(console: Console, settings: Settings, merge_id: int) -> None:
    """Undo a merge, for good. Raises NoSuchMerge."""
    with _transaction(settings) as connection:
        restored = series_unmerging.unmerge(connection, merge_id, by=person(), now=datetime.now(UTC))
    _say(
        console,
        f"{restored.name!r} is a series of its own again ({restored.series_id}), with {restored.books} books and "
        f"{restored.gaps} gaps; no rule merges the two again. {_LATER}",
    )


def apart(console: Console, settings: Settings, first: str, second: str) -> None:
    """Note that two series are not one. Raises NoSuchMerge."""
    with _transaction(settings) as connection:
        one, other = _two_series(connection, first, second)
        series_identity.keep_apart(connection, one[0], other[0], by=person(), now=datetime.now(UTC))
    _say(console, f"{one[1]!r} and {other[1]!r} stay two series.")


def show(console: Console, settings: Settings) -> None:
    """The merges, newest first, the pairs that a person holds apart, and those that are in doubt."""
    from rich.table import Table

    with _transaction(settings) as connection:
        merges = series_identity.merges(connection)
        sides = series_identity.sides_alike(connection)
        doubts = decide(
            sides,
            held_apart=series_identity.held_apart(connection),
            pen_names=series_identity.pen_names(connection),
        ).doubts
    done = Table("merge", "kept", "was merged into it", "why", "by", "undone", title="Merged series")
    apart = Table("series", "is not", "why", "by", title="Held apart")
    for one in merges:
        if one.rule == "held_apart":
            row = (f"{one.kept_name} ({one.kept_id})", one.dropped_name, one.evidence, one.merged_by or "")
            apart.add_row(*map(_plain, row))
            continue
        undone = f"{one.undone_at:%Y-%m-%d} {one.undone_by or ''}" if one.undone_at else ""
        kept = f"{one.kept_name} ({one.kept_id})"
        done.add_row(
            *map(_plain, (str(one.merge_id), kept, one.dropped_name, one.evidence, one.merged_by or "", undone))
        )
    names = {side.series_id: side.name for side in sides}
    open_ = Table("series", "looks like", "what speaks for and against", title="In doubt")
    for doubt in doubts:
        pair = (f"{names[number]} ({number})" for number in (doubt.first, doubt.second))
        open_.add_row(*map(_plain, (*pair, doubt.evidence)))
    console.print(done if done.row_count else "No series were merged.")
    if apart.row_count:
        console.print(apart)
    console.print(open_ if doubts else "No pair of series is in doubt.")


def alias(console: Console, settings: Settings, other_name: str, author: str, *, remove: bool) -> None:
    """Note, or take back, that an author also writes as `other_name`. Raises NoSuchAuthor."""
    change: Callable[..., tuple[str, ...]] = author_catalog.remove_alias if remove else author_catalog.add_alias
    with _transaction(settings) as connection:
        names = change(connection, other_name, author, datetime.now(UTC))
    told = f"also writes as {', '.join(names)}" if names else "has no other name"
    _say(console, f"{author} {told}. What is known under the names is found when `author_catalog` runs next.")


def _two_series(connection: Connection, first: str, second: str) -> tuple[tuple[int, str], tuple[int, str]]:
    """(number, name) of two series that a person names. Raises NoSuchMerge, with the remedy, where they are not two."""
    one, other = (_one_series(connection, name) for name in (first, second))
    if one[0] != other[0]:
        return one, other
    for name in (first, second):
        if name.strip() != str(one[0]) and (merge := series_identity.merge_that_took(connection, name)) is not None:
            raise NoSuchMerge(_is_part(merge))
    raise NoSuchMerge(f"{first!r} and {second!r} are one series, {one[1]!r} ({one[0]}): name two.")


def _is_part(merge: series_identity.Merged) -> str:
    return (
        f"{merge.dropped_name!r} is part of {merge.kept_name!r} ({merge.kept_id}) already, by merge {merge.merge_id}. "
        f"`mam series unmerge {merge.merge_id}` makes it a series of its own again."
    )


def _one_series(connection: Connection, name: str) -> tuple[int, str]:
    found = series_identity.found_by_name(connection, name)
    if not found and (merge := series_identity.merge_that_took(connection, name)) is not None:
        raise NoSuchMerge(_is_part(merge))
    if not found:
        raise NoSuchMerge(
            f"no series is called {name!r}, nor has that number. Write its name as Audiobookshelf does; "
            "`mam series list` and `mam why TITLE` show numbers and spellings."
        )
    if len(found) > 1 and not name.strip().isdigit():
        shown = ", ".join(f"{number} ({title} by {author or 'nobody known'})" for number, title, author in found)
        raise NoSuchMerge(f"{name!r} may be any of these: {shown}. Give the number.")
    by_number = [one for one in found if str(one[0]) == name.strip()]
    return (by_number or found)[0][:2]


def _plain(value: str) -> Any:
    from rich.text import Text

    return Text(value)  # a name in brackets is no mark-up


def _say(console: Console, words: str) -> None:
    console.print(words, soft_wrap=True, markup=False, highlight=False)
