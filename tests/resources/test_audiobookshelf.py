"""The client of Audiobookshelf, against its recorded answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from mam_assets.resources.audiobookshelf import BATCH_BYTES, Audiobookshelf, check_metadata
from mam_assets.resources.errors import BadAnswer, NotAuthorised, NotFound, Refused, ServiceDown, ServiceError
from mam_assets.resources.gate import MemoryGate
from mam_assets.resources.http import build_client
from mam_assets.resources.redaction import Redactor

RECORDINGS = Path(__file__).parent.parent / "recordings" / "audiobookshelf_client.jsonl"
RECORDED = {entry["note"]: entry for entry in map(json.loads, RECORDINGS.read_text("utf-8").splitlines())}
LIBRARY = RECORDED["libraries"]["response"]["body"]["libraries"][0]["id"]
OZ, GODS, PRINCESS, OZMA = (item["id"] for item in RECORDED["expand a page of ids"]["response"]["body"]["libraryItems"])
TOKEN = "abs-token-value"


class Server:
    """Answers with what was recorded, or with what a test puts in."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] | None = None
        self.gate = MemoryGate(dry_run=dry_run)
        self.abs = Audiobookshelf(
            build_client(
                "audiobookshelf",
                "http://abs.test/shelf",
                gate=self.gate,
                redactor=Redactor([TOKEN]),
                headers={"Authorization": f"Bearer {TOKEN}"},
                transport=httpx.MockTransport(self._handle),
                sleep=lambda _: None,
            )
        )

    def replays(self, note: str) -> None:
        """Answer all further requests with a recorded answer."""
        recorded = RECORDED[note]["response"]
        body = recorded["body"]
        content = {"text": body} if isinstance(body, str) else {"json": body}
        self.answer = lambda _: httpx.Response(recorded["status"], **content)

    def says(self, status: int = 200, **content: Any) -> None:
        """Answer all further requests with this."""
        self.answer = lambda _: httpx.Response(status, **content)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self.answer
        return self.answer(request)

    @property
    def last(self) -> tuple[str, str, dict[str, list[str]]]:
        """Method, path and query of the last request."""
        request = self.requests[-1]
        return request.method, request.url.path, parse_qs(request.url.query.decode())


@pytest.fixture
def server() -> Server:
    return Server()


def test_status_needs_the_real_thing_at_the_address(server: Server) -> None:
    server.replays("status")
    assert (server.abs.status().version, server.abs.status().is_ready) == ("2.36.0", True)
    server.says(json={"status": "OK"})
    with pytest.raises(BadAnswer, match="not Audiobookshelf"):
        server.abs.status()


def test_the_key_is_sent_and_a_path_before_the_api_is_kept(server: Server) -> None:
    server.replays("libraries")
    server.abs.libraries()
    assert server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert server.last[:2] == ("GET", "/shelf/api/libraries")


def test_me_says_what_the_key_may_do(server: Server) -> None:
    server.replays("authorize")
    me = server.abs.me()
    assert (me.username, me.is_admin, me.may_update) == ("root", True, True)


def test_a_wrong_key_is_not_authorised(server: Server) -> None:
    server.replays("no token")
    with pytest.raises(NotAuthorised) as caught:
        server.abs.libraries()
    assert caught.value.call == "libraries"


def test_marks_are_asked_newest_first_and_counted(server: Server) -> None:
    server.replays("first page, newest first")
    page = server.abs.marks(LIBRARY, page=0, limit=5)
    assert (page.total, page.rows, len(page.marks), page.problems) == (12, 5, 5, ())
    method, path, query = server.last
    assert (method, path) == ("GET", f"/shelf/api/libraries/{LIBRARY}/items")
    assert query == {"limit": ["5"], "page": ["0"], "sort": ["addedAt"], "desc": ["1"]}


def test_a_page_past_the_end_is_empty_and_still_knows_the_total(server: Server) -> None:
    server.replays("page past the end")
    page = server.abs.marks(LIBRARY, page=99, limit=5)
    assert (page.marks, page.total) == ((), 12)


