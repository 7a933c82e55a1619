"""A few books of which the sources know more than the library does, and what a test asks of them."""

from __future__ import annotations

from typing import Any

from mam_assets.assets.metadata import book_metadata
from tests.assets.house import House, item

DRACULA = item("dracula", "Dracula", "Bram Stoker", language=None)
OZMA = item("ozma", "Ozma of Oz", "L. Frank Baum", language=None)
# Its recording, that Audible knows, is two minutes long.
TARZAN = item("tarzan", "Tarzan the Untamed", "Edgar Rice Burroughs", language=None, files=(("tarzan.m4b", 120.0),))


def fields(house: House, title: str = "Dracula") -> Any:
    (row,) = house.rows(
        "SELECT *, metadata_source AS source FROM books WHERE title = :title",
        title=title,
    )
    return row


def shown(house: House, key: str) -> Any:
    (found,) = [entry for entry in house.shelf_twin.shelf.items.values() if entry.folder == f"items/{key}"]
    return found.metadata


def edited(house: House, key: str, **values: Any) -> None:
    """A person changes an item in Audiobookshelf."""
    house.shelf_twin.control("edit", {"folder": f"items/{key}", "media": {"metadata": values}})


def looked_up(house: House, scope: str = "new", **config: Any) -> dict[str, Any]:
    """What a run of `book_metadata` reports."""
    return house.run(book_metadata, book_metadata={"scope": scope, **config}).of("book_metadata")


def answers(house: House) -> dict[str, Any]:
    return {row.source: row for row in house.rows("SELECT * FROM metadata_answers")}


def rested(house: House) -> None:
    """No service asks to be left alone any longer."""
    house.rows("UPDATE service_state SET retry_at = NULL RETURNING 1")


def patches(house: House) -> int:
    return len([entry for entry in house.requests("audiobookshelf") if entry.method == "PATCH"])
