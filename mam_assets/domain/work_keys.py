"""The keys of a work: every name by which it may be found again, over series, authors, lists and gaps.

Belongs here: what a key looks like. Does not belong here: which works or gaps have which keys (wanting), rows (store).

A change of what a key looks like needs a new `KEY_RULES`, so that stored keys are made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.names import normalise_person, normalise_series, normalise_title, parse_position

KEY_RULES = 3
"""2: the author's name goes from the front of a series' name where it ends in s, or is the surname alone."""


def work_key(title: str, authors: Sequence[str]) -> str:
    """The identity of a wanted work: normalised title and first author. One open gap has it, whatever it is wanted
    for."""
    return f"{normalise_title(title)}|{normalise_person(authors[0]) if authors else ''}"


def keys_of(titles: Iterable[str], authors: Sequence[str]) -> frozenset[str]:
    """Every key that a work may go by: each title with each author, for sources name co-authors in any order."""
    people = {normalise_person(author) for author in authors} or {""}
    return frozenset(f"{title}|{person}" for title in map(normalise_title, titles) if title for person in people)


def places_of(
    titles: Iterable[str], series_id: int | None, series_name: str | None, series_number: str | None
) -> frozenset[str]:
    """The keys of a place in a series: its number there, by any title; and, since a pen name hides who wrote it, the
    title with the series' name and number, by any author."""
    position = parse_position(series_number)
    if position is None or position.is_range or position.is_part:
        return frozenset()
    canonical = position.canonical
    keys = {f"#{series_id}@{canonical}"} if series_id is not None else set()
    name = normalise_series(series_name) if series_name else ""
    if name:
        keys |= {f"{normalise_title(title)}@{name}@{canonical}" for title in titles}
    return frozenset(keys)


def edition_keys(isbn: str | None, asin: str | None, goodreads_id: str | None = None) -> frozenset[str]:
    """The keys of an edition: they outlive a change of the title."""
    if not (isbn or asin or goodreads_id):
        return frozenset()
    pairs = (("isbn", normalise_isbn(isbn)), ("asin", normalise_asin(asin)), ("goodreads", goodreads_id))
    return frozenset(f"{name}:{value}" for name, value in pairs if value)
