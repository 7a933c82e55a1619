"""The house that these tests run in."""

from __future__ import annotations

from tests.assets.house import house, make_house, whole_world

__all__ = ["house", "make_house", "whole_world"]
