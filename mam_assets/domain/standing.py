"""Whether an open gap already says all that a wish says, so that nothing is to be written for it.

Belongs here: the comparison. It follows the rules by which a gap learns from a wish (store.gaps), so that a wish which
is met would change nothing. Does not belong here: which gap is the wish's (wanting), rows (store).
"""

from __future__ import annotations

from typing import NamedTuple

from mam_assets.domain.settling import titles_learned
from mam_assets.domain.wanting import Wanted


class StandingGap(NamedTuple):
    """An open gap as far as wishes write it."""

    work_key: str
    title: str
    other_titles: list[str]
    reasons: list[str]
    download_status: str
    priority: int
    series_id: int | None
    series_name: str | None
    series_number: str | None
    author_id: int | None
    isbn: str | None
    asin: str | None
    goodreads_id: str | None
    published: str | None


_KEPT_ONCE_KNOWN = ("series_id", "series_name", "series_number", "author_id", "isbn", "asin", "goodreads_id")
_told_by_gap = tuple(StandingGap._fields.index(name) for name in _KEPT_ONCE_KNOWN)


def is_met(want: Wanted, gap: StandingGap) -> bool:
    """Whether the gap, which has the key of this wish, would learn nothing from it."""
    told = (
        want.series_id,
        want.series_name,
        want.series_number,
        want.author_id,
        want.isbn,
        want.asin,
        want.goodreads_id,
    )
    return (
        want.reason in gap.reasons
        and gap.priority <= want.priority
        and (want.published is None or want.published == gap.published)
        and set(titles_learned(want, gap)) == set(gap.other_titles)
        and all(value is None or gap[index] is not None for index, value in zip(_told_by_gap, told, strict=True))
        and _keeps_status(want, gap)
    )


def _keeps_status(want: Wanted, gap: StandingGap) -> bool:
    if want.status == "ignored":
        return True
    speaks_for_it = gap.download_status == "upcoming" or (
        gap.download_status == "identified" and set(gap.reasons) <= {want.reason}
    )
    return not speaks_for_it or gap.download_status == want.status
