"""What a person's word on a series makes of the item in Audiobookshelf, which replaces its whole list at once."""

from __future__ import annotations

from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.store import corrections, metadata_writing
from tests.assets.house import NOW, House, item
from tests.assets.metadata_world import edited, fields, looked_up, patches, shown

TITLE = "A Book That Nobody Knows"
OZ, FAIRYLAND, FOREST = ("Oz", "3"), ("Fairyland", "7"), ("The Burzee Series", None)


def in_series(make_house: Any, *series: tuple[str, str | None], mode: str = "correct") -> House:
    """A house with one book, read once. The first of its series is the one that our table holds."""
    house: House = make_house([item("one", TITLE, "Somebody Unheard", series=series)])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    return house


def taken_out(house: House) -> None:
    """A person takes the book out of its series, here."""
    with house.engine.begin() as connection:
        corrections.lock(connection, fields(house, TITLE).id, "series", NOW, by="Ann", value="")


def ties(house: House) -> list[str]:
    return house.column("SELECT s.name FROM book_series b JOIN series s ON s.id = b.series_id ORDER BY b.ordinal, s.id")


def test_a_locked_empty_series_leaves_the_items_other_series_in_their_places(make_house: Any) -> None:
    house = in_series(make_house, OZ, FAIRYLAND, FOREST)
    taken_out(house)
    assert looked_up(house)["written_back"] == 1
    assert shown(house, "one")["series"] == [list(FAIRYLAND), list(FOREST)]
    assert ties(house) == ["Fairyland", "The Burzee Series"]


def test_the_series_that_is_left_out_may_stand_behind_others(make_house: Any) -> None:
    house = in_series(make_house, OZ)
    edited(house, "one", series=[{"name": name, "sequence": place} for name, place in (FAIRYLAND, OZ)])
    house.run(books, books={"scope": "full"})
    assert fields(house, TITLE).series == "Oz"
    taken_out(house)
    looked_up(house)
    assert shown(house, "one")["series"] == [list(FAIRYLAND)]


def test_the_only_series_leaves_an_empty_list(make_house: Any) -> None:
    house = in_series(make_house, OZ)
    taken_out(house)
    looked_up(house)
    assert shown(house, "one")["series"] == []


def test_what_is_left_is_neither_taken_for_the_books_nor_left_out_next(make_house: Any) -> None:
    house = in_series(make_house, OZ, FAIRYLAND)
    taken_out(house)
    looked_up(house)
    for _ in range(2):
        house.run(books, books={"scope": "full"})
        looked_up(house, "all")
    assert shown(house, "one")["series"] == [list(FAIRYLAND)]
    assert (fields(house, TITLE).series, fields(house, TITLE).locked_fields) == (None, ["series"])
    assert (patches(house), ties(house)) == (1, ["Fairyland"])


@pytest.mark.parametrize("step", ["about_to_write", "wrote"])
def test_a_kill_around_the_sending_costs_no_other_series(
    make_house: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    house = in_series(make_house, OZ, FAIRYLAND, FOREST)
    taken_out(house)

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(metadata_writing, step, killed)
        house.run(book_metadata, ok=False)
    house.run(books, books={"scope": "full"})
    looked_up(house)
    assert shown(house, "one")["series"] == [list(FAIRYLAND), list(FOREST)]
    assert (fields(house, TITLE).series, fields(house, TITLE).locked_fields) == (None, ["series"])
    assert not fields(house, TITLE).abs_unconfirmed


def test_fill_takes_a_book_out_of_no_series_that_it_did_not_write(make_house: Any) -> None:
    house = in_series(make_house, OZ, FAIRYLAND, mode="fill")
    taken_out(house)
    looked_up(house)
    house.run(books, books={"scope": "full"})
    assert shown(house, "one")["series"] == [list(OZ), list(FAIRYLAND)]
    assert (fields(house, TITLE).series, ties(house)) == (None, ["Fairyland"])


def test_the_series_that_a_person_puts_the_book_into_there_again_stays(make_house: Any) -> None:
    house = in_series(make_house, OZ, FAIRYLAND)
    taken_out(house)
    looked_up(house)
    edited(house, "one", series=[{"name": name, "sequence": place} for name, place in (FAIRYLAND, OZ)])
    looked_up(house, "all")
    house.run(books, books={"scope": "full"})
    looked_up(house, "all")
    assert shown(house, "one")["series"] == [list(FAIRYLAND), list(OZ)]
    assert (fields(house, TITLE).series, fields(house, TITLE).source["series"]) == ("Oz", "Manual")
    assert ties(house) == ["Oz", "Fairyland"]
