"""The checks of metadata."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.checks.metadata import metadata_sources_answer, no_edit_of_a_person_is_overwritten
from mam_assets.store import corrections
from tests.assets.house import NOW, House, item

CHECKS = (metadata_sources_answer, no_edit_of_a_person_is_overwritten)


def test_a_blocked_source_warns_and_an_overwritten_edit_fails(make_house: Any) -> None:
    house: House = make_house([item("d", "Dracula", "Bram Stoker")])
    house.run(books)
    house.goodreads_twin.control("block", {"status": 202})
    run = house.run(book_metadata, *CHECKS)
    assert run.checks == {"no_edit_of_a_person_is_overwritten": True, "metadata_sources_answer": False}
    with house.engine.begin() as connection:
        book_id = connection.execute(text("SELECT id FROM books")).scalar_one()
        corrections.lock(connection, book_id, "publisher", NOW, by="me", value="Mine")
        connection.execute(
            text(
                """
                INSERT INTO metadata_corrections (book_id, field_name, new_value, source, corrected_by)
                VALUES (:book, 'publisher', 'Theirs', 'MAM', 'somebody else''s script')
                """
            ),
            {"book": book_id},
        )
    house.goodreads_twin.control("unblock", {})
    house.rows("UPDATE service_state SET retry_at = NULL RETURNING 1")
    run = house.run(book_metadata, *CHECKS)
    assert run.checks == {"no_edit_of_a_person_is_overwritten": False, "metadata_sources_answer": True}
