"""Real qbittorrent-nox processes that reach nothing but this machine.

Belongs here: their configuration, start, stop and kill, and what a person would do in their window. Does not belong
here: our own client of their Web API (resources/torrent_client.py), which the tests use for everything of ours.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest
import qbittorrentapi

from tests.patience import LONG_PATIENCE_SECONDS, PATIENCE_SECONDS, until

USERNAME = "admin"
PASSWORD = "a password for loopback only"
NO_SKIPS = "MAM_ASSETS_NO_SKIPS"


def required_program(name: str, package: str) -> str:
    """The path of a program. Without it the test is skipped, but fails where MAM_ASSETS_NO_SKIPS is set, as in CI."""
    found = shutil.which(name)
    if found is None:
        words = f"{name} is not installed (Debian package {package})"
        if os.environ.get(NO_SKIPS):
            pytest.fail(f"{words}, and {NO_SKIPS} allows no skip")
        pytest.skip(words)
    return found


class QBittorrent:
    """One qbittorrent-nox with a profile folder of its own, its ports on 127.0.0.1."""

    def __init__(self, program: str, folder: Path) -> None:
        self.folder = folder
        self.save_path = folder / "downloads"
        self.save_path.mkdir(parents=True)
        self.web_port, self.peer_port = _free_port(), _free_port()
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        _write_configuration(folder, self.save_path, web_port=self.web_port, peer_port=self.peer_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until the Web API answers."""
        environment = {
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "offscreen",
            "TMPDIR": str(self.folder),
        }
        with (self.folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [self._program, f"--profile={self.folder}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        until(self._answers, f"qbittorrent-nox answers at {self.url}", seconds=LONG_PATIENCE_SECONDS, pause=0.05)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(f"qbittorrent-nox ended: {(self.folder / 'output.txt').read_text(errors='replace')[-2000:]}")
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self.web_port)) == 0

    def kill(self) -> None:
        """SIGKILL, as a power cut or the out-of-memory killer would: nothing is saved."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE_SECONDS)

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def window(self) -> qbittorrentapi.Client:
        """What a person sees and does in the client itself, past all of our own code."""
        return qbittorrentapi.Client(
            host=self.url, username=USERNAME, password=PASSWORD, REQUESTS_ARGS={"timeout": PATIENCE_SECONDS}
        )

    def sockets(self) -> set[str]:
        """The addresses that its sockets are bound to."""
        return {connection.laddr.ip for connection in psutil.Process(self.pid).net_connections("inet")}


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _write_configuration(folder: Path, save_path: Path, *, web_port: int, peer_port: int) -> None:
    """qBittorrent.conf: the Web UI with a password, and no way to find a peer but the tracker of the torrent."""
    lines = f"""
[LegalNotice]
Accepted=true

[BitTorrent]
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\InterfaceAddress=127.0.0.1
Session\\Port={peer_port}
Session\\UseRandomPort=false
Session\\BTProtocol=TCP
Session\\DHTEnabled=false
Session\\PeXEnabled=false
Session\\LSDEnabled=false
Session\\AnonymousModeEnabled=false
Session\\DefaultSavePath={save_path}
Session\\IgnoreLimitsOnLAN=false
Session\\QueueingSystemEnabled=false
Session\\Preallocation=false

[Network]
PortForwardingEnabled=false
Proxy\\OnlyForTorrents=false

[Preferences]
Connection\\ResolvePeerCountries=false
Connection\\UPnP=false
General\\Locale=en
WebUI\\Enabled=true
WebUI\\Address=127.0.0.1
WebUI\\Port={web_port}
WebUI\\UseUPnP=false
WebUI\\LocalHostAuth=true
WebUI\\MaxAuthenticationFailCount=5
WebUI\\Username={USERNAME}
WebUI\\Password_PBKDF2="@ByteArray({_password_hash(PASSWORD)})"
"""
    path = folder / "qBittorrent" / "config" / "qBittorrent.conf"
    path.parent.mkdir(parents=True)
    path.write_text(lines.lstrip(), encoding="utf-8")


def _password_hash(password: str) -> str:
    """As qBittorrent keeps it: base64 of the salt, a colon, base64 of PBKDF2-HMAC-SHA512 with 100,000 rounds."""
    salt = os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 100_000, 64)
    return f"{base64.b64encode(salt).decode()}:{base64.b64encode(key).decode()}"
