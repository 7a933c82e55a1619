"""Who gives a command."""

from __future__ import annotations

import getpass

import pytest

from mam_assets.cli.person import person


def test_a_user_is_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    assert person() == "ann"


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 1000"), OSError("No username set")])
def test_a_user_without_a_name_can_decide_too(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert person() == "a person"
