"""What is handed to the client, and what becomes of it there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mam_assets.assets.acquisition import download_queue, release_candidates
from mam_assets.assets.downloads import torrents
from mam_assets.sandbox.twins.bencode import read_torrent
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.dock import DAY, Dock, forget_failed_logins

WARLORD, OTHER_WARLORD = 1003, 1004
SON_THAT_STALLS, SON = 1006, 1007
ALL = (release_candidates, download_queue, torrents)


class Killed(BaseException):
    """As a kill: no handler of ours sees it."""


def queued(dock: Dock, *release_ids: int, **wish: Any) -> list[int]:
    gap_ids = [dock.want(release_id, **wish) for release_id in release_ids]
    dock.run(release_candidates)
    dock.approve_held()
    dock.run(download_queue)
    return gap_ids


def test_an_accepted_release_is_sent_once_with_category_and_hash(dock: Dock) -> None:
    (gap,) = queued(dock, 1044)
    run = dock.run(torrents)
    assert (run.of("torrents")["sent"], run.of("torrents")["problems"]) == (1, 0)
    built = dock.release(1044)
    assert list(dock.ours()) == [built.info_hash]
    download = dock.download(gap)
    assert (download.status, download.qbittorrent_hash) == ("downloading", built.info_hash)
    assert dock.gap(gap).download_status == "downloading"
    assert dock.rows("SELECT state FROM outbox") == [("confirmed",)]
    again = dock.run(torrents)
    assert again.of("torrents")["sent"] == 0
    assert len(dock.ours()) == 1


def test_the_best_rank_is_chosen_and_a_gap_has_one_download(dock: Dock) -> None:
    (gap,) = queued(dock, WARLORD)
    dock.run(*ALL)
    assert len(dock.rows("SELECT id FROM downloads")) == 1
    best = dock.rows(
        "SELECT release_id FROM release_decisions WHERE missing_book_id = :g AND verdict = 'accept'"
        " ORDER BY rank DESC LIMIT 1",
        g=gap,
    )
    assert dock.download(gap).release_id == best[0].release_id


def test_a_release_that_stalls_is_blocked_and_the_next_best_follows(dock: Dock) -> None:
    (gap,) = queued(dock, SON_THAT_STALLS)
    dock.run(torrents)
    assert dock.download(gap).qbittorrent_hash == dock.release(SON_THAT_STALLS).info_hash
    dock.wait(minutes=10)
    dock.run(torrents)
    assert dock.download(gap).progress == pytest.approx(0.37)
    dock.wait(hours=23)
    dock.run(torrents)
    assert dock.download(gap).status == "downloading"
    dock.wait(hours=2)
    run = dock.run(torrents)
    download = dock.download(gap)
    assert (download.status, download.failure_code, download.retry_count) == ("failed", "stalled", 1)
    assert run.of("torrents")["failed"] == 1
    assert timedelta(0) <= download.next_retry - (dock.clock.now() + DAY) < timedelta(minutes=1) or (
        download.next_retry == dock.clock.now() + DAY
    )
    assert dock.blocked() == [f"guid:MAM:{dock.release(SON_THAT_STALLS).release.mam_id}"]
    assert dock.rows("SELECT task_name, reason, attempt_count FROM failed_attempts") == [("DOWNLOAD", "stalled", 1)]
    dock.run(*ALL)
    assert dock.download(gap).status == "failed", "a retry is not due before its day"
    dock.wait(days=1)
    dock.run(*ALL)
    download = dock.download(gap)
    assert (download.status, download.qbittorrent_hash) == ("downloading", dock.release(SON).info_hash)


def test_the_ladder_is_one_three_and_seven_days_and_then_abandoned(dock: Dock) -> None:
    (gap,) = queued(dock, 1044)
    dock.servers["prowlarr"].set_fault(Fault.SERVER_ERROR)
    waits = []
    for _ in range(4):
        dock.rows("UPDATE downloads SET release_id = release_id RETURNING id")
        dock.rows("WITH gone AS (DELETE FROM blocked_releases RETURNING id) SELECT * FROM gone")
        dock.run(download_queue, torrents)
        assert dock.download(gap).status == "downloading"
        dock.client.control("force", {"hash": dock.download(gap).qbittorrent_hash, "state": "error"})
        dock.run(torrents)
        dock.client.control("remove", {"hash": dock.download(gap).qbittorrent_hash, "delete_files": True})
        download = dock.download(gap)
        waits.append(None if download.next_retry is None else (download.next_retry - dock.clock.now()).days)
        if download.next_retry is not None:
            dock.clock.moment = download.next_retry
    assert waits == [1, 3, 7, None]
    assert dock.download(gap).status == "abandoned"
    assert dock.gap(gap).download_status == "failed"
    dock.wait(days=400)
    run = dock.run(download_queue, torrents)
    assert (run.of("download_queue")["retried"], run.of("download_queue")["queued"]) == (0, 0)
    dock.run(download_queue, download_queue={"retry_now": [dock.download(gap).id]})
    assert dock.download(gap).status == "abandoned", "its only release is blocked"
    dock.rows("WITH gone AS (DELETE FROM blocked_releases RETURNING id) SELECT * FROM gone")
    dock.run(download_queue, download_queue={"retry_now": [dock.download(gap).id]})
    assert dock.download(gap).status == "queued"


def test_without_another_release_the_ladder_is_climbed_to_its_end(dock: Dock) -> None:
    (gap,) = queued(dock, 1044)
    dock.run(torrents)
    dock.client.control("force", {"hash": dock.download(gap).qbittorrent_hash, "state": "missingFiles"})
    dock.run(torrents)
    for rung in (2, 3):
        dock.clock.moment = dock.download(gap).next_retry
        assert dock.run(download_queue).of("download_queue")["without_another_release"] == 1
        assert dock.download(gap).retry_count == rung
    dock.clock.moment = dock.download(gap).next_retry
    dock.run(download_queue)
    assert dock.download(gap).status == "abandoned"


@pytest.mark.parametrize(
    ("settings", "facts", "words"),
    [
        ({"mam_slot_reserve": 10}, {"limit": 13}, "unsatisfied slots are free at MAM"),
        ({"mam_min_ratio": 2.0}, {"ratio": 1.5}, "ratio 1.50 is below 2.00"),
        ({"max_active_downloads": 1}, {}, "1 downloads are active, and 1 may be"),
        ({"min_free_gib": 1e9}, {}, "(MIN_FREE_GIB)"),
    ],
)
def test_a_limit_makes_it_wait_and_says_why(
    dock: Dock, settings: dict[str, Any], facts: dict[str, Any], words: str
) -> None:
    dock.change(**settings)
    dock.mam.control("account", facts)
    first, second = queued(dock, 1044, 1045)
    run = dock.run(torrents)
    waiting = [dock.download(gap) for gap in (first, second) if dock.download(gap).status == "queued"]
    assert len(waiting) == run.of("torrents")["waiting"] >= 1
    assert words in waiting[-1].waiting_reason
    assert (waiting[-1].retry_count, dock.blocked()) == (0, [])


def test_slots_are_counted_on_within_a_run(dock: Dock) -> None:
    dock.mam.control("account", {"unsatisfied": 0, "limit": 11})
    queued(dock, 1044, 1045, 1046)
    run = dock.run(torrents)
    assert (run.of("torrents")["sent"], run.of("torrents")["waiting"]) == (1, 2)
    assert len(dock.mam.downloads) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_around_the_sending_leaves_one_torrent(dock: Dock, when: str) -> None:
    """Between intention and sending, and between sending and confirming."""
    (gap,) = queued(dock, 1044)

    def kill(resources: dict[str, Any]) -> None:
        client = resources["torrent_client"]
        add: Callable[..., Any] = client.add

        def killed(*given: Any, **options: Any) -> None:
            if when == "after":
                add(*given, **options)
            raise Killed

        client.add = killed

    dock.run(torrents, meddle=kill, ok=False)
    assert dock.rows("SELECT state FROM outbox") == [("intended",)]
    assert len(dock.ours()) == (1 if when == "after" else 0)
    run = dock.run(torrents)
    counts = run.of("torrents")
    assert (counts["sent"], counts["adopted"]) == ((0, 1) if when == "after" else (1, 0))
    assert len(dock.ours()) == 1
    assert len([r for r in dock.requests("qbittorrent", "torrents/add") if r.status == 200]) == 1
    assert dock.download(gap).status == "downloading"
    assert dock.rows("SELECT count(*) FROM outbox WHERE state = 'intended'") == [(0,)]


def test_a_torrent_that_is_there_already_is_adopted(dock: Dock) -> None:
    (gap,) = queued(dock, 1044)
    built = dock.release(1044)
    dock.client.torrents.add(
        read_torrent(built.torrent),
        save_path=str(dock.downloads),
        category="by hand",
        tags=[],
        stopped=False,
    )
    run = dock.run(torrents)
    assert (run.of("torrents")["adopted"], dock.download(gap).status) == (1, "downloading")
    assert dock.client.torrents.rows[built.info_hash].category == "by hand"
    dock.wait(minutes=5)
    assert dock.run(torrents).of("torrents")["completed"] == 1


def test_a_vanished_torrent_fails_only_after_it_stayed_away(dock: Dock) -> None:
    (gap,) = queued(dock, 1044)
    dock.run(torrents)
    dock.wait(minutes=5)
    torrent = dock.client.torrents.rows.pop(dock.release(1044).info_hash)
    dock.run(torrents)
    assert dock.download(gap).absent_since is not None
    dock.client.torrents.rows[torrent.hash] = torrent
    dock.client.control("force", {"hash": torrent.hash, "state": "moving"})
    dock.run(torrents)
    assert (dock.download(gap).absent_since, dock.download(gap).status) == (None, "downloading")
    dock.client.torrents.rows.clear()
    dock.run(torrents)
    dock.wait(minutes=2)
    dock.run(torrents)
    assert dock.download(gap).status == "downloading"
    dock.wait(minutes=2)
    dock.run(torrents)
    assert (dock.download(gap).status, dock.download(gap).failure_code) == ("failed", "torrent_removed")


def test_a_moving_torrent_winds_the_stall_timer(dock: Dock) -> None:
    (gap,) = queued(dock, 1044)
    dock.run(torrents)
    dock.client.control("force", {"hash": dock.release(1044).info_hash, "state": "moving"})
    for _ in range(3):
        dock.wait(hours=20)
        dock.run(torrents)
    assert dock.download(gap).status == "downloading"


# --- what is no torrent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("release_id", "words"), [(1010, "no .torrent file"), (1011, "leads out of the folder")])
def test_a_release_whose_torrent_is_rubbish_is_blocked_and_the_rest_goes_on(
    dock: Dock, release_id: int, words: str
) -> None:
    """HTML in place of a .torrent, and file names with "..": the issue's bad input."""
    bad, good = queued(dock, release_id, 1044)
    run = dock.run(torrents)
    assert run.of("torrents")["sent"] == 1
    assert (dock.download(bad).status, dock.download(bad).retry_count) == ("failed", 1)
    assert words in dock.download(bad).failure_reason
    assert dock.download(good).status == "downloading"
    assert len(dock.blocked()) == 1
    assert not list(dock.downloads.rglob("escaped*"))


