"""Any merges undone in any order, in the real PostgreSQL: as if there had been none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text, update

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.domain.names import normalise_series
from mam_assets.domain.series_identity import decide
from mam_assets.store import catalog
from mam_assets.store import tables as t
from mam_assets.store.library import save_items
from mam_assets.store.memberships import Tied, tie
from mam_assets.store.series_identity import held_apart, merge, pen_names, sides_alike
from mam_assets.store.series_unmerging import unmerge

from .test_catalog import ids, item

NOW = datetime(2026, 3, 11, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
BY_HAND: dict[str, Any] = {"rule": "by_hand", "evidence": "a test", "by": "Ann", "now": NOW}

ANN, BOB = "Ann Author", "Bob Writer"
# Alike by spelling, by a word of kind and by a subtitle; one name that two authors use; and one without any author.
SERIES = (
    ("Mars", ANN),
    ("The Mars Chronicles", ANN),
    ("Mars: The Red Books", ANN),
    ("Autumn", ANN),
    ("Autumn", BOB),
    ("Nobody's Tales", None),
)
TWICE = "Autumn"


class World:
    """Series, what they share, and what is told of them."""

    def __init__(self, connection: Connection, dice: Random) -> None:
        self.connection = connection
        self.dice = dice
        self.books = self._books()
        save_items(connection, [item(key, title, *people, series=refs) for key, title, people, refs in self.books], NOW)
        rows = connection.execute(text("SELECT id, name, author FROM series ORDER BY id"))
        self.series = {row.id: (row.name, row.author) for row in rows}
        self._tell()

    def _books(self) -> list[tuple[str, str, tuple[str, ...], tuple[SeriesRef, ...]]]:
        """Each in up to three series of its author, in places of their own, or in none."""
        books = []
        for person in (ANN, BOB, None):
            names = sorted({name for name, author in SERIES if author == person})
            for number, name in enumerate(names):  # each series has a book
                books.append(self._book(f"{person}-{number}", person, name))
            for number in range(self.dice.randint(0, 4)):
                chosen = self.dice.sample(names, self.dice.randint(1, min(3, len(names))))
                books.append(self._book(f"{person}-more-{number}", person, *chosen))
        return books

    def _book(self, key: str, person: str | None, *names: str) -> Any:
        refs = tuple(SeriesRef(name, self.dice.choice((None, "1", "2", "3", "1-3"))) for name in names)
        return key, f"Work {self.dice.randint(1, 9)}", (person,) if person else (), refs

    def _tell(self) -> None:
        for number, series_id in enumerate(self.series):
            values = {"goodreads_id": self.dice.choice((None, None, f"40{number}")), "completion_status": "partial"}
            counts = {"books_owned": self.dice.randint(0, 3), "books_missing": self.dice.randint(0, 3)}
            self.connection.execute(update(t.Series).where(t.Series.id == series_id).values(**values, **counts))
        self._name()
        self._list()
        self._lack()
        self._know()

    def _name(self) -> None:
        rows = [
            {"series_id": series_id, "name": name, "name_key": normalise_series(name), "source": source}
            for series_id, (shown, _) in self.series.items()
            for name in self.dice.sample(
                (f"{shown} Series", f"Tale {series_id}", f"The Tale {series_id} Saga"), self.dice.randint(0, 3)
            )
            for source in self.dice.sample(("Goodreads", "MAM"), self.dice.randint(1, 2))
        ]
        if rows:
            self.connection.execute(insert(t.SeriesName), rows)

    def _list(self) -> None:
        entries = {
            series_id: [
                CatalogEntry(source, str(key), f"Work {key}", (ANN,), SeriesRef(name, str(key % 4)))
                for source in ("Goodreads", "MAM")
                for key in self.dice.sample(range(8), self.dice.randint(0, 4))
            ]
            for series_id, (name, _) in self.series.items()
        }
        catalog.save_series_entries(self.connection, entries, NOW)
        self.connection.execute(
            text(
                """
                UPDATE catalog_entries c SET status = 'missing', counted = true, rule = 'a_rule',
                       same_as = (SELECT min(o.id) FROM catalog_entries o WHERE o.series_id = c.series_id
                                  AND o.title = c.title AND o.id < c.id)
                """
            )
        )

    def _lack(self) -> None:
        for number in range(self.dice.randint(0, 5)):
            series_id = self.dice.choice(sorted(self.series))
            closed = self.dice.choice((None, NOW))
            self.connection.execute(
                insert(t.MissingBook).values(
                    work_key=f"work {number}",
                    title=f"Work {number}",
                    series_id=series_id,
                    series_name=self.series[series_id][0],
                    reason_missing="series_gap",
                    reasons=["series_gap"],
                    download_status=self.dice.choice(("identified", "ignored")),
                    closed_date=closed,
                )
            )

    def _know(self) -> None:
        books = self.connection.execute(text("SELECT id FROM books ORDER BY id")).scalars().all()
        rows = [
            {"series_id": series_id, "key": f"work {key}", "book_id": self.dice.choice((None, *books))}
            for series_id in self.series
            for key in self.dice.sample(range(6), self.dice.randint(0, 4))
        ]
        if rows:
            self.connection.execute(insert(t.SeriesWorkKey), rows)

    # --- what happens -------------------------------------------------------------------------------------------

    def merge_by_hand(self) -> None:
        alive = sorted(self._alive())
        if len(alive) > 1:
            keep, drop = self.dice.sample(alive, 2)
            merge(self.connection, keep=keep, drop=drop, **BY_HAND)

    def merge_by_rule(self) -> None:
        decided = decide(
            sides_alike(self.connection), held_apart=held_apart(self.connection), pen_names=pen_names(self.connection)
        )
        for one in decided.merges:
            merge(self.connection, keep=one.keep, drop=one.drop, rule=one.rule, evidence="", by="a rule", now=NOW)

    def undo_one(self) -> None:
        if standing := self._standing():
            unmerge(self.connection, self.dice.choice(standing), by="Ann", now=LATER)

    def undo_all(self) -> None:
        while self._standing():
            self.undo_one()

    def read_again(self) -> None:
        """The library ties its books again, as it does when an item's series have changed: those of which the names
        say by themselves which series they mean."""
        rows = self.connection.execute(text("SELECT abs_id, id FROM books"))
        book_ids = {row.abs_id: row.id for row in rows}
        again = [
            Tied(key, book_ids[key], people, refs)
            for key, _, people, refs in self.books
            if people and TWICE not in {ref.name for ref in refs}
        ]
        tie(self.connection, again, LATER)

    def _alive(self) -> Sequence[int]:
        return self.connection.execute(text("SELECT id FROM series")).scalars().all()

    def _standing(self) -> Sequence[int]:
        rows = self.connection.execute(text("SELECT id FROM series_merges WHERE undone_at IS NULL ORDER BY id"))
        return rows.scalars().all()

    def everything(self) -> dict[str, list[Any]]:
        """All that tells of series, without the times at which rows were written."""
        statements = {
            "series": """SELECT id, name, author, author_id, name_key, author_key, goodreads_id, books_owned,
                                books_missing, completion_percentage, completion_status FROM series""",
            "names": "SELECT series_id, name, name_key, source FROM series_names",
            "books": "SELECT book_id, series_id, position, ordinal FROM book_series",
            "entries": """SELECT id, series_id, source, source_key, title, authors, series_name, position, kind, status,
                                 rule, counted, same_as, first_seen FROM catalog_entries""",
            "gaps": "SELECT id, series_id, series_name, closed_date, download_status FROM missing_books",
            "keys": "SELECT series_id, key, book_id FROM series_work_keys",
        }
        return {
            name: sorted((tuple(row) for row in self.connection.execute(text(statement))), key=repr)
            for name, statement in statements.items()
        }


STEPS = ("merge_by_hand", "merge_by_hand", "merge_by_hand", "merge_by_rule", "undo_one", "read_again")


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # an example is small, and trying smaller ones takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=7), st.integers(0, 10_000))
def test_whatever_was_merged_undone_in_any_order_it_is_as_if_it_had_never_been(
    connection: Connection, steps: list[str], seed: int
) -> None:
    trial = connection.begin_nested()
    try:
        world = World(connection, Random(seed))
        before = world.everything()
        for step in steps:
            getattr(world, step)()
        world.undo_all()
        after = world.everything()
        for subject, rows in before.items():
            assert after[subject] == rows, subject
    finally:
        trial.rollback()


def test_of_two_series_merged_into_one_the_older_is_undone_alone(connection: Connection) -> None:
    """It never ended: the younger merge was taken back again and again."""
    refs = [("Mars", "1"), ("Red Planet", "2"), ("John Carter", "3")]
    save_items(connection, [item(name, f"Work {n}", ANN, series=(SeriesRef(name, n),)) for name, n in refs], NOW)
    known = ids(connection)
    first, _ = (merge(connection, keep=known["Mars"], drop=known[name], **BY_HAND) for name, _ in refs[1:])
    assert unmerge(connection, first, by="Ann", now=LATER).kept_id == known["Mars"]
    assert ids(connection) == {name: known[name] for name in ("Mars", "Red Planet")}
    places = connection.execute(text("SELECT s.name, position FROM book_series JOIN series s ON s.id = series_id"))
    assert sorted(tuple(row) for row in places) == [("Mars", "1"), ("Mars", "3"), ("Red Planet", "2")]


def test_what_was_told_of_a_series_while_it_was_part_of_another_goes_with_it(connection: Connection) -> None:
    """Else the other would lack a work for ever that it never had."""
    refs = [("Mars", "1"), ("Autumn", "1")]
    save_items(connection, [item(name, name, ANN, series=(SeriesRef(name, n),)) for name, n in refs], NOW)
    known = ids(connection)
    connection.execute(update(t.Series).where(t.Series.id == known["Autumn"]).values(goodreads_id="40"))
    merge_id = merge(connection, keep=known["Mars"], drop=known["Autumn"], **BY_HAND)
    told = [
        CatalogEntry("MAM", "1", "Late Autumn", (ANN,), SeriesRef("Autumn", "2")),
        CatalogEntry("MAM", "2", "Red Mars", (ANN,), SeriesRef("Mars", "2")),
        CatalogEntry("Goodreads", "3", "Early Autumn", (ANN,), SeriesRef("The Seasons", "0")),  # under its number
    ]
    catalog.save_entries(connection, told, LATER, series_id=known["Mars"])
    for title in ("Late Autumn", "Red Mars"):
        gap = {"work_key": title, "title": title, "series_id": known["Mars"], "series_name": "Mars"}
        connection.execute(insert(t.MissingBook).values(**gap, reason_missing="series_gap", reasons=["series_gap"]))
    assert unmerge(connection, merge_id, by="Ann", now=LATER).gaps == 1
    listed = connection.execute(text("SELECT title, series_id FROM catalog_entries"))
    autumn, mars = known["Autumn"], known["Mars"]
    assert {row.title: row.series_id for row in listed} == {
        "Late Autumn": autumn,
        "Early Autumn": autumn,
        "Red Mars": mars,
    }
    gaps = connection.execute(text("SELECT title, series_id, series_name FROM missing_books ORDER BY title"))
    assert [tuple(row) for row in gaps] == [("Late Autumn", autumn, "Autumn"), ("Red Mars", mars, "Mars")]


@pytest.mark.parametrize("ignored", ["Midnight", "Thaw", None])
def test_two_gaps_that_were_joined_while_their_series_were_one_are_two_again(
    connection: Connection, ignored: str | None
) -> None:
    """Both are number 5 of their series. The one that stood for both forgets the other, or nobody would look for it."""
    refs = [("Days", "1"), ("Winters", "1")]
    save_items(connection, [item(name, name, ANN, series=(SeriesRef(name, n),)) for name, n in refs], NOW)
    known = ids(connection)
    for name, title in (("Days", "Midnight"), ("Winters", "Thaw")):
        entry = CatalogEntry("Goodreads", title, title, (ANN,), SeriesRef(name, "5"), isbn=f"978{title}")
        catalog.save_entries(connection, [entry], NOW, series_id=known[name])
        gap = {"work_key": title, "title": title, "series_id": known[name], "series_name": name}
        status = "ignored" if title == ignored else "identified"
        why: dict[str, Any] = {"reason_missing": "series_gap", "reasons": ["series_gap"]}
        connection.execute(insert(t.MissingBook).values(**gap, **why, download_status=status))
    told = text(
        """SELECT title, series_id, closed_date, same_as, other_titles, isbn, download_status
           FROM missing_books ORDER BY title"""
    )
    before = connection.execute(told).all()
    merge_id = merge(connection, keep=known["Days"], drop=known["Winters"], **BY_HAND)
    connection.execute(
        text(
            """
            WITH gone AS (
                UPDATE missing_books SET closed_date = :now, same_as = (
                    SELECT id FROM missing_books WHERE title = 'Midnight')
                WHERE title = 'Thaw' RETURNING *
            )
            UPDATE missing_books m SET other_titles = '{Thaw}', isbn = '978Thaw', download_status =
                CASE gone.download_status WHEN 'ignored' THEN 'ignored' ELSE m.download_status END
            FROM gone WHERE m.id = gone.same_as
            """
        ),
        {"now": NOW},
    )
    unmerge(connection, merge_id, by="Ann", now=LATER)
    assert connection.execute(told).all() == before
