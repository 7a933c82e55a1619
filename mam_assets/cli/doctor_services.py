"""The doctor's look at the services: address, credential, version, rights, limits, clocks.

Belongs here: asking each service the few things that show whether we can work with it. Does not belong here: the
machine (doctor_machine.py). Every request passes the pace gate like any other; what the gate counts, the health that it
notes and MAM's rotated cookie are the only things written, in our own database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from mam_assets.cli.findings import Finding, fail, ok, warn
from mam_assets.domain.books import Library
from mam_assets.domain.budgets import AUDIOBOOKSHELF, GOODREADS, GOOGLE_BOOKS, MAM, PROWLARR, QBITTORRENT
from mam_assets.resources.errors import Blocked, RateLimited, ServiceError
from mam_assets.resources.http import Judge
from mam_assets.resources.services import ServiceKit
from mam_assets.store import report

OLDEST_AUDIOBOOKSHELF = (2, 26)
OLDEST_QBITTORRENT, NEWEST_QBITTORRENT = (4, 5), (5, 2)
MOST_SKEW = timedelta(seconds=60)
# "Pride and Prejudice": any ISBN will do that every catalogue knows.
_SOME_ISBN = "9780141439518"


@dataclass(frozen=True)
class ListeningKit(ServiceKit):
    """A kit whose clients note how far each service's clock is ahead of ours, from the Date of its answers."""

    ahead: dict[str, timedelta] = field(default_factory=dict)

    def client(self, service: str, *, judge: Judge | None = None, **more: Any) -> httpx.Client:
        """See `ServiceKit.client`."""

        def listen(response: httpx.Response) -> ServiceError | None:
            self._note(service, response.headers.get("date"))
            return judge(response) if judge else None

        return ServiceKit.client(self, service, judge=listen, **more)

    def _note(self, service: str, date: str | None) -> None:
        try:
            told = parsedate_to_datetime(date) if date else None
        except ValueError:
            return
        if told is not None:
            told = told if told.tzinfo else told.replace(tzinfo=UTC)
            self.ahead[service] = told - datetime.now(UTC)


@dataclass
class Seen:
    """What the services told that other checks need: the libraries, and where qBittorrent saves, as they see it."""

    libraries: list[Library] = field(default_factory=list)
    save_path: str | None = None


def services(kit: ListeningKit, seen: Seen, *, has_database: bool) -> Iterator[Finding]:
    """Every service in turn. One that cannot be asked is a finding, and the next is looked at."""
    checks: tuple[tuple[str, Callable[[ListeningKit, Seen], Iterator[Finding]]], ...] = (
        (AUDIOBOOKSHELF, audiobookshelf),
        (QBITTORRENT, qbittorrent),
        (PROWLARR, prowlarr),
        (GOOGLE_BOOKS, google_books),
        (GOODREADS, goodreads),
        (MAM, mam),
    )
    for name, check in checks:
        if name == MAM and kit.settings.mam_id is not None and not has_database:
            yield warn(
                MAM, "not asked: its cookie changes with each answer, and there is no database yet to keep it in"
            )
            continue
        try:
            yield from check(kit, seen)
        except (Blocked, RateLimited) as error:
            yield warn(name, _told(error))
        except ServiceError as error:
            yield fail(name, _told(error))


def _told(error: ServiceError) -> str:
    return f"{error.call}: {error.problem}. {error.remedy}"


