"""The server of a twin: what it hands to the twin, its faults as a client meets them, its log."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mam_assets.sandbox.twins.serving import Fault, Request, Response, Twin, TwinServer, json_response
from tests.patience import PATIENCE_SECONDS, until


class Parrot(Twin):
    """Says what it was asked, and remembers how often."""

    name = "parrot"

    def __init__(self) -> None:
        self.heard: list[Request] = []
        self.expired = 0

    def answer(self, request: Request) -> Response:
        if request.path == "/crash":
            raise RuntimeError("a bug")
        self.heard.append(request)
        return json_response({"path": request.path, "query": request.query, "count": len(self.heard)})

    def expire_session(self) -> None:
        self.expired += 1

    def control(self, verb: str, options: object) -> object:
        if verb != "sing":
            raise KeyError(verb)
        return {"song": options}


@pytest.fixture
def parrot() -> Parrot:
    return Parrot()


@pytest.fixture
def server(parrot: Parrot, tmp_path: Path) -> Iterator[TwinServer]:
    with TwinServer(parrot, log_path=tmp_path / "log" / "requests.jsonl") as running:
        yield running


@pytest.fixture
def client(server: TwinServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, timeout=PATIENCE_SECONDS, verify=False, trust_env=False) as running:
        yield running


def test_one_connection_serves_many_requests(client: httpx.Client, server: TwinServer) -> None:
    assert [client.get("/a", params={"q": n}).json()["count"] for n in range(3)] == [1, 2, 3]
    assert len(server._connections) == 1


def test_a_request_arrives_whole(client: httpx.Client, parrot: Parrot) -> None:
    client.post(
        "/form?x=1&x=2&y=",
        data={"category": "ours", "note": 'naïve; "quoted"'},
        files={"torrents": ("a.torrent", b"d4:spam\r\n--\r3:egge", "application/x-bittorrent")},
        headers={"Cookie": "SID=s/1=="},
    )
    request = parrot.heard[0]
    assert request.method == "POST"
    assert request.all("x") == ("1", "2")
    assert request.first("y") == ""
    assert request.first("z") is None
    assert request.cookies() == {"SID": "s/1=="}
    form = request.form()
    assert form.fields == (("category", "ours"), ("note", 'naïve; "quoted"'))
    assert [(part.name, part.filename, part.content) for part in form.files] == [
        ("torrents", "a.torrent", b"d4:spam\r\n--\r3:egge")
    ]


def test_an_urlencoded_form_and_a_chunked_body_are_read(client: httpx.Client, parrot: Parrot) -> None:
    client.post("/form", data={"hashes": "a|b", "hash": ["1", "2"]})
    assert parrot.heard[0].form().first("hashes") == "a|b"
    assert parrot.heard[0].form().all("hash") == ("1", "2")
    client.patch("/json", content=iter([b'{"a"', b": 1}"]))
    assert parrot.heard[1].json() == {"a": 1}


def test_refused_connections_and_then_the_same_port_again(client: httpx.Client, server: TwinServer) -> None:
    assert client.get("/a").status_code == 200
    before = server.address
    server.set_fault(Fault.REFUSE)
    with pytest.raises(httpx.ConnectError):
        client.get("/a")
    server.clear_faults()
    assert client.get("/a").status_code == 200
    assert server.address == before


def test_a_refusal_can_end_by_itself(client: httpx.Client, server: TwinServer) -> None:
    def answers() -> bool:
        try:
            return client.get("/a").status_code == 200
        except httpx.ConnectError:
            return False

    started = time.monotonic()
    server.set_fault(Fault.REFUSE, seconds=0.3)
    until(answers, "it listens again")
    assert time.monotonic() - started >= 0.3


def test_a_refusal_can_begin_after_some_requests(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.REFUSE, after=1)
    assert client.get("/a").status_code == 200
    with pytest.raises(httpx.TransportError):
        client.get("/a")
    with pytest.raises(httpx.ConnectError):
        client.get("/a")


def test_a_reset_gives_no_answer_and_does_nothing(client: httpx.Client, server: TwinServer, parrot: Parrot) -> None:
    server.set_fault(Fault.RESET, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/a")
    assert parrot.heard == []
    assert client.get("/a").status_code == 200
    assert [logged.status for logged in server.requests] == [0, 200]


def test_a_reset_can_lose_the_answer_of_a_deed_that_was_done(
    client: httpx.Client, server: TwinServer, parrot: Parrot
) -> None:
    server.set_fault(Fault.RESET, times=1, executed=True)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/add")
    assert len(parrot.heard) == 1


def test_a_held_answer_times_out(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.TIMEOUT, seconds=600)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/a", timeout=httpx.Timeout(PATIENCE_SECONDS, read=0.1))


@pytest.mark.parametrize("release", ["clear_faults", "stop"])
def test_a_held_answer_never_hangs_the_server(
    client: httpx.Client, server: TwinServer, parrot: Parrot, release: str
) -> None:
    server.set_fault(Fault.TIMEOUT, seconds=600)
    outcome: list[object] = []

    def ask() -> None:
        try:
            outcome.append(client.get("/a").status_code)
        except httpx.TransportError as error:
            outcome.append(type(error))

    waiting = threading.Thread(target=ask)
    waiting.start()
    until(lambda: parrot.heard, "the request is held")
    getattr(server, release)()
    waiting.join(PATIENCE_SECONDS)
    assert outcome == ([200] if release == "clear_faults" else [httpx.RemoteProtocolError])


@pytest.mark.parametrize(
    ("kind", "options", "status", "body"),
    [
        (Fault.SERVER_ERROR, {}, 500, b"Internal Server Error"),
        (Fault.SERVER_ERROR, {"status": 503}, 503, b"Internal Server Error"),
        (Fault.EMPTY_BODY, {}, 200, b""),
        (Fault.FORBIDDEN, {}, 403, b"Forbidden"),
        (Fault.NOT_FOUND, {}, 404, b"Not Found"),
        (Fault.RATE_LIMITED, {}, 429, b"Too Many Requests"),
    ],
)
def test_a_fault_stands_in_for_the_answer(
    client: httpx.Client,
    server: TwinServer,
    parrot: Parrot,
    kind: Fault,
    options: dict[str, int],
    status: int,
    body: bytes,
) -> None:
    server.set_fault(kind, times=1, **options)
    answer = client.get("/a")
    assert (answer.status_code, answer.content) == (status, body)
    assert parrot.heard == []
    assert client.get("/a").status_code == 200


@pytest.mark.parametrize(("wait", "header"), [(7, "7"), (None, None)])
def test_a_rate_limit_says_when_to_come_back(
    client: httpx.Client, server: TwinServer, wait: int | None, header: str | None
) -> None:
    server.set_fault("rate_limited", retry_after=wait)
    assert client.get("/a").headers.get("Retry-After") == header


def test_a_login_page_stands_where_json_belongs(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.HTML_LOGIN)
    answer = client.get("/a")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "login" in answer.text.lower()


def test_broken_json_is_cut_off(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.BROKEN_JSON)
    answer = client.get("/a")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_slow_answer_arrives_whole_in_the_end(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.SLOW_DRIP, seconds=0.3)
    started = time.monotonic()
    assert client.get("/a").json()["path"] == "/a"
    assert time.monotonic() - started >= 0.2


def test_an_expired_session_is_expired_once(client: httpx.Client, server: TwinServer, parrot: Parrot) -> None:
    server.set_fault(Fault.SESSION_EXPIRED)
    assert [client.get("/a").status_code for _ in range(2)] == [200, 200]
    assert parrot.expired == 1


def test_a_fault_strikes_where_and_when_it_is_told(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.FORBIDDEN, path="/items", after=1, times=2)
    asked = ["/items", "/other", "/items/1", "/items/2", "/items/3"]
    assert [client.get(path).status_code for path in asked] == [200, 200, 403, 403, 200]


def test_two_faults_may_be_on_at_once(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.FORBIDDEN, path="/a")
    server.set_fault(Fault.NOT_FOUND)
    assert [client.get(path).status_code for path in ("/a", "/b")] == [403, 404]
    server.clear_faults()
    assert client.get("/a").status_code == 200


def test_another_process_can_switch_faults(client: httpx.Client, server: TwinServer) -> None:
    wanted = {"kind": "rate_limited", "times": 1, "retry_after": 3}
    assert client.post("/_twin/fault", json=wanted).status_code == 200
    assert client.get("/a").headers["Retry-After"] == "3"
    assert client.post("/_twin/fault", json={"kind": "forbidden"}).status_code == 200
    assert client.delete("/_twin/fault").status_code == 200
    assert client.get("/a").status_code == 200
    seen = client.get("/_twin/requests").json()["requests"]
    assert [(logged["path"], logged["status"]) for logged in seen] == [("/a", 429), ("/a", 200)]
    assert client.post("/_twin/fault", json={"kind": "earthquake"}).status_code == 400
    assert client.get("/_twin/nothing").status_code == 404


def test_another_process_is_answered_even_when_it_asks_for_refusal(client: httpx.Client, server: TwinServer) -> None:
    assert client.post("/_twin/fault", json={"kind": "refuse"}).status_code == 200
    with pytest.raises(httpx.ConnectError):
        client.get("/a")


def test_a_twin_can_be_told_what_only_it_can_do(client: httpx.Client) -> None:
    assert client.post("/_twin/do/sing", json={"loud": True}).json() == {"song": {"loud": True}}
    assert client.post("/_twin/do/fly").status_code == 400


def test_the_log_holds_no_secret(client: httpx.Client, server: TwinServer, tmp_path: Path) -> None:
    client.get("/tor/download.php/d1hash", params={"apikey": "k1", "Token": "t1", "mam_id": "m1", "q": "dune"})
    line = json.loads((tmp_path / "log" / "requests.jsonl").read_text())
    assert line["service"] == "parrot"
    assert line["started"] <= line["finished"]
    assert line["query"] == [["apikey", "***"], ["Token", "***"], ["mam_id", "***"], ["q", "dune"]]
    assert not {"k1", "t1", "m1", "d1hash"} & set(json.dumps(line).replace('"', " ").replace("/", " ").split())
    assert server.requests[0].query[0] == ("apikey", "k1")


def test_a_bug_of_a_twin_is_kept_and_not_printed(
    client: httpx.Client, server: TwinServer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert client.get("/crash").status_code == 500
    assert "RuntimeError: a bug" in server.crashes[0]
    assert capfd.readouterr().err == ""


def test_a_head_request_has_no_body(client: httpx.Client) -> None:
    answer = client.head("/a")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.get("/a").status_code == 200


def test_a_port_can_be_kept_over_a_restart(parrot: Parrot) -> None:
    first = TwinServer(parrot)
    address = first.start()
    first.stop()
    port = int(address.rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS).close()
    second = TwinServer(parrot, port=port)
    assert second.start() == address
    second.stop()
