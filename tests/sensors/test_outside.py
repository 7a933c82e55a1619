"""Sensors of the outside: what a tick asks for, and what it makes of trouble."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from mam_assets import jobs
from mam_assets.assets.acquisition import download_queue, release_candidates
from mam_assets.assets.downloads import torrents
from mam_assets.domain.books import LibraryMark
from mam_assets.resources import quick
from mam_assets.resources.clock import Clock
from mam_assets.resources.exchange import IMPATIENT
from mam_assets.sandbox.audio import write_m4b
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.sensors import outside
from mam_assets.sensors.outside import acquisition_due, audiobookshelf_imports, new_items, torrent_states
from tests.assets.dock import NOW, Dock, forget_failed_logins
from tests.patience import limits_beside

LONGEST_TICK_SECONDS = 5.0
TWICE_WITHIN_A_TICK = quick._TWICE_WITHIN_A_TICK


@pytest.fixture
def tick(dock: Dock, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function: one tick of a sensor on the dock; SkipReason or SensorResult. What it reckons takes no longer than a
    tick may; how long it waits is shown by its limits, below."""
    monkeypatch.setattr(outside, "load_settings", lambda: dock.settings)
    monkeypatch.setattr(Clock, "now", lambda self: dock.clock.moment)

    def tick(sensor: Any, cursor: str | None = None) -> Any:
        started = time.process_time()
        monkeypatch.setattr(quick, "IMPATIENT", limits_beside(dock.servers["audiobookshelf"]))
        monkeypatch.setattr(quick, "_TWICE_WITHIN_A_TICK", limits_beside(dock.servers["qbittorrent"]))
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            answer = sensor(context)
        assert time.process_time() - started < LONGEST_TICK_SECONDS
        return answer

    return tick


def started(instance: dg.DagsterInstance, name: str, status: dg.DagsterRunStatus) -> None:
    """A run of a job that is not over."""
    instance.create_run_for_job(dg.job(name=name)(lambda: None), status=status)


UNFINISHED = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


# --- imports -----------------------------------------------------------------------------------------------------


def mark(number: int, *, files: int = 1, missing: bool = False) -> LibraryMark:
    at = NOW + timedelta(minutes=number)
    return LibraryMark(f"li_{number}", at, at, "book", files, missing)


def test_only_items_that_we_lack_are_new() -> None:
    marks = [mark(1), mark(2), mark(3, files=0), mark(4, missing=True)]
    found = new_items(marks, {"li_1"}, None, NOW)
    assert found.new == 1
    assert new_items(marks, {"li_1"}, found.cursor, NOW + timedelta(minutes=1)).new == 0, "it was asked for just now"
    assert new_items([*marks, mark(9)], {"li_1"}, found.cursor, NOW + timedelta(minutes=1)).new == 1
    assert new_items(marks, {"li_1"}, found.cursor, NOW + timedelta(minutes=11)).new == 1, "that run has failed"
    assert new_items(marks, {"li_1", "li_2"}, found.cursor, NOW + timedelta(days=1)).new == 0


def test_a_cursor_of_another_version_is_no_obstacle() -> None:
    assert new_items([mark(1)], (), json.dumps({"version": 1, "newest": "z"}), NOW).new == 1


def test_a_new_item_starts_one_run(dock: Dock, tick: Any, instance: dg.DagsterInstance) -> None:
    assert isinstance(tick(audiobookshelf_imports), dg.SkipReason)
    folder = dock.library / "Somebody" / "A Book"
    folder.mkdir(parents=True)
    write_m4b(folder / "a.m4b", 2.0, title="A Book", artist="Somebody", album="A Book")
    dock.shelf.shelf.scan(int(dock.clock.seconds() * 1000))
    answer = tick(audiobookshelf_imports)
    assert len(answer.run_requests) == 1
    assert answer.asset_events[0].metadata["new_items"].value == 1
    assert isinstance(tick(audiobookshelf_imports, answer.cursor), dg.SkipReason)
    started(instance, "library_import", dg.DagsterRunStatus.STARTED)
    busy = tick(audiobookshelf_imports)
    assert "under way" in (busy.skip_message or "")


def test_without_a_key_there_is_nothing_to_look_at(dock: Dock, tick: Any) -> None:
    dock.settings = dock.settings.model_copy(update={"abs_token": None})
    assert "ABS_TOKEN" in tick(audiobookshelf_imports).skip_message


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.SLOW_DRIP])
def test_an_audiobookshelf_in_trouble_is_a_skip_that_says_why(dock: Dock, tick: Any, fault: Fault) -> None:
    dock.servers["audiobookshelf"].set_fault(fault)
    answer = tick(audiobookshelf_imports, '{"version": 2, "newest": "", "asked": null}')
    assert isinstance(answer, dg.SkipReason)
    assert "audiobookshelf: " in (answer.skip_message or "")
    dock.servers["audiobookshelf"].clear_faults()


# --- torrents ----------------------------------------------------------------------------------------------------


def sent(dock: Dock, release_id: int = 1044) -> int:
    gap = dock.want(release_id)
    dock.run(release_candidates, download_queue, torrents)
    return gap


def test_nothing_under_way_asks_nobody(dock: Dock, tick: Any) -> None:
    assert tick(torrent_states).skip_message == "no download is under way"
    assert dock.requests("qbittorrent") == []


