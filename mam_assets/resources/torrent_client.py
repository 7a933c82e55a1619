"""The client of qBittorrent (4.5 to 5.2), and the Dagster resource that vends it.

Belongs here: asking and telling qBittorrent. Does not belong here: which of our errors an answer means
(torrent_answers.py), how soon a log-in is tried again (torrent_logins.py), what a state means for a download
(domain/lifecycle.py).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import dagster as dg

from mam_assets.domain.books import TorrentState
from mam_assets.domain.budgets import QBITTORRENT
from mam_assets.parsing.json_values import mapping, path_text, sequence, text, whole
from mam_assets.parsing.qbittorrent import read_torrent
from mam_assets.parsing.torrents import magnet_hash, read_metainfo
from mam_assets.resources.errors import BadAnswer, NotAuthorised, Refused, ServiceError
from mam_assets.resources.exchange import Limits, user_agent
from mam_assets.resources.gate import Gate, Sleep
from mam_assets.resources.redaction import Redactor, quiet_request_logs
from mam_assets.resources.services import ServiceKit
from mam_assets.resources.torrent_answers import (
    CHECK_PASSWORD,
    is_failed_login,
    read_states,
    unreadable,
    what_it_means,
)
from mam_assets.resources.torrent_logins import failed_logins
from mam_assets.settings import load_settings

if TYPE_CHECKING:
    import qbittorrentapi


class AddOutcome(StrEnum):
    """What came of adding a torrent."""

    added = "added"
    already_there = "already_there"


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last call of `deltas`. ``full`` says that ``torrents`` are all there are. ``removed`` are
    hashes. ``free_bytes`` is None while qBittorrent has not told it."""

    torrents: tuple[TorrentState, ...]
    removed: tuple[str, ...]
    full: bool
    free_bytes: int | None


