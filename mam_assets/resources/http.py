"""The one way out to the net: the transport that every httpx client of ours is built on.

Belongs here: sending, waiting, retrying, and turning what went wrong into the error tree. Does not belong here: what a
service's answers mean (parsing and the clients), how often it may be asked (domain/budgets.py and the gates).

A client marks a request by its extensions:

    "reads": True        it changes nothing although it is a POST; allowed in a dry run, repeated after a fault
    "repeatable": True   it changes something, but doing it twice is the same as once; repeated after a fault
    "call": "search"     the name errors and logs use instead of method and path

GET and HEAD always count as reading. Everything else is sent at most once, except after a 429.
"""

from __future__ import annotations

import math
import random
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Protocol

import httpx

from mam_assets.resources.errors import (
    BadAnswer,
    NotAuthorised,
    NotFound,
    RateLimited,
    Refused,
    ServiceDown,
    ServiceError,
)
from mam_assets.resources.exchange import Limits, user_agent
from mam_assets.resources.gate import Clock, Dice, Gate, Sleep, utc_now
from mam_assets.resources.redaction import Redactor, quiet_request_logs

Judge = Callable[[httpx.Response], ServiceError | None]

_LONGEST_RETRY_AFTER_SECONDS = 24 * 3600.0
_FIRST_PAUSE_SECONDS = 0.5


class Session(Protocol):
    """Credentials that change from answer to answer. Both methods run inside the gate's turn, so that where a service
    takes one request at a time no other process can use the old value in between."""

    def sign(self, request: httpx.Request) -> None:
        """Put the newest credential on the request."""
        ...

    def learn(self, response: httpx.Response) -> None:
        """Keep the credential that the answer brought, if it brought one."""
        ...


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for, 0 to 86400 seconds; None where it is missing or makes no sense (RFC 9110)."""
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_SECONDS)


class ServiceTransport(httpx.BaseTransport):
    """Sends one service's requests: gate, time limits, retries, health, errors without secrets.

    Answers below 400 come back whole (body read, decompressed); everything else is raised as a ServiceError.
    Redirects come back as they are: nothing here follows them.
    """

    def __init__(
        self,
        service: str,
        inner: httpx.BaseTransport,
        *,
        gate: Gate,
        redactor: Redactor,
        limits: Limits | None = None,
        judge: Judge | None = None,
        session: Session | None = None,
        clock: Clock = utc_now,
        sleep: Sleep = time.sleep,
        dice: Dice = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._inner = inner
        self._gate = gate
        self._redactor = redactor
        self._limits = limits or Limits()
        self._judge = judge
        self._session = session
        self._clock = clock
        self._sleep = sleep
        self._dice = dice
        self._monotonic = monotonic

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and send again where that is harmless. Raises ServiceError."""
        call = self._name(request)
        reads = request.method in {"GET", "HEAD"} or bool(request.extensions.get("reads"))
        repeatable = reads or bool(request.extensions.get("repeatable"))
        if not reads and not self._gate.writes_allowed(self._service):
            raise Refused(self._service, call, "this is a dry run", "Unset MAM_DRY_RUN to let changes be written.")
        request.read()
        retries, waited = 0, False
        while True:
            outcome = self._try_once(request, call)
            if isinstance(outcome, httpx.Response):
                return outcome
            if isinstance(outcome, RateLimited) and not waited and (pause := self._short_wait(outcome)) is not None:
                waited = True
            elif isinstance(outcome, ServiceDown) and repeatable and retries < self._limits.retries:
                pause = _FIRST_PAUSE_SECONDS * 2**retries * (0.5 + self._dice())
                retries += 1
            else:
                raise outcome
            self._sleep(pause)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _try_once(self, request: httpx.Request, call: str) -> httpx.Response | ServiceError:
        with self._gate.turn(self._service, call):
            if self._session is not None:
                self._session.sign(request)
            try:
                response = self._exchange(request, call)
            except ServiceError as error:
                self._gate.failed(self._service, error)
                return error
            problem = (self._judge(response) if self._judge else None) or self._fault(response, call)
            if problem is None:
                self._gate.succeeded(self._service)
                return response
            until = self._gate.failed(self._service, problem)
            if isinstance(problem, RateLimited) and problem.retry_at is None:
                problem.retry_at = until
            return problem

    def _exchange(self, request: httpx.Request, call: str) -> httpx.Response:
        deadline = self._monotonic() + self._limits.total_seconds
        try:
            raw = self._inner.handle_request(request)
            try:
                if self._session is not None:
                    # Before the body: were it cut off, the old credential would be worth nothing already.
                    self._session.learn(raw)
                body = self._read(raw, call, deadline)
            finally:
                raw.close()
        except httpx.DecodingError:
            raise BadAnswer(
                self._service, call, "the answer's compression is broken", "Look at the proxy before the service."
            ) from None
        except httpx.TimeoutException as error:
            raise self._down(call, f"no answer in time ({type(error).__name__})") from None
        except httpx.TransportError as error:
            # The cause is left out of the chain: a traceback would print it, and it may hold an address with a key.
            raise self._down(call, self._redactor.clean(f"{type(error).__name__}: {error}")) from None
        headers = [
            (k, v)
            for k, v in raw.headers.multi_items()
            if k not in {"content-encoding", "content-length", "transfer-encoding"}
        ]
        extensions = {**raw.extensions, "report": self._gate.failed, "clean": self._redactor.clean}
        return httpx.Response(raw.status_code, headers=headers, content=body, request=request, extensions=extensions)

    def _read(self, raw: httpx.Response, call: str, deadline: float) -> bytes:
        parts, size = [], 0
        for part in raw.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > self._limits.max_bytes:
                problem = f"the answer is larger than {self._limits.max_bytes} bytes"
                raise BadAnswer(self._service, call, problem, "Ask for less at a time, or look what answers there.")
            if self._monotonic() > deadline:
                raise self._down(call, f"the answer was not complete after {self._limits.total_seconds:g} s")
        return b"".join(parts)

    def _fault(self, response: httpx.Response, call: str) -> ServiceError | None:
        status = response.status_code
        if status < 300:
            return None
        says = self._redactor.clean(excerpt(response))
        wait = retry_after_seconds(response.headers.get("retry-after"), self._clock())
        if status < 400:
            if is_login(response.headers.get("location", "")):
                return NotAuthorised(self._service, call, "sent to a login page", _NEW_CREDENTIALS, status=status)
            return None
        if status == 429 or (status == 503 and wait is not None):
            retry_at = None if wait is None else self._clock() + timedelta(seconds=wait)
            remedy = "Nothing to do: what waits is taken up again later."
            return RateLimited(
                self._service, call, f"too many requests{says}", remedy, status=status, retry_at=retry_at
            )
        if status >= 500:
            return self._down(call, f"it answered {status}{says}", status)
        if status in {401, 403}:
            return NotAuthorised(self._service, call, f"it answered {status}{says}", _NEW_CREDENTIALS, status=status)
        if status in {404, 410}:
            return NotFound(
                self._service, call, f"not there{says}", "Check the id, and the address of the service.", status=status
            )
        remedy = "Asking the same again changes nothing; the answer says why."
        return Refused(self._service, call, f"it answered {status}{says}", remedy, status=status)

    def _down(self, call: str, problem: str, status: int | None = None) -> ServiceDown:
        remedy = "See that the service runs and that its address in the settings is right."
        return ServiceDown(self._service, call, problem, remedy, status=status)

    def _short_wait(self, error: RateLimited) -> float | None:
        if error.retry_at is None or error.status is None:
            return None
        seconds = (error.retry_at - self._clock()).total_seconds()
        # A moment more, so that a clock that runs a little behind does not refuse the second try.
        return max(seconds, 0.0) + 0.05 if seconds <= self._limits.wait_at_most_seconds else None

    def _name(self, request: httpx.Request) -> str:
        name = request.extensions.get("call")
        # The query is left out: it is where keys are.
        return self._redactor.clean(name if isinstance(name, str) else f"{request.method} {request.url.path}")


