"""From a complete download to a book of the library."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mam_assets.assets import seeing
from mam_assets.assets.acquisition import download_queue, release_candidates
from mam_assets.assets.downloads import torrents
from mam_assets.assets.imports import imports
from mam_assets.resources import files
from mam_assets.sandbox.audio import write_m4b
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.dock import Dock

MASTER_MIND, SYNTHETIC = 1044, 1045  # a folder of two MP3, one M4B
DAMAGED, SOUND = 1008, 1009


def arrived(dock: Dock, *release_ids: int, **wish: Any) -> list[int]:
    """Gaps whose download is complete and waits to be imported."""
    gap_ids = [dock.want(release_id, **wish) for release_id in release_ids]
    dock.run(release_candidates, download_queue, torrents)
    dock.wait(minutes=5)
    dock.run(torrents)
    assert {dock.download(gap).status for gap in gap_ids} == {"completed"}
    return gap_ids


def test_an_import_is_a_hard_link_that_closes_the_gap(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    run = dock.run(imports)
    counts = run.of("imports")
    assert (counts["imported"], counts["linked"], counts["problems"]) == (1, 1, 0)
    (name,) = dock.in_library()
    assert name.startswith("Edgar Rice Burroughs/Barsoom/Vol 9 - Synthetic Men of Mars {Daniel Marsh}/")
    source = next(dock.downloads.rglob("*.m4b"))
    assert os.stat(dock.library / name).st_ino == os.stat(source).st_ino
    download = dock.download(gap)
    assert (download.abs_import_status, download.abs_import_error) == ("imported", None)
    closed = dock.gap(gap)
    assert (closed.download_status, closed.closed_date, closed.book_id) == (
        "completed",
        dock.clock.now().replace(microsecond=closed.closed_date.microsecond, second=closed.closed_date.second),
        download.book_id,
    )
    (book,) = dock.rows("SELECT title, import_source FROM books")
    assert book == ("Synthetic Men of Mars", "series_completion")
    assert dock.rows("SELECT method, size_bytes > 0 FROM imported_files") == [("link", True)]
    again = dock.run(imports)
    assert again.of("imports")["imported"] == 0


def test_many_imports_take_one_scan_and_few_requests(dock: Dock) -> None:
    """Each import used to read its own item: 50 imports were 50 requests and 50 transactions."""
    gaps = arrived(dock, 1044, 1045, 1046, 1047)
    before = len(dock.requests("audiobookshelf"))
    assert dock.run(imports).of("imports")["imported"] == len(gaps)
    asked = [request.path.rpartition("/")[2] for request in dock.requests("audiobookshelf")[before:]]
    assert asked.count("scan") == 1
    assert asked.count("get") == 1
    assert asked.count("items") == 1


def test_files_on_another_disk_are_copied(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived(dock, MASTER_MIND)

    def elsewhere(*_: Any, **__: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", elsewhere)
    assert dock.run(imports).of("imports")["copied"] == 1
    for name in dock.in_library():
        copy = dock.library / name
        assert copy.stat().st_nlink == 1
    assert dock.rows("SELECT DISTINCT method FROM imported_files") == [("copy",)]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing_blames_no_download(dock: Dock, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (gap,) = arrived(dock, MASTER_MIND)

    def refuses(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuses)
        patch.setattr(files, "_copy", refuses)
        run = dock.run(imports)
    words = run.of("imports")["problem_list"]
    assert "files: write" in words
    assert dock.in_library() == []
    assert (dock.download(gap).abs_import_status, dock.download(gap).import_attempts) == ("pending", 0)
    assert dock.download(gap).abs_import_error in words
    assert dock.run(imports).of("imports")["imported"] == 0, "it is not due again at once"
    dock.wait(minutes=11)
    assert dock.run(imports).of("imports")["imported"] == 1


def test_a_missing_library_folder_is_named_and_waits(dock: Dock) -> None:
    (gap,) = arrived(dock, MASTER_MIND)
    dock.library.rename(dock.library.with_name("away"))
    run = dock.run(imports)
    assert "the library folder is missing" in run.of("imports")["problem_list"]
    assert "LIBRARY_PATH" in run.of("imports")["problem_list"]
    assert dock.download(gap).import_attempts == 0
    assert not dock.library.exists()
    dock.library.with_name("away").rename(dock.library)
    dock.wait(minutes=11)
    assert dock.run(imports).of("imports")["imported"] == 1


def test_nothing_is_ever_written_over_a_file(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    folder = dock.library / "Edgar Rice Burroughs/Barsoom/Vol 9 - Synthetic Men of Mars {Daniel Marsh}"
    folder.mkdir(parents=True)
    mine = folder / next(dock.downloads.rglob("*.m4b")).name
    mine.write_text("mine")
    run = dock.run(imports)
    assert mine.read_text() == "mine"
    assert run.of("imports")["held"] == 1
    assert (dock.gap(gap).download_status, dock.download(gap).abs_import_status) == ("held", "import_failed")
    assert "holds something else" in dock.gap(gap).hold_reason
    dock.wait(days=40)
    dock.run(release_candidates, download_queue, torrents, imports)
    assert "holds something else" in dock.gap(gap).hold_reason, "a person has to decide; nobody searches it meanwhile"


def test_a_kill_half_way_leaves_nothing_visible_and_a_second_run_adopts(
    dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    arrived(dock, MASTER_MIND)
    link, done = os.link, []

    def killed(source: Any, target: Any) -> None:
        if done:
            raise Killed
        done.append(target)
        link(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", killed)
        dock.run(imports, ok=False)
    assert done
    assert all("/.incoming-" in f"/{name}" for name in dock.in_library())
    assert dock.run(imports).of("imports")["imported"] == 1
    assert len(dock.in_library()) == 2
    assert not list(dock.library.rglob(".incoming-*"))


def test_what_was_placed_before_a_kill_is_recognised(dock: Dock) -> None:
    class Killed(BaseException):
        pass

    (gap,) = arrived(dock, MASTER_MIND)

    def kill(resources: dict[str, Any]) -> None:
        def killed(*_: Any) -> None:
            raise Killed

        resources["audiobookshelf"].scan = killed

    dock.run(imports, meddle=kill, ok=False)
    placed = dock.in_library()
    assert len(placed) == 2
    assert dock.download(gap).abs_import_status == "pending"
    assert dock.run(imports).of("imports")["imported"] == 1
    assert dock.in_library() == placed
    assert dock.rows("SELECT count(*) FROM imported_files") == [(2,)]


def test_junk_is_left_out(dock: Dock) -> None:
    arrived(dock, MASTER_MIND)
    folder = next(dock.downloads.rglob("*.mp3")).parent
    for name in ("readme.nfo", "Thumbs.db", ".hidden.mp3", "run.exe"):
        (folder / name).write_bytes(b"x" * 20)
    (folder / "link.mp3").symlink_to("/etc/hostname")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff" + bytes(50))
    assert dock.run(imports).of("imports")["imported"] == 1
    suffixes = sorted(Path(name).suffix for name in dock.in_library())
    assert suffixes == [".jpg", ".mp3", ".mp3"]


def test_a_series_folder_that_is_itself_a_book_swallows_nothing(dock: Dock) -> None:
    book = dock.library / "Edgar Rice Burroughs/Barsoom"
    book.mkdir(parents=True)
    write_m4b(book / "Barsoom.m4b", 3.0, title="Barsoom", artist="Edgar Rice Burroughs", album="Barsoom")
    arrived(dock, SYNTHETIC)
    assert dock.run(imports).of("imports")["imported"] == 1
    (name,) = [name for name in dock.in_library() if "Vol 9" in name]
    assert name.startswith("Edgar Rice Burroughs/Barsoom (series)/Vol 9")


def test_a_damaged_file_blocks_its_release_and_the_next_one_is_imported(dock: Dock) -> None:
    (gap,) = arrived(dock, DAMAGED)
    assert dock.download(gap).qbittorrent_hash == dock.release(DAMAGED).info_hash
    run = dock.run(imports)
    assert run.of("imports")["release_failed"] == 1
    download = dock.download(gap)
    assert (download.status, download.failure_code, download.retry_count) == ("failed", "damaged", 1)
    assert dock.in_library() == []
    assert len(dock.blocked()) == 1
    dock.wait(days=1)
    dock.run(release_candidates, download_queue, torrents)
    assert dock.download(gap).qbittorrent_hash == dock.release(SOUND).info_hash
    dock.wait(minutes=5)
    dock.run(torrents, imports)
    assert dock.download(gap).abs_import_status == "imported"


def test_another_runtime_than_expected_is_held_for_a_person(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.rows("UPDATE missing_books SET expected_runtime_seconds = 36000 RETURNING id")
    run = dock.run(imports)
    assert run.of("imports")["held"] == 1
    assert "perhaps another recording" in dock.gap(gap).hold_reason
    assert (dock.in_library(), dock.blocked()) == ([], [])


def test_five_failures_are_held_for_a_person(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    shutil.rmtree(dock.downloads)
    waits = []
    for attempt in range(1, 6):
        dock.run(imports)
        download = dock.download(gap)
        assert download.import_attempts == attempt
        if download.next_import is not None:
            waits.append(round((download.next_import - dock.clock.now()).total_seconds() / 60))
            dock.clock.moment = download.next_import
    assert waits == [10, 60, 360, 1440]
    assert (dock.download(gap).abs_import_status, dock.gap(gap).download_status) == ("import_failed", "held")
    assert "PATH_MAP" in dock.gap(gap).hold_reason
    assert dock.rows("SELECT task_name, attempt_count FROM failed_attempts") == [("IMPORT", 5)]


def test_files_that_are_in_the_library_already_stay_where_they_are(dock: Dock) -> None:
    dock.change(qbittorrent_save_path=str(dock.library / "Arrivals"))
    arrived(dock, MASTER_MIND)
    before = dock.in_library()
    run = dock.run(imports)
    assert (run.of("imports")["imported"], run.of("imports")["in_place"]) == (1, 1)
    assert dock.in_library() == before


def test_a_single_file_in_a_folder_of_the_library_is_found_by_its_folder(dock: Dock) -> None:
    dock.change(qbittorrent_save_path=str(dock.library / "Arrivals"))
    arrived(dock, SYNTHETIC)
    assert dock.run(imports).of("imports")["imported"] == 1


def test_paths_of_another_machine_are_mapped(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.rows(
        "UPDATE downloads SET content_path = replace(content_path, :here, '/far') RETURNING id",
        here=str(dock.downloads),
    )
    dock.change(path_map=(("/far", str(dock.downloads)),))
    assert dock.run(imports).of("imports")["imported"] == 1
    assert dock.download(gap).abs_import_status == "imported"


# --- seeing ------------------------------------------------------------------------------------------------------


def test_a_scan_that_runs_already_is_waited_for_and_ours_follows(dock: Dock) -> None:
    """Audiobookshelf ignores a request during a scan, and that scan may have passed by our folder before."""
    arrived(dock, SYNTHETIC)
    dock.shelf.control("hold_scan", {"seconds": 20})
    dock.shelf._begin("watcher-scan")
    started = dock.clock.now()
    assert dock.run(imports).of("imports")["imported"] == 1
    assert (dock.clock.now() - started).total_seconds() >= 40


def test_a_scan_that_never_ends_counts_no_attempt(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.shelf.control("hold_scan", {"seconds": 10_000})
    run = dock.run(imports, imports={"scan_seconds": 30})
    assert "did not end within 30 s" in run.of("imports")["problem_list"]
    assert run.of("imports")["waiting"] == 1
    assert (dock.download(gap).import_attempts, dock.download(gap).abs_import_status) == (0, "pending")
    dock.wait(hours=4)
    dock.shelf.control("hold_scan", {"seconds": 1})
    assert dock.run(imports).of("imports")["imported"] == 1


def test_what_one_scan_missed_is_scanned_once_more(dock: Dock) -> None:
    arrived(dock, SYNTHETIC)
    scan, scans = dock.shelf.shelf.scan, []

    def blind_at_first(now: int) -> None:
        scans.append(now)
        if len(scans) > 1:
            scan(now)

    dock.shelf.shelf.scan = blind_at_first  # type: ignore[method-assign,assignment]
    assert dock.run(imports).of("imports")["imported"] == 1
    assert len(scans) == 2


def test_what_is_never_seen_is_a_failure_that_says_so(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.shelf.shelf.scan = lambda now: None  # type: ignore[method-assign,assignment]
    run = dock.run(imports)
    assert "shows no item for the folder Edgar Rice Burroughs/Barsoom/Vol 9" in run.of("imports")["problem_list"]
    assert dock.download(gap).import_attempts == 1


def test_an_item_among_very_many_is_found_with_few_requests(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    folder = "Edgar Rice Burroughs/Barsoom/Vol 9 - Synthetic Men of Mars"
    kit = dock.kit()
    from mam_assets.resources.audiobookshelf import Audiobookshelf

    dock.run(imports)
    client = Audiobookshelf.from_kit(kit)
    pages: list[int] = []
    marks: Callable[..., Any] = client.marks

    def counted(*given: Any, **options: Any) -> Any:
        pages.append(options["page"])
        answer = marks(*given, **options)
        # As in a library of 100,000 items in which ours are not among the newest.
        return type(answer)((), 100_000, 0)

    client.marks = counted  # type: ignore[method-assign]
    (row,) = dock.rows("SELECT rel_path, abs_id, title FROM books")
    assert row.rel_path.startswith(folder)
    library = client.libraries()[0].library_id
    known = {row.rel_path: row.abs_id}
    assert seeing.find_items(client, library, {row.rel_path: row.title}, known).keys() == {row.rel_path}
    assert len(pages) == 2
    assert seeing.find_items(client, library, {row.rel_path: row.title}, {}).keys() == {row.rel_path}
    assert seeing.find_items(client, library, {"nowhere": "Nothing"}, {}) == {}
    assert len(pages) == 6
    client.close()
    assert gap


# --- Audiobookshelf in trouble -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(Fault))
def test_an_audiobookshelf_in_trouble_counts_no_attempt_and_loses_nothing(dock: Dock, fault: Fault) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.servers["audiobookshelf"].set_fault(fault)
    run = dock.run(imports)
    if run.of("imports")["imported"] == 0:
        assert "audiobookshelf: " in run.of("imports")["problem_list"]
        assert dock.download(gap).import_attempts == 0
        assert dock.rows("SELECT id FROM failed_attempts") == []
    dock.servers["audiobookshelf"].clear_faults()
    dock.shelf.control("revive", {})
    dock.wait(minutes=11)
    dock.run(imports)
    assert dock.download(gap).abs_import_status == "imported"


@pytest.mark.parametrize("path", ["/scan", "/api/tasks", "/items", "batch/get"])
def test_a_failure_after_the_files_were_placed_is_taken_up_again(dock: Dock, path: str) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.servers["audiobookshelf"].set_fault(Fault.SERVER_ERROR, path=path)
    run = dock.run(imports)
    assert (run.of("imports")["waiting"], dock.download(gap).import_attempts) == (1, 0)
    assert len(dock.in_library()) == 1
    dock.servers["audiobookshelf"].clear_faults()
    dock.wait(minutes=11)
    assert dock.run(imports).of("imports")["imported"] == 1
    assert len(dock.in_library()) == 1


def test_a_wrong_key_is_named_with_its_remedy(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.change(abs_token="a-wrong-but-recognisable-key")
    run = dock.run(imports)
    words = run.of("imports")["problem_list"]
    assert "audiobookshelf: " in words
    assert "Renew the key" in words
    assert "recognisable" not in str(run.of("imports"))
    assert "recognisable" not in str(run._result.all_events), "no secret is in Dagster's events"
    assert dock.download(gap).import_attempts == 0


def test_one_bad_download_does_not_hold_up_the_others(dock: Dock) -> None:
    damaged, sound = arrived(dock, DAMAGED, SYNTHETIC)
    run = dock.run(imports)
    assert (run.of("imports")["release_failed"], run.of("imports")["imported"]) == (1, 1)
    assert dock.download(damaged).status == "failed"
    assert dock.download(sound).abs_import_status == "imported"


def test_a_dry_run_says_where_the_files_would_go(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.change(mam_dry_run=True)
    run = dock.run(imports)
    assert "dry run: 1 files would be imported as" in run.of("imports")["problem_list"]
    assert "Vol 9 - Synthetic Men of Mars" in run.of("imports")["problem_list"]
    assert dock.in_library() == []
    assert dock.download(gap).abs_import_status == "pending"
    assert not dock.requests("audiobookshelf", "/scan")


def test_a_download_for_no_gap_is_imported_under_its_own_title(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)
    dock.rows("UPDATE missing_books SET download_id = NULL WHERE id = :g RETURNING id", g=gap)
    dock.rows("UPDATE downloads SET missing_book_id = NULL, source = 'Manual' RETURNING id")
    assert dock.run(imports).of("imports")["imported"] == 1
    assert dock.in_library()[0].startswith("Edgar Rice Burroughs/Synthetic Men of Mars/")


# --- the database ------------------------------------------------------------------------------------------------


def test_a_database_that_goes_away_in_the_middle_ends_the_run_and_the_next_goes_on(dock: Dock) -> None:
    (gap,) = arrived(dock, SYNTHETIC)

    def cut(resources: dict[str, Any]) -> None:
        scan = resources["audiobookshelf"].scan

        def scan_and_cut(library_id: str) -> None:
            scan(library_id)
            dock.cut_connections()

        resources["audiobookshelf"].scan = scan_and_cut

    run = dock.run(imports, meddle=cut, ok=False)
    assert "terminating connection" in run.error or "closed the connection" in run.error
    dock.run(imports)
    assert dock.download(gap).abs_import_status == "imported"
    assert len(dock.in_library()) == 1
