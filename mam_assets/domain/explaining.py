"""Why a book is as it is, and why a work is owned, missing or not wanted: a chain that a person can follow.

Belongs here: the answer in short, what happens next, the chain as a whole. Does not belong here: its sections (chains),
what a service holds up (holdups), what is meant by a title (meaning), reading the rows (store/why.py), printing them
(cli/why.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mam_assets.domain import chains, holdups
from mam_assets.domain.chains import Facts, Row, Section, day
from mam_assets.domain.rounds import STALE_AFTER


@dataclass(frozen=True, slots=True)
class Chain:
    """The whole answer: in short, what happens next, and the rows behind it."""

    ref: str
    title: str
    authors: tuple[str, ...]
    answer: tuple[str, ...]
    next_steps: tuple[str, ...]
    sections: tuple[Section, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values: each row an object by column, moments as ISO 8601."""
        return {
            "ref": self.ref,
            "title": self.title,
            "authors": list(self.authors),
            "answer": list(self.answer),
            "next": list(self.next_steps),
            "sections": [
                {
                    "title": section.title,
                    "source": section.source,
                    "rows": [dict(zip(section.columns, map(_plain, row), strict=True)) for row in section.rows],
                    "notes": list(section.notes),
                }
                for section in self.sections
            ],
        }


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.isoformat()
    return list(cell) if isinstance(cell, tuple) else cell


def explain(ref: str, title: str, authors: Sequence[str], facts: Facts, *, now: datetime) -> Chain:
    """The chain of one subject. Sections without a row are left out; ``now`` (aware) says what is due."""
    held_up = holdups.holdups(facts, now)
    sections = (
        chains.book(facts),
        chains.fields(facts),
        chains.answers(facts),
        chains.unconfirmed(facts),
        chains.completeness(facts),
        chains.memberships(facts),
        chains.merges(facts),
        chains.copies(facts),
        chains.entries(facts),
        chains.disagreements(facts),
        chains.covering(facts),
        chains.gaps(facts),
        chains.searches(facts),
        chains.lists(facts),
        chains.uploads(facts),
        chains.decisions(facts),
        chains.downloads(facts),
        chains.blocked(facts),
        chains.failures(facts),
        holdups.section(held_up, now),
    )
    return Chain(
        ref=ref,
        title=title,
        authors=tuple(authors),
        answer=_answer(facts),
        next_steps=(*_next_steps(facts, now), *(holdups.in_words(one, now) for one in held_up)),
        sections=tuple(section for section in sections if section.rows),
    )


# --- in short -----------------------------------------------------------------------------------------------------

_WANTED_BECAUSE = {
    "series_gap": "a series of the library lacks it",
    "author_gap": "an author of the library wrote it",
    "top10": "it stood in a genre's top ten",
    "request": "a person asked for it",
}


def _answer(facts: Facts) -> tuple[str, ...]:
    lines = []
    if (book := facts.book) is not None:
        lines.append(_of_book(book))
    for gap in facts.gaps:
        lines.append(_of_gap(gap))
    speaking = [entry for entry in facts.entries if entry["same_as"] is None]
    for status in ("owned", "missing", "upcoming", "not_wanted", "unjudged"):
        words = {_of_entry(entry, facts) for entry in speaking if entry["status"] == status}
        lines += sorted(words)
    return tuple(lines)


def _of_book(book: Row) -> str:
    state = {
        "active": "Owned",
        "discovered": "Seen on MAM, not owned",
        "duplicate": f"The same recording as book:{book['duplicate_of']}",
        "archived": "No longer in the library",
    }[book["status"]]
    missing = "; Audiobookshelf no longer finds its files" if book["is_missing"] else ""
    return f"{state}: book:{book['id']}, metadata {book['metadata_completeness_percent']:g} % complete{missing}."


def _of_gap(gap: Row) -> str:
    why = " and ".join(_WANTED_BECAUSE.get(reason, reason) for reason in gap["reasons"]) or "it was wanted"
    if gap["closed_date"] is not None:
        by = f" by book:{gap['book_id']}" if gap["book_id"] else ""
        return f"gap:{gap['id']} was found on {day(gap['identified_date'])}, because {why}, and closed{by} on " + (
            f"{day(gap['closed_date'])}."
        )
    return f"gap:{gap['id']} is open ({gap['download_status']}) since {day(gap['identified_date'])}, because {why}."