@pytest.mark.parametrize(
    "content",
    [
        {"json": {}},
        {"json": {"results": None, "total": 0}},
        {"json": {"results": []}},
        {"json": []},
        {"text": ""},
        {"text": "OK"},
        {"html": "<html>Starting</html>"},
    ],
)
def test_an_answer_without_its_list_is_never_an_empty_library(server: Server, content: dict[str, Any]) -> None:
    server.says(**content)
    with pytest.raises(BadAnswer) as caught:
        server.abs.marks(LIBRARY)
    assert server.gate.failures == [("audiobookshelf", caught.value)]


def test_a_broken_row_is_told_and_does_not_break_the_page(server: Server) -> None:
    good = RECORDED["first page, newest first"]["response"]["body"]["results"][0]
    server.says(json={"results": [good, {"id": "broken"}], "total": 2})
    page = server.abs.marks(LIBRARY)
    assert [mark.abs_id for mark in page.marks] == [good["id"]]
    assert [problem.item_id for problem in page.problems] == ["broken"]
    assert page.rows == 2


def test_items_are_expanded_in_batches_each_id_once(server: Server) -> None:
    server.says(json={"libraryItems": []})
    ids = [f"item-{n}" for n in range(250)]
    assert server.abs.items([*ids, "item-0"]) == []
    sent = [json.loads(request.content)["libraryItemIds"] for request in server.requests]
    assert [len(chunk) for chunk in sent] == [50, 200]
    assert [item for chunk in sent for item in chunk] == ids


