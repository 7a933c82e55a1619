"""Wrong and foreign numbering on real records: what a number alone must not make of a series.

Belongs here: worlds in which numbers lie, and what is then taken for owned. Does not belong here: spelling
(accuracy_spelling), the records (accuracy_records), the table (bench_accuracy).

Four lies are told of each series with several works. Half of it is owned, and ...

- *another's number*: each owned book bears the number of a work that is missing.
- *unknown books*: the catalogue lacks the owned works altogether, and each bears the number of one that is missing.
- *an uploader's*: MAM lists the owned works under the numbers of the missing ones.
- *counted otherwise*: Audible and the library count the same works backwards.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from accuracy_records import Record

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef
from mam_assets.domain.gaps import series_gaps
from mam_assets.domain.names import normalise_series, normalise_title
from mam_assets.domain.titles import TitleRelation, relate_titles

LIES = ("another's number", "unknown books", "an uploader's", "counted otherwise")


@dataclass(frozen=True)
class Judged:
    """A work under a lie: whether it is owned in truth, by the verdict, and by the verdict through its own book."""

    lie: str
    title: str
    is_owned: bool
    taken_for: tuple[str, ...]
    is_recognised: bool


def judged_under_lies(rows: Sequence[Record], seeds: int, today: date) -> Iterator[Judged]:
    """Every numbered work of every series with two or more, under each lie. Works whose titles are spelled nearly alike
    are left out with their series, and those that have its very name: there a title proves nothing."""
    by_series: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
    for row in rows:
        if row.series and row.series[0].is_single and row.series[0].text.isdigit():
            by_series[row.series[0].name, row.authors[0]].setdefault(row.series[0].text, row)
    for seed in range(seeds):
        chance = random.Random(seed)
        for (name, author), members in sorted(by_series.items()):
            if len(members) > 1 and _are_told_apart(name, [row.bare for row in members.values()]):
                having = set(chance.sample(sorted(members), len(members) // 2))
                for lie in LIES:
                    yield from _judge(lie, name, author, members, having, today)


def _are_told_apart(series: str, titles: Sequence[str]) -> bool:
    apart = {TitleRelation.UNRELATED, TitleRelation.SHARED_HEAD, TitleRelation.EXTENSION}
    pairs = ((a, b) for at, a in enumerate(titles) for b in titles[at + 1 :])
    named = all(normalise_title(title) not in ("", normalise_series(series)) for title in titles)
    return named and all(relate_titles(a, b) in apart for a, b in pairs)


def _judge(
    lie: str, name: str, author: str, members: dict[str, Record], having: set[str], today: date
) -> Iterator[Judged]:
    lacking = sorted(set(members) - having)
    told = dict(zip(sorted(having), lacking * len(having), strict=False))  # the number that the lie gives each
    if lie == "counted otherwise":
        told = dict(zip(sorted(members, key=int), sorted(members, key=int, reverse=True), strict=True))
    entries = [_line("Goodreads", name, number, row) for number, row in members.items()]
    if lie == "unknown books":
        entries = [line for line in entries if line.series is not None and line.series.position not in having]
    elif lie == "an uploader's":
        entries += [_line("MAM", name, told[number], members[number]) for number in sorted(having)]
    elif lie == "counted otherwise":
        entries += [_line("Audible", name, told[number], row) for number, row in members.items()]
    owned = [
        OwnedBook(int(number), members[number].bare, members[number].authors,
                  number if lie == "an uploader's" else told[number], series_name=name)
        for number in sorted(having)
    ]  # fmt: skip
    verdict = series_gaps(entries, owned, series_name=name, series_authors=(author,), today=today)
    work_of = {line.source_key: work for work in verdict.works for line in (work.entry, *work.also)}
    for number, row in members.items():
        work = work_of.get(f"Goodreads:{row.key}")
        if work is not None:
            by = tuple(members[str(book)].bare for book in work.owned_book_ids)
            gone = ("out of the gaps",) if work.reason.code == "position_shared" else ()
            yield Judged(lie, row.title, number in having, by or gone, int(number) in work.owned_book_ids)


def _line(source: str, series: str, number: str, row: Record) -> CatalogEntry:
    line = CatalogEntry(source, f"{source}:{row.key}", row.bare, row.authors, SeriesRef(series, number))
    return replace(line, audiobook=None if source == "Goodreads" else True)