def audiobookshelf(kit: ListeningKit, seen: Seen) -> Iterator[Finding]:
    """Reachable, a version that we know, the key's user and rights, and a library of books."""
    from mam_assets.resources.audiobookshelf import Audiobookshelf

    client = Audiobookshelf.from_kit(kit)
    try:
        status = client.status()
        if (number := _number(status.version)) and number < OLDEST_AUDIOBOOKSHELF:
            yield fail(AUDIOBOOKSHELF, f"version {status.version} is too old: 2.26 is the oldest that will do")
        else:
            yield ok(AUDIOBOOKSHELF, f"version {status.version} at {kit.settings.abs_url}")
        if kit.settings.abs_token is None:
            yield fail(AUDIOBOOKSHELF, "ABS_TOKEN is not set: make an API key under Settings, API Keys")
            return
        me = client.me()
        yield ok(AUDIOBOOKSHELF, f"the key is that of {me.username} ({me.kind})")
        if not me.may_update and kit.settings.metadata_write_back != "off":
            yield fail(AUDIOBOOKSHELF, f"{me.username} may not update: give the right, or set METADATA_WRITE_BACK=off")
        if not me.is_admin:
            yield warn(
                AUDIOBOOKSHELF, f"{me.username} is no admin and may not start scans: imports wait for its watcher"
            )
        seen.libraries = [library for library in client.libraries() if library.media_type == "book"]
        if seen.libraries:
            yield ok(AUDIOBOOKSHELF, "libraries of books: " + ", ".join(library.name for library in seen.libraries))
        else:
            yield fail(AUDIOBOOKSHELF, "the key's user sees no library of books: make one, or give the user access")
    finally:
        client.close()


def qbittorrent(kit: ListeningKit, seen: Seen) -> Iterator[Finding]:
    """Reachable, the login, a version that we know, and where it saves."""
    from mam_assets.resources.torrent_client import TorrentClient

    if kit.settings.qbittorrent_password is None:
        yield warn(QBITTORRENT, "QBITTORRENT_PASSWORD is not set: nothing is downloaded until it is")
        return
    client = TorrentClient.from_kit(kit)
    version = client.version()
    number = _number(version)
    words = f"version {version} at {kit.settings.qbittorrent_url}"
    if number and number < OLDEST_QBITTORRENT:
        yield fail(QBITTORRENT, f"{words} is too old: 4.5 is the oldest that will do")
    elif number and number > NEWEST_QBITTORRENT:
        yield warn(QBITTORRENT, f"{words} is newer than 5.2, the newest that this was made for")
    else:
        yield ok(QBITTORRENT, f"{words}; the login of {kit.settings.qbittorrent_username} is right")
    seen.save_path = kit.settings.qbittorrent_save_path or client.default_save_path()
    free = client.free_space() / 1024**3
    if free < kit.settings.min_free_gib:
        yield fail(
            QBITTORRENT,
            f"it has {free:.1f} GiB free, MIN_FREE_GIB wants {kit.settings.min_free_gib:g}: free some space",
        )


def prowlarr(kit: ListeningKit, seen: Seen) -> Iterator[Finding]:
    """Reachable, the key, the version, and indexers that can be asked."""
    from mam_assets.resources.prowlarr import Prowlarr

    if kit.settings.prowlarr_api_key is None:
        yield warn(PROWLARR, "PROWLARR_API_KEY is not set: only MAM is searched until it is")
        return
    client = Prowlarr.from_kit(kit)
    try:
        yield ok(PROWLARR, f"version {client.status()} at {kit.settings.prowlarr_url}")
        indexers = [indexer for indexer in client.indexers() if indexer.enabled]
    finally:
        client.close()
    if not indexers:
        yield warn(PROWLARR, "no indexer is enabled: add one under Indexers in Prowlarr")
        return
    resting = [i for i in indexers if i.disabled_till is not None and i.disabled_till > datetime.now(UTC)]
    for indexer in resting:
        yield warn(
            PROWLARR, f"{indexer.name} failed and is left alone until {indexer.disabled_till:%Y-%m-%d %H:%M} UTC"
        )
    if len(resting) < len(indexers):
        yield ok(PROWLARR, "indexers: " + ", ".join(i.name for i in indexers if i not in resting))


def google_books(kit: ListeningKit, seen: Seen) -> Iterator[Finding]:
    """The key works. Costs one request of the day's budget."""
    from mam_assets.resources.google_books import GoogleBooks

    if kit.settings.google_books_api_key is None:
        yield warn(GOOGLE_BOOKS, "GOOGLE_BOOKS_API_KEY is not set: Google refuses who asks without one")
        return
    client = GoogleBooks.from_kit(kit)
    try:
        client.by_isbn(_SOME_ISBN)
    finally:
        client.close()
    yield ok(GOOGLE_BOOKS, "the key is right")


