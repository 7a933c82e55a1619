"""The rows behind one book or gap, section by section, as a person reads them.

Belongs here: which columns of which rows are shown under which heading. Does not belong here: the answer in short and
what happens next (explaining), what a service out of reach holds up (holdups), reading the rows (store/why.py),
printing (cli/why.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mam_assets.domain import completeness as measure

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Every row that has to do with a subject, as store/why.py reads them; each list in the order to be shown."""

    book: Row | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    corrections: Sequence[Row] = ()
    answers: Sequence[Row] = ()
    memberships: Sequence[Row] = ()
    merges: Sequence[Row] = ()
    copies: Sequence[Row] = ()
    entries: Sequence[Row] = ()
    covering: Sequence[Row] = ()
    gaps: Sequence[Row] = ()
    author_searches: Sequence[Row] = ()
    lists: Sequence[Row] = ()
    uploads: Sequence[Row] = ()
    decisions: Sequence[Row] = ()
    downloads: Sequence[Row] = ()
    blocked: Sequence[Row] = ()
    failures: Sequence[Row] = ()
    services: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the chain. ``source`` names the tables of the database that it comes from; cells are text, numbers,
    truth values, moments (aware) or None."""

    title: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()


def day(at: datetime) -> str:
    """The day of a moment, in UTC as all times of the database."""
    return f"{at:%Y-%m-%d}"


# --- sections: a book ---------------------------------------------------------------------------------------------

_BOOK_ROWS = (
    "status",
    "import_source",
    "abs_id",
    "rel_path",
    "num_audio_files",
    "size_bytes",
    "abridged",
    "is_missing",
    "is_invalid",
    "duplicate_of",
    "date_added",
    "last_seen_at",
    "archived_at",
    "last_metadata_update",
)


def book(facts: Facts) -> Section:
    """The row itself, what is empty left out."""
    book = facts.book or {}
    rows = tuple((name, book[name]) for name in _BOOK_ROWS if book.get(name) not in (None, False))
    return Section("The book", "books", ("column", "value"), rows)


def fields(facts: Facts) -> Section:
    """Each field with its value, where that came from and when, its lock, and its last correction."""
    book = facts.book
    if book is None:
        return _EMPTY
    latest: dict[str, Row] = {}
    for correction in facts.corrections:
        latest.setdefault(correction["field_name"], correction)
    rows = tuple(
        (
            name,
            value,
            book["metadata_source"].get(name) or ("" if value in (None, "") else "not kept"),
            str(book["metadata_times"].get(name, ""))[:16].replace("T", " "),
            "locked" if name in book["locked_fields"] else "",
            _corrected(latest.get(name)),
        )
        for name, value in facts.fields.items()
    )
    columns = ("field", "value", "source", "set", "lock", "last correction")
    return Section("Fields", "books, metadata_corrections", columns, rows)


def _corrected(row: Row | None) -> str:
    if row is None:
        return ""
    undone = ", reverted" if row["reverted_at"] is not None else ""
    old = "empty" if row["old_value"] in (None, "") else repr(row["old_value"][:60])
    by = f" by {row['corrected_by']}" if row["corrected_by"] else ""
    return f"{day(row['correction_date'])}{by} (id {row['id']}{undone}): from {old}; {row['reason'] or row['source']}"


def answers(facts: Facts) -> Section:
    """What each source last said, and whether it was taken for this work."""
    rows = tuple(
        (
            row["source"],
            row["verdict"],
            row["asked_at"],
            row["source_key"] or "",
            row["evidence"],
            ", ".join(sorted(row["values"])),
        )
        for row in facts.answers
    )
    columns = ("source", "verdict", "asked", "its id", "evidence", "fields offered")
    return Section("What each source said", "metadata_answers", columns, rows)


def unconfirmed(facts: Facts) -> Section:
    """What was sent to Audiobookshelf, or was about to be, beside what it showed last; empty where all has arrived."""
    book = facts.book
    if book is None or not book["abs_unconfirmed"]:
        return _EMPTY
    sent, shown = book["abs_written"], book["abs_values"]
    rows = tuple(
        (name, _shown(sent[name]), _shown(shown.get(name))) for name in sorted(sent) if sent[name] != shown.get(name)
    )
    notes = ("It is not known whether this arrived: it is compared with the item before anything is sent again.",)
    columns = ("field", "sent", "shown there last")
    return Section("Not known to have arrived in Audiobookshelf", "books.abs_written, abs_values", columns, rows, notes)


def _shown(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value or "empty")


def completeness(facts: Facts) -> Section:
    """What fills the book's completeness, and what is lacking in it."""
    book = facts.book
    if book is None:
        return _EMPTY
    asked = measure.asks_for_series(facts.fields.get("series"), book["stands_alone"])
    shares = measure.explain(facts.fields, asked, book["locked_fields"])
    rows = tuple((share.field, share.weight, share.filled) for share in shares)
    counted = measure.completeness(facts.fields, in_series=asked, locked=book["locked_fields"])
    sums = f"Stored: {book['metadata_completeness_percent']:g} %; by these fields: {counted} %."
    alone = () if asked else ("The series fields do not count: it is known to stand alone.",)
    return Section("Completeness", "books", ("field", "weight", "filled"), rows, (sums, *alone))


