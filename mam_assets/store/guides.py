"""Pages that the person's own crawler script wrote: one row for each address, as last seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from mam_assets.store import marks
from mam_assets.store.tables import CrawledGuide

MARK = "mam_crawler"
_AT_ONCE = 500


@dataclass(frozen=True)
class GuideFile:
    """A page and the file that it stood in. Texts are without secrets."""

    file_name: str
    url: str
    title: str
    category: str | None
    crawled_at: datetime | None
    content: str


@dataclass(frozen=True)
class Saved:
    new: int = 0
    changed: int = 0


def save(connection: Connection, files: Sequence[GuideFile], now: datetime) -> Saved:
    """Keep pages by their address; of several files with one address the last counts. A page that is there unchanged is
    only seen again."""
    by_url = {file.url: file for file in files}
    rows = [
        {name: getattr(file, name) for name in GuideFile.__dataclass_fields__} | {"first_seen": now, "last_seen": now}
        for file in sorted(by_url.values(), key=lambda file: file.url)
    ]
    known: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(rows), _AT_ONCE):
        batch = rows[start : start + _AT_ONCE]
        known |= _digests(connection, [row["url"] for row in batch])
        statement = insert(CrawledGuide).values(batch)
        new = statement.excluded
        kept = {name: new[name] for name in GuideFile.__dataclass_fields__ if name != "url"} | {"last_seen": now}
        connection.execute(statement.on_conflict_do_update(index_elements=[CrawledGuide.url], set_=kept))
    after = _digests(connection, list(by_url))
    changed = sum(1 for url, digest in known.items() if after[url] != digest)
    return Saved(new=len(by_url) - len(known), changed=changed)


def _digests(connection: Connection, urls: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    statement = select(
        CrawledGuide.url, CrawledGuide.title, CrawledGuide.category, func.md5(CrawledGuide.content).label("content")
    ).where(CrawledGuide.url.in_(urls))
    return {row.url: (row.title, row.category, row.content) for row in connection.execute(statement)}


def count(connection: Connection) -> int:
    """Pages of all times."""
    return connection.execute(select(func.count()).select_from(CrawledGuide)).scalar_one()


def sample(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """The pages crawled last, for the sample table."""
    statement = (
        select(
            CrawledGuide.title,
            CrawledGuide.category,
            CrawledGuide.url,
            CrawledGuide.crawled_at,
            func.length(CrawledGuide.content).label("characters"),
        )
        .order_by(CrawledGuide.last_seen.desc(), CrawledGuide.crawled_at.desc().nulls_last(), CrawledGuide.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


# --- the last run of the script -------------------------------------------------------------------------------------


def last_run(connection: Connection) -> dict[str, Any] | None:
    """Of the last run: ``day`` (ISO), ``ended`` (exit, timeout, too_big, not_started; running while it does, or when it
    was cut off with us), ``words`` for a person. None before the first."""
    return marks.get(connection, MARK)


def note_run(connection: Connection, value: Mapping[str, Any], now: datetime) -> None:
    """Keep how the script's run stands."""
    marks.put(connection, MARK, dict(value), now)
