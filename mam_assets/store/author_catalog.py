"""Authors: who is due to be asked about at which source, the numbers and names they go by.

Belongs here: SQL on authors and author_searches, and authors' own names. Does not belong here: their works (catalog),
who wrote what (library).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text, update

from mam_assets.domain.authors import names_to_search
from mam_assets.domain.names import normalise_person
from mam_assets.store import tables as t


@dataclass(frozen=True)
class AuthorDue:
    """An author to be asked about. ``names`` are what to search for, the shown one first; ``all_names`` also those pen
    names that are searched as an author of their own; ``book_title`` is an owned book, for finding their number."""

    author_id: int
    name: str
    names: tuple[str, ...]
    all_names: tuple[str, ...]
    goodreads_id: str | None
    book_title: str | None


def authors_due(
    connection: Connection,
    source: str,
    *,
    stale_before: datetime | None,
    failed_before: datetime | None = None,
    ids: Sequence[int] = (),
    limit: int = 0,
) -> list[AuthorDue]:
    """Authors of whom a book is owned and whom a source was not asked about since: new ones first, then the longest
    ago; those whose last attempt failed come after the others. `stale_before=None` takes all,
    `failed_before` leaves out those that failed since. An author without a searchable name ("Various") is never due.
    """
    rows = connection.execute(
        text(
            """
            SELECT a.id, a.name, a.aliases, a.goodreads_id, s.searched_at, own.titles,
                   (SELECT array_agg(o.name) FROM authors o WHERE o.id <> a.id AND o.name = ANY(a.aliases)
                       AND EXISTS (SELECT FROM book_authors ba JOIN books b ON b.id = ba.book_id
                                   WHERE ba.author_id = o.id AND b.status IN ('active', 'duplicate'))) AS taken
            FROM authors a
            CROSS JOIN LATERAL (
                SELECT array_agg(b.title ORDER BY ba.ordinal, b.id) AS titles
                FROM book_authors ba JOIN books b ON b.id = ba.book_id
                WHERE ba.author_id = a.id AND b.status IN ('active', 'duplicate')
            ) own
            LEFT JOIN author_searches s ON s.author_id = a.id AND s.source = :source
            WHERE own.titles IS NOT NULL
              AND (cardinality(CAST(:ids AS bigint[])) = 0 OR a.id = ANY(CAST(:ids AS bigint[])))
              AND (CAST(:stale AS timestamptz) IS NULL OR s.searched_at IS NULL OR s.searched_at < :stale
                   OR s.failed_at > s.searched_at)
              AND (CAST(:failed AS timestamptz) IS NULL OR s.failed_at IS NULL OR s.failed_at < :failed)
            ORDER BY s.failed_at NULLS FIRST, s.searched_at NULLS FIRST, a.id
            """
        ),
        {"ids": list(ids), "stale": stale_before, "failed": failed_before, "source": source},
    )
    due = [
        AuthorDue(
            author_id=row.id,
            name=row.name,
            names=names,
            all_names=(row.name, *row.aliases),
            goodreads_id=row.goodreads_id,
            book_title=next((title for title in row.titles if title), None),
        )
        for row in rows
        if (names := names_to_search(row.name, row.aliases, row.taken or ()))
    ]
    return due[:limit] if limit else due


def searched_as(connection: Connection, author_id: int) -> AuthorDue | None:
    """One author as they would be asked about; None where there is no such author, or no searchable name."""
    row = connection.execute(
        text("SELECT id, name, aliases, goodreads_id FROM authors WHERE id = :id"), {"id": author_id}
    ).first()
    if row is None or not (names := names_to_search(row.name, row.aliases)):
        return None
    return AuthorDue(author_id, row.name, names, (row.name, *row.aliases), row.goodreads_id, None)


def author_failed(connection: Connection, author_id: int, source: str, problem: str, now: datetime) -> None:
    """Note that a source gave no whole answer about an author, and why; they stay due."""
    connection.execute(
        text(
            """
            INSERT INTO author_searches (author_id, source, searched_at, failed_at, problem)
            VALUES (:id, :source, NULL, :now, :problem)
            ON CONFLICT (author_id, source) DO UPDATE SET failed_at = EXCLUDED.failed_at, problem = EXCLUDED.problem
            """
        ),
        {"id": author_id, "source": source, "now": now, "problem": problem[:2000]},
    )


def author_answered(connection: Connection, author_id: int, source: str, found: int, now: datetime) -> None:
    """Note that a source answered all about an author, with so many works or releases."""
    connection.execute(
        text(
            """
            INSERT INTO author_searches (author_id, source, searched_at, found) VALUES (:id, :source, :now, :found)
            ON CONFLICT (author_id, source) DO UPDATE
            SET searched_at = EXCLUDED.searched_at, found = EXCLUDED.found, failed_at = NULL, problem = NULL
            """
        ),
        {"id": author_id, "source": source, "now": now, "found": found},
    )
    values = {"last_completion_check": now, "date_updated": now}
    connection.execute(update(t.Author).where(t.Author.id == author_id).values(**values))


def learn_ids(connection: Connection, column: str, ids: Mapping[str, str]) -> int:
    """Keep the numbers that a source gives its authors, by name: `column` is goodreads_id or mam_author_id. Only where
    none is known and the name is one author's alone. Returns how many were learnt."""
    if column not in ("goodreads_id", "mam_author_id"):
        raise ValueError(f"{column} is no number of an author")
    keyed = {normalise_person(name): number for name, number in ids.items() if normalise_person(name)}
    if not keyed:
        return 0
    return connection.execute(
        text(
            f"""
            UPDATE authors a SET {column} = v.number
            FROM unnest(CAST(:keys AS text[]), CAST(:numbers AS text[])) AS v (key, number)
            WHERE a.name_key = v.key AND a.{column} IS NULL
              AND NOT EXISTS (SELECT FROM authors o WHERE o.name_key = a.name_key AND o.id <> a.id)
            """
        ),
        {"keys": list(keyed), "numbers": list(keyed.values())},
    ).rowcount


