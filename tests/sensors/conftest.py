"""The dock that the sensors look at, and Dagster's storage."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from tests.assets.dock import built_world, dock

__all__ = ["built_world", "dock", "instance", "storage"]


@pytest.fixture(scope="module")
def storage() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def instance(storage: dg.DagsterInstance) -> Iterator[dg.DagsterInstance]:
    """A Dagster that knows of no run. Its tables take longer to make than to empty."""
    yield storage
    storage.wipe()
