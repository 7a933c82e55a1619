"""What a twin is asked and what it answers: plain requests and responses, free of sockets.

Here: reading a query, a form (urlencoded or multipart), cookies and JSON out of a request; building answers.
Not here: sockets, faults and logs (serving.py), and anything that one service does in its own way (its twin).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class FilePart:
    """A file of a multipart form. ``filename`` may be empty."""

    name: str
    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Form:
    """The fields of a form in the order sent, and its files."""

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[FilePart, ...] = ()

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if key == name)


@dataclass(frozen=True)
class Request:
    """One request. ``path`` is as sent, without the query; ``headers`` have lower-case keys."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    def first(self, name: str) -> str | None:
        """The first value of a query parameter, or None."""
        return next((value for key, value in self.query if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a query parameter, in the order sent."""
        return tuple(value for key, value in self.query if key == name)

    def form(self) -> Form:
        """The body as a form; a body of another kind is an empty form."""
        kind, _, _ = self.headers.get("content-type", "").partition(";")
        if kind.strip().lower() == "application/x-www-form-urlencoded":
            text = self.body.decode("utf-8", "replace")
            return Form(tuple(parse_qsl(text, keep_blank_values=True)))
        if kind.strip().lower() == "multipart/form-data":
            boundary = _parameter(self.headers["content-type"], "boundary")
            return _multipart(self.body, boundary) if boundary else Form()
        return Form()

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError`` when it is not."""
        return json.loads(self.body)

    def cookies(self) -> dict[str, str]:
        jar: SimpleCookie = SimpleCookie()
        jar.load(self.headers.get("cookie", ""))
        return {name: morsel.value for name, morsel in jar.items()}


@dataclass(frozen=True)
class Response:
    """One answer. ``content_type`` None sends no Content-Type at all, as some services do."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def json_response(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, "application/json; charset=utf-8", headers)


def text_response(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Response:
    return Response(status, text.encode(), content_type)


def _parameter(header: str, name: str) -> str | None:
    """A parameter of a header such as ``form-data; name="a"; filename="b"``."""
    for piece in header.split(";")[1:]:
        key, equals, value = piece.strip().partition("=")
        if equals and key.lower() == name:
            return value.strip('"')
    return None


def _multipart(body: bytes, boundary: str) -> Form:
    """RFC 7578. Split by hand because the e-mail parser of the standard library alters line ends of binary parts."""
    fields: list[tuple[str, str]] = []
    files: list[FilePart] = []
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if piece.startswith(b"--"):
            break
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = {
            key.strip().lower(): value.strip()
            for key, _, value in (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
        }
        disposition = headers.get("content-disposition", "")
        name = _parameter(disposition, "name") or ""
        filename = _parameter(disposition, "filename")
        if filename is None:
            fields.append((name, content.decode("utf-8", "replace")))
        else:
            files.append(FilePart(name, filename, headers.get("content-type", ""), content))
    return Form(tuple(fields), tuple(files))