class TorrentClient:
    """qBittorrent through qbittorrent-api, which logs in by itself and again when the session ends. Errors: errors.py.

    Torrents outside ``category`` are never removed.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        category: str,
        gate: Gate,
        redactor: Redactor,
        limits: Limits | None = None,
        sleep: Sleep = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._username = username
        self._password = password
        self._category = category
        self._gate = gate
        self._redactor = redactor
        self._limits = limits or Limits()
        self._sleep = sleep
        self._monotonic = monotonic
        self._api: qbittorrentapi.Client | None = None
        self._rid = 0
        self._rows: dict[str, dict[str, Any]] = {}
        self._free_bytes: int | None = None
        self._login_key = hashlib.sha256(f"{url}\n{username}\n{password}".encode()).hexdigest()

    @classmethod
    def from_kit(cls, kit: ServiceKit, *, limits: Limits | None = None) -> TorrentClient:
        """The client for the configured server."""
        settings = kit.settings
        password = settings.qbittorrent_password
        return cls(
            settings.qbittorrent_url,
            settings.qbittorrent_username,
            password.get_secret_value() if password else "",
            category=settings.qbittorrent_category,
            gate=kit.gate,
            redactor=kit.redactor,
            limits=limits,
        )

    def version(self) -> str:
        """Such as "v5.1.4"."""
        with self._call("version") as api:
            found = text(api.app_version())
            if not found or not found.lstrip("v")[:1].isdigit():
                raise unreadable("version")
            return found

    def torrents(self, category: str | None = None) -> list[TorrentState]:
        """All torrents of a category; of ours when none is named."""
        wanted = self._category if category is None else category
        with self._call("list torrents") as api:
            return read_states(api.torrents_info(category=wanted), "list torrents")

    def torrent(self, info_hash: str) -> TorrentState | None:
        """The torrent of this v1 info-hash, whatever its category; None when the client has no such torrent."""
        wanted, call = info_hash.lower(), f"torrent {info_hash}"
        with self._call(call) as api:
            found = read_states(api.torrents_info(torrent_hashes=wanted), call)
            if not found:
                # A hybrid torrent goes by its cut v2 hash here, and is found by its v1 hash only.
                found = read_states(api.torrents_info(), call)
        return next((state for state in found if wanted in {state.info_hash, state.infohash_v1}), None)

    def add(
        self,
        torrent: bytes,
        *,
        category: str | None = None,
        tags: Sequence[str] = (),
        save_path: str | None = None,
        paused: bool = False,
    ) -> AddOutcome:
        """Add a .torrent file, and return only when qBittorrent lists it. Adding twice adds once.

        Raises BadTorrent (nothing was sent), Refused (qBittorrent will not have it, or this is a dry run), BadAnswer
        (it said yes but does not list it). After a ServiceDown it is not known: ask `torrent`.
        """
        info_hash = read_metainfo(torrent).info_hash
        what = {"torrent_files": {f"{info_hash}.torrent": torrent}}
        return self._add(what, info_hash, category or self._category, tags, save_path, paused)

    def add_magnet(
        self,
        uri: str,
        *,
        category: str | None = None,
        tags: Sequence[str] = (),
        save_path: str | None = None,
    ) -> AddOutcome:
        """As `add`, of a magnet link: its files are not known until its peers have told them, see `files`."""
        return self._add({"urls": uri}, magnet_hash(uri), category or self._category, tags, save_path, False)

    def files(self, info_hash: str) -> tuple[tuple[str, int], ...]:
        """The files of a torrent as (relative path, bytes); none while a magnet's metadata is not here yet. NotFound
        when there is no such torrent."""
        call = f"files of torrent {info_hash}"
        with self._call(call) as api:
            rows = api.torrents_files(torrent_hash=info_hash.lower())
            if not isinstance(rows, list):
                raise unreadable(call)
            found = [(path_text(row.get("name")), whole(row.get("size"))) for row in map(mapping, rows)]
            if any(name is None or size is None for name, size in found):
                raise unreadable(call)
        return tuple((name or "", size or 0) for name, size in found)

    def _add(
        self,
        what: dict[str, Any],
        info_hash: str,
        category: str,
        tags: Sequence[str],
        save_path: str | None,
        paused: bool,
    ) -> AddOutcome:
        call = f"add torrent {info_hash}"
        self._may_write(call)
        if self.torrent(info_hash) is not None:
            return AddOutcome.already_there
        accepted = self._send(what, call, category, tags, save_path, paused)
        for pause in (0.1, 0.2, 0.4, 0.8, 1.5, 3.0):
            if self.torrent(info_hash) is not None:
                return AddOutcome.added if accepted else AddOutcome.already_there
            self._sleep(pause)
        if accepted:
            raise BadAnswer(QBITTORRENT, call, "it took the torrent but does not list it", "Look at qBittorrent's log.")
        raise Refused(
            QBITTORRENT, call, "it will not have this torrent", "Look at qBittorrent's log; take another release."
        )

    def _send(
        self,
        what: dict[str, Any],
        call: str,
        category: str,
        tags: Sequence[str],
        save_path: str | None,
        paused: bool,
    ) -> bool:
        import qbittorrentapi

        with self._call(call) as api:
            try:
                answer = api.torrents_add(
                    **what,
                    category=category,
                    tags=list(tags),
                    save_path=save_path,
                    is_paused=paused,
                    content_layout="Original",
                    # With automatic management on, qBittorrent would ignore the save path.
                    use_auto_torrent_management=False if save_path else None,
                )
            except qbittorrentapi.Conflict409Error:
                return False
        if isinstance(answer, str):
            return answer.strip() == "Ok."
        return bool(whole(answer.get("success_count")) or whole(answer.get("pending_count")))

    def deltas(self) -> Changes:
        """What changed since the last call of this object; everything at first, or after the session was renewed."""
        with self._call("changes") as api:
            answer = mapping(api.sync_maindata(rid=self._rid))
            if whole(answer.get("rid")) is None:
                raise unreadable("changes")
        rows = {key: mapping(row) for key, row in mapping(answer.get("torrents")).items()}
        full = bool(answer.get("full_update"))
        if full:
            removed = [key for key in self._rows if key not in rows]
            self._rows = {key: dict(row) for key, row in rows.items()}
        else:
            removed = [key for key in map(text, sequence(answer.get("torrents_removed"))) if key is not None]
            for key, row in rows.items():
                self._rows.setdefault(key, {}).update(row)
            for key in removed:
                self._rows.pop(key, None)
        self._rid = whole(answer.get("rid")) or 0
        free = whole(mapping(answer.get("server_state")).get("free_space_on_disk"))
        self._free_bytes = self._free_bytes if free is None else free
        if self._free_bytes is not None and self._free_bytes < 0:
            self._free_bytes = None
        changed = (read_torrent(self._rows[key], key) for key in rows)
        return Changes(tuple(filter(None, changed)), tuple(removed), full, self._free_bytes)

    def remove(self, info_hash: str, *, delete_files: bool) -> bool:
        """Remove a torrent of our category; False when there is none. Refused for any other category."""
        call = f"remove torrent {info_hash}"
        self._may_write(call)
        state = self.torrent(info_hash)
        if state is None:
            return False
        if state.category != self._category:
            problem = f"it is in the category {state.category!r}, not in {self._category!r}"
            raise Refused(
                QBITTORRENT, call, problem, "Only our own torrents are removed; remove it by hand if you must."
            )
        with self._call(call) as api:
            api.torrents_delete(delete_files=delete_files, torrent_hashes=state.info_hash)
        return True

    def free_space(self) -> int:
        """Free bytes on the disk of the default save path. Refused while qBittorrent does not know: it says -1 as long
        as that folder does not exist (seen with 4.5.2), and "unknown" must not be taken for "none" or "plenty"."""
        free = self._free_space_told()
        for pause in (0.1, 0.2, 0.4, 0.8):
            if free > 0:
                break
            # A new session of 4.5.2 tells 0 until it has looked at the disk, which takes a moment on a busy machine.
            self._sleep(pause)
            free = self._free_space_told()
        if free < 0:
            problem = "it does not know how much space is free"
            remedy = "Make the folder of its default save path, or name another there; it looks again within a minute."
            raise Refused(QBITTORRENT, "free space", problem, remedy)
        return free

    def _free_space_told(self) -> int:
        with self._call("free space") as api:
            answer = mapping(api.sync_maindata(rid=0))
            free = whole(mapping(answer.get("server_state")).get("free_space_on_disk"))
            if free is None:
                raise unreadable("free space")
            return free

    def default_save_path(self) -> str:
        """Where qBittorrent saves when nothing else is said, as it sees it."""
        with self._call("default save path") as api:
            found = path_text(api.app_default_save_path())
            if not found or found.lstrip().startswith("<"):
                raise unreadable("default save path")
            return found

    def ensure_category(self, save_path: str | None = None) -> None:
        """Make our category, if it is not there yet. An existing one keeps its save path."""
        import qbittorrentapi

        call = f"category {self._category}"
        with self._call(call) as api:
            if self._category in api.torrents_categories():
                return
        self._may_write(call)
        with self._call(call) as api:
            try:
                api.torrents_create_category(name=self._category, save_path=save_path)
            except qbittorrentapi.Conflict409Error:
                if self._category not in api.torrents_categories():
                    raise

    def _may_write(self, call: str) -> None:
        if not self._gate.writes_allowed(QBITTORRENT):
            raise Refused(QBITTORRENT, call, "this is a dry run", "Unset MAM_DRY_RUN to let changes be written.")

    @contextmanager
    def _call(self, call: str) -> Iterator[qbittorrentapi.Client]:
        import qbittorrentapi

        wait = failed_logins.wait(self._login_key, self._monotonic())
        if wait:
            problem = f"the login failed before; it is not tried again for {wait:.0f} s, or qBittorrent would ban us"
            raise NotAuthorised(QBITTORRENT, call, problem, CHECK_PASSWORD)
        with self._gate.turn(QBITTORRENT, call):
            try:
                yield self._connected()
            except ServiceError as error:
                self._gate.failed(QBITTORRENT, error)
                raise
            except qbittorrentapi.APIError as error:
                if is_failed_login(error):
                    failed_logins.note(self._login_key, self._monotonic())
                mapped = what_it_means(error, call, self._redactor)
                self._gate.failed(QBITTORRENT, mapped)
                # The library's error holds the whole answer; it is left out of the chain.
                raise mapped from None
        failed_logins.forget(self._login_key)
        self._gate.succeeded(QBITTORRENT)

    def _connected(self) -> qbittorrentapi.Client:
        if self._api is None:
            import qbittorrentapi

            quiet_request_logs()
            self._api = qbittorrentapi.Client(
                host=self._url,
                username=self._username,
                password=self._password,
                EXTRA_HEADERS={"User-Agent": user_agent()},
                # A proxy found by chance in the environment must not see the password.
                REQUESTS_ARGS={
                    "timeout": (self._limits.connect_seconds, self._limits.read_seconds),
                    "proxies": {"http": None, "https": None, "all": None},
                },
                FORCE_SCHEME_FROM_HOST=True,
                SIMPLE_RESPONSES=True,
                DISABLE_LOGGING_DEBUG_OUTPUT=True,
            )
        return self._api


class TorrentClientResource(dg.ConfigurableResource[TorrentClient]):
    """Vends `TorrentClient`. An address and user given here win over the settings."""

    url: str | None = None
    username: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> TorrentClient:
        """Build the client; nothing is asked of the server yet."""
        given = {"qbittorrent_url": self.url, "qbittorrent_username": self.username}
        settings = load_settings(**{name: value for name, value in given.items() if value})
        return TorrentClient.from_kit(ServiceKit.for_run(context, settings))
