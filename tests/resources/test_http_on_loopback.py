"""The seam over true sockets: what MockTransport cannot play."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from mam_assets.resources.answers import read_json
from mam_assets.resources.errors import BadAnswer, NotAuthorised, RateLimited, ServiceDown, ServiceError
from mam_assets.resources.gate import MemoryGate
from mam_assets.resources.http import Limits, build_client
from mam_assets.resources.redaction import Redactor
from mam_assets.sandbox.twins.serving import Fault, Request, Response, Twin, TwinServer, json_response


class Shop(Twin):
    name = "shop"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def answer(self, request: Request) -> Response:
        self.heard.append(request.method)
        return json_response({"books": ["Dune"] * 50})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def server(shop: Shop) -> Iterator[TwinServer]:
    with TwinServer(shop) as running:
        yield running


@pytest.fixture
def client(server: TwinServer) -> Iterator[httpx.Client]:
    limits = Limits(connect_seconds=1, read_seconds=0.5, total_seconds=1, retries=1, wait_at_most_seconds=0)
    with build_client(
        "shop", server.address, gate=MemoryGate(), redactor=Redactor(), limits=limits, sleep=lambda _: None
    ) as running:
        yield running


def ask(client: httpx.Client) -> object:
    return read_json(client.get("/books", params={"apikey": "hidden-key"}), "shop", "books", dict)["books"][0]


def test_a_good_answer_comes_through(client: httpx.Client) -> None:
    assert ask(client) == "Dune"


@pytest.mark.parametrize(
    ("fault", "options", "kind"),
    [
        (Fault.REFUSE, {}, ServiceDown),
        (Fault.RESET, {}, ServiceDown),
        (Fault.TIMEOUT, {"seconds": 5}, ServiceDown),
        (Fault.SLOW_DRIP, {"seconds": 8}, ServiceDown),
        (Fault.SERVER_ERROR, {}, ServiceDown),
        (Fault.RATE_LIMITED, {}, RateLimited),
        (Fault.FORBIDDEN, {}, NotAuthorised),
        (Fault.HTML_LOGIN, {}, NotAuthorised),
        (Fault.EMPTY_BODY, {}, BadAnswer),
        (Fault.BROKEN_JSON, {}, BadAnswer),
    ],
)
def test_each_fault_of_a_true_server_is_the_right_error_in_good_time(
    client: httpx.Client, server: TwinServer, fault: Fault, options: dict[str, float], kind: type[ServiceError]
) -> None:
    server.set_fault(fault, **options)
    started = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        ask(client)
    assert type(caught.value) is kind
    assert "hidden-key" not in str(caught.value)
    assert time.monotonic() - started < 5


def test_a_connection_that_breaks_once_is_not_noticed(client: httpx.Client, server: TwinServer) -> None:
    server.set_fault(Fault.RESET, times=1)
    assert ask(client) == "Dune"


def test_a_change_whose_answer_was_lost_is_not_sent_again(client: httpx.Client, server: TwinServer, shop: Shop) -> None:
    server.set_fault(Fault.RESET, times=1, executed=True)
    with pytest.raises(ServiceDown):
        client.post("/orders", json={})
    assert shop.heard == ["POST"]
