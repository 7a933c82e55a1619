"""Which wishes and open gaps mean one work, and what a gap learns from a wish.

Belongs here: pairing and joining them. Does not belong here: what is wanted and by which keys it is found (wanting),
rows (store).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from mam_assets.domain.kinship import akin
from mam_assets.domain.names import parse_position, parse_title_series
from mam_assets.domain.titles import TitleRelation, relate_titles
from mam_assets.domain.wanting import OpenGap, Wanted


class TitledGap(Protocol):
    """A gap as far as it says under which titles it is sought, and for what."""

    @property
    def title(self) -> str: ...
    @property
    def other_titles(self) -> Sequence[str]: ...
    @property
    def reasons(self) -> Sequence[str]: ...


def titles_learned(want: Wanted, gap: TitledGap) -> tuple[str, ...]:
    """The other titles that a gap has once it has heard a wish. The verdict that speaks for the work, the series' or
    else the author's, sets them afresh, so that a title which a source has taken back goes; any other verdict adds to
    them. Only a title akin to what is told comes or stays besides."""
    told = dict.fromkeys((want.title, *want.other_titles))
    stands = dict.fromkeys((gap.title, *gap.other_titles))
    if told.keys() == stands.keys():
        return tuple(gap.other_titles)
    reasons = {want.reason, *gap.reasons}
    speaker = next((reason for reason in ("series_gap", "author_gap") if reason in reasons), None)
    if speaker is None:
        return tuple(sorted({*told, *stands} - {gap.title}))
    sure, heard = (told, stands) if want.reason == speaker else (stands, told)
    series = (want.series_name,) if want.series_name else ()
    sure_forms = [form for title in sure for form in _forms(title)]
    known = {*sure, *(title for title in heard if title in sure or akin(_forms(title), sure_forms, series=series))}
    return tuple(sorted(known - {gap.title}))


def settle(wanted: Iterable[Wanted], open_gaps: Sequence[OpenGap]) -> list[Wanted]:
    """The wishes under the keys that open gaps have for the same works, each work once."""
    by_key = {gap.work_key: gap for gap in open_gaps}
    by_any_key: dict[str, list[OpenGap]] = {}
    for gap in open_gaps:
        for key in gap.keys:
            by_any_key.setdefault(key, []).append(gap)
    settled: dict[str, Wanted] = {}
    for want in wanted:
        if want.work_key not in by_key:
            same = ((key, gap) for key in sorted(want.keys) for gap in by_any_key.get(key, ()))
            known = next((gap for key, gap in same if not _apart(gap, want, key)), None)
            if known is not None:
                want = replace(want, work_key=known.work_key)
            else:
                by_key[want.work_key] = _as_gap(want)
                for key in want.keys:
                    by_any_key.setdefault(key, []).append(by_key[want.work_key])
        settled[want.work_key] = _both(settled[want.work_key], want) if want.work_key in settled else want
    return list(settled.values())


def _both(first: Wanted, second: Wanted) -> Wanted:
    """One wish for what two owners lack: out as soon as one of them says so, and known by the titles of both."""
    return replace(
        first,
        status=first.status if first.status == second.status else "identified",
        series_id=first.series_id or second.series_id,
        series_name=first.series_name if first.series_id or not second.series_id else second.series_name,
        series_number=first.series_number if first.series_id or not second.series_id else second.series_number,
        author_id=first.author_id or second.author_id,
        published=min((text for text in (first.published, second.published) if text), default=None),
        other_titles=tuple(sorted({*first.other_titles, second.title, *second.other_titles} - {first.title})),
        priority=min(first.priority, second.priority),
    )


_ACTIVE = ("queued", "downloading", "completed")


def doubles(open_gaps: Sequence[OpenGap]) -> list[tuple[OpenGap, OpenGap]]:
    """Pairs (kept, doubled) of open gaps that want one work. Kept is what is under way, else what a person has ignored
    or has to decide, else the older one; two that are both under way are left alone. An ignored double makes the kept
    one ignored (store.gaps)."""
    order = sorted(open_gaps, key=lambda gap: (_standing(gap.download_status), gap.gap_id))
    by_key: dict[str, OpenGap] = {}
    found = []
    for gap in order:
        keys = gap.keys
        kept = next((by_key[key] for key in sorted(keys) if key in by_key and not _apart(by_key[key], gap, key)), None)
        if kept is not None and gap.download_status not in _ACTIVE:
            found.append((kept, gap))
            continue
        for key in keys:
            by_key.setdefault(key, gap)
    return found


def _standing(status: str) -> int:
    return 0 if status in _ACTIVE else {"ignored": 1, "held": 2, "failed": 3}.get(status, 4)


def _apart(gap: OpenGap | Wanted, want: OpenGap | Wanted, key: str) -> bool:
    """Whether two wishes that share a key are two works all the same: other volumes of one series, or two titles that
    a source gives one ISBN or one place."""
    if key.startswith("#") and not _akin(gap, want):
        return True
    if key.startswith(("isbn:", "asin:")) and relate_titles(gap.title, want.title) in _OTHER_TITLES:
        return True
    if gap.series_id is None or gap.series_id != want.series_id:
        return False
    first, second = parse_position(gap.series_number), parse_position(want.series_number)
    return first is not None and second is not None and first != second


def _akin(gap: OpenGap | Wanted, want: OpenGap | Wanted) -> bool:
    series = tuple(name for name in (gap.series_name, want.series_name) if name)
    titles = [[form for title in (one.title, *one.other_titles) for form in _forms(title)] for one in (gap, want)]
    return akin(*titles, series=series)


def _forms(title: str) -> tuple[str, str]:
    return title, parse_title_series(title)[0]


_OTHER_TITLES = frozenset({TitleRelation.UNRELATED, TitleRelation.DIFFERENT_NUMBER})


def _as_gap(want: Wanted) -> OpenGap:
    return OpenGap(
        want.work_key,
        want.title,
        want.authors,
        want.other_titles,
        want.series_id,
        want.series_name,
        want.series_number,
        want.isbn,
        want.asin,
        want.goodreads_id,
        want.kind,
    )