def test_a_complete_torrent_starts_one_run(dock: Dock, tick: Any, instance: dg.DagsterInstance) -> None:
    sent(dock)
    assert "none has ended" in tick(torrent_states).skip_message
    dock.wait(minutes=5)
    assert len(tick(torrent_states).run_requests) == 1
    started(instance, "follow_downloads", dg.DagsterRunStatus.NOT_STARTED)
    assert "under way" in tick(torrent_states).skip_message


def test_a_stall_is_seen_although_no_run_looked_in_between(dock: Dock, tick: Any) -> None:
    """The torrent grew after the last run and then stood still: only the sensor saw the growth."""
    gap = sent(dock, 1006)
    dock.wait(minutes=5)
    assert isinstance(tick(torrent_states), dg.SkipReason)
    assert dock.download(gap).progress == pytest.approx(0.37)
    dock.wait(hours=23)
    assert isinstance(tick(torrent_states), dg.SkipReason)
    dock.wait(hours=2)
    assert len(tick(torrent_states).run_requests) == 1


def test_a_vanished_torrent_starts_a_run_after_its_grace(dock: Dock, tick: Any) -> None:
    sent(dock)
    dock.wait(minutes=3)
    dock.client.torrents.rows.clear()
    assert isinstance(tick(torrent_states), dg.SkipReason)
    dock.wait(minutes=4)
    assert len(tick(torrent_states).run_requests) == 1


def test_one_that_was_moved_to_another_category_is_not_gone(dock: Dock, tick: Any) -> None:
    gap = sent(dock)
    dock.client.torrents.rows[dock.release(1044).info_hash].category = "mine"
    dock.client.torrents.download_seconds = 1e9
    tick(torrent_states)
    assert dock.download(gap).absent_since is None


@pytest.mark.parametrize("fault", [f for f in Fault if f not in (Fault.SLOW_DRIP, Fault.SESSION_EXPIRED)])
def test_a_client_in_trouble_is_a_skip_that_says_why(dock: Dock, tick: Any, fault: Fault) -> None:
    gap = sent(dock)
    forget_failed_logins()
    dock.servers["qbittorrent"].set_fault(fault)
    answer = tick(torrent_states)
    assert isinstance(answer, dg.SkipReason)
    assert "qbittorrent: " in (answer.skip_message or "")
    assert dock.download(gap).absent_since is None, "a client that does not answer has lost nothing"
    dock.servers["qbittorrent"].clear_faults()


def test_an_import_that_is_due_starts_a_run(dock: Dock, tick: Any) -> None:
    gap = sent(dock)
    dock.wait(minutes=5)
    dock.run(torrents)
    assert len(tick(torrent_states).run_requests) == 1
    dock.rows("UPDATE downloads SET next_import = :at RETURNING id", at=dock.clock.now() + timedelta(hours=1))
    assert tick(torrent_states).skip_message == "no download is under way"
    assert gap


# --- acquisition -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", UNFINISHED)
def test_work_that_is_due_starts_one_run_at_a_time(
    dock: Dock, tick: Any, instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    assert "nothing is due" in tick(acquisition_due).skip_message
    dock.want(1044)
    (request,) = tick(acquisition_due).run_requests
    assert "1 searches" in request.tags["mam_assets/due"]
    started(instance, "acquisition", status)
    assert "under way" in tick(acquisition_due).skip_message


@pytest.mark.parametrize("sensor", [acquisition_due, torrent_states, audiobookshelf_imports])
def test_a_database_that_is_gone_is_a_skip_that_says_why(
    dock: Dock, tick: Any, sensor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(acquisition_due)
    real = quick.connect

    def connect_and_lose(settings: Any) -> Any:
        engine = real(settings)
        with engine.connect():
            pass
        return engine

    monkeypatch.setattr(quick, "connect", connect_and_lose)
    original = quick.text

    def cut_first(statement: str) -> Any:
        dock.cut_connections()
        return original(statement)

    monkeypatch.setattr(quick, "text", cut_first)
    answer = tick(sensor)
    assert "PostgreSQL at " in answer.skip_message


@pytest.mark.parametrize(
    ("sensor", "service", "tries"), [(audiobookshelf_imports, "audiobookshelf", 1), (torrent_states, "qbittorrent", 2)]
)
def test_a_service_that_never_answers_is_not_waited_for_longer_than_a_tick_may_take(
    dock: Dock, tick: Any, monkeypatch: pytest.MonkeyPatch, sensor: Any, service: str, tries: int
) -> None:
    sent(dock)
    forget_failed_logins()
    twin, heard = dock.servers[service].twin, []
    answer = twin.answer

    def overheard(request: Any) -> Any:
        heard.append(request.path)
        return answer(request)

    monkeypatch.setattr(twin, "answer", overheard)
    dock.servers[service].set_fault(Fault.TIMEOUT)
    assert isinstance(tick(sensor), dg.SkipReason)
    assert len(heard) == tries
    limits = {"audiobookshelf": IMPATIENT, "qbittorrent": TWICE_WITHIN_A_TICK}[service]
    assert tries * limits.read_seconds < LONGEST_TICK_SECONDS
    assert tries * limits.connect_seconds < LONGEST_TICK_SECONDS
    assert service != "audiobookshelf" or limits.total_seconds <= LONGEST_TICK_SECONDS


def test_each_sensor_starts_a_job_of_ours() -> None:
    names = {job.name for job in jobs.JOBS}
    for sensor in (acquisition_due, torrent_states, audiobookshelf_imports):
        assert {target.job_name for target in sensor.targets} <= names
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
