"""From what a parser says of an answer to the error that the rest of the system knows.

Belongs here: that one translation. Does not belong here: status codes (http.py), JSON or not (answers.py), what an
answer means (parsing).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mam_assets.parsing.answers import Fault, UnusableAnswer
from mam_assets.resources.answers import reject
from mam_assets.resources.errors import (
    BadAnswer,
    Blocked,
    NotAuthorised,
    NotFound,
    RateLimited,
    Refused,
    ServiceDown,
    ServiceError,
)

if TYPE_CHECKING:
    import httpx

_CLASSES: dict[Fault, type[ServiceError]] = {
    Fault.NONSENSE: BadAnswer,
    Fault.SIGN_IN: NotAuthorised,
    Fault.BLOCKED: Blocked,
    Fault.LIMITED: RateLimited,
    Fault.DOWN: ServiceDown,
    Fault.MISSING: NotFound,
    Fault.REFUSED: Refused,
}


def service_error(problem: UnusableAnswer, response: httpx.Response, service: str, call: str) -> ServiceError:
    """The same trouble with service, call and status, and without secrets."""
    clean = response.extensions.get("clean", str)
    words = (clean(problem.problem), f"{problem.remedy}.")
    return _CLASSES[problem.fault](service, call, *words, status=response.status_code)


@contextmanager
def reading(response: httpx.Response, service: str, call: str) -> Iterator[None]:
    """Around a parser: what it finds unusable is raised as a ServiceError and noted against the service's health."""
    try:
        yield
    except UnusableAnswer as problem:
        raise reject(response, service_error(problem, response, service, call)) from problem
