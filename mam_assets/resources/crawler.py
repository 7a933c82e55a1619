"""A person's own crawler script, run unchanged as a separate process.

Belongs here: the process: its folder, its environment, its output, its end; and the files that it left. Does not belong
here: what a file says (parsing/guides.py), when it is run (assets/guides.py).

We neither help the script nor imitate it: what it asks for, and how, is between the person and the site. It gets a
folder of its own, the person's environment without our secrets (MAM's session above all: two programs that share one
throw each other out), a limit of time and of space, and an end in every case.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal
from uuid import uuid4

from pydantic import SecretStr

from mam_assets.resources.redaction import HIDDEN, Redactor
from mam_assets.settings import Settings

# The small process that `mam up` puts between itself and its programs does the same service here: when we are gone,
# however that came, it ends the script's process group.
_KEEPER = Path(__file__).parents[1] / "cli" / "keeper.py"
_POLL_SECONDS = 0.1
_MARKER = "MAM_CRAWLER_RUN"

# A word of a name, or the end of one that is written together (MAMPASSWORD, sessionToken), makes its value a secret.
_SECRET_WORDS = (
    *("PASSWORD", "PASSWD", "PASSPHRASE", "PASSKEY", "PASS", "PWD", "SECRET", "TOKEN", "KEY", "COOKIE", "COOKIES"),
    *("CRED", "CREDS", "CREDENTIAL", "CREDENTIALS", "AUTH", "SESSION", "SESSIONID", "SID", "UID", "MAMID"),
)
# What every desktop and shell sets: the folder one works in must not vanish from the log.
_OF_THE_SYSTEM = re.compile(
    "(?:OLD)?PWD|E?UID|(?:XDG|DBUS|SSH|GPG|GNOME|KDE)_.*|DESKTOP_SESSION|GDMSESSION|SESSION_MANAGER", re.IGNORECASE
)
_NAME_BEFORE_VALUE = re.compile(r"""(?<![\w-])([\w-]+)["']?\s*[:=]\s*["']?""")
_VALUE = re.compile(r"""(?<=")[^"]+|(?<=')[^']+|[^\s&"'<>;,)}\]]+""")

Ended = Literal["exit", "timeout", "too_big", "stopped"]


class CrawlerProblem(Exception):
    """The script can't be run at all. The message names the remedy."""


@dataclass(frozen=True, slots=True)
class CrawlerLimits:
    """What one run may take. Sizes in bytes. A line of output that is longer than `line` is left out: cut in two, a
    secret in it could not be recognised."""

    seconds: float = 1800.0
    log: int = 1024 * 1024
    line: int = 16 * 1024
    folder: int = 1024**3
    guide: int = 2 * 1024 * 1024
    guides: int = 5000
    look_every_seconds: float = 5.0
    grace_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class CrawlerRun:
    """How a run ended. ``exit_code`` is the script's own, 128 + n after signal n, None where we ended it.
    ``last_words`` are the last lines of its output, without secrets."""

    ended: Ended
    exit_code: int | None
    seconds: float
    log: Path
    last_words: str

    @property
    def went_well(self) -> bool:
        return self.ended == "exit" and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that the script left: its bytes, or why it isn't read."""

    name: str
    data: bytes = b""
    problem: str | None = None


@dataclass
class Crawler:
    """Runs ``script`` in ``folder``/work, with its log in ``folder``/crawler.log (the one before as crawler.log.1).

    ``environment`` is what the script finds, ``redactor`` knows what must not be written down.
    """

    script: Path
    folder: Path
    environment: Mapping[str, str]
    redactor: Redactor
    limits: CrawlerLimits = field(default_factory=CrawlerLimits)
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def from_settings(cls, settings: Settings, environment: Mapping[str, str] | None = None) -> Crawler:
        """For the script of the settings. Raises CrawlerProblem where there is none that could be run."""
        if settings.mam_crawler is None:
            raise CrawlerProblem("No crawler script is set; name one in MAM_CRAWLER.")
        script = settings.mam_crawler.expanduser().absolute()
        if not script.is_file():
            raise CrawlerProblem(f"MAM_CRAWLER names {script}, which is no file; correct the path, or empty it.")
        found = dict(os.environ if environment is None else environment)
        theirs = {name: value for name, value in found.items() if not _OF_THE_SYSTEM.fullmatch(name)}
        known = [*settings.secrets(), *secrets_named_in(theirs), *secrets_named_in(_dotenv(script.parent / ".env"))]
        return cls(
            script,
            settings.data_dir.absolute() / "crawler",
            environment_for_script(found, settings),
            Redactor(known),
            CrawlerLimits(seconds=settings.mam_crawler_timeout_minutes * 60),
        )

    @property
    def work(self) -> Path:
        """The script's working folder. It stays from run to run, so that the script may keep what it needs."""
        return self.folder / "work"

    @property
    def log(self) -> Path:
        return self.folder / "crawler.log"

    def run(self) -> CrawlerRun:
        """Run the script to its end, or end it. Whatever stops us ends it too. Raises CrawlerProblem."""
        self.work.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(self.log, self.log.with_name(f"{self.log.name}.1"))
        marker = uuid4().hex
        started = self.clock()
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), str(self.limits.grace_seconds), *self._command()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**self.environment, _MARKER: marker},
                cwd=self.work,
                start_new_session=True,
            )
        except OSError as error:
            raise CrawlerProblem(f"{self.script} cannot be started: {error.strerror}.") from error
        output = _Output(self.log, self.redactor, self.limits)
        ended: Ended = "stopped"
        try:
            output.follow(process.stdout)
            ended = self._wait(process, started)
        finally:
            _end(process, marker, self.limits.grace_seconds)
            output.finish()
        code = process.returncode if ended == "exit" else None
        return CrawlerRun(ended, code, self.clock() - started, self.log, output.last_words())

    def _command(self) -> list[str]:
        """A script that says itself what runs it is run by that; any other by this Python."""
        with self.script.open("rb") as file:
            has_shebang = file.read(2) == b"#!"
        if has_shebang and os.access(self.script, os.X_OK):
            return [str(self.script)]
        return [sys.executable, "-u", str(self.script)]

    def _wait(self, process: subprocess.Popen[bytes], started: float) -> Ended:
        looked = started
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
                return "exit"
            now = self.clock()
            if now - started > self.limits.seconds:
                return "timeout"
            if now - looked >= self.limits.look_every_seconds:
                looked = now
                if _size_of(self.work) > self.limits.folder:
                    return "too_big"

    def guides(self) -> Iterator[FoundFile]:
        """The files in guides_output, by name. Only plain files that stand there themselves: a link could lead to
        anything of the person's."""
        folder = self.work / "guides_output"
        if folder.is_symlink() or not folder.is_dir():
            return
        names = sorted(path.name for path in folder.glob("*.md"))
        for name in names[: self.limits.guides]:
            path = folder / name
            if path.is_symlink() or not path.is_file():
                yield FoundFile(name, problem="it is no plain file")
            elif path.stat().st_size > self.limits.guide:
                yield FoundFile(name, problem=f"it has more than {self.limits.guide:,} bytes")
            else:
                yield FoundFile(name, path.read_bytes())
        if len(names) > self.limits.guides:
            yield FoundFile("guides_output", problem=f"it holds {len(names)} files; {self.limits.guides} are read")


