"""How rightly titles are read and owned works recognised, on real records under library-style spelling.

    python bench/bench_accuracy.py [--half develop|check|all] [--seeds 3] [--show 20] [--records FILE]

Reads ../shared/data/goodreads_books_dev.csv where it exists (columns as in goodbooks-10k) and says plainly when it does
not; then only the made titles are measured. Prints each disagreement, then the shares. Ends with 1 when a share misses
what is promised: 99.5 % of positions read, none invented, 99.5 % of the owned recognised, 0.1 % of the missing taken
for owned, also where numbers are wrong or count otherwise.

The truth comes from no code of ours, but from the records themselves (accuracy_records).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from accuracy_numbering import LIES, judged_under_lies
from accuracy_records import Record, Told, records
from accuracy_spelling import (
    CERTAIN,
    HARD,
    PLAIN,
    ROMAN,
    TRAPS,
    WITH_SERIES_KNOWN,
    WORDS,
    Alteration,
    Spelled,
    first_series,
    spelled,
)

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef
from mam_assets.domain.gaps import AuthorVerdict, EntryKind, SeriesVerdict, WorkStatus, author_gaps, series_gaps
from mam_assets.domain.names import normalise_title, parse_position, parse_title_all_series, parse_title_series
from mam_assets.domain.titles import place_in_title, without_series_name

RECORDS = Path(__file__).resolve().parents[2] / "shared" / "data" / "goodreads_books_dev.csv"
TODAY = date(2026, 1, 1)
READ, RECOGNISED, TAKEN = 99.5, 99.5, 0.1


class Tally:
    """A share with the disagreements behind it."""

    def __init__(self, name: str, floor: float | None = None, ceiling: float | None = None) -> None:
        self.name, self.floor, self.ceiling = name, floor, ceiling
        self.asked = self.hits = 0
        self.shown: list[str] = []

    def add(self, hit: bool, evidence: str, *, show_when: bool = False) -> None:
        self.asked += 1
        self.hits += hit
        if hit is show_when:
            self.shown.append(evidence)

    @property
    def share(self) -> float:
        return 100.0 * self.hits / self.asked if self.asked else float("nan")

    @property
    def is_kept(self) -> bool:
        if not self.asked:
            return True
        return (self.floor is None or self.share >= self.floor) and (self.ceiling is None or self.share <= self.ceiling)

    def print(self, show: int) -> None:
        for evidence in self.shown[:show]:
            print(f"  {self.name}: {evidence}")
        if len(self.shown) > show:
            print(f"  {self.name}: ... and {len(self.shown) - show} more")


# --- reading ------------------------------------------------------------------------------------------------------


def _agrees(read: SeriesRef, told: Told) -> bool:
    position = parse_position(read.position)
    plain = told.name.lower().removesuffix(" book").rstrip(" ,")
    same_name = read.name.lower() in {told.name.lower(), plain}
    return same_name and position is not None and position.ranges == told.spans and position.part == told.part


def measure_reading(rows: Sequence[Record]) -> Iterator[Tally]:
    read = Tally("series of a title read", floor=READ)
    invented = Tally("series invented where none is told", ceiling=0.0)
    for row in rows:
        bare, series = parse_title_all_series(row.title)
        if row.series:
            right = bare == row.bare and len(series) == len(row.series)
            right = right and all(_agrees(got, told) for got, told in zip(series, row.series, strict=True))
            read.add(right, f"{row.title!r}: told {row.series}, read {bare!r} {series}")
        else:
            invented.add(bool(series), f"{row.title!r}: read {series}", show_when=True)
    yield read
    yield invented


def measure_dress(rows: Sequence[Record]) -> Iterator[Tally]:
    whole = [row for row in rows if len(row.series) == 1 and row.series[0].is_single]
    whole = [row for row in whole if row.series[0].spans[0][0] in range(1, 13)]
    for known, shapes in ((False, CERTAIN), (True, WITH_SERIES_KNOWN)):
        tally = Tally(f"other dress, {'series known' if known else 'title alone'}", floor=READ)
        for shape_name, shape in shapes.items():
            for row in whole:
                if "padded" in shape_name and row.series[0].spans[0][0] > 9:
                    continue  # "Apollo 13 - ..." may be a title: nothing shows that a number of two digits was padded
                name, number = row.series[0].name, int(row.series[0].spans[0][0])
                title = shape.format(title=row.bare, series=name, n=number, after=number + 1,
                                     word=WORDS[number], roman=ROMAN[number])  # fmt: skip
                wanted = {"range": f"{number}-{number + 1}", "decimal": f"{number}.5", "part": f"{number}p1"}
                position = wanted.get(shape_name, str(number))
                bare, ref = place_in_title(title, (name,)) if known else parse_title_series(title)
                read = parse_position(ref.position) if ref else None
                right = ref is not None and read is not None and read.canonical == position
                right = right and ref is not None and ref.name.lower() == name.lower()
                if known:  # the series' own name is no title, before the other dress as behind it
                    right = right and normalise_title(bare) == normalise_title(without_series_name(row.bare, (name,)))
                else:
                    right = right and bare in {row.bare, f"{row.bare}: A {name} Novel"}
                tally.add(right, f"{shape_name}: {title!r}: read {bare!r} {ref}")
        yield tally
    traps = Tally("series invented in traps", ceiling=0.0)
    for title in TRAPS:
        series = parse_title_all_series(title)[1]
        traps.add(bool(series), f"{title!r}: read {series}", show_when=True)
    yield traps


# --- owning -------------------------------------------------------------------------------------------------------


def _entry(row: Record, author: bool) -> CatalogEntry:
    told = first_series(row)
    text = None
    if told is not None:
        text = told.text if told.part is None else f"{told.text}p{told.part}"
    series = SeriesRef(told.name, text) if told is not None else None
    return CatalogEntry("goodreads", row.key, row.title, row.authors, series, goodreads_id=row.key,
                        audiobook=True if author else None)  # fmt: skip


def measure_owning(
    rows: Sequence[Record], seeds: int, alterations: Sequence[Alteration], most: int, label: str
) -> Iterator[Tally]:
    by_series: dict[tuple[str, str], list[Record]] = defaultdict(list)
    by_author: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        if row.authors[0].lower() not in {"unknown", "anonymous", "various"}:  # refused as people, and rightly
            by_author[row.authors[0]].append(row)
        if row.series:
            by_series[row.series[0].name, row.authors[0]].append(row)
    for kind, groups in (("series", by_series), ("author", by_author)):
        owned_tally = Tally(f"{kind}, {label}: owned recognised", floor=RECOGNISED)
        missing_tally = Tally(f"{kind}, {label}: missing taken for owned", ceiling=TAKEN)
        for seed in range(seeds):
            chance = random.Random(seed)
            for key, members in groups.items():
                name = key if isinstance(key, str) else key[0]
                having = set(chance.sample(range(len(members)), (len(members) + 1) // 2))
                books = {n: spelled(members[n], alterations, chance, most) for n in sorted(having)}
                owned = [
                    OwnedBook(n, book.title, book.authors, book.position,
                              series_name=book.series if kind == "author" and book.position else None)
                    for n, book in books.items()
                ]  # fmt: skip
                verdict: SeriesVerdict | AuthorVerdict
                if kind == "series":
                    entries = [_entry(row, author=False) for row in members]
                    verdict = series_gaps(entries, owned, series_name=name, series_authors=members[0].authors[:1],
                                          today=TODAY)  # fmt: skip
                else:
                    entries = [_entry(row, author=True) for row in members]
                    verdict = author_gaps(entries, owned, author=name, today=TODAY)
                _count(verdict, members, books, owned_tally, missing_tally, name)
        yield owned_tally
        yield missing_tally


def _count(
    verdict: SeriesVerdict | AuthorVerdict,
    members: Sequence[Record],
    books: dict[int, Spelled],
    owned_tally: Tally,
    missing_tally: Tally,
    name: str,
) -> None:
    work_of = {entry.source_key: work for work in verdict.works for entry in (work.entry, *work.also)}
    for n, row in enumerate(members):
        work = work_of.get(row.key)
        if n in books:
            found = work is not None and n in work.owned_book_ids
            owned_tally.add(found, f"{name}: {row.title!r} owned as {books[n]}")
        elif work is not None and work.kind in {EntryKind.PRIMARY, EntryKind.NOVELLA}:
            if any(_has(members[other], row) for other in books) or _has_parts([members[n] for n in books], row):
                continue
            taken = work.status is WorkStatus.OWNED
            by = [books[book].title for book in work.owned_book_ids]
            missing_tally.add(taken, f"{name}: {row.title!r} taken for {by}: {work.reason}", show_when=True)


def _has(owned: Record, row: Record) -> bool:
    """Whether who owns the one has the other, by what the records themselves say: one work, one title, one place or a
    range around it."""
    if owned.work == row.work or owned.bare.lower() == row.bare.lower():
        return True
    for mine in owned.series:
        for other in row.series:
            if _names(mine) & _names(other) and mine.part is None:
                inside = [any(low <= a and b <= high for low, high in mine.spans) for a, b in other.spans]
                if all(inside):
                    return True
    return False


def _has_parts(owned: Sequence[Record], row: Record) -> bool:
    """Whether several of the owned are parts of the work: together they are the whole."""
    parts = [told for mine in owned for told in mine.series if told.part is not None]
    return any(sum(part.spans == told.spans and part.name == told.name for part in parts) > 1 for told in row.series)


_KIND_WORDS = {"the", "a", "of", "and", "series", "cycle", "saga", "trilogy", "chronicles"}


def _names(told: Told) -> set[str]:
    """The words that a series' name is known by: "Inheritance" and "The Inheritance Cycle" share one."""
    return set(told.name.lower().split()) - {
        "the",
        "a",
        "of",
        "and",
        "series",
        "cycle",
        "saga",
        "trilogy",
        "chronicles",
    }


