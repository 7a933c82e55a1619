"""What an item of Audiobookshelf shows of each field, in the form that `books.abs_values` and `books.abs_written` keep.

Belongs here: that one form, shared by whoever reads the library and whoever writes to it. Does not belong here: whether
a difference is a person's edit (library), what to send (write_back).
"""

from __future__ import annotations

from mam_assets.domain.books import LibraryItem

Shown = str | list[str] | list[str | None]


def shown_values(item: LibraryItem) -> dict[str, Shown]:
    """Field → value; an empty field is left out. Text as it stands, the year as text. Lists stay lists in their order:
    ``author`` and ``narrator`` of names, ``series`` of names, ``series_number`` of the place in each (None: no place).
    The duration is left out: it is measured, nobody edits it."""
    values: dict[str, Shown | None] = {
        "title": item.title,
        "subtitle": item.subtitle,
        "author": list(item.authors),
        "series": [ref.name for ref in item.series],
        "series_number": [ref.position for ref in item.series] if any(ref.position for ref in item.series) else None,
        "isbn": item.isbn,
        "asin": item.asin,
        "narrator": list(item.narrators),
        "publisher": item.publisher,
        "published_year": None if item.published_year is None else str(item.published_year),
        "language": item.language,
        "description": item.description,
    }
    return {field: value for field, value in values.items() if value}
