"""`book_metadata` and a person's hand: what was edited, emptied, locked or taken back stays so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.store import corrections, metadata_writing
from tests.assets.house import NOW
from tests.assets.metadata_world import (
    DRACULA,
    TARZAN,
    edited,
    fields,
    looked_up,
    patches,
    shown,
)

# --- a person's hand ----------------------------------------------------------------------------------------------


def test_our_own_writing_seen_by_the_next_read_stays_google_books(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    looked_up(house)
    before = fields(house)
    assert house.run(books, books={"scope": "full"}).of("books")["items_changed"] == 1
    after = fields(house)
    assert (after.source, after.locked_fields, after.publisher) == (before.source, [], before.publisher)
    assert house.value("SELECT count(*) FROM metadata_corrections WHERE source = 'Manual'") == 0
    assert looked_up(house)["looked_up"] == 0
    assert looked_up(house, "all")["fields_changed"] == 0


def test_what_a_person_has_written_is_never_overwritten(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    looked_up(house)
    edited(house, "dracula", publisher="My Own Press")
    house.run(books, books={"scope": "full"})
    assert fields(house).source["publisher"] == "Manual"
    assert fields(house).locked_fields == ["publisher"]
    house.rows("DELETE FROM lookups RETURNING 1")
    house.settings = house.settings.model_copy(update={"metadata_write_back": "correct"})
    looked_up(house, "all")
    assert fields(house).publisher == shown(house, "dracula")["publisher"] == "My Own Press"


def test_what_a_person_writes_between_our_read_and_our_writing_stands(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    edited(house, "dracula", publisher="My Own Press")
    looked_up(house)
    assert shown(house, "dracula")["publisher"] == fields(house).publisher == "My Own Press"
    assert shown(house, "dracula")["description"] == fields(house).description is not None
    assert (fields(house).source["publisher"], fields(house).locked_fields) == ("Manual", ["publisher"])


@pytest.mark.parametrize("mode", ["fill", "correct"])
def test_what_a_person_writes_between_our_writing_and_our_look_at_it_stands(
    make_house: Any, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    house = make_house([DRACULA])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    send = Audiobookshelf.update_media

    def send_and_be_corrected(client: Audiobookshelf, item_id: str, metadata: Mapping[str, Any]) -> bool:
        updated = send(client, item_id, metadata)
        edited(house, "dracula", publisher="My Own Press")
        return updated

    with monkeypatch.context() as patch:
        patch.setattr(Audiobookshelf, "update_media", send_and_be_corrected)
        assert looked_up(house)["written_back"] == 1
    house.run(books)
    assert (fields(house).publisher, fields(house).locked_fields) == ("My Own Press", ["publisher"])
    assert (fields(house).source["publisher"], fields(house).source["description"]) == ("Manual", "GoogleBooks")
    looked_up(house, "all")
    assert shown(house, "dracula")["publisher"] == "My Own Press"


def test_what_a_person_emptied_stays_empty(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    looked_up(house)
    edited(house, "dracula", publisher=None)
    house.run(books, books={"scope": "full"})
    looked_up(house, "all")
    assert fields(house).publisher is shown(house, "dracula")["publisher"] is None


def test_a_locked_field_is_left_alone(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.rows("UPDATE books SET locked_fields = ARRAY['publisher'] RETURNING 1")
    looked_up(house)
    assert fields(house).publisher is None
    assert shown(house, "dracula")["publisher"] is None


def test_a_kill_after_the_sending_makes_no_edit_of_a_person(make_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house([DRACULA])
    house.run(books)

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(metadata_writing, "wrote", killed)
        house.run(book_metadata, ok=False)
    assert shown(house, "dracula")["publisher"] is not None
    assert fields(house).abs_unconfirmed
    house.run(books, books={"scope": "full"})
    assert fields(house).locked_fields == []
    assert fields(house).source["publisher"] == "GoogleBooks"
    assert (looked_up(house)["visited"], patches(house)) == (1, 1)  # it has arrived: nothing is sent again
    assert not fields(house).abs_unconfirmed


def test_a_kill_before_the_sending_sends_it_the_next_time(make_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house([DRACULA])
    house.run(books)

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mam_assets.resources.audiobookshelf.Audiobookshelf.update_media", killed)
        house.run(book_metadata, ok=False)
    assert shown(house, "dracula")["publisher"] is None
    assert looked_up(house)["written_back"] == 1
    assert shown(house, "dracula")["publisher"] == fields(house).publisher is not None


# --- reverting and locking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["fill", "correct"])
def test_a_revert_is_carried_to_audiobookshelf_by_the_next_run(make_house: Any, mode: str) -> None:
    house = make_house([TARZAN])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    looked_up(house)
    with house.engine.begin() as connection:
        for name in ("publisher", "series_number", "narrator"):
            (number,) = house.column("SELECT id FROM metadata_corrections WHERE field_name = :name", name=name)
            corrections.revert(connection, number, NOW, by="me")
    house.run(books, books={"scope": "full"})
    run = looked_up(house)
    assert (run["visited"], run["fields_changed"], run["written_back"]) == (1, 0, 1)
    assert shown(house, "tarzan")["publisher"] is None
    assert shown(house, "tarzan")["narrators"] == []
    assert shown(house, "tarzan")["series"] == [["Tarzan", None]]
    row = fields(house, "Tarzan the Untamed")
    assert (row.publisher, row.series_number, row.narrators, row.series) == (None, None, [], "Tarzan")
    house.run(books, books={"scope": "full"})
    assert looked_up(house)["visited"] == 0
    assert sorted(fields(house, "Tarzan the Untamed").locked_fields) == ["narrator", "publisher", "series_number"]


@pytest.mark.parametrize(("mode", "sent"), [("fill", "Somebody's Press"), ("correct", "Mine")])
def test_a_person_sets_a_field_here_and_it_is_sent_as_the_setting_allows(make_house: Any, mode: str, sent: str) -> None:
    house = make_house([replace(DRACULA, publisher="Somebody's Press")])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    with house.engine.begin() as connection:
        corrections.lock(connection, fields(house).id, "publisher", NOW, by="me", value="Mine")
    looked_up(house)
    assert shown(house, "dracula")["publisher"] == sent
    house.run(books, books={"scope": "full"})
    assert fields(house).publisher == "Mine"
