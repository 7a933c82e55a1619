"""`book_metadata` when something goes wrong in the middle: a kill, a bad page, a person's word meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.assets.metadata_lookup import Desk
from mam_assets.assets.write_back import WriteBack
from mam_assets.domain.rounds import FAILED_REST, STALE_AFTER, Lane
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.errors import BadAnswer
from mam_assets.resources.goodreads import Goodreads
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.sensors import rounds as sensor
from mam_assets.store import corrections, rounds
from tests.assets.house import NOW, House, item
from tests.assets.metadata_world import DRACULA, OZMA, edited, fields, looked_up, shown


def locked_by_ann(house: House, field: str = "publisher", value: str = "Ann's own Press") -> None:
    with house.engine.begin() as connection:
        corrections.lock(connection, fields(house).id, field, NOW, by="Ann", value=value)


def killed(*args: Any) -> None:
    raise KeyboardInterrupt


# --- a person's word while we work ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["_ask", "_read_again"])
@pytest.mark.parametrize("mode", ["off", "fill", "correct"])
def test_what_a_person_sets_during_a_look_up_stands(
    make_house: Any, monkeypatch: pytest.MonkeyPatch, mode: str, step: str
) -> None:
    house = make_house([DRACULA])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    done = getattr(Desk, step)

    def and_then_ann(self: Desk, *args: Any) -> Any:
        found = done(self, *args)
        locked_by_ann(house)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Desk, step, and_then_ann)
        looked_up(house)
    if mode == "off" and step == "_read_again":
        locked_by_ann(house)  # nothing is read again there: she comes afterwards
    assert (fields(house).publisher, fields(house).source["publisher"]) == ("Ann's own Press", "Manual")
    assert fields(house).locked_fields == ["publisher"]
    assert fields(house).published_year == 1897  # the rest was filled
    history = house.column("SELECT DISTINCT corrected_by FROM metadata_corrections WHERE field_name = 'publisher'")
    assert "Ann" in history
    looked_up(house)
    assert shown(house, "dracula")["publisher"] == (None if mode == "off" else "Ann's own Press")


def test_what_a_person_sets_while_we_send_is_sent_the_next_time(
    make_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house([DRACULA])
    house.run(books)
    send = Audiobookshelf.update_media

    def and_then_ann(self: Audiobookshelf, *args: Any) -> Any:
        send(self, *args)
        locked_by_ann(house)

    with monkeypatch.context() as patch:
        patch.setattr(Audiobookshelf, "update_media", and_then_ann)
        looked_up(house)
    assert shown(house, "dracula")["publisher"] != "Ann's own Press"
    assert fields(house).abs_unconfirmed
    assert looked_up(house)["written_back"] == 1
    assert shown(house, "dracula")["publisher"] == fields(house).publisher == "Ann's own Press"


# --- kills ----------------------------------------------------------------------------------------------------------


def test_a_kill_between_our_table_and_the_sending_is_made_good(
    make_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house([DRACULA])
    house.run(books)
    with monkeypatch.context() as patch:
        patch.setattr(WriteBack, "send", killed)
        house.run(book_metadata, ok=False)
    assert fields(house).publisher is not None
    assert shown(house, "dracula")["publisher"] is None
    run = looked_up(house)
    assert (run["visited"], run["written_back"]) == (1, 1)
    assert shown(house, "dracula")["publisher"] == fields(house).publisher


def test_a_write_that_was_cut_off_is_sent_again_by_correct(make_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house([DRACULA])
    house.settings = house.settings.model_copy(update={"metadata_write_back": "correct"})
    house.run(books)
    edited(house, "dracula", publisher="Tag Press")
    house.run(books, books={"scope": "full"})
    looked_up(house)
    locked_by_ann(house)
    with monkeypatch.context() as patch:
        patch.setattr(Audiobookshelf, "update_media", killed)
        house.run(book_metadata, ok=False)
    assert shown(house, "dracula")["publisher"] == "Tag Press"
    assert looked_up(house)["written_back"] == 1
    assert shown(house, "dracula")["publisher"] == fields(house).publisher == "Ann's own Press"
    assert looked_up(house)["visited"] == 0


# --- bad answers about one book -------------------------------------------------------------------------------------


def bad_pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every Goodreads page is unreadable, and Audible knows nothing. Returns the ids that are asked for."""
    asked: list[str] = []

    def book(self: Goodreads, book_id: str) -> Any:
        asked.append(book_id)
        raise BadAnswer("goodreads", f"book {book_id}", "unreadable", "Nothing can be done.")

    monkeypatch.setattr(Goodreads, "book", book)
    monkeypatch.setattr(Audiobookshelf, "search_provider", lambda self, *args: [])
    return asked


