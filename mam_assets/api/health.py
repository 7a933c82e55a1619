"""How the system stands: each service, its budget, the last run of each task, the counts; as JSON and as a page.

Belongs here: gathering and showing health. Does not belong here: the probes for process supervisors (app.py), the SQL
(store/report.py). No secret can show: errors are stored without any, and addresses are not shown.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from mam_assets.domain.budgets import SERVICES
from mam_assets.settings import Settings
from mam_assets.store import report

router = APIRouter(tags=["system"])

_WELL = ("healthy", "unknown")


class ServiceLine(BaseModel):
    """A service. ``status`` is unknown until it was first asked; ``daily_limit`` is None where there is none."""

    service: str
    status: str
    last_success: datetime | None = None
    last_failure: datetime | None = None
    last_error: str | None = None
    retry_at: datetime | None = None
    requests_today: int = 0
    daily_limit: int | None = None


class TaskLine(BaseModel):
    """The newest run of one kind of work."""

    task: str
    status: str
    started: datetime | None
    duration_seconds: float | None
    processed: int
    failed: int
    error: str | None


class SystemHealth(BaseModel):
    """``status`` is degraded while a service is not well or the newest run of a task failed."""

    status: Literal["ok", "degraded"]
    services: list[ServiceLine]
    tasks: list[TaskLine]
    counts: dict[str, int]
    at: datetime


@router.get("/api/system/health")
def system_health(request: Request) -> SystemHealth:
    """Health of each service and task, and the counts."""
    return _gather(request)


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
@router.get("/health", response_class=HTMLResponse, include_in_schema=False)
def health_page(request: Request) -> HTMLResponse:
    """The same for a person."""
    return HTMLResponse(_page(_gather(request)))


def _gather(request: Request) -> SystemHealth:
    settings: Settings = request.app.state.settings
    with request.app.state.database.engine().connect() as connection:
        known = {line.service: line for line in report.service_health(connection)}
        runs = report.last_runs(connection)
        counts = report.counts(connection)
    limits = {"google_books": settings.google_books_daily_limit, "goodreads": settings.goodreads_daily_limit}
    services = [_service(name, known.get(name), limits.get(name)) for name in SERVICES]
    tasks = [
        TaskLine(
            task=run.task_name,
            status=run.status,
            started=run.started,
            duration_seconds=run.duration_seconds,
            processed=run.items_processed,
            failed=run.items_failed,
            error=run.error_message,
        )
        for run in runs
    ]
    well = all(line.status in _WELL for line in services) and all(line.status != "failed" for line in tasks)
    return SystemHealth(
        status="ok" if well else "degraded",
        services=services,
        tasks=tasks,
        counts={name: getattr(counts, name) for name in counts.__dataclass_fields__ if name != "progress"},
        at=datetime.now(UTC),
    )


def _service(name: str, found: report.ServiceHealth | None, limit: int | None) -> ServiceLine:
    if found is None:
        return ServiceLine(service=name, status="unknown", daily_limit=limit)
    return ServiceLine(
        service=name,
        status=found.status,
        last_success=found.last_success,
        last_failure=found.last_failure,
        last_error=found.last_error,
        retry_at=found.retry_at,
        requests_today=found.used_today,
        daily_limit=limit,
    )


_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; vertical-align: top }
.good { color: #1a7f37 } .bad { color: #cf222e } .idle { color: #888 }
"""


def _page(health: SystemHealth) -> str:
    services = [
        (
            line.service,
            _state(line.status),
            _time(line.last_success),
            f"{line.requests_today}" + (f" of {line.daily_limit}" if line.daily_limit is not None else ""),
            _time(line.retry_at),
            line.last_error if line.status not in _WELL else "",
        )
        for line in health.services
    ]
    tasks = [
        (
            line.task,
            _state(line.status),
            _time(line.started),
            "" if line.duration_seconds is None else f"{line.duration_seconds:.1f} s",
            f"{line.processed}" + (f", {line.failed} failed" if line.failed else ""),
            line.error or "",
        )
        for line in health.tasks
    ]
    counts = [(name.replace("_", " "), str(value)) for name, value in health.counts.items()]
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta http-equiv=refresh content=10><title>mam-assets: {health.status}</title><style>{_STYLE}</style></head>"
        f"<body><h1>mam-assets: {_state(health.status)}</h1>"
        f"<p>{_time(health.at)}. The same as JSON: <a href='/api/system/health'>/api/system/health</a>; "
        "every endpoint: <a href='/docs'>/docs</a>.</p>"
        "<h2>Services</h2>"
        + _table(("Service", "State", "Last answer", "Requests today", "Left alone until", "Problem"), services)
        + "<h2>Last runs</h2>"
        + (_table(("Task", "State", "Began", "Took", "Items", "Problem"), tasks) or "<p>None yet.</p>")
        + "<h2>Counts</h2>"
        + _table(("What", "How many"), counts)
        + "</body></html>"
    )


class _Html(str):
    """Text that is HTML already."""


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    if not rows:
        return ""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell if isinstance(cell, _Html) else escape(str(cell or ''))}</td>" for cell in row)
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _state(status: str) -> _Html:
    kind = {"ok": "good", "healthy": "good", "succeeded": "good", "unknown": "idle", "queued": "idle"}
    return _Html(f"<span class={kind.get(status, 'idle' if status == 'running' else 'bad')}>{escape(status)}</span>")


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