# --- numbering ----------------------------------------------------------------------------------------------------


def measure_numbering(rows: Sequence[Record], seeds: int) -> Iterator[Tally]:
    """What is owned and what is missing where numbers lie."""
    owned = {lie: Tally(f"{lie}: owned recognised", floor=RECOGNISED) for lie in LIES if lie != "unknown books"}
    taken = {lie: Tally(f"{lie}: missing taken for owned", ceiling=TAKEN) for lie in LIES}
    for work in judged_under_lies(rows, seeds, TODAY):
        if not work.is_owned:
            taken[work.lie].add(bool(work.taken_for), f"{work.title!r} taken for {work.taken_for}", show_when=True)
        elif work.lie in owned:
            owned[work.lie].add(work.is_recognised, f"{work.title!r}: owned by {work.taken_for}")
    yield from owned.values()
    yield from taken.values()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("develop", "check", "all"), default="all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--show", type=int, default=20, help="disagreements printed of each measure")
    parser.add_argument("--records", type=Path, default=RECORDS)
    options = parser.parse_args()
    rows: list[Record] = []
    if options.records.exists():
        rows = records(options.records, options.half)
    else:
        print("The records are not here (../shared/data/goodreads_books_dev.csv): only traps are measured.")
    tallies = [*measure_reading(rows), *measure_dress(rows)]
    tallies += measure_owning(rows, options.seeds, PLAIN, 3, "library-style")
    tallies += measure_owning(rows, options.seeds, HARD, 4, "harder")
    tallies += measure_numbering(rows, options.seeds)
    print("Disagreements")
    for tally in tallies:
        tally.print(options.show)
    print(f"\n{'measure':<52} {'asked':>8} {'hits':>8} {'share':>9}  promised")
    for tally in tallies:
        promised = f">= {tally.floor} %" if tally.floor is not None else f"<= {tally.ceiling} %"
        kept = "" if tally.is_kept else "  MISSED"
        print(f"{tally.name:<52} {tally.asked:>8} {tally.hits:>8} {tally.share:>8.3f} %  {promised}{kept}")
    return 0 if all(tally.is_kept for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
