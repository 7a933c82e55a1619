"""The twin of Audiobookshelf answers as the recorded 2.36.0 did, and plays what a recording cannot show."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mam_assets.sandbox.audio import write_m4b, write_mp3
from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from mam_assets.sandbox.twins.audiobookshelf_accounts import Account
from mam_assets.sandbox.twins.audiobookshelf_folders import metadata_of, split_names
from mam_assets.sandbox.twins.serving import TwinServer
from mam_assets.sandbox.world.model import OwnedItem, World, WorldSeries, WorldWork

RECORDINGS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "recordings" / "audiobookshelf.jsonl").read_text("utf-8").splitlines()
]
RECORDED_SHELF: list[dict[str, Any]] = RECORDINGS[0]["shelf"]
EXCHANGES: list[dict[str, Any]] = RECORDINGS[1:]
RECORDED_LIBRARY = "43fd9309-76a5-4df1-af56-50243842d424"

# Values that must be the recorded ones. All other values only need the recorded type.
EXACT = {
    *("title", "titleIgnorePrefix", "authorName", "authorNameLF", "narratorName", "seriesName", "publishedYear"),
    *("sequence", "narrators", "genres", "publisher", "isbn", "asin", "relPath", "fileType", "mediaType", "provider"),
    *("total", "limit", "page", "offset", "sortBy", "sortDesc", "minified", "include", "updated", "numTracks"),
    *("numFiles", "numChapters", "isFile", "isMissing", "libraryItems", "success", "lastFirst", "numBooks", "action"),
    *("titleKey", "isFinished", "app", "serverVersion", "isInit", "contentUrl_", "codec", "mimeType", "format"),
}
LOOSE = {"serverSettings", "metaTags"}  # the twin knows fewer keys of these


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self, now: float = 1_795_340_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Shop:
    """A twin behind its server, with a client for it."""

    def __init__(self, twin: AudiobookshelfTwin, server: TwinServer) -> None:
        self.twin = twin
        self.server = server
        self.client = httpx.Client(
            base_url=server.address, trust_env=False, headers={"Authorization": "Bearer root-key"}
        )

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(path, params=params).raise_for_status().json()

    def items(self, **params: Any) -> Any:
        return self.get(f"/api/libraries/{self.library}/items", **params)

    def item(self, folder: str) -> Any:
        row = next(row for row in self.items(limit=0)["results"] if row["relPath"] == folder)
        return self.get(f"/api/items/{row['id']}", expanded=1)

    @property
    def library(self) -> str:
        libraries = self.get("/api/libraries")["libraries"]
        return str(next(entry["id"] for entry in libraries if entry["mediaType"] == "book"))

    def scan(self, clock: Clock) -> None:
        assert self.client.post(f"/api/libraries/{self.library}/scan").text == "OK"
        clock.now += 10


def opened(twin: AudiobookshelfTwin) -> Iterator[Shop]:
    with TwinServer(twin) as server:
        shop = Shop(twin, server)
        yield shop
        shop.client.close()
        assert server.crashes == []


@pytest.fixture
def recorded_shop(tmp_path: Path, clock: Clock) -> Iterator[Shop]:
    """The shelf that was recorded, found by scans: nothing is known of it but its folders and the tags of its files."""
    library = tmp_path / "library"
    twin = AudiobookshelfTwin(library, token="root-key", clock=clock, shown_root="/audiobooks")
    for book in sorted(RECORDED_SHELF, key=lambda book: book["addedAt"]):
        folder, metadata = library / book["folder"], book["metadata"]
        folder.mkdir(parents=True)
        artist = metadata["authorName"].replace(", ", " & ")
        write_mp3(folder / "a.mp3", 5, title=metadata["title"], artist=artist, album=metadata["title"])
        twin.shelf.scan(book["addedAt"])
    yield from opened(twin)


def replayed(shop: Shop, exchange: dict[str, Any]) -> httpx.Response:
    """Send the recorded request with the twin's own ids in the place of the recorded ones."""
    ids = {item.folder: item.id for item in shop.twin.shelf.items.values()}

    def translated(text: str) -> str:
        for folder, own in ids.items():
            text = text.replace("{" + folder + "}", own)
        return text.replace(RECORDED_LIBRARY, shop.library)

    request = exchange["request"]
    headers = {"Authorization": "Bearer wrong" if "bad token" in exchange["note"] else "Bearer root-key"}
    if not request["auth"]:
        headers = {"Authorization": ""}
    body = request["body"]
    content = None if body is None else translated(json.dumps(body, ensure_ascii=False)).encode()
    return shop.client.request(request["method"], translated(request["path"]), content=content, headers=headers)


