"""`author_catalog` over three sources: each fails on its own; nobody is searched; pen names, namesakes, translators."""

from __future__ import annotations

from typing import Any

import pytest

from mam_assets.assets import author_lookup
from mam_assets.assets.catalog import author_catalog
from mam_assets.assets.library import books
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.sandbox.world.model import World, WorldSeries
from mam_assets.store import author_catalog as store
from tests.assets.catalog_world import MakeWorld, author, release, work
from tests.assets.house import House, item

ANN, BOB, CYD = author(3001, "Ann Author"), author(3002, "Bob Writer"), author(3003, "Cyd Penn")


def small(house_of: MakeWorld, whole_world: World, *owned: Any) -> House:
    works = [
        work(1, "Dawn", "Ann Author"),
        work(2, "Noon", "Ann Author", "Bob Writer"),
        work(3, "Dusk", "Bob Writer"),
        work(4, "Night", "Cyd Penn"),
    ]
    releases = [
        release(whole_world, 101, "Dawn", "Ann Author"),
        release(whole_world, 102, "Dawn", "Ann Author", narrators=("Rose Reader",)),
        release(whole_world, 103, "Night", "Cyd Penn"),
    ]
    shelf = owned or (item("a", "Dawn", "Ann Author"), item("b", "Dusk", "Bob Writer"))
    return house_of(shelf, authors=[ANN, BOB, CYD], works=works, releases=releases)


def searched(house: House, service: str) -> list[str]:
    """The names that a service was asked for. MAM is asked by a body: there our memory tells, and the number agrees."""
    if service == "mam":
        keys = house.column("SELECT key FROM lookups WHERE service = 'mam' ORDER BY key")
        assert len(keys) == len(house.requests("mam"))
        return [key.split(":")[2] for key in keys]
    return [value for entry in house.requests(service) for name, value in entry.query if name == "q"]


def test_a_work_is_a_row_for_each_source_and_a_recording_where_one_is_shown(
    house_of: MakeWorld, whole_world: World
) -> None:
    house = small(house_of, whole_world)
    house.run(books)
    run = house.run(author_catalog).of("author_catalog")
    rows = house.rows(
        "SELECT a.name, c.source, c.title, c.audiobook FROM catalog_entries c JOIN authors a ON a.id = c.author_id "
        "ORDER BY 1, 2, 3"
    )
    assert [tuple(row) for row in rows] == [
        ("Ann Author", "Goodreads", "Dawn", None),
        ("Ann Author", "Goodreads", "Noon", None),
        ("Ann Author", "GoogleBooks", "Dawn", None),
        ("Ann Author", "GoogleBooks", "Noon", None),
        ("Ann Author", "MAM", "Dawn", True),
        ("Bob Writer", "Goodreads", "Dusk", None),
        ("Bob Writer", "Goodreads", "Noon", None),
        ("Bob Writer", "GoogleBooks", "Dusk", None),
        ("Bob Writer", "GoogleBooks", "Noon", None),
    ]
    assert (run["authors_read"], run["authors_waiting"], run["works_with_recording"]) == (2, 0, 1)
    assert "| MAM | 2 | 0 | 1 | 1 |" in run["summary"]
    assert house.value("SELECT goodreads_id FROM authors WHERE name = 'Ann Author'") == "3001"
    assert house.value("SELECT mam_author_id FROM authors WHERE name = 'Ann Author'") is not None


@pytest.mark.parametrize("out", ["mam", "google_books", "goodreads"])
def test_a_source_that_is_out_leaves_the_others_and_is_asked_first_next_time(
    house_of: MakeWorld, whole_world: World, out: str
) -> None:
    house = small(house_of, whole_world)
    house.run(books)
    if out == "goodreads":
        house.goodreads_twin.control("block", {"status": 202, "path": "/"})
    elif out == "google_books":
        house.google_twin.control("quota", {"left": 0})
    else:
        house.servers["mam"].set_fault(Fault.HTML_LOGIN)
    own = {"mam": "mam", "google_books": "google", "goodreads": "goodreads"}
    run = house.run(author_catalog).of("author_catalog")
    for service, name in own.items():
        expected = (0, 2) if service == out else (2, 0)
        assert (run[f"{name}_authors_read"], run[f"{name}_authors_waiting"]) == expected
    assert (run["authors_read"], run["authors_waiting"]) == (2, 2)
    assert f"{out}: " in run["problem_list"]
    house.goodreads_twin.control("unblock", {})
    house.google_twin.control("quota", {"left": None})
    house.servers["mam"].clear_faults()
    house.rows("UPDATE service_state SET retry_at = NULL, status = 'healthy' RETURNING 1")
    house.rows("UPDATE service_budgets SET used = 0 RETURNING 1")
    before = {service: len(house.requests(service)) for service in own}
    run = house.run(author_catalog).of("author_catalog")
    assert (run[f"{own[out]}_authors_read"], run["authors_waiting"], run["problems"]) == (2, 0, 0)
    asked = {service for service in own if len(house.requests(service)) > before[service]}
    assert asked == {out}  # the others are fresh