def test_a_torrent_that_was_removed_at_mam_blames_its_release(dock: Dock) -> None:
    (gap,) = queued(dock, 1044)
    dock.mam.control("remove", {"release_id": 1044})
    dock.run(torrents)
    assert (dock.download(gap).status, dock.download(gap).retry_count, len(dock.blocked())) == ("failed", 1, 1)


def test_a_torrent_that_is_gone_at_prowlarr_blames_its_release(dock: Dock) -> None:
    (gap,) = queued(dock, 1028)
    dock.prowlarr.control("remove", {"release_id": 1028})
    dock.run(torrents)
    assert (dock.download(gap).status, len(dock.blocked())) == ("failed", 1)


def test_a_prowlarr_that_answers_404_to_everything_blames_nobody(dock: Dock) -> None:
    (gap,) = queued(dock, 1028)
    dock.servers["prowlarr"].set_fault(Fault.NOT_FOUND)
    dock.run(torrents)
    assert (dock.download(gap).status, dock.download(gap).retry_count, dock.blocked()) == ("queued", 0, [])


def test_rubbish_of_one_indexer_lets_the_others_go_on_and_is_believed_at_the_fifth_time(dock: Dock) -> None:
    bad, good = queued(dock, 1028, 1030)
    dock.servers["prowlarr"].set_fault(Fault.SERVER_ERROR, path="/2/download", times=1)
    dock.run(torrents)
    statuses = sorted(dock.download(gap).status for gap in (bad, good))
    assert statuses == ["downloading", "queued"]
    (stuck,) = [gap for gap in (bad, good) if dock.download(gap).status == "queued"]
    assert (dock.download(stuck).fetch_attempts, dock.download(stuck).retry_count) == (1, 0)
    dock.servers["prowlarr"].set_fault(Fault.SERVER_ERROR, path="/2/download")
    for _ in range(4):
        dock.run(torrents)
    assert (dock.download(stuck).status, dock.download(stuck).failure_code) == ("failed", "torrent_unusable")


