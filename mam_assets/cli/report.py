"""The report that a person reads at the end: what there is, what was found, what was decided and why, what was done.

Belongs here: tables and words. Does not belong here: the numbers (store/report.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from mam_assets.store import report
from mam_assets.store.report import Completion, Counts, DecisionGroup, DownloadLine, GapGroup, MetadataState

SERIES_SHOWN = 12
REASONS_SHOWN = 8
DOWNLOADS_SHOWN = 6
_REASONS = {
    "series_gap": "a series lacks it",
    "author_gap": "an author's list lacks it",
    "top10": "in a genre's top ten",
    "request": "a person asked for it",
}
_VERDICTS = {"accept": "accepted", "hold": "held for a person", "refuse": "refused"}


@dataclass(frozen=True)
class Report:
    """Everything that is shown, read in one transaction so that the numbers agree."""

    counts: Counts
    metadata: MetadataState
    series: Sequence[Completion]
    gaps: Sequence[GapGroup]
    decisions: Sequence[DecisionGroup]
    downloads: Sequence[DownloadLine]


def gather(connection: Connection) -> Report:
    """Read the report. The connection should be in one transaction."""
    return Report(
        counts=report.counts(connection),
        metadata=report.metadata_state(connection),
        series=report.series_completion(connection),
        gaps=report.gaps_by_reason(connection),
        decisions=report.decisions_by_reason(connection),
        downloads=report.downloads(connection),
    )


def show(
    console: Console,
    found: Report,
    *,
    requests: Mapping[str, int],
    addresses: Mapping[str, str],
    notes: Sequence[str] = (),
) -> None:
    """Print the report. ``requests`` are the requests made to each service in this run, ``addresses`` what to open,
    ``notes`` lines of what went wrong."""
    console.print()
    console.rule("[bold]Report", align="left")
    _library(console, found)
    _series(console, found.series)
    _gaps(console, found.gaps)
    _decisions(console, found.decisions)
    _downloads(console, found.counts, found.downloads)
    if requests:
        table = _table("Service", "Requests")
        for service, count in sorted(requests.items()):
            table.add_row(service.replace("_", " "), str(count))
        _print(console, "Requests made to each service in this run", table)
    for note in notes:
        console.print(f"[bold red]Failed:[/] {escape(note)}", soft_wrap=True)
    for name, address in addresses.items():
        console.print(f"{name:<16} {address}", soft_wrap=True, highlight=False)


def _library(console: Console, found: Report) -> None:
    counts, metadata = found.counts, found.metadata
    complete = "" if metadata.mean_completeness is None else f", metadata {metadata.mean_completeness:g} % complete"
    console.print(f"[bold]{counts.books}[/] books owned by {counts.authors} authors{complete}", highlight=False)
    if metadata.corrections:
        by = ", ".join(f"{source} {count}" for source, count in sorted(metadata.corrections.items()))
        console.print(f"[bold]{sum(metadata.corrections.values())}[/] fields corrected: {by}", highlight=False)
    console.print(f"[bold]{counts.imported}[/] books downloaded and imported\n", highlight=False)


def _series(console: Console, series: Sequence[Completion]) -> None:
    complete = [line.name for line in series if line.status == "complete"]
    others = [line for line in series if line.status != "complete"]
    table = _table("Series", "Author", "Owned", "Missing", "Complete")
    for line in others[:SERIES_SHOWN]:
        percent = "unknown" if line.percent is None else f"{line.percent:.0f} %"
        table.add_row(escape(line.name), escape(line.author or ""), str(line.owned), str(line.missing), percent)
    _more(table, len(others) - SERIES_SHOWN)
    _print(console, f"Series: {len(complete)} complete, {len(others)} not", table)
    if complete:
        console.print(f"[dim]Complete:[/] {escape(', '.join(sorted(complete)))}\n", highlight=False)


def _gaps(console: Console, gaps: Sequence[GapGroup]) -> None:
    table = _table("Why it is wanted", "Found", "Filled", "Open", "Upcoming", "Held")
    for line in gaps:
        numbers = (line.found, line.closed, line.open, line.upcoming, line.held)
        table.add_row(_REASONS.get(line.reason, line.reason), *map(str, numbers))
    _print(console, f"Gaps found: {sum(line.found for line in gaps)}", table)


def _decisions(console: Console, decisions: Sequence[DecisionGroup]) -> None:
    totals = {verdict: sum(d.releases for d in decisions if d.verdict == verdict) for verdict in _VERDICTS}
    title = "Releases: " + ", ".join(f"{total} {_VERDICTS[verdict]}" for verdict, total in totals.items())
    table = _table("Verdict", "Reason", "Releases", "For example")
    for verdict, words in _VERDICTS.items():
        groups = [line for line in decisions if line.verdict == verdict]
        for line in groups[:REASONS_SHOWN]:
            example = f"{line.example_release}: {line.evidence}" if line.evidence else line.example_release
            table.add_row(words, escape(line.code.replace("_", " ")), str(line.releases), escape(example))
        _more(table, len(groups) - REASONS_SHOWN)
    _print(console, title, table)


def _downloads(console: Console, counts: Counts, downloads: Sequence[DownloadLine]) -> None:
    under_way = counts.queued + counts.downloading + counts.completed
    failed = counts.failed + counts.abandoned
    title = f"Downloads: {counts.imported} done, {failed} failed, {under_way} waiting or under way"
    table = _table("State", "Book", "From", "Why")
    for state in dict.fromkeys(line.state for line in downloads):
        lines = [line for line in downloads if line.state == state]
        for line in lines[:DOWNLOADS_SHOWN]:
            table.add_row(
                state, escape(f"{line.title} ({line.author})" if line.author else line.title), line.source, _why(line)
            )
        _more(table, len(lines) - DOWNLOADS_SHOWN)
    _print(console, title, table)


def _why(line: DownloadLine) -> str:
    again = "" if line.next_retry is None else f"; tried again {line.next_retry:%Y-%m-%d}"
    share = f" ({line.progress:.0%})" if line.state == "downloading" else ""
    return escape(f"{line.words or ''}{share}{again}".lstrip("; "))


def _table(*columns: str) -> Table:
    table = Table(header_style="dim", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        number = column in ("Owned", "Missing", "Found", "Filled", "Open", "Upcoming", "Held", "Releases", "Requests")
        table.add_column(column, justify="right" if number else "left")
    return table


def _print(console: Console, title: str, table: Table) -> None:
    """The title by itself: within a table it would be as narrow as that."""
    console.print(f"[bold]{escape(title)}[/]", highlight=False, soft_wrap=True)
    if table.row_count:
        console.print(table)
    console.print()


def _more(table: Table, left: int) -> None:
    if left > 0:
        table.add_row(f"… and {left} more", style="dim")