def memberships(facts: Facts) -> Section:
    """The series that the book is in."""
    rows = tuple(
        (
            row["name"],
            row["position"],
            row["goodreads_id"],
            f"{row['books_owned']} owned, {row['books_missing']} missing, {row['completion_status']}",
            row["last_completion_check"],
            row["check_problem"],
            ", ".join(row["spellings"]),
        )
        for row in facts.memberships
    )
    columns = ("series", "position", "Goodreads", "state", "checked", "problem", "names")
    return Section("Series", "book_series, series, series_names", columns, rows)


def merges(facts: Facts) -> Section:
    """Series that were found to be one with those of the book or the work."""
    rows = tuple(
        (
            row["id"],
            row["dropped_name"],
            row["kept"],
            row["rule"],
            row["evidence"],
            f"{day(row['merged_at'])}{_by(row['merged_by'])}",
            f"{day(row['undone_at'])}{_by(row['undone_by'])}" if row["undone_at"] else "",
        )
        for row in facts.merges
    )
    columns = ("id", "merged", "into", "rule", "evidence", "when", "undone")
    return Section("Merged series", "series_merges", columns, rows)


def _by(who: str | None) -> str:
    return f" by {who}" if who else ""


def copies(facts: Facts) -> Section:
    """Other books of the same title and author, and duplicates."""
    rows = tuple(
        (
            f"book:{row['id']}",
            row["title"],
            row["narrator"],
            None if row["duration_minutes"] is None else round(row["duration_minutes"]),
            row["status"] + (f" of book:{row['duplicate_of']}" if row["duplicate_of"] else ""),
            row["rel_path"],
        )
        for row in facts.copies
    )
    columns = ("id", "title", "narrator", "minutes", "status", "folder")
    return Section("Other copies and recordings", "books", columns, rows)


# --- sections: a work ---------------------------------------------------------------------------------------------


def entries(facts: Facts) -> Section:
    """What each source lists, side by side, with our verdict."""
    rows = tuple(
        (
            f"work:{row['id']}",
            row["series"] or row["author"],
            row["source"],
            row["title"],
            row["position"],
            row["kind"],
            row["published"],
            row["audiobook"],
            row["status"],
            row["rule"],
            f"work:{row['same_as']}" if row["same_as"] else "",
            row["reason"],
        )
        for row in facts.entries
    )
    columns = (
        *("id", "of", "source", "title", "position", "kind", "published", "audio", "status", "rule", "same as"),
        "reason",
    )
    return Section("What exists, by every source", "catalog_entries", columns, rows)


def disagreements(facts: Facts) -> Section:
    """Fields that the sources tell differently."""
    rows = tuple(
        (
            f"work:{row['id']}",
            name,
            "; ".join(f"{source}: {value}" for source, value in sorted(told.items()) if source != "decided"),
            told.get("decided", ""),
        )
        for row in facts.entries
        for name, told in row["disagreements"].items()
    )
    columns = ("id", "field", "the sources say", "rule that decided")
    return Section("Where sources disagree", "catalog_entries.disagreements", columns, rows)


def covering(facts: Facts) -> Section:
    """Books of the library that are, or hold, this work."""
    rows = tuple(
        (
            f"book:{row['id']}",
            row["title"],
            row["series"],
            row["series_number"],
            row["status"],
            "; ".join(_unique(e["reason"] for e in facts.entries if e["book_id"] == row["id"])),
        )
        for row in facts.covering
    )
    columns = ("id", "title", "series", "position", "status", "why it covers this")
    return Section("Owned by another book", "books, catalog_entries", columns, rows)


