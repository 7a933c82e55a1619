"""The programs that make up a running system, their ports, and what they find in their environment.

Belongs here: which programs, how they are called. Does not belong here: starting and ending them (processes.py).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mam_assets.cli.interrupts import held_back
from mam_assets.cli.processes import Program
from mam_assets.settings import PROJECT_ROOT

LOCATION = "mam_assets"
CODE, WEB, DAEMON, API = "code-server", "webserver", "daemon", "api"
_LOOPBACK = "127.0.0.1"
_DAGSTER = (sys.executable, "-m", "dagster")


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything listens. The code server is for this machine only."""

    dagster_host: str
    dagster_port: int
    api_host: str
    api_port: int
    code_port: int

    @property
    def ui(self) -> str:
        """The Dagster UI, for a browser on this machine."""
        return f"http://{_reachable(self.dagster_host)}:{self.dagster_port}"

    @property
    def api(self) -> str:
        """The API, for a browser on this machine."""
        return f"http://{_reachable(self.api_host)}:{self.api_port}"


def code_server(places: Places) -> Program:
    """Loads the definitions once, for the webserver and the daemon, and starts the runs."""
    argv: tuple[str, ...] = (
        *_DAGSTER,
        "code-server",
        "start",
        "--module-name",
        "mam_assets.definitions",
        "--location-name",
        LOCATION,
    )
    # Runs are started with this interpreter, wherever PATH leads.
    argv += ("--host", _LOOPBACK, "--port", str(places.code_port), "--use-python-environment-entry-point")
    return Program(CODE, (*argv, "--log-level", "warning"), ready=f"tcp://{_LOOPBACK}:{places.code_port}")


def webserver(places: Places, workspace: Path) -> Program:
    """The Dagster UI."""
    argv: tuple[str, ...] = (
        sys.executable,
        "-m",
        "dagster_webserver",
        "--host",
        places.dagster_host,
        "--port",
        str(places.dagster_port),
    )
    argv += ("--workspace", str(workspace), "--log-level", "warning", "--dagster-log-level", "warning")
    return Program(WEB, argv, ready=f"{places.ui}/server_info")


def daemon(workspace: Path) -> Program:
    """Schedules, sensors and the queue of runs."""
    argv = (sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(workspace), "--log-level", "info")
    return Program(DAEMON, argv)


def api(places: Places) -> Program:
    """The REST API with the health page."""
    return Program(API, (sys.executable, "-m", "mam_assets.api"), ready=f"{places.api}/healthz")


def prepare_dagster() -> None:
    """Have Dagster make its tables, before several of its programs would try at once, and uncut: it makes them one by
    one without a transaction, and never looks again whether all are there. DAGSTER_HOME must be set."""
    import dagster as dg

    with held_back(), dg.DagsterInstance.get():
        pass


def write_workspace(folder: Path, places: Places) -> Path:
    """Say where the code server is. JSON, which is YAML as well."""
    server = {"host": _LOOPBACK, "port": places.code_port, "location_name": LOCATION}
    file = folder / "workspace.yaml"
    file.write_text(json.dumps({"load_from": [{"grpc_server": server}]}, indent=2) + "\n", encoding="utf-8")
    return file


def environment(base: Mapping[str, str], places: Places, dagster_home: Path) -> dict[str, str]:
    """What the programs find: the environment that we have, the ports, Dagster's home, and this installation."""
    found = dict(base)
    found["DAGSTER_HOME"] = str(dagster_home)
    found["DAGSTER_DISABLE_TELEMETRY"] = "1"
    found["API_HOST"], found["API_PORT"] = places.api_host, str(places.api_port)
    found["DAGSTER_HOST"], found["DAGSTER_PORT"] = places.dagster_host, str(places.dagster_port)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (str(PROJECT_ROOT), base.get("PYTHONPATH"))))
    found["PATH"] = os.pathsep.join(filter(None, (str(Path(sys.executable).parent), base.get("PATH"))))
    # Their output goes to a file; what they said last must be there when they die.
    found["PYTHONUNBUFFERED"] = "1"
    return found


def _reachable(host: str) -> str:
    """An address that a browser can open where a program listens on all of them."""
    if host in ("0.0.0.0", "::", ""):
        return _LOOPBACK
    return f"[{host}]" if ":" in host else host