def test_the_heavier_the_items_the_fewer_are_asked_for_at_once(server: Server) -> None:
    heavy = {"description": "x" * (BATCH_BYTES // 5)}
    server.says(json={"libraryItems": [heavy] * 50})
    sizes = []
    for _ in range(2):
        server.requests.clear()
        list(server.abs.batches([f"item-{n}" for n in range(60)]))
        sizes.append([len(json.loads(request.content)["libraryItemIds"]) for request in server.requests])
    assert sizes[0] == sizes[1] == [50, 4, 1, 1, 1, 1, 1, 1]


def test_no_ids_ask_nothing(server: Server) -> None:
    assert server.abs.items([]) == []
    assert server.requests == []


def test_items_come_expanded(server: Server) -> None:
    server.replays("expand a page of ids")
    assert [item.title for item in server.abs.items([OZ, GODS, PRINCESS, OZMA])] == [
        "The Wonderful Wizard of Oz",
        "The Gods of Mars",
        "A Princess of Mars",
        "Ozma of Oz",
    ]


def test_an_item_that_cannot_be_read_is_logged_with_its_id(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.says(json={"libraryItems": [{"id": "broken-item"}]})
    assert server.abs.items(["broken-item"]) == []
    assert "broken-item" in caplog.text


def test_one_item_comes_expanded_or_not_found(server: Server) -> None:
    server.replays("one item expanded")
    assert server.abs.item(OZ).authors == ("L. Frank Baum",)
    assert server.last[2] == {"expanded": ["1"]}
    server.replays("unknown item")
    with pytest.raises(NotFound):
        server.abs.item("00000000-0000-0000-0000-000000000000")
    server.says(json={"id": "x"})
    with pytest.raises(BadAnswer, match="missing or unreadable"):
        server.abs.item("x")


def test_an_id_cannot_reach_another_path(server: Server) -> None:
    server.replays("unknown item")
    with pytest.raises(NotFound):
        server.abs.item("../libraries?x=1")
    assert server.requests[0].url.raw_path.startswith(b"/shelf/api/items/..%2Flibraries%3Fx%3D1?")


def test_a_write_says_whether_it_changed_anything(server: Server) -> None:
    server.replays("patch scalars")
    assert server.abs.update_media(OZ, {"publisher": "LibriVox"}) is True
    assert server.last[:2] == ("PATCH", f"/shelf/api/items/{OZ}/media")
    assert json.loads(server.requests[-1].content) == {"metadata": {"publisher": "LibriVox"}}
    server.replays("patch nothing new")
    assert server.abs.update_media(OZ, {"publisher": "LibriVox"}) is False


def test_a_write_is_cleaned_of_what_no_database_takes(server: Server) -> None:
    server.replays("patch scalars")
    server.abs.update_media(OZ, {"title": "A\x00B\ud800", "series": [{"name": "O\x00z", "sequence": "1"}]})
    sent = json.loads(server.requests[-1].content)["metadata"]
    assert sent == {"title": "AB", "series": [{"name": "Oz", "sequence": "1"}]}


@pytest.mark.parametrize(
    "metadata",
    [
        {"series": [{"name": "Oz", "sequence": 1}]},
        {"series": [{"name": "Oz", "sequence": 1.5}]},
        {"series": [{"sequence": "1"}]},
        {"series": {"name": "Oz"}},
        {"authors": [{}]},
        {"authors": ["L. Frank Baum"]},
        {"authors": [{"name": " "}]},
        {"narrators": "Mark Nelson"},
        {"genres": [None]},
    ],
)
def test_what_would_be_misread_without_a_word_is_refused_before_it_is_sent(
    server: Server, metadata: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="must be"):
        server.abs.update_media(OZ, metadata)
    assert server.requests == []


def test_whole_lists_may_be_written() -> None:
    check_metadata(
        {"series": [{"name": "Oz", "sequence": None}, {"name": "Classics"}], "authors": [], "genres": ["Fantasy"]}
    )


def test_a_dry_run_reads_everything_and_writes_nothing() -> None:
    server = Server(dry_run=True)
    server.replays("expand a page of ids")
    assert len(server.abs.items([OZ])) == 4
    for write in (lambda: server.abs.update_media(OZ, {"title": "x"}), lambda: server.abs.scan(LIBRARY)):
        with pytest.raises(Refused, match="dry run"):
            write()
    assert len(server.requests) == 1


def test_a_scan_is_asked_for_and_its_task_is_seen_until_it_is_gone(server: Server) -> None:
    server.replays("scan")
    server.abs.scan(LIBRARY)
    assert server.last[:2] == ("POST", f"/shelf/api/libraries/{LIBRARY}/scan")
    server.replays("tasks right after scan")
    assert server.abs.scanning(LIBRARY)
    assert not server.abs.scanning("another-library")
    server.replays("tasks later")
    assert not server.abs.scanning(LIBRARY)
    server.replays("library after scan")
    assert server.abs.library(LIBRARY).last_scan is not None


def test_an_unknown_library_is_not_found(server: Server) -> None:
    server.replays("unknown library")
    with pytest.raises(NotFound, match="Library not found"):
        server.abs.library("00000000-0000-0000-0000-000000000000")


def test_a_provider_is_searched_through_audiobookshelf(server: Server) -> None:
    server.says(json=[{"title": "Dune", "author": "Frank Herbert", "duration": 60}])
    (match,) = server.abs.search_provider("Dune", "Frank Herbert")
    assert match.duration_seconds == 3600
    assert server.last[2] == {"title": ["Dune"], "author": ["Frank Herbert"], "provider": ["audible"]}
    server.says(json=[])
    assert server.abs.search_provider("Nothing", "Nobody") == []


def test_a_library_is_searched(server: Server) -> None:
    server.replays("library search")
    assert server.abs.search(LIBRARY, "mars", limit=3)[0].title == "The Gods of Mars"


def test_no_secret_reaches_an_error_or_a_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server.says(500, text=f"failed for {TOKEN}")
    with pytest.raises(ServiceDown) as caught:
        server.abs.search_provider(TOKEN, TOKEN)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 502])
def test_every_call_names_itself_when_it_fails(server: Server, status: int) -> None:
    server.says(status, text="no")
    calls: list[Callable[[], object]] = [
        server.abs.status,
        server.abs.me,
        server.abs.libraries,
        lambda: server.abs.library("l"),
        lambda: server.abs.marks("l"),
        lambda: server.abs.items(["i"]),
        lambda: server.abs.item("i"),
        lambda: server.abs.update_media("i", {}),
        lambda: server.abs.scan("l"),
        lambda: server.abs.scanning("l"),
        lambda: server.abs.search_provider("t", "a"),
        lambda: server.abs.search("l", "q"),
    ]
    named = set()
    for call in calls:
        with pytest.raises(ServiceError) as caught:
            call()
        assert caught.value.service == "audiobookshelf"
        assert caught.value.status == status
        named.add(caught.value.call)
    assert len(named) == len(calls)
