"""The house that these tests run in."""

from __future__ import annotations

from tests.assets.catalog_world import house_of
from tests.assets.dock import built_world, dock
from tests.assets.house import house, make_house, whole_world

__all__ = ["built_world", "dock", "house", "house_of", "make_house", "whole_world"]
