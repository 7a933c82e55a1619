"""Which services hold a book or a gap up, and what of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.chains import Facts
from mam_assets.domain.holdups import holdups, in_words, section

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL = ("audiobookshelf", "goodreads", "google_books", "mam", "prowlarr", "qbittorrent")


def state(service: str, status: str = "down", retry_at: datetime | None = None) -> dict[str, Any]:
    return {
        "service": service,
        "status": status,
        "retry_at": retry_at,
        "last_success": None,
        "last_error": "no connection",
    }


def facts(**of: Any) -> Facts:
    return Facts(**{"services": [state(name) for name in ALL]} | of)


def book(**values: Any) -> dict[str, Any]:
    return {"status": "active", "metadata_waiting": [], "abs_unconfirmed": False} | values


def gap(status: str, **values: Any) -> dict[str, Any]:
    return {"id": 7, "download_status": status, "closed_date": None} | values


def download(status: str, **values: Any) -> dict[str, Any]:
    return {"id": 5, "status": status, "source": "MAM", "abs_import_status": "pending"} | values


@pytest.mark.parametrize(
    ("of", "held"),
    [
        pytest.param({}, {}, id="nothing waits"),
        pytest.param({"book": book()}, {}, id="a book that waits for nobody"),
        pytest.param(
            {"book": book(metadata_waiting=["google_books", "goodreads"])},
            {"google_books": "the look-up of its metadata", "goodreads": "the look-up of its metadata"},
            id="a look-up",
        ),
        pytest.param(
            {"book": book(abs_unconfirmed=True)}, {"audiobookshelf": "the writing of its metadata"}, id="a write"
        ),
        pytest.param(
            {"book": book(status="archived", metadata_waiting=["goodreads"], abs_unconfirmed=True)}, {}, id="it is gone"
        ),
        *(
            pytest.param(
                {"gaps": [gap(status)]},
                {"mam": "the search for gap:7", "prowlarr": "the search for gap:7"},
                id=f"a gap {status}",
            )
            for status in ("identified", "held", "failed")
        ),
        *(
            pytest.param({"gaps": [gap(status)]}, {}, id=f"a gap {status}")
            for status in ("upcoming", "ignored", "queued", "downloading", "completed")
        ),
        pytest.param({"gaps": [gap("identified", closed_date=NOW)]}, {}, id="a gap that is closed"),
        pytest.param(
            {"downloads": [download("queued")]},
            {"qbittorrent": "the sending of download 5", "mam": "the torrent file of download 5"},
            id="a download to send",
        ),
        pytest.param(
            {"downloads": [download("queued", source="Manual")]},
            {"qbittorrent": "the sending of download 5"},
            id="a download that a person gave",
        ),
        pytest.param(
            {"downloads": [download("downloading")]}, {"qbittorrent": "a look at download 5"}, id="a download under way"
        ),
        pytest.param(
            {"downloads": [download("completed")]},
            {"qbittorrent": "the import of download 5", "audiobookshelf": "the import of download 5"},
            id="an import",
        ),
        pytest.param({"downloads": [download("completed", abs_import_status="imported")]}, {}, id="imported"),
        pytest.param({"downloads": [download("abandoned")]}, {}, id="abandoned"),
        pytest.param(
            {"memberships": [{"name": "Oz", "check_problem": "page 2 is lacking"}]},
            {"goodreads": "the list of the series Oz"},
            id="a series that was not read whole",
        ),
        pytest.param({"memberships": [{"name": "Oz", "check_problem": None}]}, {}, id="a series that was read"),
        pytest.param(
            {"author_searches": [{"name": "L. Frank Baum", "source": "GoogleBooks", "problem": "no answer"}]},
            {"google_books": "the works of L. Frank Baum"},
            id="an author whose works were not read whole",
        ),
    ],
)
def test_each_step_that_is_not_done_waits_for_its_services(of: dict[str, Any], held: dict[str, str]) -> None:
    assert {one.service: ", ".join(one.waiting) for one in holdups(facts(**of), NOW)} == held


@pytest.mark.parametrize(
    ("status", "retry_at", "out"),
    [
        ("healthy", None, False),
        ("unknown", None, False),
        ("healthy", NOW - HOUR, False),
        ("healthy", NOW + HOUR, True),
        ("limited", NOW + HOUR, True),
        ("limited", NOW - HOUR, True),
        ("blocked", None, True),
        ("unauthorised", None, True),
        ("down", None, True),
    ],
)
def test_a_service_holds_up_what_it_can_not_do_now(status: str, retry_at: datetime | None, out: bool) -> None:
    waiting = Facts(book=book(metadata_waiting=["goodreads"]), services=[state("goodreads", status, retry_at)])
    assert bool(holdups(waiting, NOW)) is out


def test_a_service_that_was_never_asked_holds_nothing_up() -> None:
    assert holdups(Facts(gaps=[gap("identified")]), NOW) == ()


def test_what_waits_for_one_service_is_told_together() -> None:
    (one,) = holdups(
        Facts(
            book=book(abs_unconfirmed=True),
            downloads=[download("completed")],
            services=[state("audiobookshelf", "limited", NOW + HOUR)],
        ),
        NOW,
    )
    assert in_words(one, NOW) == (
        "audiobookshelf is left alone until 2026-03-11 13:00 (limited): the writing of its metadata and the import of "
        "download 5 wait for it."
    )
    assert in_words(one, NOW + 2 * HOUR).startswith("audiobookshelf could not be asked last (limited): ")
    (row,) = section((one,), NOW).rows
    assert row[:4] == (
        "audiobookshelf",
        "limited",
        "the writing of its metadata, the import of download 5",
        NOW + HOUR,
    )


@given(st.lists(st.sampled_from(ALL), unique=True), st.sampled_from(["identified", "queued", "ignored"]))
def test_only_services_that_are_out_are_named(out: list[str], status: str) -> None:
    states = [state(name, "down" if name in out else "healthy") for name in ALL]
    everything = Facts(
        book=book(metadata_waiting=["goodreads", "google_books"], abs_unconfirmed=True),
        gaps=[gap(status)],
        downloads=[download("queued")],
        services=states,
    )
    assert {one.service for one in holdups(everything, NOW)} <= set(out)
