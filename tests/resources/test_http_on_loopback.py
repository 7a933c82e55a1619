"""The seam over true sockets: what MockTransport cannot play."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest

from mam_assets.resources.answers import read_json
from mam_assets.resources.errors import BadAnswer, NotAuthorised, RateLimited, ServiceDown, ServiceError
from mam_assets.resources.gate import MemoryGate
from mam_assets.resources.http import build_client
from mam_assets.resources.redaction import Redactor
from mam_assets.sandbox.twins.serving import Fault, Request, Response, Twin, TwinServer, json_response
from tests.patience import PATIENCE_SECONDS, limits_beside

Connect = Callable[[], httpx.Client]


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
def connect(server: TwinServer) -> Iterator[Connect]:
    """A function that makes a client which tries twice, to be called when the faults are on."""
    with ExitStack() as clients:

        def connect() -> httpx.Client:
            limits = replace(limits_beside(server), retries=1)
            client = build_client(
                "shop", server.address, gate=MemoryGate(), redactor=Redactor(), limits=limits, sleep=lambda _: None
            )
            return clients.enter_context(client)

        yield connect


def ask(client: httpx.Client) -> object:
    return read_json(client.get("/books", params={"apikey": "hidden-key"}), "shop", "books", dict)["books"][0]


def test_a_good_answer_comes_through(connect: Connect) -> None:
    assert ask(connect()) == "Dune"


@pytest.mark.parametrize(
    ("fault", "options", "kind"),
    [
        (Fault.REFUSE, {}, ServiceDown),
        (Fault.RESET, {}, ServiceDown),
        (Fault.TIMEOUT, {"seconds": 600}, ServiceDown),
        (Fault.SLOW_DRIP, {"seconds": 3}, ServiceDown),
        (Fault.SERVER_ERROR, {}, ServiceDown),
        (Fault.RATE_LIMITED, {}, RateLimited),
        (Fault.FORBIDDEN, {}, NotAuthorised),
        (Fault.HTML_LOGIN, {}, NotAuthorised),
        (Fault.EMPTY_BODY, {}, BadAnswer),
        (Fault.BROKEN_JSON, {}, BadAnswer),
    ],
)
def test_each_fault_of_a_true_server_is_the_right_error_in_good_time(
    connect: Connect, server: TwinServer, fault: Fault, options: dict[str, float], kind: type[ServiceError]
) -> None:
    server.set_fault(fault, **options)
    started = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        ask(connect())
    assert type(caught.value) is kind
    assert "hidden-key" not in str(caught.value)
    assert time.monotonic() - started < PATIENCE_SECONDS


def test_a_connection_that_breaks_once_is_not_noticed(connect: Connect, server: TwinServer) -> None:
    server.set_fault(Fault.RESET, times=1)
    assert ask(connect()) == "Dune"


def test_a_change_whose_answer_was_lost_is_not_sent_again(connect: Connect, server: TwinServer, shop: Shop) -> None:
    server.set_fault(Fault.RESET, times=1, executed=True)
    with pytest.raises(ServiceDown):
        connect().post("/orders", json={})
    assert shop.heard == ["POST"]
