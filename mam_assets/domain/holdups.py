"""What of one book or gap waits for a service, and which of these services can't be asked now.

Belongs here: which step needs which service, and what a person is told of it. Does not belong here: the other rows of
the chain (chains), what happens next where nothing is in the way (explaining), when a service is asked again
(budgets, rounds).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mam_assets.domain.budgets import AUDIOBOOKSHELF, GOODREADS, GOOGLE_BOOKS, MAM, PROWLARR, QBITTORRENT
from mam_assets.domain.chains import Facts, Row, Section

_WELL = ("healthy", "unknown")  # nobody has asked one that is unknown
_SEARCHED = ("identified", "held", "failed")
_OF_SOURCE = {"MAM": MAM, "GoogleBooks": GOOGLE_BOOKS, "Goodreads": GOODREADS, "Prowlarr": PROWLARR}


@dataclass(frozen=True, slots=True)
class Holdup:
    """A service that can't be asked now, and what of the subject waits for it. ``state`` is its row."""

    service: str
    waiting: tuple[str, ...]
    state: Row


def holdups(facts: Facts, now: datetime) -> tuple[Holdup, ...]:
    """The services out of reach that something of this subject needs, by name. One that asked to be left alone until a
    time that has passed, and is well, holds nothing up."""
    waiting: dict[str, list[str]] = defaultdict(list)
    for service, what in _needs(facts):
        if what not in waiting[service]:
            waiting[service].append(what)
    states = {row["service"]: row for row in facts.services}
    return tuple(
        Holdup(service, tuple(waiting[service]), states[service])
        for service in sorted(waiting)
        if service in states and _is_out(states[service], now)
    )


def _is_out(state: Row, now: datetime) -> bool:
    return state["status"] not in _WELL or _is_resting(state, now)


def _is_resting(state: Row, now: datetime) -> bool:
    return state["retry_at"] is not None and state["retry_at"] > now


def _needs(facts: Facts) -> Iterator[tuple[str, str]]:
    """Service and what waits for it, for all that is not done."""
    book = facts.book
    if book is not None and book["status"] == "active":
        for service in book["metadata_waiting"]:
            yield service, "the look-up of its metadata"
        if book["abs_unconfirmed"]:
            yield AUDIOBOOKSHELF, "the writing of its metadata"
    for gap in facts.gaps:
        if gap["closed_date"] is None and gap["download_status"] in _SEARCHED:
            yield MAM, f"the search for gap:{gap['id']}"
            yield PROWLARR, f"the search for gap:{gap['id']}"
    for download in facts.downloads:
        yield from _needs_of_download(download)
    for row in facts.memberships:
        if row["check_problem"]:
            yield GOODREADS, f"the list of the series {row['name']}"
    for row in facts.author_searches:
        if row["problem"] and row["source"] in _OF_SOURCE:
            yield _OF_SOURCE[row["source"]], f"the works of {row['name']}"


def _needs_of_download(download: Row) -> Iterator[tuple[str, str]]:
    shown = f"download {download['id']}"
    match download["status"]:
        case "queued":
            yield QBITTORRENT, f"the sending of {shown}"
            if download["source"] in _OF_SOURCE:
                yield _OF_SOURCE[download["source"]], f"the torrent file of {shown}"
        case "downloading":
            yield QBITTORRENT, f"a look at {shown}"
        case "completed" if download["abs_import_status"] != "imported":
            yield QBITTORRENT, f"the import of {shown}"
            yield AUDIOBOOKSHELF, f"the import of {shown}"


def section(found: tuple[Holdup, ...], now: datetime) -> Section:
    """The services as a table of the chain."""
    rows = tuple(
        (
            one.service,
            one.state["status"],
            ", ".join(one.waiting),
            one.state["retry_at"] if _is_resting(one.state, now) else None,
            one.state["last_success"],
            one.state["last_error"],
        )
        for one in found
    )
    columns = ("service", "state", "waits for it", "left alone until", "last answer", "last error")
    return Section("Services that hold it up", "service_state", columns, rows)


def in_words(one: Holdup, now: datetime) -> str:
    """What follows, for a person."""
    waits = f"{' and '.join(one.waiting)} {'wait' if len(one.waiting) > 1 else 'waits'} for it"
    status = one.state["status"]
    if _is_resting(one.state, now):
        return f"{one.service} is left alone until {one.state['retry_at']:%Y-%m-%d %H:%M} ({status}): {waits}."
    return f"{one.service} could not be asked last ({status}): {waits}, and it is tried in the next run."
