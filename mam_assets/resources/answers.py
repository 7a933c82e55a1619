"""From an answer's bytes to JSON, or to the error that says what came instead.

Belongs here: telling JSON from a login page, a bot wall, nothing and nonsense. Does not belong here: status codes
(http.py), what the JSON means (parsing).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from mam_assets.resources.errors import BadAnswer, Blocked, NotAuthorised, ServiceError

if TYPE_CHECKING:
    import httpx

Shape = TypeVar("Shape", dict[str, Any], list[Any])

_LOGIN_SIGNS = (b'type="password"', b"type='password'", b"login", b"log in", b"sign in", b"signin")
_WALL_SIGNS = (
    b"captcha",
    b"just a moment",
    b"access denied",
    b"are you a robot",
    b"cf-chl",
    b"awswaf",
    b"attention required",
)


def reject(response: httpx.Response, error: ServiceError) -> ServiceError:
    """Note against the service's health that this answer was no good after all; returns the error, to be raised."""
    report = response.extensions.get("report")
    if callable(report):
        report(error.service, error)
    return error


@overload
def read_json(response: httpx.Response, service: str, call: str) -> Any: ...
@overload
def read_json(response: httpx.Response, service: str, call: str, shape: type[Shape]) -> Shape: ...
def read_json(response: httpx.Response, service: str, call: str, shape: type[Any] | None = None) -> Any:
    """The JSON of an answer; ``shape`` is dict or list where only that can be right.

    Raises BadAnswer (empty, broken, other shape), NotAuthorised (login page), Blocked (bot wall); each is noted
    against the service's health.
    """
    body = response.content
    if not body.strip():
        raise reject(response, _bad(service, call, "the answer is empty", response.status_code))
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise reject(response, what_html_means(body, service, call, response.status_code)) from None
    if shape is not None and not isinstance(value, shape):
        problem = f"expected a JSON {shape.__name__}, got {type(value).__name__}"
        raise reject(response, _bad(service, call, problem, response.status_code))
    return value


def what_html_means(body: bytes, service: str, call: str, status: int | None = None) -> ServiceError:
    """The error for a body that is not what was asked for: a bot wall, a login page, or plain nonsense."""
    head = body.lstrip()[:20_000].lower()
    if not head.startswith(b"<"):
        return _bad(service, call, "the answer is broken: not JSON", status)
    if any(sign in head for sign in _WALL_SIGNS):
        remedy = "It does not want to be read by a program now. That is taken as an answer; it is asked again later."
        return Blocked(service, call, "a page for telling people from programs came instead", remedy, status=status)
    if any(sign in head for sign in _LOGIN_SIGNS):
        remedy = "Renew the key, password or cookie of this service in the settings; `mam doctor` tests it."
        return NotAuthorised(service, call, "a login page came instead of data", remedy, status=status)
    return _bad(service, call, "a web page came instead of data", status)


def _bad(service: str, call: str, problem: str, status: int | None) -> BadAnswer:
    return BadAnswer(
        service, call, problem, "See that the address in the settings is that of the service's API.", status=status
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
