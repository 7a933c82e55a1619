"""What Audiobookshelf's provider search finds: Audible as the world knows it.

Here: answers of ``GET /api/search/books``. Not here: the library. Audible knows a work only by its ASIN, so works
without one are not found; and it answers with siblings of what was asked, as the true one does.
"""

from __future__ import annotations

import re
from typing import Any

from mam_assets.sandbox.world.model import World, WorldWork

_MOST = 10


class Audible:
    """Recordings of the world's works, from what is owned and what is offered."""

    def __init__(self, world: World | None) -> None:
        self._works = [work for work in world.works if work.asin and work.audiobook] if world else []
        self._series = {series.series_id: series.name for series in world.series} if world else {}
        self._readings = _readings(world) if world else {}

    def search(self, title: str, author: str) -> list[dict[str, Any]]:
        """Best first. ``title`` may be an ASIN; an empty ``author`` is no restriction."""
        exact = [work for work in self._works if work.asin == title.strip().upper()]
        if exact:
            return [self._book(work) for work in exact]
        wanted = _words(title)
        if not wanted:
            return []
        found = []
        for index, work in enumerate(self._works):
            if author and not any(_surname(author) & _words(name) for name in work.authors):
                continue
            words = _words(work.title)
            shared = len(wanted & words) / len(wanted | words)
            if shared >= 0.3:
                found.append((-shared, index, work))
        return [self._book(work) for _, _, work in sorted(found)[:_MOST]]

    def _book(self, work: WorldWork) -> dict[str, Any]:
        narrators, seconds = self._readings.get(work.work_id, ((), 0.0))
        minutes = round(seconds / 60, 2)  # whole in real life; here books are minutes long, so a fraction must stay
        series = None
        if work.series_id is not None:
            series = [{"series": self._series[work.series_id], "sequence": work.position or ""}]
        return {
            "title": work.title,
            "subtitle": work.subtitle,
            "author": ", ".join(work.authors),
            "narrator": ", ".join(narrators) or None,
            "publisher": work.publisher,
            "publishedYear": str(work.year),
            "description": work.description,
            "cover": None,
            "asin": work.asin,
            "genres": [work.genre],
            "tags": None,
            "series": series,
            "language": "English",
            "duration": int(minutes) if minutes == int(minutes) else minutes,
            "region": "us",
            "rating": None,
            "abridged": False,
        }


def _readings(world: World) -> dict[int, tuple[tuple[str, ...], float]]:
    """Narrators and seconds of one unabridged recording of each work: what is owned goes before what is offered."""
    readings: dict[int, tuple[tuple[str, ...], float]] = {}
    for item in world.owned:
        if item.work_id is not None and not item.abridged and item.work_id not in readings:
            readings[item.work_id] = (item.narrators, sum(seconds for _, seconds in item.files))
    for release in world.releases:
        plain = release.main_cat == 13 and release.language == "English" and release.behaviour == "ok"
        if plain and not release.abridged and not release.dramatised and len(release.work_ids) == 1:
            seconds = sum(length for _, length in release.files)
            known = readings.get(release.work_ids[0], ((), 0.0))
            readings[release.work_ids[0]] = (known[0] or release.narrators, known[1] or seconds)
    return readings


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - {"the", "a", "an", "of", "and"}


def _surname(author: str) -> set[str]:
    names = re.findall(r"\w+", author.lower())
    return {names[-1]} if names else set()