def test_a_bad_page_is_asked_for_once_a_day_and_keeps_no_round_going(
    make_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house([OZMA])
    house.run(books)
    asked = bad_pages(monkeypatch)
    assert [looked_up(house)["visited"] for _ in range(3)] == [1, 0, 0]
    assert fields(house, "Ozma of Oz").metadata_waiting == ["goodreads"]
    looked_up(house, "all")
    assert len(asked) == 1
    with house.engine.begin() as connection:
        now = house.clock.now()
        counted = rounds.waiting(connection, now - STALE_AFTER, (), now - FAILED_REST)
    assert counted[Lane.METADATA] == rounds.Waiting(0, 0)
    house.clock.moment += timedelta(hours=21)
    looked_up(house)
    assert len(asked) == 2
    looked_up(house, book_ids=[fields(house, "Ozma of Oz").id])  # a person wants it now
    assert len(asked) == 3


def test_books_with_bad_pages_starve_nobody(make_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    titles = ("The Gods of Mars", "The Warlord of Mars", "A Princess of Mars")
    bad = [item(f"z{n}", title, "Edgar Rice Burroughs", language=None) for n, title in enumerate(titles)]
    house = make_house([*bad, OZMA])
    house.run(books)
    asked = bad_pages(monkeypatch)
    looked_up(house)
    assert len(asked) == 3
    looked_up(house)
    assert len(set(asked)) == 4  # the fourth book's turn
    house.clock.moment += timedelta(hours=21)
    house.rows("UPDATE books SET metadata_failed = '{}' WHERE title = 'Ozma of Oz' RETURNING 1")
    looked_up(house)
    assert asked[4] == asked[3]  # and it comes before them from now on


def test_a_refused_write_rests_and_is_tried_at_once_when_a_person_asks(
    make_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house([DRACULA])
    house.run(books)
    sent: list[str] = []

    def update(self: Audiobookshelf, abs_id: str, body: Any) -> None:
        sent.append(abs_id)
        raise BadAnswer("audiobookshelf", f"update {abs_id}", "unreadable", "Nothing can be done.")

    with monkeypatch.context() as patch:
        patch.setattr(Audiobookshelf, "update_media", update)
        assert [looked_up(house)["visited"] for _ in range(3)] == [1, 0, 0]
        assert len(sent) == 1
        locked_by_ann(house)
        looked_up(house)
        assert len(sent) == 2
    assert looked_up(house)["visited"] == 0
    house.clock.moment += timedelta(hours=21)
    assert looked_up(house)["written_back"] == 1
    assert shown(house, "dracula")["publisher"] == "Ann's own Press"


def test_what_only_a_dead_audiobookshelf_lacks_keeps_no_round_going(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.servers["audiobookshelf"].set_fault(Fault.REFUSE)
    looked_up(house)
    assert fields(house).abs_unconfirmed
    with house.engine.begin() as connection:
        _, lanes = sensor.decide(
            connection, house.settings, house.clock.now(), {lane: sensor.Ran() for lane in Lane},
            busy=None, searching=False, searches_due=0,
        )  # fmt: skip
    assert lanes[Lane.METADATA].waiting == 0
