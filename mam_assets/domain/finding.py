"""Finding what is ours in a source's answers: the right hit of a search, the right series of a book's page, an author's
works among a tracker's releases. In doubt nothing is found."""

from __future__ import annotations

from collections.abc import Sequence

from mam_assets.domain.books import CatalogEntry, GoodreadsHit, GoodreadsSeriesLink, Medium, Release
from mam_assets.domain.identity import same_people, same_person, same_series
from mam_assets.domain.names import normalise_title


def pick_hit(
    hits: Sequence[GoodreadsHit], title: str, authors: Sequence[str], series_names: Sequence[str]
) -> GoodreadsHit | None:
    """The hit that is the owned book: same title and author, one that names our series before one that names another.
    None when in doubt: a search by title brings study guides and namesakes too."""
    wanted = normalise_title(title)
    if not wanted or not authors:
        return None
    same = [
        hit
        for hit in hits
        if normalise_title(hit.title) == wanted and not same_people([hit.author], authors).is_different
    ]
    ours = [hit for hit in same if hit.series and _is_ours(hit.series.name, authors, series_names)]
    return next(iter(ours or [hit for hit in same if hit.series] or same), None)


def pick_series(
    links: Sequence[GoodreadsSeriesLink], names: Sequence[str], authors: Sequence[str]
) -> GoodreadsSeriesLink | None:
    """The link of a book's page that is our series, by any of its names. Where the book is in one series only, no
    name has to agree: one series goes under two names ("John Carter of Mars", "Barsoom")."""
    ours = next((link for link in links if _is_ours(link.name, authors, names)), None)
    if ours is not None:
        return ours
    return links[0] if len(links) == 1 else None


def _is_ours(name: str, authors: Sequence[str], series_names: Sequence[str]) -> bool:
    author = authors[0] if authors else None
    return any(same_series(name, author, ours, author).is_same for ours in series_names)


def entries_of_releases(releases: Sequence[Release], author: str) -> list[CatalogEntry]:
    """The works that an author's releases on a tracker show to exist as audiobooks.

    Only releases by this very person: a search by author finds namesakes too. What is no audiobook shows nothing.
    """
    return [
        CatalogEntry(
            source="MAM",
            source_key=release.guid,
            title=release.title,
            authors=release.authors,
            series=release.series[0] if release.series else None,
            isbn=release.isbn,
            asin=release.asin,
            language=release.language,
            audiobook=True,
        )
        for release in releases
        if release.medium is Medium.AUDIOBOOK and any(same_person(name, author).is_same for name in release.authors)
    ]