# --- magnets -----------------------------------------------------------------------------------------------------

MAGNET = 1029


def test_a_magnet_is_sent_and_checked_once_its_files_are_known(dock: Dock) -> None:
    (gap,) = queued(dock, MAGNET)
    run = dock.run(torrents)
    assert (run.of("torrents")["sent"], run.of("torrents")["problems"]) == (1, 0)
    download = dock.download(gap)
    assert (download.status, download.files_checked_at) == ("downloading", None)
    assert download.magnet_link == f"magnet:?xt=urn:btih:{dock.release(MAGNET).info_hash}"
    dock.wait(seconds=30)
    dock.run(torrents)
    assert dock.download(gap).files_checked_at is not None
    dock.wait(minutes=5)
    assert dock.run(torrents).of("torrents")["completed"] == 1


def test_a_magnet_without_metadata_spends_an_attempt_and_blocks_nobody(dock: Dock) -> None:
    """field.md 40: magnets that find no metadata must not be blocklisted."""
    (gap,) = queued(dock, MAGNET)
    dock.client.torrents.contents = {}
    dock.run(torrents)
    dock.wait(hours=3)
    dock.run(torrents)
    download = dock.download(gap)
    assert (download.status, download.failure_code, dock.blocked()) == ("failed", "metadata_stalled", [])


