"""How a twin is served on loopback, with faults that can be switched on while it runs.

Here: the server of one twin, carrying out its faults, and the control path that lets another process switch them.
Not here: what a service answers (its own module), what a request is (messages.py), which faults there are (faults.py).
Both are offered here again, so that a twin has one import.

The control path, which is never logged and never subject to a fault:

    POST   /_twin/fault      {"kind": "rate_limited", "times": 2, "path": "", "after": 0, "retry_after": 1}
    DELETE /_twin/fault      all faults off
    GET    /_twin/requests   {"requests": [...]}
    POST   /_twin/do/<verb>  {...}: what this one twin can be told to do, see its ``control``
"""

from __future__ import annotations

import json
import socket
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mam_assets.sandbox.twins.faults import ActiveFault, Fault, LoggedRequest
from mam_assets.sandbox.twins.messages import FilePart, Form, Request, Response, json_response, text_response

__all__ = [
    "Fault",
    "FilePart",
    "Form",
    "LoggedRequest",
    "Request",
    "Response",
    "Twin",
    "TwinServer",
    "json_response",
    "text_response",
]

CONTROL = "/_twin/"
_HOLDING = {Fault.TIMEOUT, Fault.SLOW_DRIP}


class Twin(ABC):
    """A service played from memory. Answers come from many threads at once; a twin with state keeps its own lock."""

    name: str

    @abstractmethod
    def answer(self, request: Request) -> Response: ...

    def login_page(self) -> Response:
        """What stands where JSON belongs when the session is gone: a page, with status 200."""
        page = f"<html><head><title>{self.name} :: Login</title></head><body><form>Log in</form></body></html>"
        return text_response("<!DOCTYPE html>" + page, content_type="text/html; charset=utf-8")

    def expire_session(self) -> None:  # noqa: B027  (a twin without sessions has nothing to do)
        """Forget who is logged in."""

    def control(self, verb: str, options: Mapping[str, Any]) -> Any:
        """What only this twin can be told to do, by another process. Raises ``KeyError`` for an unknown verb."""
        raise KeyError(verb)


