"""Two real qBittorrents on this machine: one has a book, the other gets it through our assets, the library shows it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import torf
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from mam_assets.assets import ASSETS
from mam_assets.definitions import build_defs
from mam_assets.resources.torrent_client import TorrentClient
from mam_assets.sandbox.audio import write_mp3
from tests.end_to_end.jungle import MISSING, Jungle
from tests.end_to_end.real_clients import NO_SKIPS, PASSWORD, QBittorrent, required_program
from tests.end_to_end.tracker import PASSKEY, Tracker
from tests.patience import LONG_PATIENCE_SECONDS, until

pytestmark = [pytest.mark.timeout(3 * LONG_PATIENCE_SECONDS), pytest.mark.xdist_group("real_torrents")]

SEARCHED = ("books", "series_catalog", "series_gaps", "release_candidates")
SLOW = 400_000  # bytes a second: the book takes a quarter of a minute


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def database(environment: pytest.MonkeyPatch, clean_url: str) -> Iterator[Engine]:
    engine = create_engine(clean_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def materialise(instance: dg.DagsterInstance, *names: str) -> dict[str, dict[str, Any]]:
    """Run these assets, and return what each reported."""
    result = dg.materialize(ASSETS, selection=list(names), resources=build_defs().resources, instance=instance)
    assert result.success
    return {
        name: {key: value.value for key, value in result.asset_materializations_for_node(name)[0].metadata.items()}
        for name in names
    }


def rows(database: Engine, sql: str) -> list[dict[str, Any]]:
    with database.connect() as connection:
        return [dict(row) for row in connection.execute(text(sql)).mappings()]


def row(database: Engine, sql: str) -> dict[str, Any]:
    (only,) = rows(database, sql)
    return only


def the_download(database: Engine) -> dict[str, Any]:
    return row(database, "SELECT * FROM downloads")


def completed(instance: dg.DagsterInstance, database: Engine) -> bool:
    """Whether the `torrents` asset sees the download complete now."""
    materialise(instance, "torrents")
    return bool(the_download(database)["status"] == "completed")


def audio_of(folder: Path) -> Path:
    (path,) = folder.rglob("*.m4b")
    return path


def test_a_missing_volume_is_downloaded_linked_into_the_library_and_closes_its_gap(
    instance: dg.DagsterInstance, database: Engine, jungle: Jungle, seeder: QBittorrent, downloader: QBittorrent
) -> None:
    found = materialise(instance, *SEARCHED, "download_queue")
    assert (found["release_candidates"]["accepted"], found["download_queue"]["queued"]) == (1, 1)
    (before,) = rows(database, "SELECT books_owned, books_missing, completion_status FROM series")
    assert before == {"books_owned": 1, "books_missing": 1, "completion_status": "partial"}

    reported = materialise(instance, "torrents")["torrents"]
    assert reported["sent"] == 1, reported
    until(lambda: completed(instance, database), "the download is complete", seconds=LONG_PATIENCE_SECONDS)
    (torrent,) = downloader.window().torrents_info()
    assert (torrent.hash, torrent.category) == (jungle.info_hash, "mam-assets")
    assert set(torrent.tags.split(", ")) == {"mam-assets", "mam"}

    imported = materialise(instance, "imports")["imports"]
    assert (imported["imported"], imported["linked"], imported["copied"]) == (1, 1, 0)

    arrived = audio_of(downloader.save_path / "books")
    (shelved,) = (path for path in jungle.library.rglob("*.m4b") if MISSING in str(path))
    assert shelved.stat().st_ino == arrived.stat().st_ino
    assert shelved.stat().st_nlink == 2
    assert shelved.read_bytes() == audio_of(jungle.release.content_root).read_bytes()

    (torrent,) = downloader.window().torrents_info()
    assert (torrent.progress, torrent.state_enum.is_uploading) == (1, True)
    downloader.window().torrents_recheck(torrent.hash)
    until(
        lambda: downloader.window().torrents_info()[0].state_enum.is_uploading,
        "it seeds on after a check",
        seconds=LONG_PATIENCE_SECONDS,
    )

    book = row(database, f"SELECT * FROM books WHERE title = '{MISSING}'")
    gap = row(database, "SELECT * FROM missing_books")
    download = the_download(database)
    assert gap["closed_date"] is not None
    assert (gap["book_id"], gap["download_status"]) == (book["id"], "completed")
    assert (download["book_id"], download["abs_import_status"]) == (book["id"], "imported")
    (after,) = rows(database, "SELECT books_owned, books_missing, completion_status FROM series")
    assert after == {"books_owned": 2, "books_missing": 0, "completion_status": "complete"}

    again = materialise(instance, *SEARCHED, "download_queue", "torrents", "imports")
    assert (again["download_queue"]["queued"], again["torrents"]["sent"], again["imports"]["imported"]) == (0, 0, 0)
    assert again["books"]["items_new"] == 0, "the import itself had told of the book"
    assert jungle.mam.downloads == [jungle.release.release.release_id]
    assert not jungle.mam.violations
    assert seeder.sockets() == downloader.sockets() == {"127.0.0.1"}


def test_a_torrent_of_another_category_is_left_as_it_is(
    instance: dg.DagsterInstance,
    database: Engine,
    jungle: Jungle,
    seeder: QBittorrent,
    downloader: QBittorrent,
    tracker: Tracker,
    tmp_path: Path,
) -> None:
    """A client is shared with everything else that a person downloads, and with other programs."""
    music = _someone_elses(tmp_path / "music", tracker.announce)
    window = downloader.window()
    window.torrents_create_category(name="music")
    window.torrents_add(torrent_files=music, category="music", tags="mine", save_path=str(tmp_path / "music"))
    until(
        lambda: [t for t in window.torrents_info(category="music") if t.progress == 1],
        "the music is checked",
        seconds=LONG_PATIENCE_SECONDS,
    )
    before = _as_set(window, "music")

    materialise(instance, *SEARCHED, "download_queue", "torrents")
    until(lambda: completed(instance, database), "the download is complete", seconds=LONG_PATIENCE_SECONDS)
    materialise(instance, "imports")

    assert _as_set(window, "music") == before
    assert len(window.torrents_info()) == 2
    assert not list(jungle.library.rglob("*Someone*"))
    assert len(rows(database, "SELECT FROM downloads")) == 1


def test_a_client_killed_in_the_middle_of_a_download_loses_nothing_and_gets_nothing_twice(
    instance: dg.DagsterInstance, database: Engine, jungle: Jungle, seeder: QBittorrent, downloader: QBittorrent
) -> None:
    seeder.window().transfer_set_upload_limit(SLOW)
    materialise(instance, *SEARCHED, "download_queue", "torrents")
    until(
        lambda: 0.1 < downloader.window().torrents_info()[0].progress < 0.9,
        "the download is under way",
        seconds=LONG_PATIENCE_SECONDS,
    )
    materialise(instance, "torrents")
    under_way = the_download(database)
    assert 0 < under_way["progress"] < 1

    downloader.kill()

    down = materialise(instance, "torrents", "imports")
    assert (down["torrents"]["failed"], down["torrents"]["downloading"]) == (0, 1)
    assert "qbittorrent" in down["torrents"]["problem_list"].lower()
    assert "QBITTORRENT_URL" in down["torrents"]["problem_list"]
    spent = the_download(database)
    assert (spent["status"], spent["retry_count"]) == ("downloading", 0), "a client that is down spends no attempt"
    assert spent["progress"] == under_way["progress"]

    downloader.start()
    seeder.window().transfer_set_upload_limit(0)
    until(lambda: completed(instance, database), "the download is complete", seconds=LONG_PATIENCE_SECONDS)
    materialise(instance, "imports")

    (torrent,) = downloader.window().torrents_info()
    assert torrent.hash == jungle.info_hash
    assert jungle.mam.downloads == [jungle.release.release.release_id]
    done = the_download(database)
    assert (done["id"], done["abs_import_status"], done["retry_count"]) == (under_way["id"], "imported", 0)
    shelved = [path for path in jungle.library.rglob("*.m4b") if MISSING in str(path)]
    assert [path.stat().st_nlink for path in shelved] == [2]
    assert shelved[0].read_bytes() == audio_of(jungle.release.content_root).read_bytes()
    assert not rows(database, "SELECT FROM failed_attempts")


def test_a_run_that_ends_after_sending_is_settled_by_asking_the_client(
    instance: dg.DagsterInstance,
    database: Engine,
    environment: pytest.MonkeyPatch,
    jungle: Jungle,
    seeder: QBittorrent,
    downloader: QBittorrent,
) -> None:
    """The torrent was handed over, and the run ended before it could write that down."""
    sent = TorrentClient.add

    def end_after_sending(self: TorrentClient, *arguments: Any, **options: Any) -> Any:
        sent(self, *arguments, **options)
        raise KeyboardInterrupt

    with environment.context() as patch:
        patch.setattr(TorrentClient, "add", end_after_sending)
        with pytest.raises((KeyboardInterrupt, dg.DagsterExecutionInterruptedError)):
            materialise(instance, *SEARCHED, "download_queue", "torrents")
    assert the_download(database)["status"] == "queued"
    assert [entry["state"] for entry in rows(database, "SELECT state FROM outbox")] == ["intended"]

    after = materialise(instance, "torrents")["torrents"]
    assert (after["adopted"], after["sent"]) == (1, 0)
    assert [entry["state"] for entry in rows(database, "SELECT state FROM outbox")] == ["confirmed"]
    assert len(downloader.window().torrents_info()) == 1
    assert jungle.mam.downloads == [jungle.release.release.release_id]


def test_a_wrong_password_is_named_and_never_leads_to_a_ban(
    instance: dg.DagsterInstance,
    database: Engine,
    environment: pytest.MonkeyPatch,
    jungle: Jungle,
    downloader: QBittorrent,
) -> None:
    """qBittorrent bans an address for an hour after five wrong passwords; an asset may run more often than that."""
    wrong = "not the right password"
    environment.setenv("QBITTORRENT_PASSWORD", wrong)
    materialise(instance, *SEARCHED, "download_queue")
    for _ in range(6):
        reported = materialise(instance, "torrents")["torrents"]
        assert "QBITTORRENT_USERNAME and QBITTORRENT_PASSWORD" in reported["problem_list"]
        assert (reported["sent"], reported["failed"], reported["waiting"]) == (0, 0, 1)
        assert wrong not in str(reported)
    waiting = the_download(database)
    assert (waiting["status"], waiting["retry_count"]) == ("queued", 0)
    assert "QBITTORRENT_PASSWORD" in waiting["waiting_reason"]
    assert wrong not in str(rows(database, "SELECT * FROM service_state"))

    environment.setenv("QBITTORRENT_PASSWORD", PASSWORD)
    reported = materialise(instance, "torrents")["torrents"]
    assert reported["sent"] == 1, reported
    assert len(downloader.window().torrents_info()) == 1


def test_no_secret_of_the_tracker_is_kept(
    instance: dg.DagsterInstance, database: Engine, jungle: Jungle, downloader: QBittorrent
) -> None:
    """The announce address in a private .torrent holds a passkey, which is as good as the account."""
    materialise(instance, *SEARCHED, "download_queue", "torrents")
    assert PASSKEY in downloader.window().torrents_trackers(jungle.info_hash)[-1].url
    tables = [r["name"] for r in rows(database, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")]
    for table in tables:
        assert PASSKEY not in str(rows(database, f'SELECT * FROM "{table}"')), table


def test_without_the_client_these_tests_are_skipped_with_the_reason_and_fail_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(NO_SKIPS, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-client is not installed"):
        required_program("no-such-client", "some-package")
    monkeypatch.setenv(NO_SKIPS, "1")
    with pytest.raises(pytest.fail.Exception, match="some-package"):
        required_program("no-such-client", "some-package")


def _someone_elses(folder: Path, announce: str) -> bytes:
    (folder / "Someone else's album").mkdir(parents=True)
    write_mp3(folder / "Someone else's album" / "01.mp3", 20, title="One", artist="Someone", album="Album")
    torrent = torf.Torrent(path=folder / "Someone else's album", trackers=[announce], private=True)
    torrent.generate(threads=1)
    stream = io.BytesIO()
    torrent.write_stream(stream)
    return stream.getvalue()


def _as_set(window: Any, category: str) -> dict[str, Any]:
    """What a person has set for their torrent."""
    (torrent,) = window.torrents_info(category=category)
    return {key: torrent[key] for key in ("hash", "name", "category", "tags", "save_path", "state", "progress")}