def forget_goodreads_id(connection: Connection, author_id: int) -> None:
    """Goodreads no longer knows an author by the number that we had."""
    connection.execute(update(t.Author).where(t.Author.id == author_id).values(goodreads_id=None))


def works_by_source(connection: Connection) -> dict[str, dict[str, int]]:
    """By source: how many works authors' catalogues hold, and how many of them are shown as recordings."""
    rows = connection.execute(
        text(
            """
            SELECT source, count(*) AS works, count(*) FILTER (WHERE audiobook) AS recordings
            FROM catalog_entries WHERE author_id IS NOT NULL GROUP BY source ORDER BY source
            """
        )
    )
    return {row.source: {"works": row.works, "recordings": row.recordings} for row in rows}


# --- names that a person gives -------------------------------------------------------------------------------------


class NoSuchAuthor(Exception):
    """No author, or no single one, goes by a name; the message says which there are."""


def add_alias(connection: Connection, alias: str, name: str, now: datetime) -> tuple[str, ...]:
    """Note that `alias` is another name of the author `name` (by any spelling of either). Returns all other names.
    Raises NoSuchAuthor where there is no such author, or where both names are one."""
    key, other = normalise_person(name), normalise_person(alias)
    if not other or other == key:
        raise NoSuchAuthor(f"{alias!r} is no other name than {name!r}.")
    rows = connection.execute(
        text(
            """
            SELECT id, name, aliases FROM authors WHERE name = :name OR name_key = :key
            ORDER BY name <> :name, id LIMIT 2
            """
        ),
        {"name": name, "key": key},
    ).all()
    if not rows:
        raise NoSuchAuthor(f"no author of the library is called {name!r}: a book of theirs must be there first.")
    if len(rows) > 1 and rows[0].name != name:
        raise NoSuchAuthor(f"{' and '.join(repr(row.name) for row in rows)} both may be meant: write one of them.")
    author = rows[0]
    own_row = connection.execute(
        text("SELECT name FROM authors WHERE name_key = :key LIMIT 1"), {"key": other}
    ).scalar()
    alias = own_row or alias  # so written, a pen name with books of its own is seen to have them
    known = {normalise_person(one) for one in author.aliases}
    aliases = [*author.aliases] if other in known else [*author.aliases, alias.strip()]
    connection.execute(update(t.Author).where(t.Author.id == author.id).values(aliases=aliases, date_updated=now))
    # Under the new name nothing was searched yet.
    connection.execute(
        text(
            "UPDATE author_searches SET searched_at = NULL WHERE author_id = :id AND source IN ('MAM', 'GoogleBooks')"
        ),
        {"id": author.id},
    )
    return tuple(aliases)


def remove_alias(connection: Connection, alias: str, name: str, now: datetime) -> tuple[str, ...]:
    """Take another name off an author; what was found under it stays. Returns what is left."""
    row = connection.execute(
        text(
            "SELECT id, aliases FROM authors WHERE name = :name OR name_key = :key ORDER BY name <> :name, id LIMIT 1"
        ),
        {"name": name, "key": normalise_person(name)},
    ).first()
    if row is None or normalise_person(alias) not in {normalise_person(one) for one in row.aliases}:
        raise NoSuchAuthor(f"{alias!r} is no other name of {name!r}.")
    aliases = [one for one in row.aliases if normalise_person(one) != normalise_person(alias)]
    connection.execute(update(t.Author).where(t.Author.id == row.id).values(aliases=aliases, date_updated=now))
    return tuple(aliases)
