"""Titles, people and series as text: the one door to folding, title_text, people, series_names and positions.

Belongs here: nothing but the names that other rooms import. Does not belong here: whether two names mean the same
thing (titles, identity).
"""

from __future__ import annotations

from mam_assets.domain.folding import clean_text, fold
from mam_assets.domain.people import NAME_PARTICLES, normalise_person, same_surname, split_people
from mam_assets.domain.positions import Position, parse_position, position_key
from mam_assets.domain.series_names import normalise_series
from mam_assets.domain.title_text import (
    main_title,
    normalise_title,
    parse_title_all_series,
    parse_title_series,
    split_subtitle,
    strip_edition_notes,
)

__all__ = [
    "NAME_PARTICLES",
    "Position",
    "clean_text",
    "fold",
    "main_title",
    "normalise_person",
    "normalise_series",
    "normalise_title",
    "parse_position",
    "parse_title_all_series",
    "parse_title_series",
    "position_key",
    "same_surname",
    "split_people",
    "split_subtitle",
    "strip_edition_notes",
]
