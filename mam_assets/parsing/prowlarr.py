"""Prowlarr's JSON -> records: search results, indexers and their health.

Belongs here: how Prowlarr spells a release and an indexer. Does not belong here: asking (resources/prowlarr.py),
the name of a release taken apart (release_names.py). No address that leaves here holds a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mam_assets.domain.books import Indexer, Medium, Release
from mam_assets.parsing.answers import Fault, UnusableAnswer, kind
from mam_assets.parsing.json_values import flag, mapping, sequence, text
from mam_assets.parsing.recordings import mam_medium, says_dramatised
from mam_assets.parsing.release_names import read_release_name
from mam_assets.parsing.spellings import count, integer, moment, unescaped, without_secrets

_REMEDY = "See that PROWLARR_URL is the address of Prowlarr itself"
_MAM_ADDRESS = re.compile(r"https?://(?:[\w-]+\.)?myanonamouse\.net/(?:t/|tor/view\.php\?id=)(\d{1,18})", re.IGNORECASE)
_STATUS_CHECKS = frozenset({"IndexerStatusCheck", "IndexerLongTermStatusCheck", "IndexerProxyStatusCheck"})
_OWN_CATEGORY = 100_000


@dataclass(frozen=True, slots=True)
class ProwlarrResults:
    """`releases` of torrent indexers; `problems` names the rows that could not be read."""

    releases: tuple[Release, ...]
    problems: tuple[str, ...] = ()


def parse_results(answer: Any) -> ProwlarrResults:
    """Search results. Usenet rows are left out: nothing of ours can fetch them.

    Raises UnusableAnswer when the answer is no list, or a list of which no row can be read.
    """
    if not isinstance(answer, list):
        raise UnusableAnswer(Fault.NONSENSE, f"the answer is {kind(answer)}, not a list of results", _REMEDY)
    rows = [row for row in answer if text(mapping(row).get("protocol")) != "usenet"]
    problems: list[str] = []
    releases = [release for row in rows if (release := _release(mapping(row), problems)) is not None]
    if rows and not releases:
        raise UnusableAnswer(Fault.NONSENSE, f"none of {len(rows)} results could be read: {problems[0]}", _REMEDY)
    return ProwlarrResults(tuple(releases), tuple(problems))


def _release(row: Mapping[str, Any], problems: list[str]) -> Release | None:
    name = unescaped(row.get("title"))
    info = text(row.get("infoUrl"))
    address = text(row.get("downloadUrl")) or text(row.get("magnetUrl"))
    guid = text(row.get("guid")) or info or address
    if name is None or guid is None:
        problems.append(f"a result of {text(row.get('indexer')) or 'an unnamed indexer'} has no title or no guid")
        return None
    mam = _MAM_ADDRESS.match(guid) or _MAM_ADDRESS.match(info or "")
    read = read_release_name(name)
    categories = tuple(
        dict.fromkeys(
            number
            for category in sequence(row.get("categories"))
            if (number := count(mapping(category).get("id") if isinstance(category, dict) else category)) is not None
        )
    )
    marks = {(text(mark) or "").lower() for mark in sequence(row.get("indexerFlags"))}
    return Release(
        source="Prowlarr",
        guid=f"https://www.myanonamouse.net/t/{mam[1]}" if mam else without_secrets(guid),
        title=read.title,
        authors=read.authors,
        narrators=read.narrators,
        series=read.series,
        medium=_medium(categories, from_mam=mam is not None),
        language=read.language,
        filetype=read.filetype,
        size_bytes=count(row.get("size")),
        seeders=count(row.get("seeders")),
        leechers=count(row.get("leechers")),
        snatched=count(row.get("grabs")),
        added_at=moment(row.get("publishDate")),
        categories=categories,
        freeleech="freeleech" in marks,
        vip=read.vip,
        abridged=read.abridged,
        dramatised=says_dramatised(name) or None,
        indexer=unescaped(row.get("indexer")),
        indexer_id=count(row.get("indexerId")),
        info_hash=_info_hash(row.get("infoHash")) or _info_hash_of_magnet(address),
        download_url=without_secrets(address) if address else None,
    )


def _medium(categories: tuple[int, ...], *, from_mam: bool) -> Medium:
    """3030 is an audiobook, 7000s are e-books, 2000s and 5000s video, other 3000s music. Kinds that contradict each
    other leave it unknown, except that any sign of video is taken for one."""
    if from_mam:
        # Prowlarr maps MAM's musicology and radio to 3030 as well; its own category ids still tell them apart.
        for category in categories:
            own = mam_medium(category - _OWN_CATEGORY)
            if own is not None:
                return own
    found = set()
    for category in categories:
        if category == 3030:
            found.add(Medium.AUDIOBOOK)
        elif 7000 <= category < 8000:
            found.add(Medium.EBOOK)
        elif 2000 <= category < 3000 or 5000 <= category < 6000:
            found.add(Medium.VIDEO)
        elif 3000 < category < 4000:
            found.add(Medium.MUSIC)
    if Medium.VIDEO in found:
        return Medium.VIDEO
    return found.pop() if len(found) == 1 else Medium.UNKNOWN


def _info_hash(value: Any) -> str | None:
    written = (text(value) or "").lower()
    return written if re.fullmatch(r"[0-9a-f]{40}", written) else None


def _info_hash_of_magnet(address: str | None) -> str | None:
    found = re.match(r"magnet:\?.*?\bxt=urn:btih:([0-9a-fA-F]{40})\b", address or "")
    return found[1].lower() if found else None


def mam_torrent_id(release: Release) -> str | None:
    """The MAM torrent id of a release, whichever way it came; None for a release of another tracker."""
    if release.source == "MAM":
        return release.guid
    found = _MAM_ADDRESS.match(release.guid)
    return found[1] if found else None


def download_path(address: str) -> tuple[str, dict[str, str]] | None:
    """(`"5/download"`, its parameters without key) of a proxied download address; None where it is no such address.

    The host is left out on purpose: Prowlarr writes the one that it believes to have, and the key goes only to the one
    that the settings name.
    """
    try:
        parts = urlsplit(without_secrets(address))
        found = re.search(r"/(\d{1,9}/download)$", parts.path)
        query = dict(parse_qsl(parts.query))
    except ValueError:
        return None
    return (found[1], query) if found and parts.scheme in {"http", "https"} else None


def parse_indexers(answer: Any, statuses: Any = None) -> tuple[Indexer, ...]:
    """Indexers, with the time till which Prowlarr backs off from those that `/indexerstatus` lists."""
    if not isinstance(answer, list):
        raise UnusableAnswer(Fault.NONSENSE, f"the answer is {kind(answer)}, not a list of indexers", _REMEDY)
    disabled: dict[int, datetime] = {}
    for status in map(mapping, sequence(statuses)):
        indexer_id, until = integer(status.get("indexerId")), moment(status.get("disabledTill"))
        if indexer_id is not None and until is not None:
            disabled[indexer_id] = until
    indexers = []
    for row in map(mapping, answer):
        indexer_id, name = integer(row.get("id")), unescaped(row.get("name"))
        if indexer_id is None or name is None:
            continue
        indexers.append(
            Indexer(
                indexer_id=indexer_id,
                name=name,
                enabled=flag(row.get("enable")) or False,
                protocol=text(row.get("protocol")) or "unknown",
                privacy=text(row.get("privacy")),
                disabled_till=disabled.get(indexer_id),
            )
        )
    if answer and not indexers:
        raise UnusableAnswer(Fault.NONSENSE, f"none of {len(answer)} indexers could be read", _REMEDY)
    return tuple(indexers)


def indexer_complaints(answer: Any) -> tuple[str, ...]:
    """What `/health` says of indexers that cannot be asked."""
    if not isinstance(answer, list):
        raise UnusableAnswer(Fault.NONSENSE, f"the answer is {kind(answer)}, not a list of health notes", _REMEDY)
    notes = map(mapping, answer)
    return tuple(
        message for note in notes if note.get("source") in _STATUS_CHECKS and (message := text(note.get("message")))
    )


def parse_version(answer: Any) -> str:
    """Prowlarr's version, from its status."""
    version = text(mapping(answer).get("version"))
    if version is None or text(mapping(answer).get("appName")) not in {"Prowlarr", None}:
        raise UnusableAnswer(Fault.NONSENSE, "this is not Prowlarr's status", _REMEDY)
    return version


def parse_error(body: str) -> str | None:
    """The description of Prowlarr's XML error (`<error code="410" description="…" />`) or of its JSON one."""
    found = re.search(r'<error\b[^>]*\bdescription="([^"]{1,300})"', body[:4000])
    return unescaped(found[1]) if found else None