def _unique(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def gaps(facts: Facts) -> Section:
    """The gaps that the work has, or was."""
    rows = tuple(
        (
            f"gap:{row['id']}",
            row["title"],
            f"{row['series_name']} {row['series_number'] or ''}".strip() if row["series_name"] else "",
            ", ".join(row["reasons"]),
            row["download_status"],
            row["priority"],
            row["identified_date"],
            row["closed_date"],
            row["hold_reason"] or (f"asked by {row['requested_by']}" if row["requested_by"] else ""),
        )
        for row in facts.gaps
    )
    columns = ("id", "title", "series", "reasons", "status", "priority", "found", "closed", "note")
    return Section("Gaps", "missing_books", columns, rows)


def searches(facts: Facts) -> Section:
    """When it was looked for, and when it is again."""
    own = [
        (f"gap:{row['id']}", row["last_search"], row["found"], row["searches"], row["next_search"], row["last_error"])
        for row in facts.gaps
        if row["searches"] is not None
    ]
    authors = [
        (f"{row['source']}: {row['name']}", row["searched_at"], row["found"], None, None, row["problem"])
        for row in facts.author_searches
    ]
    columns = ("for", "last", "found", "searches", "next", "problem")
    return Section("Searches", "gap_searches, author_searches", columns, (*own, *authors))


def lists(facts: Facts) -> Section:
    """Weekly lists in which it stood."""
    rows = tuple((r["genre_name"], str(r["week"]), r["rank"], r["outcome"], r["reason"]) for r in facts.lists)
    return Section("Weekly lists", "top10_entries", ("genre", "week", "rank", "outcome", "reason"), rows)


def uploads(facts: Facts) -> Section:
    """The uploads on MAM by which the daily scan found it, or may fill its gap."""
    rows = tuple(
        (row["title"], row["outcome"], row["reason"], row["seeders"], row["added_at"], row["seen_at"])
        for row in facts.uploads
    )
    columns = ("upload", "outcome", "reason", "seeders", "uploaded", "seen")
    return Section("Uploads seen on MAM", "mam_uploads, releases", columns, rows)


def decisions(facts: Facts) -> Section:
    """Every release that was offered, the verdict and its reasons."""
    rows = tuple(
        (
            row["verdict"],
            row["title"],
            row["source"],
            row["filetype"],
            None if row["size_bytes"] is None else f"{row['size_bytes'] / 1e6:.0f} MB",
            row["seeders"],
            "; ".join(f"{reason['code']}: {reason['evidence']}" for reason in row["reasons"])
            + (f"; approved by {row['approved_by']}" if row["approved_by"] else ""),
            row["rules_version"],
            row["decided_at"],
        )
        for row in facts.decisions
    )
    columns = ("verdict", "release", "from", "type", "size", "seeders", "reasons", "rules", "decided")
    return Section("Releases offered", "release_decisions, releases", columns, rows)


def downloads(facts: Facts) -> Section:
    """What was attempted, and how it went."""
    rows = tuple(
        (
            row["id"],
            row["title"],
            row["source"],
            row["status"] + (f" ({row['progress']:.0%})" if row["status"] == "downloading" else ""),
            f"{row['retry_count']}/{row['max_retries']}",
            row["last_attempt"] or row["sent_at"] or row["date_queued"],
            row["next_retry"],
            row["abs_import_status"],
            row["abs_import_error"] or row["failure_reason"] or row["waiting_reason"],
        )
        for row in facts.downloads
    )
    columns = ("id", "title", "from", "status", "retries", "last attempt", "next retry", "import", "why")
    return Section("Downloads", "downloads", columns, rows)


def blocked(facts: Facts) -> Section:
    """Releases that are not taken again."""
    rows = tuple((row["title"], row["source"], row["reason"], row["blocked_at"]) for row in facts.blocked)
    return Section("Blocked releases", "blocked_releases", ("release", "from", "reason", "blocked"), rows)


def failures(facts: Facts) -> Section:
    """Whatever failed of its downloads and imports, each reason counted for ever."""
    rows = tuple(
        (
            f"download {row['item_id']}",
            row["task_name"],
            row["reason"],
            row["attempt_count"],
            row["first_attempt"],
            row["last_attempt"],
            row["error_details"],
        )
        for row in facts.failures
    )
    columns = ("of", "task", "reason", "times", "first", "last", "details")
    return Section("What failed so far", "failed_attempts", columns, rows)


_EMPTY = Section("", "", (), ())
