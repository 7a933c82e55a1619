"""The form in which a check tells what it found."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from mam_assets.checks.findings import none_found

WORDS: dict[str, Any] = {"wrong": "books stand on their heads", "right": "all stand upright", "table": "books"}


@pytest.mark.parametrize(("counted", "metadata"), [(None, {}), ("count", {"count": 0})])
def test_nothing_found_is_passed_and_counted_as_zero(counted: str | None, metadata: dict[str, int]) -> None:
    result = none_found([], **WORDS, counted=counted)
    assert (result.passed, result.description) == (True, "all stand upright")
    assert {name: value.value for name, value in (result.metadata or {}).items()} == metadata


@pytest.mark.parametrize("warns", [False, True])
def test_what_is_found_is_counted_and_listed(warns: bool) -> None:
    result = none_found([{"title": "Emma"}, {"title": "Kim"}], **WORDS, counted="count", warns=warns)
    assert (result.passed, result.description) == (False, "2 books stand on their heads")
    assert result.severity is (dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR)
    listed = result.metadata["books"]
    assert isinstance(listed, dg.TableMetadataValue)
    assert [record.data["title"] for record in listed.records] == ["Emma", "Kim"]
    assert result.metadata["count"].value == 2