def test_an_empty_source_is_an_answer(house_of: MakeWorld) -> None:
    house = house_of([item("a", "Dawn", "Ann Author")], authors=[ANN])
    house.run(books)
    run = house.run(author_catalog).of("author_catalog")
    assert (run["authors_read"], run["releases"], run["google_works"], run["goodreads_works"]) == (1, 0, 0, 0)
    assert run["authors_unknown_to_goodreads"] == 1
    before = {name: len(server.requests) for name, server in house.servers.items()}
    assert house.run(author_catalog).of("author_catalog")["authors_read"] == 0
    assert {name: len(server.requests) for name, server in house.servers.items()} == before


def test_nobody_is_asked_about_nowhere(house_of: MakeWorld, whole_world: World) -> None:
    nobodies = ("Unknown", "Various", "Various Authors", "Anonymous", "N/A", "?")
    shelf = [item(str(n), f"Tales {name}", name) for n, name in enumerate(nobodies)]
    house = small(house_of, whole_world, *shelf, item("e", "Nameless", ""), item("z", "Night", "Cyd Penn"))
    house.run(books)
    assert house.run(author_catalog).of("author_catalog")["authors_read"] == 1
    assert searched(house, "mam") == ["cyd penn"]
    assert set(searched(house, "google_books")) == {'inauthor:"Cyd Penn"'}
    assert searched(house, "goodreads") == ["Night"]


def test_forty_pen_names_are_all_searched_a_few_in_a_run(
    house_of: MakeWorld, whole_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author_lookup, "MOST_NAMES_A_RUN", 14)  # fewer runs than with five, to be quick
    house = small(house_of, whole_world, item("a", "Dawn", "Ann Author"), item("z", "Night", "Cyd Penn"))
    house.run(books)
    names = [f"{first} {last}" for first in ("Una", "Val", "Wes", "Xia") for last in
             ("Abel", "Bell", "Cole", "Dove", "Eyre", "Fox", "Gray", "Hill", "Iden", "Joy")]  # fmt: skip
    with house.engine.begin() as connection:
        for name in names:
            store.add_alias(connection, name, "Ann Author", house.clock.now())
    runs = 0
    while house.run(author_catalog).of("author_catalog")["mam_authors_read"]:
        runs += 1
        assert len(searched(house, "mam")) <= 14 * runs + 1
        assert "cyd penn" in searched(house, "mam")  # one with many names holds up no other
        assert runs < 4
    assert sorted(searched(house, "mam")) == sorted(map(str.lower, ["Ann Author", "Cyd Penn", *names]))
    google = {f'inauthor:"{name}"' for name in ["Ann Author", "Cyd Penn", *names]}
    assert set(searched(house, "google_books")) == google


def test_works_under_a_pen_name_are_the_authors_and_a_namesake_has_none(
    house_of: MakeWorld, whole_world: World
) -> None:
    house = small(house_of, whole_world, item("a", "Dawn", "Ann Author"), item("j", "Dusk", "Bob J. Writer"))
    house.run(books)
    with house.engine.begin() as connection:
        store.add_alias(connection, "Cyd Penn", "Ann Author", house.clock.now())
    house.run(author_catalog)
    rows = house.rows("SELECT DISTINCT a.name, c.title FROM catalog_entries c JOIN authors a ON a.id = c.author_id")
    found = {tuple(row) for row in rows}
    assert ("Ann Author", "Night") in found
    assert ("Bob J. Writer", "Night") not in found
    with house.engine.begin() as connection:  # a pen name with books of its own is searched as its own author only
        (due,) = store.authors_due(connection, "MAM", stale_before=None, ids=house.column(
            "SELECT id FROM authors WHERE name = 'Ann Author'"))  # fmt: skip
    assert due.names == ("Ann Author", "Cyd Penn")


