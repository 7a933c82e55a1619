"""What the answers of qBittorrent mean: the torrents that it lists, and our error for each of its library's.

Belongs here: an answer or an error of qbittorrent-api, told as ours. Does not belong here: asking (torrent_client.py),
which field means what (parsing/qbittorrent.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mam_assets.domain.books import TorrentState
from mam_assets.domain.budgets import QBITTORRENT
from mam_assets.parsing.qbittorrent import read_torrent
from mam_assets.resources.errors import BadAnswer, NotAuthorised, NotFound, Refused, ServiceDown, ServiceError
from mam_assets.resources.redaction import Redactor

if TYPE_CHECKING:
    import qbittorrentapi

CHECK_PASSWORD = "Put the right QBITTORRENT_USERNAME and QBITTORRENT_PASSWORD in the settings."
CHECK_ADDRESS = "See that qBittorrent runs, its Web UI is on, and QBITTORRENT_URL is its address."


def read_states(rows: Any, call: str) -> list[TorrentState]:
    """The torrents of a list; BadAnswer when one of them cannot be read."""
    if not isinstance(rows, list):
        raise unreadable(call)
    states = [read_torrent(row) if isinstance(row, Mapping) else None for row in rows]
    if None in states:
        # A torrent that is left out would look as if it had vanished.
        raise unreadable(call)
    return [state for state in states if state is not None]


def unreadable(call: str) -> BadAnswer:
    """The error for an answer that is not what was asked for."""
    return BadAnswer(QBITTORRENT, call, "its answer cannot be read", CHECK_ADDRESS)


def is_failed_login(error: qbittorrentapi.APIError) -> bool:
    """Whether qBittorrent counted a wrong password, or has banned us already."""
    import qbittorrentapi

    return isinstance(error, qbittorrentapi.LoginFailed | qbittorrentapi.Forbidden403Error)


def what_it_means(error: qbittorrentapi.APIError, call: str, redactor: Redactor) -> ServiceError:
    """The error of ours for one of qbittorrent-api. It quotes no more than 200 characters of the answer, redacted."""
    import qbittorrentapi as q

    says = redactor.clean(" ".join(str(error).split()))[:200].rstrip(".")
    status = getattr(getattr(error, "response", None), "status_code", None)
    match error:
        case q.LoginFailed():
            return NotAuthorised(QBITTORRENT, call, "wrong user or password", CHECK_PASSWORD)
        case q.Forbidden403Error():
            remedy = f"{CHECK_PASSWORD} A ban ends after an hour, or when qBittorrent is restarted."
            return NotAuthorised(QBITTORRENT, call, f"it refuses us: {says}", remedy, status=403)
        case q.Unauthorized401Error():
            remedy = "Its check of the host name may be in the way: see Web UI, Host header validation, and the port."
            return NotAuthorised(QBITTORRENT, call, "it refuses the request", remedy, status=401)
        case q.NotFound404Error():
            return NotFound(QBITTORRENT, call, f"not there: {says}", CHECK_ADDRESS, status=404)
        case q.HTTP5XXError():
            return ServiceDown(QBITTORRENT, call, f"it answered with an error: {says}", CHECK_ADDRESS, status=status)
        case q.HTTP4XXError():
            remedy = "Asking the same again changes nothing; the answer says why."
            return Refused(QBITTORRENT, call, f"it said no: {says}", remedy, status=status)
        case q.APIConnectionError():
            return ServiceDown(QBITTORRENT, call, says or "no connection", CHECK_ADDRESS, status=status)
        case _:
            return BadAnswer(QBITTORRENT, call, f"its answer cannot be read: {says}", CHECK_ADDRESS, status=status)