def goodreads(kit: ListeningKit, seen: Seen) -> Iterator[Finding]:
    """Its robots.txt can be read, and allows what we ask. A block is a warning: other sources are asked."""
    from mam_assets.resources.goodreads import Robots, block_judge

    if not kit.settings.goodreads_enabled:
        yield ok(GOODREADS, "switched off by GOODREADS_ENABLED")
        return
    client = kit.client(GOODREADS, judge=block_judge)
    try:
        allowed = Robots().allows(client, f"{kit.settings.goodreads_url}/book/show/1", datetime.now(UTC).date())
    finally:
        client.close()
    if allowed:
        yield ok(GOODREADS, "its robots.txt lets us read book pages")
    else:
        yield warn(GOODREADS, "its robots.txt does not let us read book pages: other sources are asked")


def mam(kit: ListeningKit, seen: Seen) -> Iterator[Finding]:
    """The session, the ratio and the free slots, against our own limits for them."""
    from mam_assets.resources.mam import Mam

    settings = kit.settings
    if settings.mam_id is None:
        yield warn(MAM, "MAM_ID is not set: make a session under Preferences, Security; MAM is not searched until then")
        return
    client = Mam.from_kit(kit)
    try:
        user = client.user()
    finally:
        client.close()
    yield ok(MAM, f"the session is that of {user.username}" + (f" ({user.classname})" if user.classname else ""))
    if user.ratio is None:
        yield warn(MAM, "it does not tell the ratio: nothing is grabbed while it is not known")
    elif user.ratio < settings.mam_min_ratio:
        yield fail(MAM, f"ratio {user.ratio:g} is below MAM_MIN_RATIO {settings.mam_min_ratio:g}: nothing is grabbed")
    else:
        yield ok(MAM, f"ratio {user.ratio:g}")
    if user.unsatisfied_limit is None or user.unsatisfied_count is None:
        yield warn(MAM, "it does not tell the unsatisfied torrents: nothing is grabbed while they are not known")
        return
    free = user.unsatisfied_limit - user.unsatisfied_count
    words = f"{user.unsatisfied_count} of {user.unsatisfied_limit} unsatisfied torrents"
    if free <= settings.mam_slot_reserve:
        yield warn(
            MAM,
            f"{words}: MAM_SLOT_RESERVE keeps {settings.mam_slot_reserve}, nothing is grabbed until some are satisfied",
        )
    else:
        yield ok(MAM, words)


def clocks(kit: ListeningKit, *, database_ahead: timedelta | None) -> Iterator[Finding]:
    """Our clock against those of the services and of the database."""
    ahead = dict(kit.ahead)
    if database_ahead is not None:
        ahead["the database"] = database_ahead
    wrong = {name: by for name, by in ahead.items() if abs(by) > MOST_SKEW}
    for name, by in wrong.items():
        way = "ahead of" if by > timedelta() else "behind"
        yield warn(
            "clock", f"{name} is {abs(by.total_seconds()):.0f} s {way} us: let both machines set their clocks (NTP)"
        )
    if ahead and not wrong:
        yield ok("clock", "agrees with " + ", ".join(sorted(ahead)))


def states(kit: ListeningKit, now: datetime) -> Iterator[Finding]:
    """What is kept of each service: whether it is to be left alone, and the day's requests."""
    settings = kit.settings
    limits = {GOOGLE_BOOKS: settings.google_books_daily_limit, GOODREADS: settings.goodreads_daily_limit}
    with kit.engine.connect() as connection:
        kept = report.service_health(connection)
    for line in kept:
        if line.retry_at is not None and line.retry_at > now:
            until = f"{line.retry_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            yield warn(
                line.service, f"it is left alone until {until}" + (f": {line.last_error}" if line.last_error else "")
            )
        if line.service in limits:
            left = max(limits[line.service] - line.used_today, 0)
            words = f"{left} of {limits[line.service]} requests are left for today"
            yield ok(line.service, words) if left else warn(line.service, f"{words}; the rest waits for tomorrow")


def _number(version: str) -> tuple[int, int] | None:
    """Major and minor number of a version such as "v5.1.4" or "2.36.0"."""
    found = re.search(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None