def differences(recorded: Any, given: Any, place: str = "") -> list[str]:
    """Where an answer differs from the recorded one in its keys, its types, or a value that has to be the same."""
    name = place.rpartition(".")[2].partition("[")[0]
    if isinstance(recorded, dict) and isinstance(given, dict):
        if name in LOOSE:
            return [f"{place}: unknown keys {given.keys() - recorded.keys()}"] if given.keys() - recorded.keys() else []
        if recorded.keys() != given.keys():
            return [f"{place}: missing {recorded.keys() - given.keys()}, too many {given.keys() - recorded.keys()}"]
        return [line for key in recorded for line in differences(recorded[key], given[key], f"{place}.{key}")]
    if isinstance(recorded, list) and isinstance(given, list):
        if bool(recorded) != bool(given):
            return [f"{place}: {recorded!r:.60} became {given!r:.60}"]
        pairs = zip(recorded, given, strict=False)
        return [line for index, pair in enumerate(pairs) for line in differences(*pair, f"{place}[{index}]")]
    if name in EXACT and recorded != given and not place.endswith("metadata.relPath"):
        return [f"{place}: {recorded!r} became {given!r}"]
    alike = {type(recorded), type(given)} <= {int, float} or type(recorded) is type(given)
    return [] if alike else [f"{place}: {recorded!r:.60} became {given!r:.60}"]


def test_every_recorded_exchange_is_answered_alike(recorded_shop: Shop, clock: Clock) -> None:
    """One after the other, because the changes build upon each other. Where no sort was asked for, the order of the
    rows means nothing, so they are left out."""
    problems: list[str] = []
    for exchange in EXCHANGES:
        if exchange["note"] in ("tasks later", "library after scan"):
            clock.now += 5
        answer, recorded = replayed(recorded_shop, exchange), exchange["response"]
        kind = answer.headers.get("content-type")
        if (answer.status_code, kind) != (recorded["status"], recorded["content_type"]):
            problems.append(f"{exchange['note']}: {answer.status_code} {kind} {answer.text:.80}")
            continue
        if isinstance(recorded["body"], str):
            found = [] if answer.text == recorded["body"] else [answer.text]
        elif "/items?" in exchange["request"]["path"] and "sort" not in exchange["request"]["path"]:
            found = [line for line in differences(recorded["body"], answer.json()) if ".results[" not in line]
        else:
            found = differences(recorded["body"], answer.json())
        problems.extend(f"{exchange['note']}: {line}" for line in found)
    assert problems == []


def test_the_rows_of_a_list_have_the_recorded_keys(recorded_shop: Shop) -> None:
    recorded = next(exchange for exchange in EXCHANGES if exchange["note"].startswith("first page"))["response"]["body"]
    given = recorded_shop.items(limit=5, page=0, sort="addedAt", desc=1)
    assert differences(recorded["results"][0], given["results"][0]) == []


def test_folders_and_tags_give_the_recorded_metadata(recorded_shop: Shop) -> None:
    given = {row["relPath"]: row["media"]["metadata"] for row in recorded_shop.items()["results"]}
    wanted = {book["folder"]: book["metadata"] for book in RECORDED_SHELF}
    assert {folder: {key: given[folder][key] for key in metadata} for folder, metadata in wanted.items()} == wanted


