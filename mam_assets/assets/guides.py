"""Group discovery: the pages that a person's own crawler script writes. Off unless MAM_CRAWLER names a script.

Does not belong here: how the script is run (resources/crawler.py), the form of its files (parsing/guides.py).
"""

from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.outside import MAM_CATALOGUE
from mam_assets.assets.pages import Page
from mam_assets.assets.reporting import materialised
from mam_assets.parsing.guides import BadGuide, parse_guide
from mam_assets.resources.clock import Clock
from mam_assets.resources.crawler import Crawler, CrawlerProblem, CrawlerRun
from mam_assets.resources.database import Engine
from mam_assets.settings import Settings
from mam_assets.store import guides
from mam_assets.store.guides import GuideFile


class CrawlerConfig(dg.Config):
    """Whether the script is run although it was run today."""

    force: bool = Field(default=False, description="Run the script even if it was run today.")


@dg.asset(group_name="discovery", kinds={"postgres", "mam"}, deps=[MAM_CATALOGUE], pool="mam", owners=["team:library"])
def crawled_guides(
    context: dg.AssetExecutionContext,
    config: CrawlerConfig,
    database: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Pages that the person's own crawler script (MAM_CRAWLER) wrote as Markdown, one row for each address.

    Off by default. The script is run unchanged in a process of its own, once a day at most, never beside our own
    requests to MAM. What it did write is read even if it failed; the check `crawler_ended_well` tells how it ended.
    """
    counts = {"enabled": int(settings.mam_crawler is not None), "script_run": 0, "script_failed": 0, "seconds": 0.0}
    counts |= {"guides_read": 0, "guides_new": 0, "guides_changed": 0, "guides_unreadable": 0}
    if settings.mam_crawler is None:
        context.log.info("MAM_CRAWLER names no script: nothing to do")
        return materialised(counts, table="crawled_guides")
    reason = _why_not(database, settings, clock.today(), config)
    if reason is not None:
        context.log.info(reason)
        return materialised(counts, table="crawled_guides", problems=[reason])
    problems: list[str] = []
    last_words = Page()
    try:
        crawler = Crawler.from_settings(settings)
        # Noted before it starts: a run that is cut off with us was a run of today.
        _note(database, clock, "running", "it is running, or was cut off with us")
        run = crawler.run()
    except CrawlerProblem as problem:
        _note(database, clock, "not_started", str(problem))
        counts["script_failed"] = 1
        return materialised(counts, table="crawled_guides", problems=[str(problem)])
    counts |= {"script_run": 1, "script_failed": int(not run.went_well), "seconds": round(run.seconds, 1)}
    words = _in_words(run, crawler)
    context.log.info(words)
    _note(database, clock, run.ended if run.ended != "exit" or run.went_well else "failed", words)
    if not run.went_well:
        problems.append(words)
        last_words.output(run.last_words)
    files, unreadable = _read(crawler)
    problems += unreadable
    with database.begin() as connection:
        saved = guides.save(connection, files, clock.now())
        sample = guides.sample(connection, limit=20)
        total = guides.count(connection)
    counts |= {"guides_read": len(files), "guides_new": saved.new, "guides_changed": saved.changed}
    counts["guides_unreadable"] = len(unreadable)
    return materialised(
        counts,
        sample=sample,
        table="crawled_guides",
        rows=total,
        problems=problems,
        pages={"last_words": last_words},
    )


def _why_not(database: Engine, settings: Settings, today: date, config: CrawlerConfig) -> str | None:
    """Why the script is not run now; None where it is."""
    if settings.mam_dry_run:
        return "A dry run: the script is not run, for nobody knows what it would change."
    with database.begin() as connection:
        last = guides.last_run(connection)
    if last is not None and last.get("day") == today.isoformat() and not config.force:
        return "The script was run today; it is run once a day at most, unless `force` says otherwise."
    return None


def _note(database: Engine, clock: Clock, ended: str, words: str) -> None:
    with database.begin() as connection:
        guides.note_run(connection, {"day": clock.today().isoformat(), "ended": ended, "words": words}, clock.now())


def _in_words(run: CrawlerRun, crawler: Crawler) -> str:
    name = crawler.script.name
    match run.ended:
        case "timeout":
            minutes = crawler.limits.seconds / 60
            return f"{name} still ran after {minutes:g} minutes, and was ended (log: {run.log})"
        case "too_big":
            size = crawler.limits.folder / 2**20
            return f"{name} wrote more than {size:,.0f} MiB, and was ended; clear {crawler.work} (log: {run.log})"
    return f"{name} ended with exit code {run.exit_code} after {run.seconds:.0f} s (log: {run.log})"


def _read(crawler: Crawler) -> tuple[list[GuideFile], list[str]]:
    """The guides that can be read, without secrets, and what is wrong with the other files."""
    read: list[GuideFile] = []
    problems: list[str] = []
    clean = crawler.redactor.clean
    for file in crawler.guides():
        name = clean(file.name)
        if file.problem is not None:
            problems.append(f"{name}: {file.problem}")
            continue
        try:
            guide = parse_guide(file.data)
        except BadGuide as problem:
            problems.append(f"{name}: {problem}")
            continue
        read.append(
            GuideFile(
                file_name=name,
                url=clean(guide.url),
                title=clean(guide.title),
                category=clean(guide.category) if guide.category else None,
                crawled_at=guide.crawled_at,
                content=clean(guide.content),
            )
        )
    return read, problems
