"""The waits after log-ins that failed."""

from __future__ import annotations

from mam_assets.resources.torrent_logins import FailedLogins


def test_each_failure_in_a_row_waits_longer_and_a_success_forgets_them() -> None:
    logins = FailedLogins()
    logins.note("key", 0.0)
    assert (logins.wait("key", 1.0), logins.wait("another password", 1.0)) == (59.0, 0.0)
    logins.note("key", 60.0)
    assert logins.wait("key", 60.0) == 300.0
    for _ in range(5):
        logins.note("key", 60.0)
    assert logins.wait("key", 60.0) == 3600.0
    logins.forget("key")
    assert logins.wait("key", 60.0) == 0.0
