"""The embedded PostgreSQL: one server per data folder, shared by all processes that use the folder.

Belongs here: making the cluster, starting, joining, leaving. Does not belong here: the programs and who may run them
(postgres_programs), what is in the databases, a server of the person's own (server).

The rule of its life:

* The first process that needs the server starts it; later ones join. Joining costs a lock and a connection, no query.
* Every user holds a shared lock on `postgres.users` until it ends. The kernel drops the lock of a process that is
  killed, so there are no lists of dead process ids.
* A process that ends normally tries to make its lock exclusive. Only the last user can, and it stops the server. So
  `dagster dev`, whose webserver and daemon live long, keeps the server up while short-lived processes come and go, and
  a single command leaves nothing running.
* When the last user is killed outright the server stays up; the next user joins it and stops it when it leaves.

The server listens on a Unix socket in a folder that only its owner can enter, and on no network address.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import logging
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mam_assets.store.postgres_programs import EmbeddedServerError, binaries, let_read, let_through, owner_of, run

DATABASE = "mam_assets"
DAGSTER_SCHEMA = "dagster"
SUPERUSER = "postgres"
PORT = 5432  # of the socket's name only
START_SECONDS = 60.0
# Linux allows 107 bytes, macOS 103, for "<folder>/.s.PGSQL.5432".
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432.lock")

_CONFIGURATION = {
    "listen_addresses": "''",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "max_connections": "100",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "shared_buffers": "'64MB'",
}
_FAST_AND_LOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_log = logging.getLogger(__name__)
_guard = threading.RLock()


@dataclass(frozen=True, slots=True)
class _Membership:
    users_lock: int
    process_id: int


@dataclass(frozen=True, slots=True)
class _Postmaster:
    """What `postmaster.pid` says, where it says enough."""

    process_id: int
    socket_path: Path | None
    ready: bool


_memberships: dict[Path, _Membership] = {}


def join(data_dir: Path, *, durable: bool = True) -> Path:
    """Start or join the server whose cluster is `data_dir`/postgres; the folder of its Unix socket.

    The cluster has the database `mam_assets` with the schema `dagster`. Safe to call from any thread, any number of
    times: a process is one user. `durable=False` makes a cluster that a crash may spoil, for tests.
    Raises EmbeddedServerError.
    """
    data_dir = data_dir.expanduser().resolve()
    cluster = data_dir / "postgres"
    if re.search(r'["$`\\\n]', str(cluster)):
        raise EmbeddedServerError(f'PostgreSQL cannot be started in {cluster}: choose a DATA_DIR without " $ ` and \\.')
    with _guard:
        member = _memberships.get(data_dir)
        if member is not None and (socket_path := _answering(cluster)):
            return socket_path.parent
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            with _starting(data_dir):
                owner = owner_of(cluster)
                if not (cluster / "PG_VERSION").exists():
                    _make_cluster(cluster, owner, durable=durable)
                socket_path = _ensure_running(cluster, owner)
                if member is None:
                    users_lock = os.open(data_dir / "postgres.users", os.O_RDONLY | os.O_CREAT, 0o644)
                    fcntl.flock(users_lock, fcntl.LOCK_SH)
                    _memberships[data_dir] = _Membership(users_lock, os.getpid())
                    atexit.register(leave, data_dir)
        except OSError as error:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL in {cluster} cannot be used: {error}. Run as the user who owns the folder, "
                "choose another DATA_DIR, or set DATABASE_URL."
            ) from error
        return socket_path.parent


def leave(data_dir: Path) -> bool:
    """Stop using the server of `data_dir`; True when this was the last user and the server was stopped.

    Done by itself when the process ends. Without effect in a process that has not joined.
    """
    data_dir = data_dir.expanduser().resolve()
    with _guard:
        member = _memberships.pop(data_dir, None)
        if member is None or member.process_id != os.getpid():  # a forked child shares its parent's lock
            return False
        os.close(member.users_lock)
        return stop_if_unused(data_dir)


def stop_if_unused(data_dir: Path) -> bool:
    """Stop the server of `data_dir` if nobody uses it, as when its last user was killed; True when it was stopped."""
    data_dir = data_dir.expanduser().resolve()
    if not (data_dir / "postgres.users").exists():  # never used, or the folder was removed under us
        return False
    with _starting(data_dir):
        users_lock = os.open(data_dir / "postgres.users", os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return _stop(data_dir / "postgres")
        finally:
            os.close(users_lock)


def is_running(data_dir: Path) -> bool:
    """Whether the server of `data_dir` answers now."""
    return _answering(data_dir.expanduser().resolve() / "postgres") is not None


@contextlib.contextmanager
def _starting(data_dir: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of a folder."""
    lock = os.open(data_dir / "postgres.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


# --- the cluster -----------------------------------------------------------------------------------------------


def _make_cluster(cluster: Path, owner: tuple[int, int] | None, *, durable: bool) -> None:
    """Make the cluster with its database and schema, whole or not at all: it gets its name when it is finished."""
    if cluster.exists() and any(cluster.iterdir()):
        raise EmbeddedServerError(
            f"{cluster} holds files but no PostgreSQL cluster. Move them away, or choose another DATA_DIR."
        )
    programs = binaries(cluster)
    _remove_unfinished(cluster.parent)
    # A name that was never used: where our forerunner was killed, its initdb lives on for a moment, writes to its
    # folder, and empties it when it fails.
    unfinished = Path(tempfile.mkdtemp(prefix="postgres.unfinished-", dir=cluster.parent))
    if owner is not None:
        os.chown(unfinished, *owner)
        let_through(unfinished)
        let_through(programs / "postgres")
        let_read(programs)
    initdb = [str(programs / "initdb"), "-D", str(unfinished), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
    initdb += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", "--no-sync"]
    settings = _CONFIGURATION if durable else _CONFIGURATION | _FAST_AND_LOSABLE
    single = [str(programs / "postgres"), "--single", "-D", str(unfinished), "-c", "fsync=off"]
    try:
        run(initdb, owner)
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        run([*single, SUPERUSER], owner, feed=f"CREATE DATABASE {DATABASE};\n")
        run([*single, DATABASE], owner, feed=f"CREATE SCHEMA {DAGSTER_SCHEMA};\n")
        if durable:
            run([str(programs / "initdb"), "-D", str(unfinished), "--sync-only"], owner)
    except subprocess.CalledProcessError as error:
        raise EmbeddedServerError(f"Making the PostgreSQL cluster {cluster} failed:\n{error.output}") from error
    if cluster.exists():
        cluster.rmdir()
    unfinished.rename(cluster)
    _remove_unfinished(cluster.parent)


def _remove_unfinished(data_dir: Path) -> None:
    for left in data_dir.glob("postgres.unfinished*"):
        shutil.rmtree(left, ignore_errors=True)


def _socket_folder(cluster: Path, owner: tuple[int, int] | None) -> Path:
    """Where the socket goes: the cluster's own folder, or a private one with a short name where that is too long."""
    if len(os.fsencode(cluster)) <= LONGEST_SOCKET_FOLDER and re.fullmatch(r"[\w/. -]+", str(cluster), re.ASCII):
        return cluster
    wanted = owner[0] if owner else os.geteuid()
    name = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"mam-assets-{wanted}-{name}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, *owner)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != wanted or stat.S_IMODE(found.st_mode) & 0o077:
        raise EmbeddedServerError(f"{folder} belongs to somebody else. Remove it, or choose a shorter DATA_DIR.")
    return folder


# --- the running server ----------------------------------------------------------------------------------------


def _postmaster(cluster: Path) -> _Postmaster | None:
    """Read `postmaster.pid`; None where there is none or it is half written."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        process_id = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    socket_path = Path(lines[4]) / f".s.PGSQL.{lines[3].strip()}" if len(lines) > 4 and lines[4] else None
    return _Postmaster(process_id, socket_path, len(lines) > 7 and lines[7].strip() == "ready")


def _answering(cluster: Path) -> Path | None:
    """The path of the socket, if the server of `cluster` is ready and listens."""
    found = _postmaster(cluster)
    if found is None or found.socket_path is None or not found.ready:
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(found.socket_path))
        except OSError:  # refused, not there: a file left by a server that died
            return None
    return found.socket_path


def _serves(process_id: int, cluster: Path) -> bool:
    """Whether the process is a postmaster of `cluster`, not another program that was given its old number."""
    import psutil

    try:
        process = psutil.Process(process_id)
        return process.name() == "postgres" and str(cluster) in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _ensure_running(cluster: Path, owner: tuple[int, int] | None) -> Path:
    """The path of the socket of a server that answers; starts one where none does. Wants the start lock held."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        if socket_path := _answering(cluster):
            return socket_path
        left = _postmaster(cluster)
        if left is None or not _serves(left.process_id, cluster):
            break
        # Its starter was killed, or somebody stops it by hand: it will be ready or gone.
        if time.monotonic() > give_up:
            raise EmbeddedServerError(
                f"The PostgreSQL server of {cluster} (process {left.process_id}) neither answers nor ends. "
                f"Read {cluster / 'log'}, then end that process."
            )
        time.sleep(0.05)
    _clear(cluster, _socket_folder(cluster, owner))
    return _start(cluster, owner)


def _clear(cluster: Path, socket_folder: Path) -> None:
    """Remove the marks of a server that died.

    They hold its process number. Where that belongs to another program now, or to a process that nobody has buried,
    PostgreSQL would take it for a running server and refuse to start.
    """
    name = f".s.PGSQL.{PORT}"
    marks = [cluster / "postmaster.pid", socket_folder / name, socket_folder / f"{name}.lock"]
    if any(mark.exists() for mark in marks):
        _wait_for_backends(cluster)
        for mark in marks:
            mark.unlink(missing_ok=True)


def _wait_for_backends(cluster: Path) -> None:
    """Wait until the children of a killed postmaster are gone: they still write to the cluster."""
    import psutil

    def working() -> bool:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.name() == "postgres" and Path(process.cwd()) == cluster:
                    return True
        return False

    give_up = time.monotonic() + START_SECONDS
    while working():
        if time.monotonic() > give_up:
            raise EmbeddedServerError(f"Processes of a server that was killed still use {cluster}. End them.")
        time.sleep(0.05)


def _start(cluster: Path, owner: tuple[int, int] | None) -> Path:
    programs = binaries(cluster)
    if owner is not None:
        let_through(cluster)
        let_through(programs / "postgres")
        let_read(programs)
    options = f"-k {shlex.quote(str(_socket_folder(cluster, owner)))} -h ''"
    command = [str(programs / "pg_ctl"), "-D", str(cluster), "-l", str(cluster / "log"), "-o", options]
    command += ["-w", "-t", str(int(START_SECONDS)), "-s", "start"]
    try:
        run(command, owner)
    except subprocess.CalledProcessError as error:
        log = cluster / "log"
        last = "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.exists() else ""
        raise EmbeddedServerError(f"PostgreSQL in {cluster} does not start:\n{error.output}{last}") from error
    socket_path = _answering(cluster)
    if socket_path is None:
        raise EmbeddedServerError(f"PostgreSQL in {cluster} started but does not answer. Read {cluster / 'log'}.")
    return socket_path


def _stop(cluster: Path) -> bool:
    """Stop the server of `cluster`; False where none ran. Connections are cut, what was committed is kept."""
    if _answering(cluster) is None:
        return False
    command = [str(binaries(cluster) / "pg_ctl"), "-D", str(cluster), "-w", "-t", "30", "-m", "fast", "-s", "stop"]
    try:
        run(command, owner_of(cluster))
    except subprocess.CalledProcessError as error:
        _log.warning("The embedded PostgreSQL in %s did not stop: %s", cluster, error.output)
        return False
    return True
