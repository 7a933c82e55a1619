"""The right hit, the right series, an author's own works; in doubt nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mam_assets.domain.books import (
    CatalogEntry,
    GoodreadsHit,
    GoodreadsSeriesLink,
    Medium,
    Release,
    SeriesRef,
    Volume,
)
from mam_assets.domain.finding import (
    NamedSeries,
    SeriesFinder,
    entries_by,
    entries_of_releases,
    entries_of_volumes,
    pick_author_id,
    pick_hit,
    pick_series,
    told_by_entries,
    told_by_releases,
)


def hit(title: str, author: str, series: str | None = None) -> GoodreadsHit:
    place = SeriesRef(series, "1") if series else None
    return GoodreadsHit(f"{title}/{author}/{series}", None, title, author, None, place)


OURS = hit("Emma", "Jane Austen", "Austen Novels")


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([], None),
        ([hit("Emma", "Somebody Else")], None),
        ([hit("Emma: A Study Guide", "Jane Austen")], None),
        ([hit("Emma", "Jane Austen"), OURS], OURS),
        ([hit("Emma", "Jane Austen", "Other"), OURS], OURS),
        ([hit("The Emma", "Austen, Jane", None)], hit("The Emma", "Austen, Jane", None)),
    ],
    ids=["none", "namesake", "study guide", "one with a series", "our series first", "spelled otherwise"],
)
def test_a_hit_is_taken_for_title_author_and_series_together(
    hits: list[GoodreadsHit], expected: GoodreadsHit | None
) -> None:
    assert pick_hit(hits, "Emma", ["Jane Austen"], ["Austen Novels"]) == expected


@pytest.mark.parametrize(("title", "authors"), [("", ["Jane Austen"]), ("?!", ["Jane Austen"]), ("Emma", [])])
def test_without_title_or_author_nothing_is_found(title: str, authors: list[str]) -> None:
    assert pick_hit([hit("Emma", "Jane Austen"), hit("?!", "Jane Austen")], title, authors, []) in (
        None,
        hit("?!", "Jane Austen"),
    )


@pytest.mark.parametrize(
    ("names", "links", "by_name"),
    [
        (["Barsoom"], ["Barsoom"], True),
        (["Barsoom", "John Carter of Mars"], ["Other", "John Carter of Mars"], True),
        (["John Carter of Mars"], ["Barsoom"], False),  # the only one the book is in: another name, or a shelf
    ],
)
def test_a_series_is_taken_by_any_of_its_names_or_provisionally_as_the_only_one(
    names: list[str], links: list[str], by_name: bool
) -> None:
    found = pick_series([GoodreadsSeriesLink(name, name, "1") for name in links], names, ["Edgar Rice Burroughs"])
    assert found is not None
    assert (found.link.name, found.by_name) == (links[-1], by_name)


def test_a_link_that_is_another_series_of_the_book_is_not_this_one() -> None:
    links = [GoodreadsSeriesLink("40101", "Barsoom", "1")]
    people = ["Edgar Rice Burroughs"]
    assert pick_series(links, ["Favourites of Mine"], people, ["The Barsoom Series"]) is None
    assert pick_series(links, ["Favourites of Mine"], people, ["Venus"]) is not None
    found = pick_series(links, ["Barsoom"], people, ["Barsoom Series"])
    assert found is not None
    assert found.by_name


def test_of_several_series_with_other_names_none_is_guessed() -> None:
    links = [GoodreadsSeriesLink("1", "One", "1"), GoodreadsSeriesLink("2", "Two", "1")]
    assert pick_series(links, ["Three"], ["Ann Author"]) is None
    assert pick_series([], ["Three"], ["Ann Author"]) is None


def test_only_audiobooks_by_this_very_person_show_what_exists() -> None:
    releases = [
        Release("MAM", "1", "Emma", ("Jane Austen",), medium=Medium.AUDIOBOOK),
        Release("MAM", "2", "Emma", ("Jane Austen",), medium=Medium.EBOOK),
        Release("MAM", "3", "Other", ("John Austen",), medium=Medium.AUDIOBOOK),
        Release("MAM", "4", "Both", ("Ann Author", "Austen, Jane"), medium=Medium.AUDIOBOOK),
    ]
    assert [entry.title for entry in entries_of_releases(releases, "Jane Austen")] == ["Emma", "Both"]


def test_two_releases_of_one_work_are_one_entry_with_what_either_knows() -> None:
    def release(guid: str, **more: Any) -> Release:
        return Release("MAM", guid, "Emma", ("Jane Austen",), medium=Medium.AUDIOBOOK, **more)

    releases = [release("20", isbn="9780141439587"), release("9"), release("30", language="German")]
    for given in (releases, releases[::-1]):
        entries = entries_of_releases(given, "Jane Austen")
        assert [(entry.source_key, entry.isbn) for entry in entries] == [("9", "9780141439587"), ("30", None)]


def test_a_pen_name_is_the_author_and_a_translator_is_not() -> None:
    releases = [
        Release("MAM", "1", "The Cuckoo", ("Robert Galbraith",), medium=Medium.AUDIOBOOK),
        Release("MAM", "2", "Elsewhere", ("Ann Author", "J. K. Rowling (Translator)"), medium=Medium.AUDIOBOOK),
    ]
    names = ("J. K. Rowling", "Robert Galbraith")
    assert [entry.title for entry in entries_of_releases(releases, names)] == ["The Cuckoo"]


def volume(key: str, title: str, *authors: str, **more: Any) -> Volume:
    empty = ("subtitle", "publisher", "published", "description", "isbn_13", "isbn_10", "language")
    rest: dict[str, Any] = dict.fromkeys(empty)
    return Volume(key, title, authors=authors, **(rest | more))


def test_of_googles_editions_the_first_speaks_and_says_nothing_of_recordings() -> None:
    entries = entries_of_volumes(
        [
            volume("b", "Emma", "Jane Austen", published="2003-05", isbn_13="9780141439587"),
            volume("a", "Emma", "Jane Austen", published="1815"),
            volume("c", "Emma", "John Austen"),
            volume("d", "Emma and the Others"),
        ],
        ["Jane Austen"],
    )
    (entry,) = entries
    assert (entry.source_key, entry.published, entry.isbn, entry.audiobook) == ("a", "1815", "9780141439587", None)


@pytest.mark.parametrize(
    ("title", "subtitle", "expected"),
    [
        ("Emma (Austen Novels, #2)", None, SeriesRef("Austen Novels", "2")),
        ("Emma", "Book Two of Austen Novels", SeriesRef("Austen Novels", "2")),
        ("Emma", "Austen Novels, Book 2", SeriesRef("Austen Novels", "2")),
        ("Emma", "A Novel", None),
        ("Emma", None, None),
    ],
)
def test_a_volume_names_its_series_in_brackets_or_by_its_subtitle(
    title: str, subtitle: str | None, expected: SeriesRef | None
) -> None:
    (entry,) = entries_of_volumes([volume("a", title, "Jane Austen", subtitle=subtitle)], ["Jane Austen"])
    assert entry.series == expected


def test_a_list_of_an_author_is_rid_of_what_others_wrote() -> None:
    listed = [
        CatalogEntry("Goodreads", "1", "Emma", ("Jane Austen",)),
        CatalogEntry("Goodreads", "2", "The Iliad", ("Homer", "Jane Austen (Translator)")),
        CatalogEntry("Goodreads", "3", "Both", ("Bob Writer", "Jane Austen")),
        CatalogEntry("Goodreads", "4", "Nobody's", ()),
    ]
    assert [entry.title for entry in entries_by(listed, ["Jane Austen"])] == ["Emma", "Both"]


def test_an_authors_number_is_taken_from_a_book_of_theirs_only() -> None:
    def by(author: str, number: str | None, title: str = "Emma") -> GoodreadsHit:
        return GoodreadsHit("1", None, title, author, number, None)

    names = ["Jane Austen"]
    assert pick_author_id([by("John Austen", "1"), by("Jane Austen", "2")], "Emma", names) == "2"
    assert pick_author_id([by("Jane Austen", "2"), by("Jane Austen", "3")], "Emma", names) is None
    assert pick_author_id([by("Jane Austen", "2", "Persuasion")], "Emma", names) is None
    assert pick_author_id([by("J. Austen", "2")], "Emma", names) is None
    assert pick_author_id([by("Jane Austen", None)], "Emma", names) is None


KNOWN = SeriesFinder(
    [
        NamedSeries(1, ("Barsoom", "John Carter of Mars"), ("Edgar Rice Burroughs",)),
        NamedSeries(2, ("Haven",), ("Ann Author",)),
        NamedSeries(3, ("Haven",), ("Bob Writer",)),
        NamedSeries(4, ("Twins",), ("Ann Author",)),
        NamedSeries(5, ("Twins",), ("Ann Author",)),
    ]
)


@pytest.mark.parametrize(
    ("name", "authors", "expected"),
    [
        ("The Barsoom Series", ["E. R. Burroughs"], 1),
        ("John Carter of Mars", ["Edgar Rice Burroughs", "Somebody Else"], 1),
        ("Edgar Rice Burroughs' Barsoom", ["Edgar Rice Burroughs"], 1),
        ("Barsoom", ["Ann Author"], None),
        ("Barsoom", [], None),
        ("Haven", ["Bob Writer"], 3),
        ("Twins", ["Ann Author"], None),
        ("?!", ["Ann Author"], None),
    ],
)
def test_a_series_is_found_by_any_name_with_its_author(name: str, authors: list[str], expected: int | None) -> None:
    assert KNOWN.find(name, authors) == expected


def test_what_was_told_already_is_sorted_to_our_series() -> None:
    barsoom, haven = SeriesRef("Barsoom", "1"), SeriesRef("Haven", None)
    people = ("Edgar Rice Burroughs",)
    releases = [
        Release("MAM", "1", "A Princess of Mars", people, medium=Medium.AUDIOBOOK, series=(haven, barsoom)),
        Release("MAM", "2", "A Princess of Mars", people, medium=Medium.AUDIOBOOK, series=(barsoom,)),
        Release("MAM", "3", "A Princess of Mars", people, medium=Medium.EBOOK, series=(barsoom,)),
    ]
    ((series_id, (entry,)),) = told_by_releases(releases, KNOWN).items()
    assert (series_id, entry.series, entry.audiobook) == (1, barsoom, True)
    told = CatalogEntry("Audible", "B01", "A Princess of Mars", people, barsoom)
    assert told_by_entries([told, replace(told, series=None)], KNOWN) == {1: [told]}
