"""A library of any size over loopback, for bench_library: Audiobookshelf's answers, made as fast as they can be sent.

The rows have the keys of a recorded Audiobookshelf 2.36.0; every item is made from its number alone, so the same number
is the same item in every run. One book in five has twelve files, the others one; descriptions have about 700 letters.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

LIBRARY = "11111111-2222-4333-8444-555555555555"
ADDED = 1_704_067_200_000
SEVERAL_FILES = 12
CHAPTERS = 24
WORDS = (
    "the road ran down to the harbour",
    "where nobody had waited for a ship",
    "since the old king went away",
    "and",
)


def item_id(number: int) -> str:
    """The id of an item."""
    return str(uuid.UUID(int=(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128, version=4))


def values(number: int) -> dict[str, object]:
    """What is an item's own. No value needs escaping in JSON."""
    author, series = f"Author{number // 8 % 251} Surname{number // 8:05}", f"Chronicle of {number // 5:05}"
    place, year = number % 5 + 1, 1900 + number % 120
    has_series = number % 3 != 0
    folder = f"{author}/{series}/Vol {place} - Title {number:06}" if has_series else f"{author}/Title {number:06}"
    start = number % len(WORDS)
    return {
        "id": item_id(number),
        "n": number,
        "folder": folder,
        "title": f"The Title of Book {number:06}",
        "author": author,
        "narrator": f"Reader{number % 97} Voice{number % 389:03}",
        "series_name": f"{series} #{place}" if has_series else "",
        "series": json.dumps([{"id": item_id(-number // 5 - 2), "name": series, "sequence": str(place)}])
        if has_series
        else "[]",
        "year": year,
        "description": " ".join([*WORDS[start:], *WORDS] * 3) + f" {number}",
        "isbn": f"97800{number:08}" if number % 2 else "",
        "asin": f"B0{number:08}",
        "seconds": 20_000 + number % 40_000,
        "added": ADDED + number * 1000,
    }


def _templates() -> tuple[str, ...]:
    """For `%`: rows of the list with one file and with several, then expanded items with one and with several."""
    head = {
        "id": "@id@",
        "ino": "23@n@",
        "oldLibraryItemId": None,
        "libraryId": LIBRARY,
        "folderId": "f",
        "path": "/audiobooks/@folder@",
        "relPath": "@folder@",
        "isFile": False,
        "mtimeMs": "##added##",
        "ctimeMs": "##added##",
        "birthtimeMs": "##added##",
        "addedAt": "##added##",
        "updatedAt": "##added##",
        "isMissing": False,
        "isInvalid": False,
        "mediaType": "book",
    }
    plain = {
        "title": "@title@",
        "titleIgnorePrefix": "@title@, The",
        "subtitle": None,
        "authorName": "@author@",
        "authorNameLF": "@author@",
        "narratorName": "@narrator@",
        "seriesName": "@series_name@",
        "genres": ["Fantasy", "Adventure"],
        "publishedYear": "@year@",
        "publishedDate": None,
        "publisher": "Public Domain Press",
        "description": "<p>@description@</p>",
        "isbn": "@isbn@",
        "asin": "@asin@",
        "language": "English",
        "explicit": False,
        "abridged": False,
    }

    def counts(files: int) -> dict[str, Any]:
        return {
            "coverPath": "/metadata/items/@id@/cover.jpg",
            "tags": [],
            "numTracks": files,
            "numAudioFiles": files,
            "numChapters": CHAPTERS,
            "duration": "##seconds##",
            "size": 160_000_000,
        }

    def file(index: int) -> dict[str, Any]:
        place = {
            "filename": f"{index:02}.m4b",
            "ext": ".m4b",
            "path": f"/audiobooks/@folder@/{index:02}.m4b",
            "relPath": f"{index:02}.m4b",
            "size": 160_000_000,
            "mtimeMs": "##added##",
            "ctimeMs": "##added##",
            "birthtimeMs": "##added##",
        }
        return {
            "index": index,
            "ino": f"24@n@{index:02}",
            "metadata": place,
            "addedAt": "##added##",
            "updatedAt": "##added##",
            "trackNumFromMeta": None,
            "discNumFromMeta": None,
            "trackNumFromFilename": None,
            "discNumFromFilename": None,
            "manuallyVerified": False,
            "exclude": False,
            "error": None,
            "format": "QuickTime / MOV",
            "duration": "##seconds##",
            "bitRate": 64000,
            "language": None,
            "codec": "aac",
            "timeBase": "1/22050",
            "channels": 2,
            "channelLayout": "stereo",
            "chapters": [],
            "embeddedCoverArt": None,
            "metaTags": {"tagAlbum": "@title@", "tagArtist": "@author@"},
            "mimeType": "audio/mp4",
        }

    def media(files: int) -> dict[str, Any]:
        arrays = {
            "authors": [{"id": "a@n@", "name": "@author@"}],
            "narrators": ["@narrator@"],
            "series": "##series##",
            "descriptionPlain": "@description@",
        }
        files_of_it = [file(index + 1) for index in range(files)]
        chapters = [
            {"id": index, "start": index * 100.5, "end": index * 100.5 + 100, "title": f"Chapter {index + 1}"}
            for index in range(CHAPTERS)
        ]
        tracks = [
            {**one, "title": "x.m4b", "startOffset": 0, "contentUrl": f"/api/items/@id@/file/{one['ino']}"}
            for one in files_of_it
        ]
        return {
            "id": "m@n@",
            "metadata": {**plain, **arrays},
            **counts(files),
            "libraryItemId": "@id@",
            "audioFiles": files_of_it,
            "chapters": chapters,
            "ebookFile": None,
            "tracks": tracks,
        }

    def expanded(files: int) -> dict[str, Any]:
        inside = [{"ino": "24@n@", "metadata": file(1)["metadata"], "isSupplementary": None, "fileType": "audio"}]
        return {
            **head,
            "media": media(files),
            "numFiles": files,
            "size": 160_000_000,
            "lastScan": "##added##",
            "scanVersion": "2.36.0",
            "libraryFiles": inside * files,
        }

    def listed(files: int) -> dict[str, Any]:
        media = {"id": "m@n@", "metadata": plain, **counts(files)}
        return {**head, "media": media, "numFiles": files, "size": 160_000_000}

    shapes = (listed(1), listed(SEVERAL_FILES), expanded(1), expanded(SEVERAL_FILES))
    return tuple(
        re.sub(r"@(\w+)@", r"%(\1)s", re.sub(r'"##(\w+)##"', r"%(\1)s", json.dumps(shape).replace("%", "%%")))
        for shape in shapes
    )


class Answers:
    """Bodies for a library of ``items`` items, newest first."""

    def __init__(self, items: int) -> None:
        self.items = items
        self._row, self._several, self._single, self._multiple = _templates()
        self._number = {item_id(number): number for number in range(items)}

    def libraries(self) -> str:
        """The list of libraries."""
        folder = {"id": "f", "fullPath": "/audiobooks", "libraryId": LIBRARY, "addedAt": ADDED}
        library = {"id": LIBRARY, "name": "Bench", "folders": [folder], "mediaType": "book", "lastScan": ADDED}
        return json.dumps({"libraries": [library]})

    def page(self, page: int, limit: int) -> str:
        """A page of the list."""
        first = self.items - 1 - page * limit
        rows = [
            (self._several if number % 5 == 0 else self._row) % values(number)
            for number in range(first, max(first - limit, -1), -1)
        ]
        listed = ", ".join(rows)
        return f'{{"results": [{listed}], "total": {self.items}, "limit": {limit}, "page": {page}}}'

    def expand(self, ids: list[str]) -> str:
        """Expanded items."""
        numbers = [self._number[one] for one in ids if one in self._number]
        rows = [(self._multiple if number % 5 == 0 else self._single) % values(number) for number in numbers]
        return f'{{"libraryItems": [{", ".join(rows)}]}}'


class Handler(BaseHTTPRequestHandler):
    """Answers the three calls that a read of the library makes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answers: Answers

    def do_GET(self) -> None:
        """Libraries, or a page of one."""
        if self.path == "/api/libraries":
            self._say(self.answers.libraries())
        else:
            asked = dict(re.findall(r"(limit|page)=(\d+)", self.path))
            self._say(self.answers.page(int(asked["page"]), int(asked["limit"])))

    def do_POST(self) -> None:
        """Items by id."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._say(self.answers.expand(body["libraryItemIds"]))

    def _say(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _serve(items: int, tell: Connection) -> None:
    Handler.answers = Answers(items)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tell.send(server.server_port)
    server.serve_forever()


@contextmanager
def library_of(items: int) -> Iterator[str]:
    """The address of such a library, served by a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(items, theirs), daemon=True)
    process.start()
    theirs.close()  # so that a server that dies ends the wait
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()  # it keeps nothing; and where a shell started us with SIGINT ignored, it ignores SIGTERM too
        process.join()
