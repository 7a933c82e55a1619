"""Group acquisition, first half: what is offered for each gap and what of it is taken.

Belongs here: searching, judging, queueing. Does not belong here: what happens to a torrent (downloads.py) and to its
files (imports.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.catalog import search_author
from mam_assets.assets.gaps import author_gaps, series_gaps, top10_gaps
from mam_assets.assets.outside import PROWLARR_INDEXERS
from mam_assets.assets.reporting import materialised
from mam_assets.domain.books import Release
from mam_assets.domain.lifecycle import next_attempt
from mam_assets.domain.release import RULES_VERSION, Judgement, Preferences, Verdict, judge
from mam_assets.domain.searching import next_search
from mam_assets.parsing.prowlarr import mam_torrent_id
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Connection, Engine
from mam_assets.resources.errors import RateLimited, ServiceError
from mam_assets.resources.mam import Mam
from mam_assets.resources.prowlarr import Prowlarr
from mam_assets.settings import Settings
from mam_assets.store import releases as offered
from mam_assets.store.downloads import attempts, queue, stages
from mam_assets.store.releases import GapDue, StoredRelease

# Less than a day, so that a search that is due daily is never a fresh one still.
FRESH_FOR = timedelta(hours=20)


class SearchConfig(dg.Config):
    """Which gaps are searched."""

    limit: int = Field(default=200, ge=1, description="Most gaps in one run; the rest is first next time.")
    gap_ids: list[int] = Field(default_factory=list, description="Only these gaps, due or not. Empty: what is due.")


@dataclass
class Search:
    """What one run has asked and found so far. A service that failed is left alone for the rest of the run;
    ``mam_comes_later`` is True where MAM only said "later", so that its gaps simply keep their turn."""

    now: datetime
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("gaps_searched", "accepted", "held", "refused", "nothing_offered", "gaps_waiting"), 0
        )
    )
    problems: list[str] = field(default_factory=list)
    out: set[str] = field(default_factory=set)
    mam_comes_later: bool = False

    def gave_up(self, error: ServiceError) -> None:
        if error.service not in self.out:
            self.out.add(error.service)
            self.problems.append(str(error))
            self.mam_comes_later |= error.service == "mam" and isinstance(error, RateLimited)

    def is_fresh(self, asked_at: datetime | None) -> bool:
        return asked_at is not None and asked_at >= self.now - FRESH_FOR


@dg.asset(
    group_name="acquisition",
    kinds={"postgres", "mam", "prowlarr"},
    deps=[series_gaps, author_gaps, top10_gaps, PROWLARR_INDEXERS],
    pool="mam",
    owners=["team:library"],
)
def release_candidates(
    context: dg.AssetExecutionContext,
    config: SearchConfig,
    database: dg.ResourceParam[Engine],
    mam: dg.ResourceParam[Mam],
    prowlarr: dg.ResourceParam[Prowlarr],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """What is offered for every due gap, each candidate with its verdict: accept, hold or refuse, and the reasons.

    MAM first (one search per author serves all of that author's gaps), then Prowlarr for what MAM left open. A service
    that is down or at its limit is left alone for the rest of the run; gaps that it kept waiting are first next time,
    and nothing that was answered is asked again within a day.
    """
    search = Search(now=clock.now())
    preferences = preferences_of(settings)
    with database.begin() as connection:
        due = offered.gaps_due(connection, search.now, limit=config.limit, gap_ids=config.gap_ids)
    for done, ((author_id, author), group) in enumerate(groupby(due, key=lambda gap: (gap.author_id, gap.author_name))):
        gaps = list(group)
        asked_mam = author_id is not None and _ask_for_author(database, mam, search, author_id, author)
        with database.begin() as connection:
            known = offered.of_author(connection, author)
        for gap in gaps:
            if author_id is None:
                asked_mam, found = _ask_for_title(database, mam, search, gap)
                known += found
            _judge_gap(database, prowlarr, search, gap, known, preferences, asked_mam=asked_mam)
        if done % 5 == 4:
            context.log.info(f"{done + 1} authors searched, {search.counts['accepted']} releases accepted")
    with database.begin() as connection:
        sample = offered.decision_sample(connection, limit=20)
        total = offered.count_decisions(connection)
    return materialised(search.counts, sample=sample, table="release_decisions", rows=total, problems=search.problems)


def preferences_of(settings: Settings) -> Preferences:
    """The person's wishes, as the rules take them."""
    return Preferences(
        languages=settings.languages, formats=settings.preferred_formats, min_seeders=settings.min_seeders
    )


def _ask_for_author(database: Engine, mam: Mam, search: Search, author_id: int, author: str) -> bool:
    """Whether MAM's offers for this author are known now: fresh in our tables, or just asked for."""
    with database.begin() as connection:
        if offered.author_search_is_fresh(connection, author_id, "MAM", search.now - FRESH_FOR):
            return True
    if "mam" in search.out:
        return False
    try:
        search_author(database, mam, author_id, author, search.now)
    except ServiceError as error:
        search.gave_up(error)
        return False
    return True


def _ask_for_title(database: Engine, mam: Mam, search: Search, gap: GapDue) -> tuple[bool, list[StoredRelease]]:
    """The same for a gap whose author is none of ours (a top ten's, a wish): whether MAM was asked, and what came."""
    if search.is_fresh(gap.mam_asked_at):
        return True, []
    if "mam" in search.out:
        return False, []
    try:
        page = mam.search_title(gap.work.title, gap.author_name or None)
    except ServiceError as error:
        search.gave_up(error)
        return False, []
    with database.begin() as connection:
        offered.asked(connection, gap.gap_id, "MAM", search.now)
        return True, offered.save(connection, page.releases, search.now)


def _judge_gap(
    database: Engine,
    prowlarr: Prowlarr,
    search: Search,
    gap: GapDue,
    known: Sequence[StoredRelease],
    preferences: Preferences,
    *,
    asked_mam: bool,
) -> None:
    if not asked_mam and search.mam_comes_later:
        search.counts["gaps_waiting"] += 1
        return
    judged = judge_all(gap, known, preferences)
    asked_prowlarr = search.is_fresh(gap.prowlarr_asked_at)
    accepted = any(verdict.verdict is Verdict.ACCEPT for _, verdict in judged)
    if not accepted and not asked_prowlarr and "prowlarr" not in search.out:
        try:
            found = prowlarr.search(gap.search_words)
        except ServiceError as error:
            search.gave_up(error)
        else:
            asked_prowlarr = True
            with database.begin() as connection:
                stored = offered.save(connection, _new_to_us(connection, found), search.now)
                offered.asked(connection, gap.gap_id, "Prowlarr", search.now)
            judged += judge_all(gap, [release for release in stored if _touches(gap, release.release)], preferences)
    verdicts = {verdict.verdict for _, verdict in judged}
    accepted = Verdict.ACCEPT in verdicts
    complete = accepted or (asked_prowlarr and asked_mam)
    with database.begin() as connection:
        offered.save_decisions(connection, gap.gap_id, judged, RULES_VERSION, search.now)
        offered.searched(
            connection,
            gap.gap_id,
            found=len(judged),
            now=search.now,
            next_search=next_search(gap.searches, search.now) if complete else None,
            held=not accepted and Verdict.HOLD in verdicts,
        )
    search.counts["gaps_searched"] += 1
    search.counts["gaps_waiting"] += int(not complete)
    for verdict in (Verdict.ACCEPT, Verdict.HOLD, Verdict.REFUSE):
        key = {"accept": "accepted", "hold": "held", "refuse": "refused"}[verdict.value]
        search.counts[key] += sum(1 for _, judgement in judged if judgement.verdict is verdict)
    search.counts["nothing_offered"] += int(not judged)


def _new_to_us(connection: Connection, found: Sequence[Release]) -> list[Release]:
    """Without what Prowlarr shows of MAM and we know from MAM itself: one torrent is one candidate."""
    ids = {release.guid: mam_id for release in found if (mam_id := mam_torrent_id(release))}
    known = offered.known_on_mam(connection, ids.values())
    return [release for release in found if ids.get(release.guid) not in known]


def judge_all(
    gap: GapDue, releases: Iterable[StoredRelease], preferences: Preferences
) -> list[tuple[StoredRelease, Judgement]]:
    """Every candidate of a gap with its verdict. An author's other books are candidates of theirs, not of this gap:
    they are left out unless they share a word of the title."""
    return [
        (
            stored,
            judge(gap.work, stored.release, preferences=preferences, siblings=gap.siblings, blocked=gap.blocked),
        )
        for stored in releases
        if _touches(gap, stored.release)
    ]


def _touches(gap: GapDue, release: Release) -> bool:
    return gap.touches(release.title) or any(
        series.position and gap.work.series and series.position == gap.work.series.position for series in release.series
    )


class QueueConfig(dg.Config):
    """How much is queued."""

    limit: int = Field(default=1000, ge=1, description="Most downloads queued in one run.")
    retry_now: list[int] = Field(default_factory=list, description="Failed downloads (ids) to retry now, due or not.")


@dg.asset(group_name="acquisition", kinds={"postgres"}, deps=[release_candidates], owners=["team:library"])
def download_queue(
    config: QueueConfig,
    database: dg.ResourceParam[Engine],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """One download for each gap that has an accepted release, and the due retries, each with the best release that is
    not blocked. A gap never has two active downloads: the database refuses a second. What waits for a gap that was
    closed otherwise, or that a person ignores, is given up."""
    now = clock.now()
    with database.begin() as connection:
        withdrawn = queue.withdraw_unwanted(connection, now)
        retried = queue.requeue_due(connection, now, ids=config.retry_now)
        postponed = queue.due_without_release(connection, now)
        for download_id, retries in postponed:
            attempts.postpone(connection, download_id, next_attempt(retries, now), now)
        queued = queue.queue_accepted(connection, now, limit=config.limit)
        sample = stages.sample(connection, statuses=("queued", "downloading"), limit=20)
        active = stages.count(connection, "queued", "downloading")
    return materialised(
        {
            "queued": queued,
            "retried": retried,
            "without_another_release": len(postponed),
            "withdrawn": withdrawn,
            "active": active,
        },
        sample=sample,
        table="downloads",
    )
