"""What can go wrong outside: one small tree, readable at a glance.

    ServiceError
     ├─ ServiceDown      no connection, time-out, 5xx after retries: passing, blame nobody
     ├─ RateLimited      429, a quota that is spent, our own budget that is spent: later, `retry_at` says when
     ├─ NotAuthorised    wrong key, expired session, login page: a person must act
     ├─ Blocked          the service refuses us as a client: taken as an answer, never worked round
     ├─ BadAnswer        200 with nonsense: HTML where JSON belongs, broken JSON, an empty body
     ├─ NotFound         the thing asked for is not there: an answer, not a fault
     └─ Refused          the service understood and said no (400, 409, 415): asking again changes nothing

Every message names the service, the call and the remedy, and holds no secret.
"""

from __future__ import annotations

from datetime import datetime


class ServiceError(Exception):
    """A call to a service failed. `passing` says whether the same call may work later without a person's help."""

    passing = True

    def __init__(self, service: str, call: str, problem: str, remedy: str, *, status: int | None = None) -> None:
        self.service = service
        self.call = call
        self.problem = problem
        self.remedy = remedy
        self.status = status
        super().__init__(f"{service}: {call}: {problem}. {remedy}")

    @property
    def code(self) -> str:
        """Stable name for tallies: the class, with the HTTP status where there was one."""
        name = type(self).__name__
        return f"{name}:{self.status}" if self.status else name


class ServiceDown(ServiceError):
    """No connection, a time-out, or 5xx after the retries."""


class RateLimited(ServiceError):
    """The service or our own budget for it says: later. `retry_at` (aware UTC) says when, where known."""

    def __init__(
        self,
        service: str,
        call: str,
        problem: str,
        remedy: str,
        *,
        status: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(service, call, problem, remedy, status=status)
        self.retry_at = retry_at


class NotAuthorised(ServiceError):
    """Wrong key, expired session, login page."""

    passing = False


class Blocked(ServiceError):
    """The service refuses us as a client."""


class BadAnswer(ServiceError):
    """An answer that cannot be what was asked for."""


class NotFound(ServiceError):
    """The thing asked for does not exist there."""

    passing = False


class Refused(ServiceError):
    """Understood and declined."""

    passing = False
