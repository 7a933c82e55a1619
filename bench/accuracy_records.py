"""The records that bench_accuracy measures with, and a reference that tells what their titles say.

The truth comes from no code of ours. `reference` splits the last bracket of a title at its "#" signs, character by
character, and knows nothing else: it can't tell a series that the title names in any other way ("Saga #1", "Fables,
Vol. 1"), and takes whatever stands before "#" for the series' name, label words and all.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

Span = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Told:
    """What the reference reads of a series: its name, and where in it ("2", "1-3", part 1 of 2) the work stands."""

    name: str
    spans: tuple[Span, ...]
    part: int | None = None

    @property
    def is_single(self) -> bool:
        return self.part is None and len(self.spans) == 1 and self.spans[0][0] == self.spans[0][1]

    @property
    def text(self) -> str:
        parts = [str(low) if low == high else f"{low}-{high}" for low, high in self.spans]
        return ", ".join(parts)


@dataclass(frozen=True)
class Record:
    key: str
    work: str
    title: str
    bare: str
    original: str
    authors: tuple[str, ...]
    series: tuple[Told, ...]


def reference(title: str) -> tuple[str, tuple[Told, ...]]:
    """(what stands before the last bracket, every series in it); the whole title and nothing where no "#" is inside."""
    text = title.strip()
    if not text.endswith(")"):
        return text, ()
    depth, start = 0, -1
    for index in range(len(text) - 1, -1, -1):
        depth += (text[index] == ")") - (text[index] == "(")
        if depth == 0:
            start = index
            break
    if start <= 0 or "#" not in text[start:]:
        return text, ()
    told: list[Told] = []
    pieces = text[start + 1 : -1].split("#")
    name = pieces[0]
    for piece in pieces[1:]:
        count = 0
        while count < len(piece) and (piece[count] in " 0123456789.-–+&:" or _is_part(piece, count)):
            count += 1
        number, rest = piece[:count].strip(" :&+-"), piece[count:]
        if told and not name.strip(" ,;"):  # "#1, #2": one series, several places
            told[-1] = replace(told[-1], spans=told[-1].spans + _spans(number))
        elif number and name.strip(" ,;"):
            part = rest.lower().lstrip(" ,:").removeprefix("part").split(" of ")[0].strip()
            is_part = rest.lower().lstrip(" ,:").startswith("part") and part.isdigit()
            told.append(Told(name.strip(" ,;"), _spans(number), int(part) if is_part else None))
        name = "" if rest.lower().lstrip(" ,:").startswith("part") else rest
    return text[:start].strip(), tuple(told)


def _is_part(piece: str, index: int) -> bool:
    return piece[index] == "," and piece[index + 1 : index + 2].isdigit()


def _spans(number: str) -> tuple[Span, ...]:
    spans = []
    for piece in number.replace("–", "-").replace("&", ",").replace("+", ",").split(","):
        low, dash, high = piece.strip().partition("-")
        spans.append((Decimal(low.strip()), Decimal((high if dash else low).strip(" #"))))
    return tuple(sorted(set(spans)))


def records(path: Path, half: str) -> list[Record]:
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            develop = hashlib.sha256(row["goodreads_book_id"].encode()).digest()[0] % 2 == 0
            if half != "all" and develop != (half == "develop"):
                continue
            bare, told = reference(row["title"])
            authors = tuple(name.strip() for name in row["authors"].split(", ") if name.strip())
            found.append(
                Record(row["goodreads_book_id"], row["work_id"], row["title"], bare, row["original_title"] or bare,
                       authors, told)
            )  # fmt: skip
    return found
