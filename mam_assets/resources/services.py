"""Everything that a client of a service is built from, put together once.

Belongs here: settings → paces, gate, redactor, httpx clients; used by the Dagster resources, the API, the command line
and tests alike. Does not belong here: what a client can do (its own module).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import dagster as dg
from sqlalchemy import Engine

from mam_assets.domain.budgets import SERVICES, honoured_scale, paces
from mam_assets.resources.database import connect
from mam_assets.resources.exchange import Limits
from mam_assets.resources.gate import Gate
from mam_assets.resources.postgres_gate import PostgresGate
from mam_assets.resources.redaction import Redactor
from mam_assets.settings import Settings

if TYPE_CHECKING:
    import httpx

    from mam_assets.resources.http import Judge, Session


@dataclass(frozen=True, slots=True)
class ServiceKit:
    """What every client needs. `ServiceKit.open` builds it from settings; tests may put one together by hand."""

    settings: Settings
    engine: Engine
    gate: Gate
    redactor: Redactor

    @classmethod
    def open(cls, settings: Settings, session_key: str | None = None, *, engine: Engine | None = None) -> ServiceKit:
        """Build the kit. ``session_key`` names the run that session limits are counted for; without one, each kit is
        a session of its own. Opens no connection to any service."""
        engine = connect(settings) if engine is None else engine
        redactor = Redactor(settings.secrets())
        gate = PostgresGate(
            engine,
            paces(
                google_books_daily_limit=settings.google_books_daily_limit,
                goodreads_daily_limit=settings.goodreads_daily_limit,
                mam_session_limit=settings.mam_session_limit,
            ),
            session_key=session_key or f"process-{os.getpid()}-{uuid4().hex[:12]}",
            scales={
                s: honoured_scale(settings.pace_scale, urlsplit(address(settings, s)).hostname or "") for s in SERVICES
            },
            dry_run=settings.mam_dry_run,
            clean=redactor.clean,
        )
        return cls(settings, engine, gate, redactor)

    @classmethod
    def for_run(cls, context: dg.InitResourceContext, settings: Settings) -> ServiceKit:
        """The kit of a Dagster resource: the run is the session; a sensor's tick is a session of its own."""
        return cls.open(settings, context.run.run_id if context.run else None)

    def client(
        self,
        service: str,
        *,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        judge: Judge | None = None,
        session: Session | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> httpx.Client:
        """An httpx client for a service at its configured address. See `build_client`."""
        from mam_assets.resources.http import build_client

        return build_client(
            service,
            address(self.settings, service),
            gate=self.gate,
            redactor=self.redactor,
            headers=headers,
            limits=limits,
            judge=judge,
            session=session,
            transport=transport,
        )


def address(settings: Settings, service: str) -> str:
    """The configured address of a service."""
    return {
        "audiobookshelf": settings.abs_url,
        "qbittorrent": settings.qbittorrent_url,
        "prowlarr": settings.prowlarr_url,
        "google_books": settings.google_books_url,
        "goodreads": settings.goodreads_url,
        "mam": settings.mam_url,
    }[service]
