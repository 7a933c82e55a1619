"""The demo keeps to itself: its folder, its environment, its ports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mam_assets.cli import demo
from mam_assets.settings import load_settings

TWINS = {"ABS_URL": "http://127.0.0.1:41", "ABS_TOKEN": "twin", "MAM_URL": "http://127.0.0.1:42"}


def test_the_twins_win_over_everything_that_a_person_configured() -> None:
    person = {"ABS_TOKEN": "real", "abs_url": "https://real.example", "PROWLARR_API_KEY": "real", "PATH": "/bin"}
    person |= {
        "DATABASE_URL": "postgresql://real",
        "NOTIFY_URLS": "real",
        "MAM_CRAWLER": "real",
        "DAGSTER_HOME": "/real",
    }
    wanted = demo.environment(person, TWINS, Path("/demo"))
    assert wanted == {"PATH": "/bin", "DATA_DIR": "/demo", **TWINS}


def test_a_dot_env_of_the_person_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PROWLARR_API_KEY=real\n")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "demo"
    folder.mkdir()
    before = dict(os.environ)
    with demo.living_in(folder, demo.environment(os.environ, TWINS, folder)):
        settings = load_settings()
        assert settings.prowlarr_api_key is None
        assert settings.abs_url == "http://127.0.0.1:41"
        assert settings.data_dir == folder
    assert dict(os.environ) == before
    assert Path.cwd() == tmp_path


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with demo.reserved(folder), pytest.raises(demo.DemoBusy, match="another demo"), demo.reserved(folder):
        pass
    with demo.reserved(tmp_path / "demo"):
        pass


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(demo.DemoBusy, match="no demo made"), demo.reserved(tmp_path, fresh=True):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_fresh_forgets_what_earlier_demos_did(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with demo.reserved(folder):
        (folder / "world").mkdir()
        (folder / "ports.json").write_text("{}")
    with demo.reserved(folder, fresh=True):
        assert [entry.name for entry in folder.iterdir()] == [".mam-assets-demo"]


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom mam_assets.cli.commands import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'dagster', 'sqlalchemy', 'httpx', 'fastapi', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("demo", "up", "doctor", "export"):
        assert command in done.stdout
