"""Genres as a person sets them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.genres import GenreProblem
from mam_assets.store import genres
from mam_assets.store.discovery import genres_due

NOW = datetime(2026, 3, 8, tzinfo=UTC)
WEEK = date(2026, 3, 8)


def test_the_seeded_genres_are_there_by_name(connection: Connection) -> None:
    names = [genre.name for genre in genres.all_genres(connection)]
    assert names == sorted(names)
    assert {genre.name for genre in genres.all_genres(connection) if genre.enabled} == {
        *("Science Fiction", "Fantasy", "Mystery", "Thriller")
    }
    assert genres.watched_categories(connection) == {40, 41, 47, 87}


def test_a_genre_is_enabled_for_the_lists_and_disabled_again(connection: Connection) -> None:
    genres.set_genre(connection, "romance", NOW, enabled=True, in_top10=True)
    assert "Romance" in {due.name for due in genres_due(connection, WEEK)}
    assert 46 in genres.watched_categories(connection)
    genre = genres.set_genre(connection, " ROMANCE ", NOW, enabled=False)
    assert not genre.enabled
    assert "Romance" not in {due.name for due in genres_due(connection, WEEK)}


def test_a_genre_without_categories_is_not_enabled(connection: Connection) -> None:
    with pytest.raises(GenreProblem, match='`mam genres set "Erotica" --categories …`'):
        genres.set_genre(connection, "Erotica", NOW, enabled=True)
    assert genres.set_genre(connection, "Erotica", NOW, categories=["Romance"], enabled=True).categories == (46,)
    with pytest.raises(GenreProblem, match="no MAM category"):
        genres.set_genre(connection, "Erotica", NOW, categories=[])


def test_only_what_is_given_changes(connection: Connection) -> None:
    before = genres.genre_named(connection, "Fantasy")
    assert genres.set_genre(connection, "Fantasy", NOW) == before
    after = genres.set_genre(connection, "Fantasy", NOW, categories=["41", "Urban Fantasy"], places=5)
    assert (after.categories, after.places, after.enabled, after.in_top10) == ((41, 108), 5, True, True)


@pytest.mark.parametrize("places", [-1, 11])
def test_a_list_has_ten_ranks_at_most(connection: Connection, places: int) -> None:
    with pytest.raises(GenreProblem, match="0 to 10"):
        genres.set_genre(connection, "Fantasy", NOW, places=places)


def test_a_new_genre_is_added_once(connection: Connection) -> None:
    genre = genres.add_genre(connection, " Urban  Fantasy", [108], NOW)
    assert (genre.name, genre.categories, genre.enabled, genre.in_top10) == ("Urban Fantasy", (108,), True, True)
    assert "Urban Fantasy" in {due.name for due in genres_due(connection, WEEK)}
    with pytest.raises(GenreProblem, match="a genre 'Urban Fantasy' already"):
        genres.add_genre(connection, "urban fantasy", [108], NOW)


@pytest.mark.parametrize(
    ("name", "categories"), [("", [41]), ("Poetry", []), ("Poetry", [63]), ("Poetry", ["nonsense"])]
)
def test_a_genre_that_could_not_be_asked_for_is_not_added(
    connection: Connection, name: str, categories: list[str | int]
) -> None:
    with pytest.raises(GenreProblem):
        genres.add_genre(connection, name, categories, NOW)
    assert connection.execute(text("SELECT count(*) FROM genre_settings")).scalar() == 7


def test_an_unknown_genre_is_answered_with_those_there_are(connection: Connection) -> None:
    with pytest.raises(GenreProblem, match="Mystery may be meant"):
        genres.set_genre(connection, "Mistery", NOW, enabled=True)