def _of_entry(entry: Row, facts: Facts) -> str:
    owner = f"the series {entry['series']}" if entry["series"] else f"the list of {entry['author']}"
    why = f": {entry['reason']}" if entry["reason"] else ""
    own = facts.book["id"] if facts.book else None
    covered = f" by book:{entry['book_id']}" if entry["book_id"] and entry["book_id"] != own else ""
    words = {
        "owned": f"owned{covered}",
        "missing": "missing",
        "upcoming": "not released yet",
        "not_wanted": "not wanted",
        "unjudged": "not judged yet",
    }[entry["status"]]
    return f"In {owner}: {words}{why} (rule {entry['rule'] or 'not kept'})."


# --- what happens next --------------------------------------------------------------------------------------------


def _next_steps(facts: Facts, now: datetime) -> tuple[str, ...]:
    steps = [step for gap in facts.gaps if gap["closed_date"] is None for step in _next_of_gap(gap, facts, now)]
    if (book := facts.book) is not None and book["status"] == "active":
        steps.append(_next_look_up(book))
        if book["abs_unconfirmed"]:
            steps.append(_next_write(book))
    if not steps and facts.book is None and facts.entries:
        steps.append("Nothing: it is no gap. It is judged again whenever the library or its catalogue changes.")
    return tuple(steps)


def _next_look_up(book: Row) -> str:
    at = book["last_metadata_update"]
    if book["metadata_waiting"]:
        return f"Its metadata still waits for {', '.join(book['metadata_waiting'])}: first when that can be asked."
    if at is None:
        return "Its metadata was never looked up: it is in the next metadata run."
    return f"Its metadata was looked up on {day(at)}; it is due again on {day(at + STALE_AFTER)}."


def _next_write(book: Row) -> str:
    failed = book["metadata_failed"].get("write_back")
    bad = f"; the last attempt, on {failed[:16].replace('T', ' ')}, was answered badly" if failed else ""
    return (
        "Something of it is to be written to Audiobookshelf, or was and is not known to have arrived: the next "
        f"metadata run looks, and sends what is lacking{bad}."
    )


def _next_of_gap(gap: Row, facts: Facts, now: datetime) -> list[str]:
    ref, status = f"gap:{gap['id']}", gap["download_status"]
    downloads = [row for row in facts.downloads if row["missing_book_id"] == gap["id"]]
    download = next((row for row in downloads if row["id"] == gap["download_id"]), downloads[-1] if downloads else None)
    if status == "ignored":
        return [f"{ref}: nothing, a person ignores it, until a person takes that back."]
    if status == "upcoming":
        return [
            f"{ref}: nothing before it is released ({gap['published'] or 'no date is known'}); then it is searched."
        ]
    if download is not None and status in ("queued", "downloading", "completed", "failed"):
        return [f"{ref}: {_next_of_download(download, now)}"]
    if status == "held":
        held = sum(1 for row in facts.decisions if row["missing_book_id"] == gap["id"] and row["verdict"] == "hold")
        words = gap["hold_reason"] or "doubtful releases"
        return [f"{ref}: waits for a person ({words}; {held} held). {_next_search(gap, now)}"]
    return [f"{ref}: {_next_search(gap, now)}"]


def _next_search(gap: Row, now: datetime) -> str:
    at = gap["next_search"]
    if at is None or at <= now:
        return (
            "It is searched in the next acquisition run (looked for every 10 minutes; 50 requests to MAM in a run, so "
            "a long queue takes several)."
        )
    return f"It is searched again on {_moment(at)}, after {gap['searches']} searches."


def _next_of_download(download: Row, now: datetime) -> str:
    shown = f"download {download['id']}"
    spent = f"{download['retry_count']} of {download['max_retries']} retries spent"
    match download["status"]:
        case "queued":
            return (
                f"{shown} is sent to the client in the next run ({download['waiting_reason'] or 'nothing holds it'})."
            )
        case "downloading":
            return f"{shown} is watched every 30 seconds ({download['progress']:.0%} are there)."
        case "completed" if download["abs_import_status"] == "imported":
            return f"{shown} is imported; the gap closes when the library has been read."
        case "completed":
            at = download["next_import"]
            if download["abs_import_status"] == "import_failed" and at is None:
                return f"{shown} is there, its import waits for a person ({download['abs_import_error']})."
            return f"{shown} is imported {_when(at, now)} ({download['abs_import_error'] or 'complete'})."
        case "failed" if download["next_retry"] is not None:
            return f"{shown} is tried again {_when(download['next_retry'], now)} ({spent}), with another release."
        case "failed":
            return f"{shown} was given up ({download['failure_reason'] or download['failure_code']})."
        case _:
            return f"{shown} is abandoned ({spent}): a person may retry it."


def _when(at: datetime | None, now: datetime) -> str:
    return "in the next run" if at is None or at <= now else f"on {_moment(at)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
