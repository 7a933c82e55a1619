"""The right hit, the right series, an author's own works; in doubt nothing."""

from __future__ import annotations

import pytest

from mam_assets.domain.books import GoodreadsHit, GoodreadsSeriesLink, Medium, Release, SeriesRef
from mam_assets.domain.finding import entries_of_releases, pick_hit, pick_series


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
    ("names", "expected"),
    [
        (["Barsoom"], ["Barsoom"]),
        (["Barsoom", "John Carter of Mars"], ["Other", "John Carter of Mars"]),
        (["John Carter of Mars"], ["Barsoom"]),  # the only one it is in
    ],
)
def test_a_series_is_taken_by_any_of_its_names_or_as_the_only_one(names: list[str], expected: list[str]) -> None:
    links = [GoodreadsSeriesLink(name, name, "1") for name in expected]
    found = pick_series(links, names, ["Edgar Rice Burroughs"])
    assert found is not None
    assert found.name == expected[-1]


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
