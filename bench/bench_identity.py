"""How fast titles are compared, and how fast a work is found among very many, with the same verdicts.

    python bench/bench_identity.py [--works 500000] [--asked 2000] [--compared 25]

A made world: authors with a Zipf-like number of works, series with positions, subtitles, near titles, pen names, works
that name nobody (1 in 200). Asked are works of the world under another spelling (two in three) and works that it lacks.
The verdicts of the index are compared with those of comparing with every work, for as many as ``--compared`` says. Ends
with 1 when less than 20,000 titles a second are compared, the median of finding is 3 ms or more, or a verdict differs.
Times are those of the processor, one core of it: what else the machine does takes no part.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace

from mam_assets.domain.books import SeriesRef, Work
from mam_assets.domain.identity import Sameness, same_work
from mam_assets.domain.names import normalise_person, normalise_title
from mam_assets.domain.titles import relate_titles, title_form
from mam_assets.domain.work_index import WorkIndex

_SYLLABLES = (
    "ka",
    "lor",
    "min",
    "ves",
    "tha",
    "dun",
    "mar",
    "el",
    "is",
    "ron",
    "bel",
    "gor",
    "wyn",
    "ast",
    "ber",
    "ny",
)
_NOUNS = (
    "shadow winter king house river night crown sea garden war stone dream fire city moon wolf glass road storm empire"
    " daughter ghost secret promise island bridge letter forest blood star heart sword winter silence train voyage"
)
_SHAPES = (
    "The {a} of {b}", "{a} and {b}", "A {a} of {b} and {c}", "{a} {b}", "The {a}'s {b}", "{a}", "{b}, {a} & {c}",
    "The Last {a}", "{a}: A Novel", "{a}: The {b} of the {c}", "Return to {a} {b}", "{a} in the {b}",
)  # fmt: skip


def _name(chance: random.Random, least: int = 2, most: int = 3) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(least, most))).capitalize()


def made_world(count: int, chance: random.Random) -> list[Work]:
    """``count`` works of about a tenth as many authors."""
    nouns = [noun.capitalize() for noun in _NOUNS.split()]
    given = [_name(chance, 1, 3) for _ in range(900)]
    surnames = [_name(chance, 2, 4) for _ in range(9_000)]
    works: list[Work] = []
    while len(works) < count:
        middle = f" {chance.choice('ABCDEFGH')}." if chance.random() < 0.2 else ""
        author = f"{chance.choice(given)}{middle} {chance.choice(surnames)}"
        output = min(int(chance.paretovariate(0.9)) + 2, 300)
        series = f"{_name(chance)} {chance.choice(nouns)}" if chance.random() < 0.6 else None
        for place in range(1, output + 1):
            a, b, c = chance.sample(nouns, 3)
            if chance.random() < 0.7:
                a = _name(chance)
            title = chance.choice(_SHAPES).format(a=a, b=b, c=c)
            ref = SeriesRef(series, str(place)) if series and place <= 12 else None
            authors = () if chance.random() < 0.005 else (author,)
            works.append(Work(title, authors, ref, published=str(chance.randint(1950, 2025))))
    return works[:count]


def respelled(work: Work, chance: random.Random) -> Work:
    """The work as another source may write it."""
    title, authors = work.title, work.authors
    turn = chance.randrange(6)
    if turn == 0 and title.startswith("The "):
        title = f"{title[4:]}, The"
    elif turn == 1:
        title += " (Unabridged)"
    elif turn == 2 and work.series is not None:
        title += f" ({work.series.name}, #{work.series.position})"
    elif turn == 3 and len(title) > 8:
        place = chance.randrange(2, len(title) - 2)
        title = title[:place] + title[place + 1 :]
    elif turn == 4 and authors:
        first, _, last = authors[0].rpartition(" ")
        authors = (f"{last}, {first}",)
    return replace(work, title=title, authors=authors, published=None)


def rate(calls: Sequence[tuple[str, str]], compare: Callable[[str, str], object]) -> float:
    started = time.process_time()
    for first, second in calls:
        compare(first, second)
    return len(calls) / (time.process_time() - started)


def measure_comparing(works: Sequence[Work], chance: random.Random) -> list[tuple[str, float, str]]:
    """Comparisons a second of pairs as they come in matching: of one author mostly, some of the same work."""
    sample = list(works[:20_000])
    pairs = []
    for number, work in enumerate(sample):
        other = respelled(work, chance) if number % 4 == 0 else sample[(number + chance.randint(1, 5)) % len(sample)]
        pairs.append((work, other))
    titles = [(first.title, second.title) for first, second in pairs]
    title_form.cache_clear()
    normalise_title.cache_clear()
    new = rate(titles, relate_titles)
    again = rate([(first, second) for first, second in titles[:4_000] for _ in range(5)], relate_titles)
    title_form.cache_clear()
    normalise_title.cache_clear()
    normalise_person.cache_clear()
    started = time.process_time()
    for first_work, second_work in pairs:
        same_work(first_work, second_work)
    whole = len(pairs) / (time.process_time() - started)
    return [
        ("titles compared a second, each read for the first time", new, ">= 20000"),
        ("titles compared a second, read before", again, ">= 20000"),
        ("works compared a second (same_work), all read for the first time", whole, ""),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=500_000)
    parser.add_argument("--asked", type=int, default=2_000)
    parser.add_argument("--compared", type=int, default=25)
    options = parser.parse_args()
    chance = random.Random(11)
    works = made_world(options.works, chance)
    kept = True
    print(f"{'measure':<70} {'':>12}  promised")
    for name, value, promised in measure_comparing(works, chance):
        kept = kept and (not promised or value >= 20_000)
        print(f"{name:<70} {value:>12,.0f}  {promised}")

    gc.collect()
    gc.disable()  # collecting garbage among millions of new objects would be measured too
    started = time.process_time()
    index = WorkIndex(works)
    built = time.process_time() - started
    gc.enable()
    print(f"{f'seconds to build the index of {len(works):,} works':<70} {built:>12.1f}")
    tracemalloc.start()
    part = WorkIndex(works[: len(works) // 10])
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6 * 10
    tracemalloc.stop()
    del part
    print(f"{'megabytes of the index beside the works themselves (10 x a tenth)':<70} {megabytes:>12.0f}")

    asked = [respelled(chance.choice(works), chance) for _ in range(options.asked * 2 // 3)]
    asked += made_world(options.asked - len(asked), random.Random(12))
    for work in asked[:50]:
        index.find(work)
    taken: list[float] = []
    nameless: list[float] = []
    for work in asked:
        started = time.process_time()
        index.find(work)
        spent = (time.process_time() - started) * 1000
        taken.append(spent)
        if not work.authors:
            nameless.append(spent)
    median = statistics.median(taken)
    kept = kept and median < 3.0
    print(f"{'milliseconds to find a work, median':<70} {median:>12.3f}  < 3")
    print(f"{'milliseconds to find a work, 95 of 100 within':<70} {statistics.quantiles(taken, n=20)[-1]:>12.3f}")
    if nameless:
        print(f"{f'milliseconds, median of {len(nameless)} that name nobody':<70} {statistics.median(nameless):>12.3f}")

    differing = 0
    for work in chance.sample(asked, min(options.compared, len(asked))):
        by_index = {(match.number, match.verdict.sameness) for match in index.find(work)}
        by_all = {
            (number, sameness)
            for number, other in enumerate(works)
            if (sameness := same_work(work, other).sameness) is not Sameness.DIFFERENT
        }
        if by_index != by_all:
            differing += 1
            print(f"  differs: {work}: {by_index ^ by_all}")
    told = f"of {options.compared} compared with all {len(works):,}, verdicts that differ"
    print(f"{told:<70} {differing:>12}  0")
    return 0 if kept and not differing else 1


if __name__ == "__main__":
    sys.exit(main())
