"""The client of MyAnonamouse, and the Dagster resource that vends it.

Belongs here: which call of the documented JSON API answers which question, and the session cookie's rules. Does not
belong here: what a row means (parsing/mam.py), pace and session limits (the gate), whether to grab (domain). Nothing
here can spend a freeleech wedge, and no download hash is ever asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import dagster as dg

from mam_assets.domain.books import MamSearchPage, MamUser, Release
from mam_assets.domain.budgets import MAM, is_loopback
from mam_assets.domain.names import main_title, normalise_person
from mam_assets.parsing.languages import mam_language_ids
from mam_assets.parsing.mam import SESSION_REMEDY, parse_cookie_check, parse_search, parse_user, rotated_cookie
from mam_assets.resources.answers import read_json, what_html_means
from mam_assets.resources.cookies import RotatingCookie
from mam_assets.resources.errors import Blocked, NotAuthorised, Refused, ServiceError
from mam_assets.resources.exchange import Limits
from mam_assets.resources.reading import reading
from mam_assets.resources.services import ServiceKit
from mam_assets.settings import load_settings

if TYPE_CHECKING:
    import httpx

    from mam_assets.resources.http import Session

_SEARCH = "/tor/js/loadSearchJSONbasic.php"
_AUDIOBOOKS = 13
_MOST_ROWS = 100
_REMEDY = f"{SESSION_REMEDY}; a session works only from the IP or ASN that it was made for."


class Mam:
    """MAM's JSON API, through a client of http.py. `languages` are names; without any, all languages are searched."""

    def __init__(self, client: httpx.Client, *, languages: Sequence[str] = ()) -> None:
        self._client = client
        self._languages = mam_language_ids(tuple(languages))

    @classmethod
    def from_kit(cls, kit: ServiceKit, *, limits: Limits | None = None) -> Mam:
        """The client for the configured session."""
        configured = kit.settings.mam_id.get_secret_value() if kit.settings.mam_id else ""
        kept = RotatingCookie(kit.engine, MAM, "mam_id", configured, redactor=kit.redactor) if configured else None
        client = kit.client(MAM, limits=limits, judge=session_trouble, session=MamSession(kept))
        return cls(client, languages=kit.settings.languages)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def search_author(self, name: str, *, start: int = 0, perpage: int = _MOST_ROWS) -> MamSearchPage:
        """Audiobooks by an author, oldest upload first, so that pages do not shift while they are read."""
        return self._spelled(
            f"search author {name!r}",
            name,
            lambda words: self._tor(words, ["author"], start=start, sort="dateAsc"),
            start=start,
            perpage=perpage,
        )

    def search_title(self, title: str, author: str | None = None) -> MamSearchPage:
        """Audiobooks with the words of a main title, and of an author's surname where given; best seeded first."""
        surname = normalise_person(author).split()[-1:] if author else []
        text, places = " ".join([main_title(title), *surname]), ["title", "author"] if surname else ["title"]
        return self._spelled(
            f"search title {title!r}", text, lambda words: self._tor(words, places, sort="seedersDesc")
        )

    def search_isbn(self, isbn: str) -> MamSearchPage:
        """Audiobooks that carry an ISBN or ASIN in a text that MAM searches (it has no index of its own for them)."""
        places = ["title", "description", "tags", "filenames"]
        return self._spelled(f"search isbn {isbn!r}", isbn, lambda words: self._tor(words, places, sort="seedersDesc"))

    def top(self, categories: Sequence[int], *, since: datetime, until: datetime, perpage: int = 10) -> MamSearchPage:
        """The most snatched audiobooks of these categories among those uploaded from `since` to before `until`."""
        tor = self._tor("", None, sort="snatchedDesc", categories=categories, since=since, until=until)
        return self._search(f"top of categories {_listed(categories)}", tor, perpage=perpage)

    def uploads_since(self, since: datetime, start: int = 0) -> MamSearchPage:
        """Audiobooks of every category uploaded since a time, oldest first: what comes in meanwhile is appended.

        All categories, for MAM can't be asked for hundreds of authors at once: whose they are is seen in the answer.
        """
        tor = self._tor("", None, start=start, sort="dateAsc", since=since)
        return self._search(f"uploads since {since:%Y-%m-%d %H:%M}", tor, start=start)

    def torrent_by_id(self, torrent_id: str) -> Release | None:
        """One torrent with all that Prowlarr drops (narrator, series, abridged); None where MAM has none of that id."""
        tor: dict[str, Any] = {"id": int(_checked_id(torrent_id)), "searchType": "all", "searchIn": "torrents"}
        page = self._search(f"torrent {torrent_id}", tor, perpage=5)
        return next((release for release in page.releases if release.guid == torrent_id), None)

    def user(self) -> MamUser:
        """The account's ratio and unsatisfied slots. MAM caches it: ask before a grab, not in a loop."""
        response, answer = self._get("/jsonLoad.php", "account status", {"snatch_summary": ""})
        with reading(response, MAM, "account status"):
            return parse_user(answer)

    def check(self) -> str:
        """The name that the session belongs to. NotAuthorised when it is no good."""
        response, answer = self._get("/json/checkCookie.php", "check session", {})
        with reading(response, MAM, "check session"):
            return parse_cookie_check(answer)

    def download(self, torrent_id: str) -> bytes:
        """A .torrent file. It holds the account's passkey: never log it. NotFound when the torrent was removed.

        A page or nothing in its place looks the same whether the session is dead or this one torrent is broken, so the
        session is asked about: NotAuthorised where it is dead, Refused where only the torrent is to blame.
        """
        call = f"download torrent {torrent_id}"
        params = {"tid": _checked_id(torrent_id)}
        try:
            response = self._client.get("/tor/download.php", params=params, extensions={"call": call})
        except NotAuthorised as error:
            if error.status != HTTPStatus.OK:
                raise
        else:
            if response.content.startswith(b"d"):
                return response.content
        self.check()
        problem = "the answer is no .torrent file, although the session is good"
        raise Refused(MAM, call, problem, "Another release is tried.")

    def _spelled(
        self,
        call: str,
        text: str,
        tor: Callable[[str], dict[str, Any]],
        *,
        start: int = 0,
        perpage: int = _MOST_ROWS,
    ) -> MamSearchPage:
        """Search as written; where that finds nothing and an apostrophe stands in it, once more without ("Enders").

        A text without a single word can be found nowhere: MAM is not asked, for it would answer with everything.
        """
        words = _words(text)
        if not words.strip("' "):
            return MamSearchPage((), found=0, start=start, perpage=perpage, problems=(f"{text!r} holds no word",))
        page = self._search(call, tor(words), start=start, perpage=perpage)
        if page.releases or "'" not in words:
            return page
        return self._search(call, tor(words.replace("'", "")), start=start, perpage=perpage)

    def _tor(
        self,
        words: str,
        places: list[str] | None,
        *,
        sort: str,
        start: int = 0,
        categories: Sequence[int] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> dict[str, Any]:
        if categories is not None and not categories:
            raise ValueError("no categories: that would search all of them")
        tor: dict[str, Any] = {
            "text": words,
            "searchType": "all",
            "searchIn": "torrents",
            "main_cat": [_AUDIOBOOKS],
            "sortType": sort,
            "startNumber": start,
        }
        # MAM takes a key that is there as meant: an empty list breaks the search.
        optional = {
            "srchIn": places,
            "cat": list(categories or ()),
            "browse_lang": self._languages,
            "startDate": int(since.timestamp()) if since else None,
            "endDate": int(until.timestamp()) if until else None,
        }
        return tor | {key: value for key, value in optional.items() if value}

    def _search(self, call: str, tor: dict[str, Any], *, start: int = 0, perpage: int = _MOST_ROWS) -> MamSearchPage:
        perpage = min(max(perpage, 5), _MOST_ROWS)
        body = {"tor": tor, "perpage": perpage, "isbn": "true", "mediaInfo": "true"}
        response = self._client.post(_SEARCH, json=body, extensions={"call": call, "reads": True})
        answer = read_json(response, MAM, call)
        with reading(response, MAM, call):
            return parse_search(answer, start=start, perpage=perpage)

    def _get(self, path: str, call: str, params: dict[str, str]) -> tuple[httpx.Response, Any]:
        response = self._client.get(path, params=params, extensions={"call": call})
        return response, read_json(response, MAM, call)


class MamSession:
    """MAM's rules for its session cookie, around the `Session` that keeps the newest value.

    The cookie goes to myanonamouse.net over https, or to loopback; a deletion, and what comes with a refusal, is no new
    value. `kept` None means that no session is configured.
    """

    def __init__(self, kept: Session | None) -> None:
        self._kept = kept

    def sign(self, request: httpx.Request) -> None:
        """Put the newest value on the request. NotAuthorised where there is none, or where it must not be sent."""
        call = str(request.extensions.get("call") or request.url.path)
        if self._kept is None:
            raise NotAuthorised(MAM, call, "no session is configured", _REMEDY)
        if not may_receive_cookie(request.url):
            problem = f"{request.url.host} over {request.url.scheme} is not MAM"
            raise NotAuthorised(MAM, call, problem, "Set MAM_URL to https://www.myanonamouse.net.")
        self._kept.sign(request)

    def learn(self, response: httpx.Response) -> None:
        """Keep the value that the answer hands out, before anything else is done with the answer."""
        value = rotated_cookie(response.headers.get_list("set-cookie"))
        if value is not None and self._kept is not None and response.status_code not in {401, 403}:
            import httpx

            self._kept.learn(httpx.Response(response.status_code, headers=[("set-cookie", f"mam_id={value}")]))


def may_receive_cookie(url: httpx.URL) -> bool:
    """Whether the session cookie may be sent there."""
    host = url.host.lower()
    return is_loopback(host) or (
        url.scheme == "https" and (host == "myanonamouse.net" or host.endswith(".myanonamouse.net"))
    )


def session_trouble(response: httpx.Response) -> ServiceError | None:
    """A judge for http.py: the forms in which MAM says that the session is no good."""
    call = str(response.request.extensions.get("call") or response.request.url.path)
    status, body = response.status_code, response.content.lstrip()
    if status in {401, 403}:
        return NotAuthorised(MAM, call, f"it answered {status}", _REMEDY, status=status)
    if status != 200:
        return None
    if not body:
        return NotAuthorised(MAM, call, "an empty answer came", _REMEDY, status=status)
    if body.startswith(b"<"):
        meant = what_html_means(body, MAM, call, status)
        if isinstance(meant, Blocked):
            return meant
        return NotAuthorised(MAM, call, "a web page came instead of data", _REMEDY, status=status)
    if body[:200].lower().startswith(b"error, you are not signed in"):
        return NotAuthorised(MAM, call, "it says that we are not signed in", _REMEDY, status=status)
    return None


def _words(text: str) -> str:
    """Words, digits and apostrophes only: everything else is an operator of MAM's search engine."""
    return " ".join(re.sub(r"[^\w\s']|_", " ", re.sub(r"[’‘ʼ]", "'", text)).split())


def _listed(categories: Sequence[int]) -> str:
    return ", ".join(map(str, categories))


def _checked_id(torrent_id: str) -> str:
    if not re.fullmatch(r"[0-9]{1,18}", torrent_id):
        raise ValueError(f"{torrent_id!r} is no MAM torrent id")
    return torrent_id


class MamResource(dg.ConfigurableResource[Mam]):
    """Vends `Mam`. An address given here wins over the settings."""

    url: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> Mam:
        """Build the client; nothing is asked of MAM yet."""
        settings = load_settings(mam_url=self.url) if self.url else load_settings()
        return Mam.from_kit(ServiceKit.for_run(context, settings))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Mam]:
        """The client for one run, whose connections are closed after."""
        with closing(self.create_resource(context)) as client:
            yield client