_NEW_CREDENTIALS = "Renew the key, password or cookie of this service in the settings; `mam doctor` tests it."


def is_login(location: str) -> bool:
    """Whether an address is that of a login page."""
    path = location.partition("?")[0].lower()
    return any(word in path for word in ("login", "signin", "sign-in", "sign_in"))


def excerpt(response: httpx.Response) -> str:
    """The first words of an error's body as ': words', for a message; nothing where it is HTML or empty."""
    printable = "".join(letter if letter.isprintable() else " " for letter in response.text[:2000])
    text = " ".join(printable.split())
    return "" if not text or text.startswith("<") else f": {text[:200]}"


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we believe, read once: the list of authorities takes longer to load than most of our requests."""
    return httpx.create_ssl_context(trust_env=False)


def build_client(
    service: str,
    base_url: str,
    *,
    gate: Gate,
    redactor: Redactor,
    headers: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    judge: Judge | None = None,
    session: Session | None = None,
    transport: httpx.BaseTransport | None = None,
    clock: Clock = utc_now,
    sleep: Sleep = time.sleep,
    dice: Dice = random.random,
) -> httpx.Client:
    """An httpx client for one service. ``transport`` replaces the net in tests.

    ``judge`` sees each answer before the general rules and may return the error that this service means by it;
    ``session`` keeps a credential that rotates.
    """
    quiet_request_logs()
    limits = limits or Limits()
    # trust_env off: a proxy or .netrc found by chance must not see our keys.
    inner = transport or httpx.HTTPTransport(verify=_trusted(), trust_env=False)
    seam = ServiceTransport(
        service,
        inner,
        gate=gate,
        redactor=redactor,
        limits=limits,
        judge=judge,
        session=session,
        clock=clock,
        sleep=sleep,
        dice=dice,
    )
    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": user_agent(), **(headers or {})},
        timeout=limits.timeout(),
        transport=seam,
        follow_redirects=False,
        trust_env=False,
    )