def test_a_magnet_that_turns_out_to_be_something_else_is_blocked(dock: Dock) -> None:
    (gap,) = queued(dock, MAGNET)
    dock.rows("UPDATE downloads SET size_bytes = 900000000 RETURNING id")
    dock.run(torrents)
    dock.wait(seconds=30)
    dock.run(torrents)
    assert (dock.download(gap).status, dock.download(gap).failure_code) == ("failed", "size_differs")
    assert len(dock.blocked()) == 1


# --- services in trouble -----------------------------------------------------------------------------------------

FAULTS = [fault for fault in Fault if fault is not Fault.NOT_FOUND]


@pytest.mark.parametrize("service", ["mam", "prowlarr", "qbittorrent"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_in_trouble_blames_no_release_and_the_rest_goes_on(dock: Dock, service: str, fault: Fault) -> None:
    of_mam, of_prowlarr = queued(dock, 1044, 1028)
    # The client of qBittorrent has a limit for each piece of an answer and none for the whole: a drip comes through.
    drip = {"seconds": 0.5 if service == "qbittorrent" else 3} if fault is Fault.SLOW_DRIP else {}
    dock.servers[service].set_fault(fault, **drip)
    run = dock.run(torrents)
    assert dock.blocked() == []
    assert dock.rows("SELECT id FROM failed_attempts") == []
    downloads = {"mam": dock.download(of_mam), "prowlarr": dock.download(of_prowlarr)}
    assert all(download.retry_count == 0 for download in downloads.values())
    if service != "qbittorrent":
        other = {"mam": "prowlarr", "prowlarr": "mam"}[service]
        assert downloads[other].status == "downloading"
    waiting = [d for d in downloads.values() if d.status == "queued"]
    for download in waiting:
        assert download.waiting_reason.startswith(f"{service}: ")
        assert run.of("torrents")["problems"] >= 1
    dock.servers[service].clear_faults()
    if service == "mam":
        dock.mam.control("session", {"mam_id": dock.settings.mam_id.get_secret_value()})
        dock.rows("WITH gone AS (DELETE FROM service_cookies RETURNING 1) SELECT * FROM gone")
    forget_failed_logins()
    dock.run(torrents)
    assert {dock.download(gap).status for gap in (of_mam, of_prowlarr)} == {"downloading"}
    assert len(dock.ours()) == 2


@pytest.mark.parametrize(
    ("setting", "service", "remedy"),
    [
        ("mam_id", "mam", "MAM_ID"),
        ("prowlarr_api_key", "prowlarr", "key"),
        ("qbittorrent_password", "qbittorrent", "QBITTORRENT_PASSWORD"),
    ],
)
def test_a_wrong_key_is_named_with_its_remedy_and_never_shown(
    dock: Dock, setting: str, service: str, remedy: str
) -> None:
    queued(dock, 1044, 1028)
    dock.change(**{setting: "a-wrong-but-recognisable-key"})
    run = dock.run(torrents)
    words = run.of("torrents")["problem_list"]
    assert f"{service}: " in words
    assert remedy in words
    assert "recognisable" not in str(run.of("torrents"))
    assert "recognisable" not in str(run._result.all_events), "no secret is in Dagster's events"
    assert dock.blocked() == []


def test_a_torrent_that_the_client_will_not_have_does_not_hold_up_the_others(dock: Dock) -> None:
    first, second = queued(dock, 1044, 1045)
    refused = dock.release(1044).info_hash
    add = dock.client.torrents.add

    def picky(file: Any, **options: Any) -> Any:
        return None if file.info_hash == refused else add(file, **options)

    dock.client.torrents.add = picky  # type: ignore[method-assign]
    run = dock.run(torrents)
    assert run.of("torrents")["sent"] == 1
    assert (dock.download(first).status, dock.download(first).failure_code) == ("failed", "torrent_refused")
    assert dock.download(second).status == "downloading"


# --- nobody wants it, or nothing may be written ------------------------------------------------------------------


def test_what_nobody_wants_any_more_is_withdrawn(dock: Dock) -> None:
    ignored, closed, wanted = queued(dock, 1044, 1045, 1046)
    dock.rows("UPDATE missing_books SET download_status = 'ignored' WHERE id = :id RETURNING id", id=ignored)
    dock.rows("UPDATE missing_books SET closed_date = now() WHERE id = :id RETURNING id", id=closed)
    run = dock.run(download_queue, torrents)
    assert run.of("download_queue")["withdrawn"] == 2
    assert {dock.download(gap).status for gap in (ignored, closed)} == {"abandoned"}
    assert dock.download(wanted).status == "downloading"
    dock.rows("UPDATE missing_books SET download_status = 'identified' WHERE id = :id RETURNING id", id=ignored)
    assert dock.run(download_queue).of("download_queue")["queued"] == 1, "un-ignored, it is wanted again"


def test_a_dry_run_writes_nothing_and_says_what_it_would_do(dock: Dock) -> None:
    dock.change(mam_dry_run=True, max_active_downloads=1)
    first, second = queued(dock, 1044, 1045)
    run = dock.run(torrents)
    counts = run.of("torrents")
    assert (counts["would_send"], counts["sent"], counts["waiting"]) == (1, 0, 2)
    assert "dry run: it would be sent now" in counts["problem_list"]
    assert "downloads are active" in dock.download(second).waiting_reason
    assert dock.ours() == {}
    assert dock.mam.downloads == []
    assert dock.download(first).status == "queued"