class TwinServer:
    """Serves one twin on 127.0.0.1 with HTTP/1.1 keep-alive. ``port`` 0 takes any free one, and keeps it."""

    def __init__(self, twin: Twin, *, log_path: Path | None = None, port: int = 0) -> None:
        self.twin = twin
        self.requests: list[LoggedRequest] = []
        self.crashes: list[str] = []  # tracebacks of the twin itself: each is a bug of the sandbox
        self._log_path = log_path
        self._port = port
        self._lock = threading.RLock()
        self._faults: list[ActiveFault] = []
        self._connections: set[socket.socket] = set()
        self._stopping = threading.Event()
        self._server: _Listener | None = None
        self._closed_door: socket.socket | None = (
            None  # holds the port, without listening, while connections are refused
        )

    # --- life ---------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> str:
        """Listen; the base address, without a slash at its end. Raises ``OSError`` when the port is taken."""
        with self._lock:
            if self._server is None and self._closed_door is None:
                self._stopping.clear()
                self._listen(_bound_socket(self._port))
        return self.address

    def stop(self) -> None:
        """Stop listening and drop every connection, held ones too. Returns within about a second."""
        self._stopping.set()
        with self._lock:
            for fault in self._faults:
                fault.cleared.set()
            self._faults.clear()
            self._close_listener()
            if self._closed_door is not None:
                self._closed_door.close()
                self._closed_door = None
        self._drop_connections(keep=None)

    def __enter__(self) -> TwinServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self, door: socket.socket) -> None:
        self._port = door.getsockname()[1]
        self._server = _Listener(self, door)
        self._server.thread.start()

    def _close_listener(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _refuse(self, keep: socket.socket | None) -> None:
        with self._lock:
            if self._server is None:
                return
            self._close_listener()
            self._closed_door = _bound_socket(self._port)
        self._drop_connections(keep)

    def _reopen(self) -> None:
        with self._lock:
            if self._closed_door is not None and not self._stopping.is_set():
                door, self._closed_door = self._closed_door, None
                self._listen(door)

    def _drop_connections(self, keep: socket.socket | None) -> None:
        with self._lock:
            connections = [connection for connection in self._connections if connection is not keep]
        for connection in connections:
            _hang_up(connection)

    # --- faults -------------------------------------------------------------------------------------------------

    def set_fault(
        self, kind: Fault | str, *, times: int | None = None, path: str = "", after: int = 0, **options: Any
    ) -> None:
        """Switch a fault on for requests whose path contains ``path``, after ``after`` of them went well, for ``times``
        requests (None: until cleared). Several may be on: the oldest that strikes wins. Options: see ``Fault``."""
        self._set_fault(ActiveFault(Fault(kind), times, path, after, dict(options)), keep=None)

    def _set_fault(self, fault: ActiveFault, keep: socket.socket | None) -> None:
        if fault.kind is Fault.SESSION_EXPIRED and fault.times is None:
            fault.times = 1
        with self._lock:
            self._faults.append(fault)
        if fault.kind is Fault.REFUSE and fault.after == 0:
            self._begin_refusing(fault, keep)

    def _begin_refusing(self, fault: ActiveFault, keep: socket.socket | None) -> None:
        self._refuse(keep)
        seconds = fault.options.get("seconds")
        if seconds is not None:
            threading.Thread(target=self._refuse_for, args=(fault, float(seconds)), daemon=True).start()

    def _refuse_for(self, fault: ActiveFault, seconds: float) -> None:
        if fault.cleared.wait(seconds):
            return
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)
        self._reopen()

    def clear_faults(self) -> None:
        """All well again: held answers are given at once, a refusing port listens again."""
        with self._lock:
            for fault in self._faults:
                fault.cleared.set()
            self._faults.clear()
        self._reopen()

    @property
    def holds_back(self) -> bool:
        """Whether a fault is on under which an answer comes late or in pieces."""
        with self._lock:
            return any(fault.kind in _HOLDING and fault.times != 0 for fault in self._faults)

    def _fault_for(self, path: str) -> ActiveFault | None:
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(path)), None)

    # --- one request --------------------------------------------------------------------------------------------

    def _ask_twin(self, request: Request) -> Response:
        try:
            return self.twin.answer(request)
        except Exception:  # noqa: BLE001  (a bug of the twin must reach the test that caused it, not a thread's stderr)
            report = traceback.format_exc()
            self.crashes.append(report)
            return text_response(f"the twin of {self.twin.name} crashed\n{report}", 500)

    def _answer(self, request: Request, fault: ActiveFault | None) -> Response | None:
        """The answer under a fault, held as long as the fault says. None: hang up."""
        if fault is None:
            return self._ask_twin(request)
        options = fault.options
        if options.get("executed") and fault.kind in (Fault.RESET, Fault.SERVER_ERROR):
            self._ask_twin(request)
        match fault.kind:
            case Fault.REFUSE | Fault.RESET:
                return None
            case Fault.TIMEOUT:
                answer = self._ask_twin(request)
                fault.cleared.wait(float(options.get("seconds", 30)))
                return None if self._stopping.is_set() else answer
            case Fault.RATE_LIMITED:
                wait = options.get("retry_after", 30)
                headers = () if wait is None else (("Retry-After", str(wait)),)
                return Response(429, b"Too Many Requests", "text/plain; charset=utf-8", headers)
            case Fault.SERVER_ERROR:
                return text_response("Internal Server Error", int(options.get("status", 500)))
            case Fault.HTML_LOGIN:
                return self.twin.login_page()
            case Fault.EMPTY_BODY:
                return Response(200, b"")
            case Fault.BROKEN_JSON:
                whole = self._ask_twin(request).body or b'{"broken":'
                return Response(200, whole[: (len(whole) + 1) // 2])
            case Fault.SESSION_EXPIRED:
                self.twin.expire_session()
                return self._ask_twin(request)
            case Fault.FORBIDDEN:
                return text_response("Forbidden", 403)
            case Fault.NOT_FOUND:
                return text_response("Not Found", 404)
            case Fault.SLOW_DRIP:
                return self._ask_twin(request)

    def _log(self, request: Request, started: float, status: int) -> None:
        logged = LoggedRequest(
            self.twin.name,
            started,
            time.time(),
            request.method,
            request.path,
            request.query,
            status,
            request.headers.get("user-agent", ""),
        )
        with self._lock:
            self.requests.append(logged)
            if self._log_path is not None:
                self._log_path.parent.mkdir(parents=True, exist_ok=True)
                with self._log_path.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(logged.redacted(), ensure_ascii=False) + "\n")

    def _controlled(self, request: Request, connection: socket.socket) -> Response:
        match request.method, request.path.removeprefix(CONTROL):
            case "POST", "fault":
                try:
                    wanted = dict(request.json())
                    fault = ActiveFault(
                        Fault(wanted.pop("kind")),
                        wanted.pop("times", None),
                        wanted.pop("path", ""),
                        int(wanted.pop("after", 0)),
                        wanted,
                    )
                except (KeyError, TypeError, ValueError) as error:
                    return json_response({"error": f"no such fault: {error}"}, 400)
                self._set_fault(fault, keep=connection)
                return json_response({"fault": fault.kind})
            case "DELETE", "fault":
                self.clear_faults()
                return json_response({"fault": None})
            case "GET", "requests":
                with self._lock:
                    return json_response({"requests": [logged.redacted() for logged in self.requests]})
            case "POST", verb if verb.startswith("do/"):
                try:
                    return json_response(self.twin.control(verb[3:], request.json() if request.body else {}))
                except (KeyError, TypeError, ValueError) as error:
                    return json_response({"error": f"{verb[3:]}: {error}"}, 400)
        return json_response({"error": "no such control"}, 404)


class _Listener(ThreadingHTTPServer):
    """The listening half, made anew each time that a refusing port opens again."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, owner: TwinServer, door: socket.socket) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = door
        self.server_address = door.getsockname()
        self.server_name, self.server_port = "127.0.0.1", door.getsockname()[1]
        self.owner = owner
        self.server_activate()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; the standard class would print it."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listener

    def setup(self) -> None:
        super().setup()
        with self.server.owner._lock:
            self.server.owner._connections.add(self.connection)

    def finish(self) -> None:
        with self.server.owner._lock:
            self.server.owner._connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept by the server; nothing is printed."""

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _serve(self) -> None:
        owner, started = self.server.owner, time.time()
        address = urlsplit(self.path)
        request = Request(
            self.command,
            address.path,
            tuple(parse_qsl(address.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self._read_body(),
        )
        if request.path.startswith(CONTROL):
            answer = owner._controlled(request, self.connection)
            closing = () if owner._server is self.server else (("Connection", "close"),)
            self._send(replace(answer, headers=closing))
            return
        if owner._server is not self.server:  # accepted a moment before the door was closed
            self.close_connection = True
            _hang_up(self.connection)
            return
        fault = owner._fault_for(request.path)
        outcome = owner._answer(request, fault)
        # Written down before it is sent, so that whoever has the answer finds the request in the log.
        owner._log(request, started, outcome.status if outcome else 0)
        if outcome is None:
            self.close_connection = True
            if fault is not None and fault.kind is Fault.REFUSE:
                owner._begin_refusing(fault, keep=None)
            _hang_up(self.connection)
        elif fault is not None and fault.kind is Fault.SLOW_DRIP:
            self._send(outcome, drip=(float(fault.options.get("seconds", 5)), fault.cleared.wait))
        else:
            self._send(outcome)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _send(self, answer: Response, drip: tuple[float, Callable[[float], object]] | None = None) -> None:
        self.send_response(answer.status)
        if answer.content_type is not None:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            pieces = 20 if drip else 1
            step = max(1, -(-len(answer.body) // pieces))
            for start in range(0, len(answer.body), step):
                self.wfile.write(answer.body[start : start + step])
                if drip:
                    self.wfile.flush()
                    seconds, pause = drip
                    pause(seconds / pieces)
        self.wfile.flush()


def _bound_socket(port: int) -> socket.socket:
    """A socket that has the port but doesn't listen: until it does, connections are refused."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
    except OSError:
        door.close()
        raise
    return door


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster
