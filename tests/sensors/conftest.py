"""The dock that the sensors look at."""

from __future__ import annotations

from tests.assets.dock import built_world, dock

__all__ = ["built_world", "dock"]