@pytest.mark.parametrize(
    ("folder", "title", "authors", "series", "year", "narrators"),
    [
        ("A. Uthor/Ser/Vol 1 - Tale", "Tale", ["A. Uthor"], [["Ser", "1"]], None, []),
        ("A. Uthor/Ser/Vol 3.5 - Tale {B. Reader}", "Tale", ["A. Uthor"], [["Ser", "3.5"]], None, ["B. Reader"]),
        ("A. Uthor/Ser/Vol 03 - 1918 - Tale", "Tale", ["A. Uthor"], [["Ser", "3"]], "1918", []),
        ("A. Uthor/Ser/6. Tale", "Tale", ["A. Uthor"], [["Ser", "6"]], None, []),
        ("A. Uthor/Ser/101 Tales", "101 Tales", ["A. Uthor"], [["Ser", None]], None, []),
        ("A. Uthor/Ser/Tale - Book 2", "Tale", ["A. Uthor"], [["Ser", "2"]], None, []),
        ("A. Uthor/1898 - Tale", "Tale", ["A. Uthor"], [], "1898", []),
        ("A. Uthor/813", "813", ["A. Uthor"], [], None, []),
        ("A. Uthor & B. Other/Tale - With a Tail", "Tale - With a Tail", ["A. Uthor", "B. Other"], [], None, []),
        ("Tale", "Tale", [], [], None, []),
    ],
)
def test_a_path_spells_metadata(
    folder: str, title: str, authors: list[str], series: list[Any], year: str | None, narrators: list[str]
) -> None:
    metadata = metadata_of(folder, [])
    names = ("title", "authors", "series", "publishedYear", "narrators")
    assert [metadata[name] for name in names] == [title, authors, series, year, narrators]


def test_an_asin_in_the_path_is_taken_out_of_the_title() -> None:
    metadata = metadata_of("A. Uthor/Tale [B0ABCDEFGH]", [])
    assert (metadata["title"], metadata["asin"]) == ("Tale", "B0ABCDEFGH")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Mark Twain & Charles Dudley Warner", ["Mark Twain", "Charles Dudley Warner"]),
        ("Wells, H. G.", ["H. G. Wells"]),
        ("Mark Twain, Jane Austen", ["Mark Twain", "Jane Austen"]),
        ("", []),
    ],
)
def test_names_are_split(text: str, names: list[str]) -> None:
    assert split_names(text) == names


# --- what no recording shows ------------------------------------------------------------------------------------

