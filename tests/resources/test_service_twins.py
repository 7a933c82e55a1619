"""The four clients against their twins over loopback: two readings of the same services must agree on a whole world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mam_assets.domain.books import Medium, Release, SeriesRef
from mam_assets.parsing.prowlarr import mam_torrent_id
from mam_assets.resources.errors import Blocked, NotAuthorised, NotFound, RateLimited, Refused, ServiceDown
from mam_assets.resources.gate import MemoryGate
from mam_assets.resources.goodreads import Goodreads, block_judge
from mam_assets.resources.google_books import GoogleBooks, quota_judge
from mam_assets.resources.http import build_client
from mam_assets.resources.mam import Mam, MamSession, session_trouble
from mam_assets.resources.prowlarr import MagnetLink, Prowlarr, TorrentFile, own_words
from mam_assets.resources.redaction import Redactor
from mam_assets.sandbox.twins.goodreads import GoodreadsTwin
from mam_assets.sandbox.twins.google_books import GoogleBooksTwin
from mam_assets.sandbox.twins.mam import MamTwin
from mam_assets.sandbox.twins.prowlarr import DEMO_API_KEY, ProwlarrTwin
from mam_assets.sandbox.twins.serving import Twin, TwinServer
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.layout import LaidOutWorld, lay_out
from mam_assets.sandbox.world.model import World, WorldRelease

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Kept:
    """The newest cookie, kept in memory in place of the database."""

    def __init__(self, value: str) -> None:
        self.value = value

    def sign(self, request: httpx.Request) -> None:
        request.headers["Cookie"] = f"mam_id={self.value}"

    def learn(self, response: httpx.Response) -> None:
        self.value = response.headers["set-cookie"].removeprefix("mam_id=")


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(NOW)


@pytest.fixture(scope="module")
def laid_out(world: World, tmp_path_factory: pytest.TempPathFactory) -> LaidOutWorld:
    """The releases with an oddity of their own and some ordinary ones; the library is not needed here."""
    few = tuple(release for release in world.releases if release.release_id <= 1050)
    return lay_out(replace(world, releases=few, owned=()), tmp_path_factory.mktemp("world"))


@pytest.fixture
def stand() -> Iterator[Any]:
    """Starts a twin and gives a client of ours for it."""
    with ExitStack() as stack:

        def start(twin: Twin, path: str = "", **options: Any) -> httpx.Client:
            server = stack.enter_context(TwinServer(twin))
            gate = MemoryGate(sleep=lambda seconds: None)
            client = build_client(
                twin.name,
                server.address + path,
                gate=gate,
                redactor=Redactor(),
                sleep=lambda seconds: None,
                **options,
            )
            return stack.enter_context(client)

        yield start


def mam_client(stand: Any, twin: MamTwin) -> Mam:
    return Mam(stand(twin, judge=session_trouble, session=MamSession(Kept(twin.current_mam_id))))


def assert_same(found: Release, offered: WorldRelease, total_bytes: int) -> None:
    assert found.title == offered.title
    if offered.release_id != 1015:  # its author_info is broken on purpose
        assert found.authors == offered.authors
    assert found.narrators == offered.narrators
    assert found.series == tuple(SeriesRef(name, position or None) for name, position in offered.series)
    assert (found.seeders, found.leechers, found.snatched) == (offered.seeders, offered.leechers, offered.snatched)
    assert (found.language, found.filetype) == (offered.language, offered.filetype)
    assert (found.freeleech, found.vip) == (offered.freeleech, offered.vip)
    assert (found.abridged or False, found.dramatised or False) == (offered.abridged, offered.dramatised)
    assert found.categories == (offered.category,)
    assert found.medium is (Medium.AUDIOBOOK if offered.main_cat == 13 else Medium.EBOOK)
    assert found.size_bytes == pytest.approx(total_bytes, rel=0.01)
    assert found.added_at == offered.added


def test_every_release_on_mam_is_read_as_the_world_has_it(laid_out: LaidOutWorld, stand: Any) -> None:
    twin = MamTwin(laid_out)
    mam = mam_client(stand, twin)
    on_mam = [built for built in laid_out.releases if built.release.on_mam]
    page = mam.uploads_since(NOW - timedelta(days=3000))
    read = {release.guid: release for release in page.releases}
    audiobooks = [built for built in on_mam if built.release.main_cat == 13]
    assert page.found == len(read) == len(audiobooks)
    for built in audiobooks:
        assert_same(read[str(built.release.mam_id)], built.release, built.total_bytes)
    assert [problem for problem in page.problems if "author_info" in problem]
    ebook = next(built for built in on_mam if built.release.main_cat == 14)
    found = mam.torrent_by_id(str(ebook.release.mam_id))
    assert found is not None
    assert_same(found, ebook.release, ebook.total_bytes)
    assert twin.violations == []


def test_mam_is_searched_by_author_title_and_window(laid_out: LaidOutWorld, stand: Any) -> None:
    mam = mam_client(stand, MamTwin(laid_out))
    assert {r.authors for r in mam.search_author("Edgar Rice Burroughs").releases} == {("Edgar Rice Burroughs",)}
    assert mam.search_author("Nobody Atall").releases == ()
    assert [r.guid for r in mam.search_title("Aunt Jane’s Nieces at Millville", "L. Frank Baum").releases] == ["561025"]
    top = mam.top([47, 41, 87, 40], since=NOW - timedelta(days=7), until=NOW).releases
    assert top
    assert list(top) == sorted(top, key=lambda release: -(release.snatched or 0))
    assert all(release.added_at and release.added_at >= NOW - timedelta(days=7) for release in top)


def test_mams_session_account_and_torrents(laid_out: LaidOutWorld, stand: Any) -> None:
    twin = MamTwin(laid_out, unsatisfied=7, unsatisfied_limit=50)
    mam = mam_client(stand, twin)
    assert mam.check() == "demo"
    user = mam.user()
    assert (user.ratio, user.unsatisfied_count, user.unsatisfied_limit) == (5.43, 7, 50)
    assert mam.download("561003") == laid_out.release(1003).torrent
    with pytest.raises(Refused, match="although the session is good"):
        mam.download("561010")  # a page of HTML with status 200
    with pytest.raises(NotFound):
        mam.download("999999")
    assert mam.torrent_by_id("999999") is None
    assert (twin.violations, twin.wedges_spent) == ([], 0)


@pytest.mark.parametrize("form", ["forbidden", "login_page", "empty", "not_signed_in"])
def test_a_dead_mam_session_is_known_in_each_of_its_forms(laid_out: LaidOutWorld, stand: Any, form: str) -> None:
    twin = MamTwin(laid_out)
    mam = mam_client(stand, twin)
    twin.expire_session()
    twin.dead_session = form
    with pytest.raises(NotAuthorised):
        mam.search_author("Jane Austen")


def test_prowlarr_names_the_same_releases_and_hands_out_their_torrents(laid_out: LaidOutWorld, stand: Any) -> None:
    twin = ProwlarrTwin(laid_out)
    client = stand(twin, headers={"X-Api-Key": DEMO_API_KEY}, judge=own_words)
    prowlarr = Prowlarr(client, clock=lambda: NOW)
    assert prowlarr.status().startswith("2.")
    assert next((i.name, i.enabled, i.disabled_till) for i in prowlarr.indexers()) == ("MyAnonamouse", True, None)
    for release_id in (1002, 1003, 1019, 1021, 1023, 1027):
        built = laid_out.release(release_id)
        found = {mam_torrent_id(release): release for release in prowlarr.search(built.release.title)}
        release = found[str(built.release.mam_id)]
        assert (release.title, release.authors) == (built.release.title, built.release.authors)
        assert (release.language, release.filetype) == (built.release.language, built.release.filetype)
        assert (release.vip, release.freeleech) == (built.release.vip, built.release.freeleech)
        assert (release.medium, release.size_bytes) == (Medium.AUDIOBOOK, built.total_bytes)
        assert (release.narrators, release.abridged) == ((), None)
        assert DEMO_API_KEY not in repr(release)
        assert prowlarr.download(release) == TorrentFile(built.torrent)
    (by_magnet,) = prowlarr.search("The World Set Free")
    magnet = prowlarr.download(by_magnet)
    assert isinstance(magnet, MagnetLink)
    assert laid_out.release(1029).info_hash in magnet.uri
    assert prowlarr.search("a title that nobody offers") == []


def test_prowlarr_with_an_indexer_down_finds_an_error_and_not_nothing(laid_out: LaidOutWorld, stand: Any) -> None:
    twin = ProwlarrTwin(laid_out)
    client = stand(twin, headers={"X-Api-Key": DEMO_API_KEY}, judge=own_words)
    prowlarr = Prowlarr(client, clock=lambda: NOW)
    (release,) = prowlarr.search("Erewhon Revisited")
    twin.control("disable_indexer", {"indexer_id": 2, "seconds": 3600})
    with pytest.raises(ServiceDown):
        prowlarr.search("Erewhon Revisited")
    with pytest.raises(RateLimited):
        prowlarr.download(release)


def test_a_wrong_key_for_prowlarr_is_known(laid_out: LaidOutWorld, stand: Any) -> None:
    with pytest.raises(NotAuthorised):
        Prowlarr(stand(ProwlarrTwin(laid_out), headers={"X-Api-Key": "wrong"}, judge=own_words)).status()


def google_client(stand: Any, twin: GoogleBooksTwin, key: str | None = "demo-google-key") -> GoogleBooks:
    return GoogleBooks(stand(twin, "/books/v1", judge=quota_judge(lambda: NOW)), key=key)


def test_google_knows_the_world_by_isbn_title_and_author(world: World, stand: Any) -> None:
    google = google_client(stand, GoogleBooksTwin(world))
    work = next(work for work in world.works if work.isbn_13 and work.kind == "primary")
    assert work.isbn_13 in {volume.isbn_13 for volume in google.by_isbn(work.isbn_13 or "")}
    assert any(volume.title == work.title for volume in google.by_title(work.title, work.authors[0]))
    assert google.by_isbn("9780000000002") == ()
    volumes = google.by_author("L. Frank Baum")
    assert 14 < len(volumes) < 40
    assert len({volume.volume_id for volume in volumes}) == len(volumes)
    assert {len(volume.published or "0000") for volume in volumes} <= {4, 7, 10}


@pytest.mark.parametrize(("author", "requests"), [("L. Frank Baum", 1), ("Edgar Rice Burroughs", 2)])
def test_google_is_asked_for_no_page_that_cannot_be_there(world: World, stand: Any, author: str, requests: int) -> None:
    twin = GoogleBooksTwin(world)
    google = google_client(stand, twin)
    everything = {volume.volume_id for volume in google.by_author(author)}
    twin.control("quota", {"left": requests})
    assert {volume.volume_id for volume in google.by_author(author)} == everything
    with pytest.raises(RateLimited):
        google.by_title("Dracula")


@pytest.mark.parametrize("status", [429, 403, 400])
def test_googles_spent_quota_is_known_in_each_of_its_forms(world: World, stand: Any, status: int) -> None:
    twin = GoogleBooksTwin(world)
    google = google_client(stand, twin)
    twin.control("quota", {"left": 0, "status": status})
    with pytest.raises(RateLimited) as caught:
        google.by_title("Dracula")
    assert caught.value.retry_at is not None


@pytest.mark.parametrize("key", ["wrong", None])
def test_a_wrong_or_missing_google_key_is_known(world: World, stand: Any, key: str | None) -> None:
    with pytest.raises(NotAuthorised):
        google_client(stand, GoogleBooksTwin(world), key).by_title("Dracula")


def test_goodreads_tells_every_series_as_the_world_has_it(world: World, stand: Any) -> None:
    goodreads = Goodreads(stand(GoodreadsTwin(world), judge=block_judge), clock=lambda: NOW)
    for series in world.series:
        page = goodreads.series_page(str(series.series_id))
        assert page.title == series.name
        works = {str(work.work_id): work for work in world.works if work.series_id == series.series_id}
        read = {entry.source_key: entry for entry in page.entries}
        assert works.keys() <= read.keys()
        for key, work in works.items():
            assert read[key].title == work.title
            assert read[key].authors[0] == work.authors[0]
            assert read[key].series == SeriesRef(series.name, work.position)


def test_goodreads_leads_from_a_title_to_its_series_and_author(world: World, stand: Any) -> None:
    goodreads = Goodreads(stand(GoodreadsTwin(world), judge=block_judge), clock=lambda: NOW)
    hit = next(h for h in goodreads.autocomplete("Thuvia, Maid of Mars") if h.author == "Edgar Rice Burroughs")
    assert hit.series == SeriesRef("Barsoom", "4")
    book = goodreads.book(hit.book_id)
    assert (book.title, book.authors) == (hit.title, ("Edgar Rice Burroughs",))
    assert book.work_id in {hit.work_id, None}  # some pages do not tell it
    assert ("Barsoom", "4") in {(link.name, link.position) for link in book.series}
    assert book.author_id is not None
    titles, number, more = set(), 1, True
    while more:
        page = goodreads.author_page(book.author_id, number)
        titles |= {entry.title for entry in page.entries}
        number, more = number + 1, page.has_next
    by_burroughs = {work.title for work in world.works if "Edgar Rice Burroughs" in work.authors}
    assert by_burroughs <= titles
    assert goodreads.autocomplete("A title that nobody wrote") == ()


def test_goodreads_missing_page_block_and_rules(world: World, stand: Any) -> None:
    twin = GoodreadsTwin(world)
    goodreads = Goodreads(stand(twin, judge=block_judge), clock=lambda: NOW)
    for ask in (goodreads.book, goodreads.series_page, goodreads.author_page):
        with pytest.raises(NotFound):
            ask("99999999")
    with pytest.raises(Refused):
        goodreads._get("/search", "search", {"q": "emma"})
    twin.control("block", {"status": 202, "path": "/book"})
    with pytest.raises(Blocked):
        goodreads.autocomplete("Emma")