def test_a_translator_is_no_author_of_what_they_translated(house_of: MakeWorld, whole_world: World) -> None:
    robledo = author(3009, "Ana Robledo")
    works = [
        work(1, "Alba", "Ann Author", kind="translation", language="Spanish", series=8002, place="1"),
        work(2, "Poemas", "Ana Robledo"),
    ]
    house = house_of(
        [item("p", "Poemas", "Ana Robledo"), item("a", "Alba", "Ann Author", "Ana Robledo (Translator)")],
        authors=[ANN, robledo],
        series=[WorldSeries(8002, "Dawns", "Ann Author")],
        works=works,
        releases=[release(whole_world, 104, "Alba", "Ann Author", "Ana Robledo (Translator)")],
    )
    house.run(books)
    house.run(author_catalog)
    rows = house.rows(
        "SELECT a.name, c.title FROM catalog_entries c JOIN authors a ON a.id = author_id WHERE source <> 'GoogleBooks'"
    )
    assert {tuple(row) for row in rows} == {("Ann Author", "Alba"), ("Ana Robledo", "Poemas")}


def test_a_bad_page_of_a_list_leaves_the_others_and_comes_last_next_time(house_of: MakeWorld) -> None:
    works = [work(n, f"Dawn {n} of Many", "Ann Author") for n in range(1, 71)]
    works.append(work(90, "Dusk", "Bob Writer"))
    house = house_of(
        [item("a", "Dawn 1 of Many", "Ann Author"), item("b", "Dusk", "Bob Writer")], authors=[ANN, BOB], works=works
    )
    house.run(books)
    # two requests for each page: the plain address leads to the one with the author's name
    house.servers["goodreads"].set_fault(Fault.BROKEN_JSON, path="/author/list", after=3, times=1)
    run = house.run(author_catalog).of("author_catalog")
    assert (run["goodreads_authors_read"], run["goodreads_authors_waiting"]) == (1, 1)
    assert house.value("SELECT count(*) FROM catalog_entries WHERE source = 'Goodreads'") == 41
    with house.engine.begin() as connection:
        due = store.authors_due(connection, "Goodreads", stale_before=None)
    assert [one.name for one in due] == ["Bob Writer", "Ann Author"]
    assert "page 2" in house.value("SELECT problem FROM author_searches WHERE failed_at IS NOT NULL")
    assert house.run(author_catalog).of("author_catalog")["goodreads_works"] == 70


def test_what_is_not_reached_within_mams_fifty_requests_is_first_in_the_next_run(house_of: MakeWorld) -> None:
    people = [author(3100 + n, f"Writer {chr(65 + n // 26)}{chr(97 + n % 26)}lo") for n in range(53)]
    shelf = [item(str(n), f"Tale {n}", one.name) for n, one in enumerate(people)]
    house = house_of(shelf, authors=people)
    house.run(books)
    house.goodreads_twin.control("block", {"path": "/"})
    house.google_twin.control("quota", {"left": 0})
    first = house.run(author_catalog).of("author_catalog")
    assert (first["mam_authors_read"], first["mam_authors_waiting"]) == (50, 3)
    second = house.run(author_catalog).of("author_catalog")
    assert (second["mam_authors_read"], second["mam_authors_waiting"]) == (3, 0)
    assert len(set(searched(house, "mam"))) == 53


def test_the_counts_have_the_same_keys_when_nobody_is_there(house_of: MakeWorld) -> None:
    run = house_of([]).run(author_catalog).of("author_catalog")
    assert {key: run[key] for key in COUNTS} == dict.fromkeys(COUNTS, 0)


COUNTS = (
    "authors_read", "authors_waiting", "releases", "mam_authors_read", "mam_authors_waiting", "google_authors_read",
    "google_authors_waiting", "google_works", "goodreads_authors_read", "goodreads_authors_waiting", "goodreads_works",
    "authors_unknown_to_goodreads", "works_with_recording", "problems",
)  # fmt: skip
