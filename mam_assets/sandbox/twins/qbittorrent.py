"""The twin of qBittorrent's Web API, as three versions speak it: 4.6.7, 5.1.4 and 5.2.3.

Here: routes, what differs by version. Not here: log-in, sessions and bans (qbittorrent_sessions.py), a torrent's life
(qbittorrent_torrents.py), its JSON (qbittorrent_shapes.py). Played from services.md section 2, for what
qbittorrent-api really sends.

It can be told, by ``control``:

    force       {"hash": "...", "state": "error"}        error, missingFiles, moving; null lets it go on
    remove      {"hash": "...", "delete_files": true}    as a person does it in the window
    finish      {"hash": "..."}                          the rest arrives at once
    pace        {"download_seconds": 1}                  how long a download takes from now on
    free_space  {"bytes": 1000}                          what the disk claims to have left; null for the truth
    touched     {}                                       which foreign torrents a client has changed: must stay empty
"""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from mam_assets.sandbox.twins import qbittorrent_application as application
from mam_assets.sandbox.twins import qbittorrent_shapes as shapes
from mam_assets.sandbox.twins.bencode import read_torrent
from mam_assets.sandbox.twins.qbittorrent_sessions import Session, Sessions
from mam_assets.sandbox.twins.qbittorrent_sync import delta
from mam_assets.sandbox.twins.qbittorrent_torrents import FORCED, Content, Torrent, Torrents
from mam_assets.sandbox.twins.qbittorrent_versions import PROFILES
from mam_assets.sandbox.twins.serving import Form, Request, Response, Twin, text_response

_DONE = Response(200, b"", None)
_POST_ONLY = {
    *("auth/login", "auth/logout", "torrents/add", "torrents/delete", "torrents/recheck", "torrents/reannounce"),
    *("torrents/start", "torrents/stop", "torrents/resume", "torrents/pause", "torrents/setCategory"),
    *("torrents/createCategory", "torrents/addTags", "torrents/removeTags", "torrents/createTags"),
}


