"""The MAM twin: a session cookie that changes with every answer, search, .torrent files, the account's standing.

Belongs here: the session, the account, which path answers, and what a client did that it must not do. Does not belong
here: what a search finds (mam_search), how a row looks (mam_rows).
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mam_assets.sandbox.twins.mam_rows import Rows, dl_hash
from mam_assets.sandbox.twins.mam_search import BadSearch, find, read_search
from mam_assets.sandbox.twins.serving import Request, Response, Twin, json_response, text_response
from mam_assets.sandbox.world.layout import LaidOutWorld
from mam_assets.sandbox.world.model import BuiltRelease

FIRST_MAM_ID = "demo%2Bfirst%3Dsession%3D%3D"
_HTML = "text/html; charset=utf-8"
_DOWNLOAD = "/tor/download.php"
_BROWSER_WORDS = ("mozilla", "chrome", "safari", "gecko", "webkit")


class MamTwin(Twin):
    """Offers the releases of a world that are on MAM.

    Public state for tests: ``violations`` (sentences), ``wedges_spent``, ``downloads`` (release ids in the order
    taken), ``current_mam_id``. ``state_path`` keeps the current cookie over a restart. ``latency_seconds`` makes
    requests at once easier to catch. ``dead_session`` is what a dead session looks like: forbidden, login_page, empty,
    not_signed_in or redirect. Sources differ on two things, so both can be had: ``count_fields`` name the number of
    rows found, and ``nothing_found`` is "error" or "empty_data". ``odd_rows`` are put before the rows of each page as
    they stand, and not counted: what a client makes of half an answer.

    Controls: ``account`` (ratio, unsatisfied, limit), ``session`` (mam_id: a new cookie made by the person;
    dead_session), ``remove`` (release_id: as if a moderator had deleted it; without one, every release), ``report``.
    Each answers with the report.
    """

    name = "mam"

    def __init__(
        self,
        laid_out: LaidOutWorld,
        *,
        mam_id: str = FIRST_MAM_ID,
        state_path: Path | None = None,
        latency_seconds: float = 0.0,
        ratio: float = 5.43,
        unsatisfied: int = 3,
        unsatisfied_limit: int = 150,
        count_fields: tuple[str, ...] = ("total", "found"),
        nothing_found: str = "error",
    ) -> None:
        self._now = laid_out.world.now
        self._offered = [built for built in laid_out.releases if built.release.on_mam]
        self._rows = Rows(laid_out.world)
        self._state_path = state_path
        self._latency = latency_seconds
        self._count_fields = count_fields
        self._nothing_found = nothing_found
        self._lock = threading.Lock()
        self._busy = 0
        self._rotations = 0
        self._removed: set[int] = set()
        self.current_mam_id = mam_id
        self.dead_session = "forbidden"
        self.ratio = ratio
        self.unsatisfied = unsatisfied
        self.unsatisfied_limit = unsatisfied_limit
        self.violations: list[str] = []
        self.wedges_spent = 0
        self.downloads: list[int] = []
        self.odd_rows: list[Any] = []
        if state_path is not None and state_path.exists():
            kept = json.loads(state_path.read_text())
            self.current_mam_id, self._rotations = kept["mam_id"], kept["rotations"]

    def control(self, verb: str, options: Mapping[str, Any]) -> Any:
        with self._lock:
            match verb:
                case "account":
                    self.ratio = float(options.get("ratio", self.ratio))
                    self.unsatisfied = int(options.get("unsatisfied", self.unsatisfied))
                    self.unsatisfied_limit = int(options.get("limit", self.unsatisfied_limit))
                case "session":
                    self.current_mam_id = str(options.get("mam_id", self.current_mam_id))
                    self.dead_session = str(options.get("dead_session", self.dead_session))
                case "remove":
                    every = [built.release.release_id for built in self._offered]
                    self._removed |= {int(options["release_id"])} if "release_id" in options else set(every)
                case "report":
                    pass
                case _:
                    raise KeyError(verb)
            return {
                "violations": self.violations,
                "wedges_spent": self.wedges_spent,
                "downloads": self.downloads,
                "rotations": self._rotations,
            }

    def expire_session(self) -> None:
        with self._lock:
            self._rotations += 1
            self.current_mam_id = _next_cookie(f"expired {self._rotations}")
            self._keep()

    def login_page(self) -> Response:
        return text_response("<!DOCTYPE html><html><head><title>MAM :: Login</title></head><body/></html>", 200, _HTML)

    def answer(self, request: Request) -> Response:
        with self._lock:
            self._busy += 1
            if self._busy > 1:
                self.violations.append(f"{self._busy} requests at once ({request.path})")
            agent = request.headers.get("user-agent", "").lower()
            if any(word in agent for word in _BROWSER_WORDS):
                self.violations.append("a User-Agent that imitates a browser")
        try:
            if self._latency:
                time.sleep(self._latency)
            return self._answer(request)
        finally:
            with self._lock:
                self._busy -= 1

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path.startswith(f"{_DOWNLOAD}/"):
            return self._download_by_hash(path.rpartition("/")[2], request)
        if path == "/json/jsonIp.php":
            return json_response({"ip": "127.0.0.1", "ASN": 64496, "AS": "Demo Net"})
        with self._lock:
            if request.cookies().get("mam_id") != self.current_mam_id:
                return self._refused()
            fresh = self._rotate()
        answer = self._signed_in(request)
        cookie = f"mam_id={fresh}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
        return Response(answer.status, answer.body, answer.content_type, (*answer.headers, ("Set-Cookie", cookie)))

    # --- session ------------------------------------------------------------------------------------------------

    def _rotate(self) -> str:
        self._rotations += 1
        self.current_mam_id = _next_cookie(f"rotation {self._rotations}")
        self._keep()
        return self.current_mam_id

    def _keep(self) -> None:
        if self._state_path is not None:
            self._state_path.parent.mkdir(parents=True, exist_ok=True)
            part = self._state_path.with_suffix(".part")
            part.write_text(json.dumps({"mam_id": self.current_mam_id, "rotations": self._rotations}))
            part.replace(self._state_path)

    def _refused(self) -> Response:
        """A dead session. The cookie that it sends is one that must not be stored."""
        deletion = (("Set-Cookie", "mam_id=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; Path=/"),)
        match self.dead_session:
            case "login_page":
                page = self.login_page()
                return Response(page.status, page.body, page.content_type, deletion)
            case "empty":
                return Response(200, b"", _HTML, deletion)
            case "redirect":
                return Response(302, b"", _HTML, (*deletion, ("Location", "/login.php")))
            case "not_signed_in":
                return Response(200, b"Error, you are not signed in", _HTML, deletion)
        return Response(403, b"<html><body>Forbidden</body></html>", _HTML, deletion)

    # --- what a session may ask ---------------------------------------------------------------------------------

    def _signed_in(self, request: Request) -> Response:
        path = request.path
        if path == "/json/checkCookie.php":
            return json_response({"Success": "You are logged in as: demo"})
        if path == "/tor/js/loadSearchJSONbasic.php":
            return self._search(request)
        if path == "/jsonLoad.php":
            return self._account(request)
        if path == "/json/dynamicSeedbox.php":
            return json_response(
                {"Success": True, "msg": "No change", "ip": "127.0.0.1", "ASN": 64496, "AS": "Demo Net"}
            )
        if path.startswith("/json/bonusBuy.php"):
            return self._spend_wedge()
        if path == _DOWNLOAD:
            number = request.first("tid") or ""
            self._watch_wedges(request)
            return self._torrent(next((b for b in self._offered if str(b.release.mam_id) == number), None))
        with self._lock:
            self.violations.append(f"a page outside the documented API was read ({path})")
        return text_response("<!DOCTYPE html><html><body>MAM</body></html>", 404, _HTML)

    def _search(self, request: Request) -> Response:
        try:
            search = read_search(request)
        except BadSearch as error:
            return json_response({"error": str(error)})
        found = find(search, [built for built in self._offered if built.release.release_id not in self._removed])
        shown = found[search.start : search.start + search.per_page]
        if not shown and self._nothing_found == "error":
            return json_response({"error": f"Nothing returned, out of {len(found)}"})
        rows = [*self.odd_rows, *(self._rows.row(built, search.flags) for built in shown)]
        counts = dict.fromkeys(self._count_fields, len(found))
        return json_response({"perpage": search.per_page, "start": search.start, **counts, "data": rows})

    def _account(self, request: Request) -> Response:
        asked = {name for name, _ in request.query}
        downloaded = 1_038_415_822_848.0
        facts: dict[str, Any] = {
            "username": "demo",
            "uid": 12345,
            "classname": "VIP",
            "ratio": self.ratio,
            "uploaded": "5.125 TiB",
            "downloaded": "967.1 GiB",
            "uploaded_bytes": downloaded * self.ratio,
            "downloaded_bytes": downloaded,
            "seedbonus": 99999,
            "wedges": 12,
            "vip_until": "2099-12-01 00:00:00",
            "connectable": "yes",
            "country_code": "de",
            "country_name": "Germany",
            "created": 1700000000,
            "update": int(self._now.timestamp()),
            "partial": False,
            "recently_deleted": 0,
        }
        if "snatch_summary" in asked:
            with self._lock:
                count = self.unsatisfied + len(set(self.downloads))
            red = count >= self.unsatisfied_limit
            facts |= {
                "unsat": {
                    "name": "Unsatisfied",
                    "count": count,
                    "red": red,
                    "limit": self.unsatisfied_limit,
                    "size": 123456,
                },
                "leeching": {"name": "Leeching", "count": 0, "red": False, "size": None},
                "sSat": {"count": 40},
                "seedUnsat": {"count": count},
                "seedHnr": {"count": 0},
                "inactHnr": {"count": 0},
                "inactUnsat": {"count": 0},
                "inactSat": {"count": 5},
                "upAct": {"count": 1},
                "upInact": {"count": 0},
                "duplicates": {"count": 0, "red": False},
                "reseed": {"count": 0, "inactive": 0, "red": False},
            }
        if "notif" in asked:
            facts["notifs"] = {"pms": 0, "tickets": 0, "requests": 0, "topics": 0, "unseededUploads": 0}
        return json_response(facts)

    # --- .torrent files and wedges ------------------------------------------------------------------------------

    def _download_by_hash(self, secret: str, request: Request) -> Response:
        self._watch_wedges(request)
        return self._torrent(next((b for b in self._offered if dl_hash(b.release) == secret), None))

    def _torrent(self, built: BuiltRelease | None) -> Response:
        if built is None or built.release.release_id in self._removed:
            return text_response("<html><body>Torrent not found</body></html>", 404, _HTML)
        with self._lock:
            taken = {*self.downloads, built.release.release_id}
            if self.unsatisfied + len(taken) > self.unsatisfied_limit:
                self.violations.append("a grab beyond the limit of unsatisfied torrents")
            self.downloads.append(built.release.release_id)
        if not built.torrent.startswith(b"d"):
            return Response(200, built.torrent, _HTML)
        name = quote(f"[M] {built.release.title}.torrent")
        headers = (("Content-Disposition", f"attachment; filename*=UTF-8''{name}"),)
        return Response(200, built.torrent, "application/x-bittorrent", headers)

    def _watch_wedges(self, request: Request) -> None:
        if request.first("fl") is not None:
            self._spend_wedge()

    def _spend_wedge(self) -> Response:
        with self._lock:
            self.wedges_spent += 1
            self.violations.append("a freeleech wedge was spent")
        return json_response({"success": True, "type": "personalFL", "amount": 1, "seedbonus": 99999.0})


def _next_cookie(seed: str) -> str:
    """As long and as full of escapes as a true one, and the same for the same ``seed``."""
    digest = hashlib.sha512(seed.encode()).hexdigest()
    return f"{digest[:60]}%2B{digest[60:110]}%3D%3D"
