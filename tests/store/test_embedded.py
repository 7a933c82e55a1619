"""The life of the embedded server: shared by processes, some of which are killed. Real processes, a real server."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from mam_assets.store import embedded
from mam_assets.store.postgres_programs import EmbeddedServerError

USER = """
import sys
from pathlib import Path
from mam_assets.store import embedded
print(embedded.join(Path(sys.argv[1]), durable=False), flush=True)
sys.stdin.readline()
"""


class User:
    """A process of its own that uses the server until it is told to go."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def socket(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def goes(self) -> None:
        self.process.communicate("go\n", timeout=60)

    def is_killed(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """Not below pytest's own folder, which it closes to others, and as root the server runs as somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="mam-assets-embedded-"))
    folder.chmod(0o711)
    yield folder
    for cluster in folder.rglob("postgres.users"):
        embedded.leave(cluster.parent)
        embedded.stop_if_unused(cluster.parent)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made(root: Path) -> Path:
    """A data folder whose cluster is made, shared by the tests that end with a stopped server."""
    embedded.join(root / "shared", durable=False)
    embedded.leave(root / "shared")
    return root / "shared"


@pytest.fixture
def data_dir(made: Path) -> Iterator[Path]:
    yield made
    embedded.leave(made)
    embedded.stop_if_unused(made)
    assert not embedded.is_running(made)


@pytest.fixture
def users(data_dir: Path) -> Iterator[Callable[[], User]]:
    """A function that starts a process which uses the server."""
    started: list[User] = []

    def start() -> User:
        started.append(User(data_dir))
        return started[-1]

    yield start
    for user in started:
        if user.process.poll() is None:
            user.is_killed()


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def ask(socket_folder: Path | str, query: str, database: str = embedded.DATABASE) -> list[tuple[object, ...]]:
    with psycopg.connect(host=str(socket_folder), user=embedded.SUPERUSER, dbname=database) as connection:
        return connection.execute(query).fetchall()


def test_processes_share_one_server_and_the_last_to_leave_stops_it(data_dir: Path, users: Callable[[], User]) -> None:
    first, second = users(), users()
    assert first.socket() == second.socket()
    first.goes()
    assert embedded.is_running(data_dir)
    second.goes()
    assert not embedded.is_running(data_dir)


def test_a_killed_user_neither_stops_the_server_nor_keeps_it_up(data_dir: Path, users: Callable[[], User]) -> None:
    first, second = users(), users()
    place = second.socket() if first.socket() else ""
    first.is_killed()
    assert ask(place, "SELECT 1") == [(1,)]
    second.goes()
    assert not embedded.is_running(data_dir)


def test_a_server_whose_users_were_all_killed_is_joined_and_stopped_by_the_next(
    data_dir: Path, users: Callable[[], User]
) -> None:
    lost = users()
    lost.socket()
    lost.is_killed()
    left_over = postmaster(data_dir)
    embedded.join(data_dir)
    assert postmaster(data_dir) == left_over
    assert embedded.leave(data_dir)
    assert not embedded.is_running(data_dir)


def test_a_server_that_nobody_uses_can_be_stopped_and_one_in_use_cannot(
    data_dir: Path, users: Callable[[], User]
) -> None:
    user = users()
    user.socket()
    assert not embedded.stop_if_unused(data_dir)
    user.is_killed()
    assert embedded.stop_if_unused(data_dir)
    assert not embedded.stop_if_unused(data_dir)


def test_a_process_is_one_user_however_often_it_joins(data_dir: Path) -> None:
    assert embedded.join(data_dir) == embedded.join(data_dir)
    assert embedded.leave(data_dir)
    assert not embedded.leave(data_dir)


def test_a_server_that_was_killed_is_started_again_with_what_was_committed(data_dir: Path) -> None:
    place = embedded.join(data_dir)
    with psycopg.connect(host=str(place), user=embedded.SUPERUSER, dbname=embedded.DATABASE) as connection:
        connection.execute("SET synchronous_commit = on")  # the cluster of the tests is a losable one
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS number")
    os.kill(postmaster(data_dir), signal.SIGKILL)
    while embedded.is_running(data_dir):
        pass
    assert ask(embedded.join(data_dir), "SELECT number FROM kept") == [(7,)]


def test_a_process_number_that_went_to_another_program_does_not_keep_the_server_from_starting(data_dir: Path) -> None:
    """After a reboot, or in a container started anew, the number in postmaster.pid often belongs to somebody else."""
    embedded.join(data_dir)
    pid_file = data_dir / "postgres" / "postmaster.pid"
    written = pid_file.read_text()
    embedded.leave(data_dir)
    pid_file.write_text(written.replace(written.splitlines()[0], str(os.getpid()), 1))
    assert ask(embedded.join(data_dir), "SELECT 1") == [(1,)]


@pytest.mark.parametrize("text", ["", "x", "99999999\n"])
def test_a_half_written_process_file_does_not_keep_the_server_from_starting(data_dir: Path, text: str) -> None:
    (data_dir / "postgres" / "postmaster.pid").write_text(text)
    assert ask(embedded.join(data_dir), "SELECT 1") == [(1,)]


def test_several_processes_that_start_on_an_empty_folder_make_one_cluster(root: Path) -> None:
    """One of them finds what a process left that was killed while it made the cluster."""
    folder = root / "together"
    (folder / "postgres.unfinished").mkdir(parents=True)
    (folder / "postgres.unfinished" / "PG_VERSION").write_text("18\n")
    users = [User(folder) for _ in range(3)]
    assert {user.socket() for user in users} == {str(folder / "postgres")}
    assert ask(folder / "postgres", "SELECT to_regnamespace('dagster')::text") == [("dagster",)]
    for user in users:
        user.goes()
    assert not embedded.is_running(folder)
    assert not (folder / "postgres.unfinished").exists()


@pytest.mark.parametrize("name", ["long " + "x" * 150, "a,b 'c' %20 é"], ids=["long", "odd"])
def test_a_long_or_odd_folder_works(root: Path, name: str) -> None:
    """A Unix socket's path may have 107 bytes; then the socket goes to a private folder with a short name."""
    place = embedded.join(root / name, durable=False)
    assert len(str(place)) < embedded.LONGEST_SOCKET_FOLDER
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert ask(place, "SELECT current_setting('listen_addresses')") == [("",)]
    assert embedded.leave(root / name)
    if place.exists() and place.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(place)


@pytest.mark.parametrize("name", ['a"b', "a$b", "a`b", "a\\b"])
def test_a_folder_that_the_shell_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    """pg_ctl puts the folder between double quotes into a command of the shell."""
    with pytest.raises(EmbeddedServerError, match="choose a DATA_DIR without"):
        embedded.join(tmp_path / name)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("dear diary")
    with pytest.raises(EmbeddedServerError, match="holds files but no PostgreSQL cluster"):
        embedded.join(tmp_path)
    assert (tmp_path / "postgres" / "letter.txt").exists()


def test_a_cluster_of_a_version_that_is_not_installed_says_so(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("11\n")
    with pytest.raises(EmbeddedServerError, match="made by PostgreSQL 11"):
        embedded.join(tmp_path)


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match="choose another DATA_DIR, or set DATABASE_URL"):
        embedded.join(tmp_path / "file" / "data")


def test_somebody_elses_socket_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cluster = tmp_path / ("x" * 120)
    folder = embedded._socket_folder(cluster, None)
    folder.chmod(0o777)
    with pytest.raises(EmbeddedServerError, match="belongs to somebody else"):
        embedded._socket_folder(cluster, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as somebody else")
def test_root_below_a_closed_folder_gets_a_server_and_opens_no_more_than_the_way(root: Path) -> None:
    """As with a checkout below /root (mode 700): others may pass through after, not list."""
    closed = root / "closed"
    closed.mkdir(mode=0o700)
    place = embedded.join(closed / "checkout" / "data", durable=False)
    assert ask(place, "SELECT 1") == [(1,)]
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert stat.S_IMODE((closed / "checkout" / "data" / "postgres").stat().st_mode) == 0o700
    assert psutil.Process(postmaster(closed / "checkout" / "data")).uids().effective != 0
    embedded.leave(closed / "checkout" / "data")


def test_text_is_utf_8_and_lower_case_knows_accents_and_time_is_utc(data_dir: Path) -> None:
    place = embedded.join(data_dir)
    query = "SELECT lower('ÉÅØ'), current_setting('server_encoding'), current_setting('TimeZone')"
    assert ask(place, query) == [("éåø", "UTF8", "UTC")]