# --- the environment ------------------------------------------------------------------------------------------------


def environment_for_script(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The person's environment without our secrets: neither by name (ABS_TOKEN, MAM_ID …) nor by value."""
    ours = {name for name in type(settings).model_fields if _is_secret(type(settings), name)}
    secrets = [secret for secret in settings.secrets() if len(secret) >= 4]
    return {
        name: value
        for name, value in environment.items()
        if name.lower() not in ours and not any(secret in value for secret in secrets)
    }


def _is_secret(model: type[Settings], name: str) -> bool:
    return SecretStr in (kind := model.model_fields[name].annotation, *getattr(kind, "__args__", ()))


def secrets_named_in(variables: Mapping[str, str]) -> list[str]:
    """Values that are secrets by their variables' names."""
    return [value for name, value in variables.items() if names_a_secret(name)]


def names_a_secret(name: str) -> bool:
    """Whether what goes by this name is a secret: MAM_PASSWORD, SESSION_ID, mam-uid, MAMPWD, MAM_ID. Rather one too
    many: an ordinary word that is hidden in the log does no harm."""
    words = re.split("[_-]+", name.upper())
    return "MAM_ID" in name.upper() or any(word.endswith(_SECRET_WORDS) for word in words)


def _dotenv(file: Path) -> dict[str, str]:
    """What a script keeps beside itself, read for one purpose: to know what must not be written down."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (re.fullmatch(r"\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*", line) for line in lines)
    return {pair[1]: pair[2].strip("\"'") for pair in pairs if pair}


def _without_named(text: str) -> str:
    """The text without what it calls a secret itself: "session: abc", "MAM_UID=12", {"pwd": "a b"}."""
    pieces, at = [], 0
    for found in _NAME_BEFORE_VALUE.finditer(text):
        value = _VALUE.match(text, found.end())
        if value is not None and found.start() >= at and names_a_secret(found[1]):
            pieces += [text[at : value.start()], HIDDEN]
            at = value.end()
    return "".join([*pieces, text[at:]])


# --- the output -----------------------------------------------------------------------------------------------------


class _Output:
    """The script's output on its way to the log: cleaned line by line, and no more of it than the log may hold."""

    def __init__(self, log: Path, redactor: Redactor, limits: CrawlerLimits) -> None:
        self._log = log
        self._redactor = redactor
        self._limits = limits
        self._last: deque[str] = deque(maxlen=30)
        self._thread: threading.Thread | None = None

    def follow(self, stream: IO[bytes] | None) -> None:
        if stream is not None:
            self._thread = threading.Thread(target=self._copy, args=(stream,), daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Wait for what is still in the pipe."""
        if self._thread is not None:
            self._thread.join(self._limits.grace_seconds)

    def last_words(self) -> str:
        return "\n".join(self._last)

    def _copy(self, stream: IO[bytes]) -> None:
        room = self._limits.log
        with stream, self._log.open("w", encoding="utf-8") as log:
            for line in self._lines(stream):
                self._last.append(line)
                if room > 0:
                    room -= len(line) + 1
                    log.write(f"{line}\n" if room > 0 else "… the rest is left out: the log is full\n")
                    log.flush()

    def _lines(self, stream: IO[bytes]) -> Iterator[str]:
        while piece := stream.readline(self._limits.line):
            if len(piece) == self._limits.line and not piece.endswith(b"\n"):
                while piece and not piece.endswith(b"\n"):
                    piece = stream.readline(self._limits.line)
                yield f"… a line of more than {self._limits.line:,} bytes is left out"
                continue
            text = piece.decode("utf-8", errors="replace").rstrip("\r\n")
            shown = "".join(char if char.isprintable() or char == "\t" else "�" for char in text)
            yield _without_named(self._redactor.clean(shown))


# --- the end --------------------------------------------------------------------------------------------------------


def _end(process: subprocess.Popen[bytes], marker: str, grace_seconds: float) -> None:
    """End the script and whatever it started: asked first, killed after the grace."""
    if process.stdin is not None:
        process.stdin.close()  # the keeper takes it as our end, and ends its group
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_seconds + 1)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for number in _processes_with(marker):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(number, signal.SIGKILL)


def _processes_with(marker: str) -> list[int]:
    """Processes that left the group (browsers do), known by the marker in their environment. Linux only."""
    wanted = f"{_MARKER}={marker}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def _size_of(folder: Path) -> int:
    """Bytes below a folder; links are not followed, and what vanishes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total