class _Answered(Exception):
    """An answer that ends the handling of a call early."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.response = text_response(text, status)


class QBittorrentTwin(Twin):
    """``contents`` says what the peers have, by info-hash. ``clock`` gives seconds since the epoch."""

    name = "qbittorrent"

    def __init__(
        self,
        contents: Mapping[str, Content],
        save_root: Path,
        *,
        version: str = "5.1.4",
        username: str = "admin",
        password: str = "sandbox-password",
        api_key: str | None = None,
        state_path: Path | None = None,
        clock: Callable[[], float] = time.time,
        download_seconds: float = 2.0,
        check_seconds: float = 0.2,
    ) -> None:
        self.profile = PROFILES[version]
        self.torrents = Torrents(
            contents,
            save_root,
            clock,
            state_path=state_path,
            download_seconds=download_seconds,
            check_seconds=check_seconds,
        )
        self.touched_foreign: list[str] = []
        self.free_space: int | None = None
        self._save_root = save_root
        self.sessions = Sessions(self.profile, (username, password), api_key, clock)
        self._lock = threading.RLock()
        self._calls: dict[str, Callable[[Form, Session], Response]] = {
            "app/version": lambda form, session: text_response(f"v{self.profile.version}"),
            "app/webapiVersion": lambda form, session: text_response(self.profile.api),
            "app/buildInfo": self._build_info,
            "app/preferences": self._preferences,
            "app/defaultSavePath": lambda form, session: text_response(str(self._save_root)),
            "transfer/info": self._transfer,
            "sync/maindata": self._maindata,
            "torrents/add": lambda form, session: self._add(form),
            "torrents/info": self._info,
            "torrents/count": lambda form, session: text_response(str(len(self.torrents.rows))),
            "torrents/properties": lambda form, session: self._one(form, self._properties_of),
            "torrents/files": lambda form, session: self._one(form, self._files_of),
            "torrents/trackers": lambda form, session: self._one(form, shapes.trackers),
            "torrents/delete": self._delete,
            "torrents/recheck": lambda form, session: self._each(form, self.torrents.recheck),
            "torrents/reannounce": lambda form, session: self._each(form, lambda torrent: None),
            "torrents/setCategory": self._set_category,
            "torrents/createCategory": self._create_category,
            "torrents/categories": self._categories,
            "torrents/tags": lambda form, session: _json(sorted(self.torrents.tags)),
            "torrents/addTags": lambda form, session: self._tag(form, add=True),
            "torrents/removeTags": lambda form, session: self._tag(form, add=False),
            "torrents/createTags": self._create_tags,
        }
        start, stop = ("start", "stop") if self.profile.major >= 5 else ("resume", "pause")
        self._calls[f"torrents/{start}"] = lambda form, session: self._each(form, self.torrents.start)
        self._calls[f"torrents/{stop}"] = lambda form, session: self._each(form, self.torrents.stop)

    # --- the twin -----------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        if not request.path.startswith("/api/v2/"):
            return text_response("<html>qBittorrent WebUI</html>", content_type="text/html; charset=utf-8")
        call = request.path.removeprefix("/api/v2/")
        with self._lock:
            if call == "auth/login" and request.method == "POST":
                return self.sessions.log_in(request)
            session = self.sessions.of(request)
            if session is None:
                return text_response("Forbidden", 403)
            if call == "auth/logout" and request.method == "POST":
                self.sessions.end(session)
                return _DONE
            if call not in self._calls:
                return text_response("Endpoint does not exist" if self.profile.since_5_2 else "Not Found", 404)
            if call in _POST_ONLY and request.method != "POST":
                return text_response("Method Not Allowed", 405)
            # A GET is read from its query alone, a POST from its body alone, as the real one does.
            form = request.form() if request.method == "POST" else Form(request.query)
            self.torrents.advance()
            try:
                return self._calls[call](form, session)
            except _Answered as early:
                return early.response

    def expire_session(self) -> None:
        with self._lock:
            self.sessions.end_all()

    def control(self, verb: str, options: Mapping[str, Any]) -> Any:
        with self._lock:
            self.torrents.advance()
            match verb:
                case "force":
                    if options["state"] not in (*FORCED, None):
                        raise ValueError(f"no such state: {options['state']}")
                    self.torrents.force(self.torrents.rows[options["hash"]], options["state"])
                case "remove":
                    torrent = self.torrents.rows[options["hash"]]
                    self.torrents.remove(torrent, bool(options.get("delete_files", False)))
                case "finish":
                    self.torrents.finish(self.torrents.rows[options["hash"]])
                case "pace":
                    self.torrents.download_seconds = float(options["download_seconds"])
                case "free_space":
                    self.free_space = options["bytes"]
                case "touched":
                    return {"touched": self.touched_foreign}
                case _:
                    raise KeyError(verb)
        return {"done": verb}

    # --- the application ----------------------------------------------------------------------------------------

    def _build_info(self, form: Form, session: Session) -> Response:
        return _json(application.build_info(self.profile))

    def _preferences(self, form: Form, session: Session) -> Response:
        return _json({**application.preferences(str(self._save_root)), **self.sessions.preferences()})

    def _server_state(self) -> dict[str, Any]:
        free = self.free_space
        if free is None:
            self._save_root.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._save_root).free
        return application.server_state([self._row(torrent) for torrent in self.torrents.rows.values()], free)

    def _transfer(self, form: Form, session: Session) -> Response:
        names = ("dl_info_speed", "dl_info_data", "dl_rate_limit", "up_info_speed", "up_info_data", "up_rate_limit")
        state = self._server_state()
        return _json({name: state[name] for name in (*names, "dht_nodes", "connection_status")})

    # --- reading torrents ---------------------------------------------------------------------------------------

    def _row(self, torrent: Torrent) -> dict[str, Any]:
        return shapes.row(self.torrents, torrent, self.profile.major, self.profile.minor)

    def _info(self, form: Form, session: Session) -> Response:
        rows = [self._row(torrent) for torrent in self.torrents.rows.values()]
        try:
            return _json(shapes.selected(rows, form))
        except KeyError:
            raise _Answered(400, "'sort' parameter is invalid") from None

    def _one(self, form: Form, answer: Callable[[Torrent], Any]) -> Response:
        wanted = self._required(form, "hash").lower()
        if wanted not in self.torrents.rows:
            raise _Answered(404, "Not Found")
        return _json(answer(self.torrents.rows[wanted]))

    def _properties_of(self, torrent: Torrent) -> dict[str, Any]:
        return shapes.properties(self.torrents, torrent, self.profile.major, self.profile.minor)

    def _files_of(self, torrent: Torrent) -> list[dict[str, Any]]:
        return shapes.files(self.torrents, torrent)

    def _maindata(self, form: Form, session: Session) -> Response:
        groups: dict[str, Any] = {
            "torrents": {row.pop("hash"): row for row in map(self._row, self.torrents.rows.values())},
            "categories": self._category_map(),
            "tags": sorted(self.torrents.tags),
            "trackers": self._tracker_map(),
            "server_state": self._server_state(),
        }
        wanted, last, before = form.first("rid") or "0", session.rid, session.known
        session.rid, session.known = last % 1_000_000 + 1, groups
        if wanted == "0" or wanted != str(last):
            return _json({"rid": session.rid, "full_update": True, **groups})
        return _json({"rid": session.rid, **delta(before, groups)})

    def _category_map(self) -> dict[str, Any]:
        return {name: {"name": name, "savePath": path} for name, path in self.torrents.categories.items()}

    def _tracker_map(self) -> dict[str, list[str]]:
        urls: dict[str, list[str]] = {}
        for torrent in self.torrents.rows.values():
            for url in torrent.trackers:
                urls.setdefault(url, []).append(torrent.hash)
        return urls

    # --- changing torrents --------------------------------------------------------------------------------------

    def _add(self, form: Form) -> Response:
        category = form.first("category") or ""
        if category.startswith("/") or category.endswith("/") or "//" in category or "\\" in category:
            category = ""
        stopped = _true(form.first("stopped" if self.profile.major >= 5 else "paused"))
        folder = "" if _true(form.first("autoTMM")) else form.first("savepath")
        options: dict[str, Any] = {
            "save_path": folder or self.torrents.categories.get(category) or str(self._save_root),
            "category": category,
            "tags": [tag.strip() for tag in (form.first("tags") or "").split(",") if tag.strip()],
            "stopped": stopped,
        }
        files = {
            part.filename: part.content for part in form.files
        }  # by name: two of one name are one, as they are there
        decoded = []
        for filename, content in files.items():
            try:
                decoded.append(read_torrent(content))
            except (ValueError, KeyError, TypeError):
                raise _Answered(415, f"Error: '{filename}' is not a valid torrent file.") from None
        tried: list[Torrent | None] = [self.torrents.add(file, **options) for file in decoded]
        pending = 0
        for url in filter(None, map(str.strip, (form.first("urls") or "").split("\n"))):
            if url.startswith(("http://", "https://")):
                pending += 1  # fetched later, and never found: nothing leaves this machine
            else:
                tried.append(self._add_magnet(url, options))
        added = [torrent.hash for torrent in tried if torrent is not None]
        return self._added(added, len(tried) - len(added), pending)

    def _add_magnet(self, url: str, options: Mapping[str, Any]) -> Torrent | None:
        magnet = parse_qs(url.partition("?")[2])
        found = re.fullmatch(r"(?:urn:btih:)?([0-9a-fA-F]{40})", magnet.get("xt", [url])[0])
        return self.torrents.add_magnet(found[1].lower(), magnet.get("dn", [""])[0], **options) if found else None

    def _added(self, added: list[str], failed: int, pending: int) -> Response:
        if not self.profile.since_5_2:
            return text_response("Ok." if added or pending else "Fails.")
        if not added and not pending:
            raise _Answered(409)
        counts = {"success_count": len(added), "failure_count": failed, "pending_count": pending}
        return _json({**counts, "added_torrent_ids": added}, 202 if pending else 200)

    def _required(self, form: Form, *names: str) -> str:
        """The first of the fields; 400 when one of them is missing."""
        if missing := [name for name in names if form.first(name) is None]:
            raise _Answered(400, f"Missing required parameters: {', '.join(missing)}" if self.profile.since_5_2 else "")
        return form.first(names[0]) or ""

    def _chosen(self, form: Form) -> list[Torrent]:
        """The torrents of ``hashes``; unknown ones are ignored. Notes each foreign one: nobody may change it."""
        wanted = self._required(form, "hashes").lower()
        hashes: Iterable[str] = list(self.torrents.rows) if wanted == "all" else wanted.split("|")
        chosen = [self.torrents.rows[one] for one in hashes if one in self.torrents.rows]
        self.touched_foreign.extend(torrent.hash for torrent in chosen if torrent.foreign)
        return chosen

    def _each(self, form: Form, change: Callable[[Torrent], object]) -> Response:
        for torrent in self._chosen(form):
            change(torrent)
        return _DONE

    def _delete(self, form: Form, session: Session) -> Response:
        self._required(form, "hashes", "deleteFiles")
        return self._each(form, lambda torrent: self.torrents.remove(torrent, _true(form.first("deleteFiles"))))

    def _set_category(self, form: Form, session: Session) -> Response:
        self._required(form, "hashes", "category")
        category = form.first("category") or ""
        if category and category not in self.torrents.categories:
            raise _Answered(409, "Incorrect category name")
        for torrent in self._chosen(form):
            torrent.category = category
        self.torrents.save()
        return _DONE

    def _create_category(self, form: Form, session: Session) -> Response:
        name = self._required(form, "category")
        if not name:
            raise _Answered(400, "Category name is empty" if self.profile.major >= 5 else "")
        if (
            name in self.torrents.categories
            or name.startswith("/")
            or name.endswith("/")
            or "//" in name
            or "\\" in name
        ):
            raise _Answered(409, "Unable to create category")
        self.torrents.categories[name] = form.first("savePath") or ""
        self.torrents.save()
        return _DONE

    def _categories(self, form: Form, session: Session) -> Response:
        return _json(self._category_map())

    def _tag(self, form: Form, add: bool) -> Response:
        self._required(form, "hashes", "tags")
        tags = [tag.strip() for tag in (form.first("tags") or "").split(",") if tag.strip()]
        for torrent in self._chosen(form):
            kept = [tag for tag in torrent.tags if tag not in tags]
            torrent.tags = [*kept, *tags] if add else kept
        if add:
            self.torrents.tags.update(tags)
        self.torrents.save()
        return _DONE

    def _create_tags(self, form: Form, session: Session) -> Response:
        self.torrents.tags.update(tag.strip() for tag in self._required(form, "tags").split(",") if tag.strip())
        self.torrents.save()
        return _DONE


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _true(value: str | None) -> bool:
    return (value or "").lower() in ("true", "1")