WORLD = World(
    now=datetime(2026, 11, 1, tzinfo=UTC),
    authors=(),
    series=(WorldSeries(1, "Barsoom", "Edgar Rice Burroughs"),),
    works=(
        WorldWork(
            1, "A Princess of Mars", ("Edgar Rice Burroughs",), 1912, "Science Fiction", 1, "1", asin="B0SANDBOX1"
        ),
        WorldWork(2, "The Gods of Mars", ("Edgar Rice Burroughs",), 1913, "Science Fiction", 1, "2", asin="B0SANDBOX2"),
        WorldWork(3, "Llana of Gathol", ("Edgar Rice Burroughs",), 1948, "Science Fiction", 1, "10"),
        WorldWork(
            4,
            "Silent",
            ("Nobody Else",),
            2030,
            "Thriller",
            asin="B0SANDBOX4",
            release_date=date(2030, 1, 1),
            audiobook=False,
        ),
    ),
    owned=(
        OwnedItem(
            "princess",
            1,
            "Edgar Rice Burroughs/Barsoom/Vol 1 - A Princess of Mars",
            (("one.mp3", 60.0), ("two.mp3", 60.0)),
            "A Princess of Mars",
            ("Edgar Rice Burroughs",),
            narrators=("Mark Nelson",),
            series=(("Barsoom", "1"),),
            asin="B0SANDBOX1",
            year=1912,
        ),
        OwnedItem("nameless", None, "Nameless", (("x.m4b", 90.0),), None, ()),
        OwnedItem(
            "gods", 2, "Edgar Rice Burroughs/Barsoom/Vol 2 - The Gods of Mars", (), "The Gods of Mars", ("E. R. B.",)
        ),
    ),
    releases=(),
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    library = tmp_path / "library"
    for item in WORLD.owned[:2]:
        (library / item.folder).mkdir(parents=True)
        for name, seconds in item.files:
            write = write_mp3 if name.endswith("mp3") else write_m4b
            write(library / item.folder / name, seconds, title="t", artist="a", album="b")
    (library / WORLD.owned[0].folder / "cover.jpg").write_bytes(b"\xff\xd8")
    return library


def owner_of(library: Path, clock: Clock, **options: Any) -> AudiobookshelfTwin:
    accounts = {"user-key": Account("reader", "user"), "guest-key": Account("guest", "guest")}
    return AudiobookshelfTwin(
        library,
        WORLD.owned,
        world=WORLD,
        state_path=library.parent / "state.json",
        token="root-key",
        accounts=accounts,
        clock=clock,
        **options,
    )


@pytest.fixture
def shop(library: Path, clock: Clock) -> Iterator[Shop]:
    yield from opened(owner_of(library, clock))


def test_an_owned_item_has_the_worlds_metadata_and_the_files_on_disk(shop: Shop) -> None:
    item = shop.item(WORLD.owned[0].folder)
    assert item["media"]["metadata"]["seriesName"] == "Barsoom #1"
    assert item["media"]["duration"] == pytest.approx(120, rel=0.01)
    assert item["media"]["numTracks"] == 2
    assert [chapter["title"] for chapter in item["media"]["chapters"]] == ["one", "two"]
    assert item["media"]["tracks"][1]["startOffset"] == pytest.approx(60, rel=0.01)
    assert item["numFiles"] == 3
    assert item["media"]["coverPath"].endswith("/cover.jpg")


def test_an_item_may_lack_title_and_author(shop: Shop) -> None:
    metadata = shop.item("Nameless")["media"]["metadata"]
    assert (metadata["title"], metadata["authors"], metadata["authorName"]) == (None, [], "")


def test_a_new_folder_becomes_an_item_only_by_a_scan_that_takes_its_time(
    shop: Shop, library: Path, clock: Clock
) -> None:
    folder = "L. Frank Baum/Oz/Vol 2 - The Marvelous Land of Oz {Phil Chenevert}"
    (library / folder / "CD 1").mkdir(parents=True)
    write_m4b(
        library / folder / "CD 1" / "oz.m4b", 61, title="The Marvelous Land of Oz", artist="L. Frank Baum", album=""
    )
    before = shop.get(f"/api/libraries/{shop.library}")["lastScan"]
    assert len(shop.items()["results"]) == 3
    assert shop.client.post(f"/api/libraries/{shop.library}/scan").text == "OK"
    assert shop.client.post(f"/api/libraries/{shop.library}/scan").text == "OK"
    assert [task["action"] for task in shop.get("/api/tasks")["tasks"]] == ["library-scan"]
    assert len(shop.items()["results"]) == 3
    clock.now += 10
    assert shop.get("/api/tasks") == {"tasks": []}
    assert shop.get(f"/api/libraries/{shop.library}")["lastScan"] > before
    newest = shop.items(sort="addedAt", desc=1, limit=1)["results"][0]
    assert newest["relPath"] == folder
    assert newest["addedAt"] == int(clock.now * 1000)
    item = shop.item(folder)
    assert item["media"]["metadata"]["seriesName"] == "Oz #2"
    assert item["media"]["metadata"]["narrators"] == ["Phil Chenevert"]
    assert item["media"]["duration"] == pytest.approx(61, rel=0.01)


def test_a_folder_that_is_gone_is_missing_and_comes_back_as_the_same_item(
    shop: Shop, library: Path, clock: Clock
) -> None:
    folder = WORLD.owned[0].folder
    own = shop.item(folder)["id"]
    shutil.move(library / folder, library.parent / "away")
    shop.scan(clock)
    assert [row["relPath"] for row in shop.items(filter="issues")["results"]] == [folder]
    shutil.move(library.parent / "away", library / folder)
    shop.scan(clock)
    assert (shop.item(folder)["id"], shop.item(folder)["isMissing"]) == (own, False)


def test_a_folder_that_changed_is_read_again_and_keeps_its_metadata(shop: Shop, library: Path, clock: Clock) -> None:
    shop.scan(clock)
    before = shop.item("Nameless")
    write_m4b(library / "Nameless" / "y.m4b", 60, title="Other", artist="Other", album="Other")
    shop.scan(clock)
    after = shop.item("Nameless")
    assert after["media"]["duration"] == pytest.approx(150, rel=0.01)
    assert after["media"]["metadata"] == before["media"]["metadata"]
    assert after["updatedAt"] > before["updatedAt"]
    assert shop.item(WORLD.owned[0].folder)["updatedAt"] < after["updatedAt"]


def test_garbage_that_calls_itself_audio_becomes_no_item(shop: Shop, library: Path, clock: Clock) -> None:
    (library / "Broken").mkdir()
    (library / "Broken" / "broken.mp3").write_bytes(b"this is no audio" * 100)
    shop.scan(clock)
    assert len(shop.items()["results"]) == 3


def test_a_single_file_in_the_root_is_an_item(shop: Shop, library: Path, clock: Clock) -> None:
    write_m4b(library / "Alone.m4b", 60, title="Alone", artist="A. Uthor", album="Alone")
    shop.scan(clock)
    item = shop.item("Alone.m4b")
    assert item["isFile"]
    assert item["path"] == str(library / "Alone.m4b")


def test_a_restart_keeps_ids_patches_and_what_was_scanned(library: Path, clock: Clock) -> None:
    def seen(shop: Shop) -> Any:
        return [(row["id"], row["addedAt"], row["media"]["metadata"]) for row in shop.items(sort="addedAt")["results"]]

    before = []
    for shop in opened(owner_of(library, clock)):
        (library / "New").mkdir()
        write_mp3(library / "New" / "new.mp3", 60, title="New", artist="A. Uthor", album="New")
        shop.scan(clock)
        own = shop.item("Nameless")["id"]
        shop.client.patch(f"/api/items/{own}/media", json={"metadata": {"title": "Named"}})
        before = seen(shop)
    for shop in opened(owner_of(library, clock)):
        assert seen(shop) == before
        assert shop.item("Nameless")["media"]["metadata"]["title"] == "Named"


def test_a_podcast_library_stands_beside_the_books(shop: Shop) -> None:
    libraries = shop.get("/api/libraries")["libraries"]
    assert [entry["mediaType"] for entry in libraries] == ["book", "podcast"]
    assert shop.get(f"/api/libraries/{libraries[1]['id']}/items")["results"] == []


@pytest.mark.parametrize(
    ("key", "scan", "patch"), [("root-key", 200, 200), ("user-key", 403, 200), ("guest-key", 403, 403)]
)
def test_rights_differ_by_user(shop: Shop, key: str, scan: int, patch: int) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    own = shop.item("Nameless")["id"]
    assert shop.client.post(f"/api/libraries/{shop.library}/scan", headers=headers).status_code == scan
    answer = shop.client.patch(f"/api/items/{own}/media", json={"metadata": {"isbn": "1"}}, headers=headers)
    assert answer.status_code == patch
    may = shop.client.post("/api/authorize", headers=headers).json()["user"]["permissions"]["update"]
    assert may == (patch == 200)


def test_an_expired_key_is_unauthorised_until_it_is_renewed(shop: Shop) -> None:
    shop.server.set_fault("session_expired")
    assert [shop.client.get("/api/tasks").status_code for _ in range(2)] == [401, 401]
    assert shop.client.post("/_twin/do/revive").status_code == 200
    assert shop.client.get("/api/tasks").status_code == 200


def test_lists_page_sort_and_filter(shop: Shop) -> None:
    by_title = [row["media"]["metadata"]["title"] for row in shop.items(sort="media.metadata.title", desc=1)["results"]]
    assert by_title == ["The Gods of Mars", "A Princess of Mars", None]
    pages = [shop.items(sort="addedAt", limit=2, page=page)["results"] for page in range(3)]
    assert [len(page) for page in pages] == [2, 1, 0]
    series = shop.get(f"/api/libraries/{shop.library}/series", limit=5, page=0)["results"][0]
    code = base64.b64encode(series["id"].encode()).decode()
    rows = shop.items(filter=f"series.{code}")["results"]
    assert [row["media"]["metadata"]["series"]["sequence"] for row in rows] == ["1"]
    missing = base64.b64encode(b"asin").decode()
    assert len(shop.items(filter=f"missing.{missing}")["results"]) == 2
    assert shop.client.get(f"/api/libraries/{shop.library}/items?limit=-1").status_code == 400


def test_an_author_entry_without_a_name_is_dropped_and_the_rest_replaces(shop: Shop) -> None:
    own = shop.item("Nameless")["id"]

    def authors(entries: list[Any]) -> Any:
        answer = shop.client.patch(f"/api/items/{own}/media", json={"metadata": {"authors": entries}}).json()
        return [entry["name"] for entry in answer["libraryItem"]["media"]["metadata"]["authors"]]

    assert authors([{"name": "edgar rice burroughs"}, {"nom": "x"}]) == ["Edgar Rice Burroughs"]
    assert authors([{}]) == []


def test_a_batch_update_counts_what_changed_and_refuses_doubles(shop: Shop) -> None:
    own, other = shop.item("Nameless")["id"], shop.item(WORLD.owned[0].folder)["id"]

    def update(*rows: Any) -> httpx.Response:
        return shop.client.post("/api/items/batch/update", json=list(rows))

    change = {"id": own, "mediaPayload": {"metadata": {"title": "T"}, "tags": ["x", "x"]}}
    assert update(change, {"id": other, "mediaPayload": {}}).json() == {"success": True, "updates": 1}
    assert shop.item("Nameless")["media"]["tags"] == ["x"]
    assert update(change, change).status_code == 400
    assert update({"id": "nope", "mediaPayload": {}}).status_code == 404
    assert update().status_code == 400


def test_an_author_shows_items_and_series(shop: Shop) -> None:
    author = shop.item(WORLD.owned[0].folder)["media"]["metadata"]["authors"][0]
    answer = shop.get(f"/api/authors/{author['id']}", include="items,series")
    assert [row["relPath"] for row in answer["libraryItems"]] == [WORLD.owned[0].folder]
    assert [series["name"] for series in answer["series"]] == ["Barsoom"]
    assert shop.client.get("/api/authors/nope").status_code == 404


def test_audible_knows_minutes_narrator_series_and_asin(shop: Shop) -> None:
    books = shop.get("/api/search/books", title="A Princess of Mars", author="Edgar Rice Burroughs", provider="audible")
    first = books[0]
    assert (first["asin"], first["duration"], first["narrator"]) == ("B0SANDBOX1", 2, "Mark Nelson")
    assert first["series"] == [{"series": "Barsoom", "sequence": "1"}]
    assert [book["title"] for book in books[1:]] == ["The Gods of Mars"]


@pytest.mark.parametrize(
    ("title", "author", "provider", "found"),
    [
        ("B0SANDBOX2", "", "audible.uk", ["B0SANDBOX2"]),
        ("Llana of Gathol", "Edgar Rice Burroughs", "audible", []),
        ("Silent", "", "audible", []),
        ("A Princess of Mars", "Jane Austen", "audible", []),
        ("A Princess of Mars", "Edgar Rice Burroughs", "google", []),
        ("", "", "audible", []),
    ],
)
def test_audible_finds_only_what_it_sells(shop: Shop, title: str, author: str, provider: str, found: list[str]) -> None:
    books = shop.get("/api/search/books", title=title, author=author, provider=provider)
    assert [book["asin"] for book in books] == found


def test_the_list_can_shrink_and_grow_again(library: Path, clock: Clock) -> None:
    for shop in opened(owner_of(library, clock, synthetic=97)):
        assert shop.items(limit=1)["total"] == 100
        shop.client.post("/_twin/do/shrink", json={"share": 0.1})
        assert shop.items(limit=1)["total"] == 10
        shop.client.post("/_twin/do/shrink", json={"share": 1})
        assert shop.items(limit=1)["total"] == 100
        shop.scan(clock)
        assert shop.items(filter="issues")["total"] == 0


def test_a_person_can_edit_behind_our_back(shop: Shop) -> None:
    before = shop.item("Nameless")["updatedAt"]
    edit = {"folder": "Nameless", "media": {"metadata": {"title": "Mine"}}}
    assert shop.client.post("/_twin/do/edit", json=edit).json() == {"updated": True}
    assert shop.item("Nameless")["media"]["metadata"]["title"] == "Mine"
    assert shop.item("Nameless")["updatedAt"] > before
