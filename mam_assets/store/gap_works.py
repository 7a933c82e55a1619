"""The row of a gap as the work that it wants.

Does not belong here: which rows (gap_filling, releases), what counts as that work (domain.identity).
"""

from __future__ import annotations

from typing import Any

from mam_assets.domain.books import SeriesRef, Work


def work_of_gap(row: Any) -> Work:
    """``row`` has the columns of missing_books."""
    return Work(
        title=row.title,
        authors=tuple(row.authors) or ((row.author_name,) if row.author_name else ()),
        series=SeriesRef(row.series_name, row.series_number) if row.series_name else None,
        isbn=row.isbn,
        asin=row.asin,
        other_titles=tuple(row.other_titles),
        published=row.published,
        language=row.language,
        expected_runtime_seconds=row.expected_runtime_seconds,
        is_collection=row.kind == "collection",
    )
