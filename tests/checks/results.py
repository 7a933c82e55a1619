"""A check asked by itself, without a run."""

from __future__ import annotations

import dagster as dg


def result_of(check: dg.AssetChecksDefinition, *given: object) -> dg.AssetCheckResult:
    """What a check says of these resources."""
    result = check(*given)
    assert isinstance(result, dg.AssetCheckResult)
    return result
