"""How the Prowlarr twin writes releases, indexers and errors.

Belongs here: shapes of answers. Does not belong here: which path answers, and which indexers are up (prowlarr).
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote_plus

from mam_assets.sandbox.twins.mam_rows import LANGUAGES
from mam_assets.sandbox.twins.serving import Response
from mam_assets.sandbox.world.model import BuiltRelease, WorldRelease

MAM_INDEXER, ARCHIVE_INDEXER, SWITCHED_OFF_INDEXER = 1, 2, 3
INDEXER_NAMES = {MAM_INDEXER: "MyAnonamouse", ARCHIVE_INDEXER: "Archive", SWITCHED_OFF_INDEXER: "Old Shelf"}
AUDIOBOOKS, AUDIO, EBOOKS = 3030, 3000, 7020
_CUSTOM_CATEGORIES = 100_000
_MOST_AUTHORS = 5
_CATEGORY_NAMES = {AUDIOBOOKS: "Audio/Audiobook", EBOOKS: "Books/EBook"}


def indexer_of(release: WorldRelease) -> int:
    return MAM_INDEXER if release.on_mam else ARCHIVE_INDEXER


def guid_of(release: WorldRelease) -> str:
    if release.on_mam:
        return f"https://www.myanonamouse.net/t/{release.mam_id}"
    return f"https://archive.example/details/{release.release_id}"


def release_title(release: WorldRelease) -> str:
    """ "Title by A1, A2 [ENG / M4B] [VIP]" for MAM; the other indexer puts the author first."""
    authors = ", ".join(release.authors[:_MOST_AUTHORS])
    if not release.on_mam:
        return f"{authors} - {release.title} ({release.filetype.upper()} audiobook)"
    vip = " [VIP]" if release.vip else ""
    return f"{release.title} by {authors} [{LANGUAGES[release.language][1]} / {release.filetype.upper()}]{vip}"


def release_json(built: BuiltRelease, now: datetime, base: str, api_key: str) -> dict[str, Any]:
    """One search result; narrator, series and abridged are not passed on, and what is null is left out."""
    release = built.release
    indexer, title, guid = indexer_of(release), release_title(release), guid_of(release)
    age = now - release.added
    category = AUDIOBOOKS if release.main_cat == 13 else EBOOKS
    categories: list[dict[str, Any]] = [
        {"id": category, "name": _CATEGORY_NAMES[category], "subCategories": []},
    ]
    link = base64.urlsafe_b64encode(f"release {release.release_id}".encode()).decode()
    proxied = f"{base}/{indexer}/download?apikey={api_key}&link={link}&file={quote_plus(title)}"
    answer: dict[str, Any] = {
        "guid": guid,
        "age": age.days,
        "ageHours": age.total_seconds() / 3600,
        "ageMinutes": age.total_seconds() / 60,
        "size": built.total_bytes,
        "files": len(release.files),
        "grabs": release.snatched,
        "indexerId": indexer,
        "indexer": INDEXER_NAMES[indexer],
        "title": title,
        "sortTitle": " ".join(re.findall(r"\w+", title.lower())),
        "imdbId": 0,
        "tmdbId": 0,
        "tvdbId": 0,
        "tvMazeId": 0,
        "publishDate": f"{release.added.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "infoUrl": guid,
        "indexerFlags": ["freeleech"] if release.freeleech else [],
        "categories": categories,
        "seeders": release.seeders,
        "leechers": release.leechers,
        "protocol": "torrent",
        "fileName": re.sub(r'[/\\:*?"<>|]', "_", title) + ".torrent",
    }
    if release.on_mam:
        categories.append({"id": _CUSTOM_CATEGORIES + release.category, "subCategories": []})
        answer["commentUrl"] = guid
    else:
        answer["infoHash"] = built.info_hash
    # A release that is offered as a magnet has no file to download.
    answer["magnetUrl" if release.magnet else "downloadUrl"] = proxied
    return answer


def release_of_link(link: str) -> int | None:
    """The release id in a proxied link, or None when the link is none of ours."""
    try:
        text = base64.urlsafe_b64decode(link.encode()).decode()
    except ValueError:
        return None
    found = re.fullmatch(r"release (\d+)", text)
    return int(found[1]) if found else None


def magnet_of(built: BuiltRelease) -> str:
    return f"magnet:?xt=urn:btih:{built.info_hash}&dn={quote_plus(built.release.title)}"


def indexer_json(number: int) -> dict[str, Any]:
    name = INDEXER_NAMES[number]
    address = (
        "https://www.myanonamouse.net/"
        if number == MAM_INDEXER
        else f"https://{name.lower().replace(' ', '')}.example/"
    )
    sub = [{"id": AUDIOBOOKS, "name": "Audio/Audiobook", "subCategories": []}]
    return {
        "id": number,
        "name": name,
        "sortName": name.lower(),
        "implementationName": name if number == MAM_INDEXER else "Cardigann",
        "implementation": name if number == MAM_INDEXER else "Cardigann",
        "configContract": "MyAnonamouseSettings" if number == MAM_INDEXER else "CardigannSettings",
        "definitionName": name,
        "infoLink": "https://wiki.servarr.com/prowlarr/supported-indexers",
        "indexerUrls": [address],
        "legacyUrls": [],
        "description": f"{name} as the demo has it",
        "language": "en-US",
        "enable": number != SWITCHED_OFF_INDEXER,
        "redirect": False,
        "supportsRss": True,
        "supportsSearch": True,
        "supportsRedirect": number != MAM_INDEXER,
        "supportsPagination": number == MAM_INDEXER,
        "appProfileId": 1,
        "protocol": "torrent",
        "privacy": "private" if number == MAM_INDEXER else "public",
        "priority": 25,
        "downloadClientId": 0,
        "added": "2026-01-01T00:00:00Z",
        "fields": [
            {"order": 0, "name": "baseUrl", "label": "Base Url", "value": address, "type": "select", "advanced": False}
        ],
        "capabilities": {
            "limitsMax": 100,
            "limitsDefault": 100,
            "supportsRawSearch": False,
            "searchParams": ["q"],
            "tvSearchParams": [],
            "movieSearchParams": [],
            "musicSearchParams": [],
            "bookSearchParams": ["q"],
            "categories": [{"id": AUDIO, "name": "Audio", "subCategories": sub}],
        },
        "tags": [],
    }


def xml_error(status: int, description: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?><error code="{status}" description="{escape(description)}" />'
    return Response(status, text.encode(), "application/rss+xml", headers)
