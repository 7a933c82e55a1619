"""One author's way through each source: MAM, Google Books, Goodreads. Every name that they write under, one at a time.

Does not belong here: which authors are asked about (author_catalog).
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from mam_assets.assets.catalog_scope import FRESH_FOR, LOOKUP_FRESH_FOR
from mam_assets.domain.books import CatalogEntry, Release
from mam_assets.domain.finding import entries_by, entries_of_releases, entries_of_volumes, pick_author_id
from mam_assets.domain.names import normalise_person
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import BadAnswer, NotFound, ServiceError
from mam_assets.resources.goodreads import Goodreads
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.resources.mam import Mam
from mam_assets.store import author_catalog as authors
from mam_assets.store import catalog as catalogue
from mam_assets.store import releases as offered
from mam_assets.store import services
from mam_assets.store.author_catalog import AuthorDue

MOST_AUTHOR_PAGES = 5
MOST_VOLUME_PAGES = 3
MOST_LIST_PAGES = 20
MOST_NAMES_A_RUN = 5
"""One author with forty pen names must not spend the requests of forty authors: the rest is first next time."""


def search_author(database: Engine, mam: Mam, author_id: int, name: str, now: datetime) -> int:
    """Search MAM for an author under each of their names, keep every release and the works they name; returns the
    number of releases. Names that were searched of late are not searched again."""
    with database.begin() as connection:
        author = authors.searched_as(connection, author_id)
    if author is None:
        author = AuthorDue(author_id, name, (name,), (name,), None, None)
    return ask_mam(database, mam, author, now)


def ask_mam(
    database: Engine,
    mam: Mam,
    author: AuthorDue,
    now: datetime,
    *,
    again: bool = False,
    report: Callable[[str], None] = lambda words: None,
) -> int:
    """What MAM offers of an author: works that exist as audiobooks. Returns the number of releases; ``report`` is told
    what more there is than is read."""

    def ask(name: str) -> int:
        releases: list[Release] = []
        numbers: dict[str, str] = {}
        start = 0
        for _ in range(MOST_AUTHOR_PAGES):
            page = mam.search_author(name, start=start)
            releases += page.releases
            numbers |= dict(page.author_ids)
            start += page.perpage
            if start >= page.found or not page.releases:
                break
        else:
            report(f"MAM counts {page.found} releases by {name}, of which the oldest {len(releases)} were read.")
        with database.begin() as connection:
            offered.save(connection, releases, now)
            found = entries_of_releases(releases, author.all_names)
            catalogue.save_entries(connection, found, now, author_id=author.author_id)
            authors.learn_ids(connection, "mam_author_id", numbers)
        return len(releases)

    return _each_name(database, "MAM", author, ask, now, again=again)


def ask_google(database: Engine, google_books: GoogleBooks, author: AuthorDue, now: datetime, *, again: bool) -> int:
    """Google's volumes of an author: works that exist, it isn't said in which form. Returns the number of works."""

    def ask(name: str) -> int:
        volumes = google_books.by_author(name, max_pages=MOST_VOLUME_PAGES)
        entries = entries_of_volumes(volumes, author.all_names)
        with database.begin() as connection:
            catalogue.save_entries(connection, entries, now, author_id=author.author_id)
        return len(entries)

    return _each_name(database, "GoogleBooks", author, ask, now, again=again)


def _each_name(
    database: Engine, source: str, author: AuthorDue, ask: Callable[[str], int], now: datetime, *, again: bool
) -> int:
    """Ask under each name that was not asked for of late, a few in one run; the author is done when all are. ``again``:
    under those too, the longest ago first, so that each run comes to others."""
    keys = {name: f"author:{author.author_id}:{normalise_person(name)}"[:500] for name in author.names}
    service = _SERVICES[source]
    with database.begin() as connection:
        known = services.known_answers(connection, service, list(keys.values()), now)
    numbers = {name: int(known[key].answer or 0) for name, key in keys.items() if key in known}
    left = [name for name in author.names if name not in numbers]
    if again:
        left += sorted(numbers, key=lambda name: known[keys[name]].fetched_at)
    for name in left[:MOST_NAMES_A_RUN]:
        numbers[name] = ask(name)
        with database.begin() as connection:
            services.remember_answers(connection, service, {keys[name]: numbers[name]}, now, now + FRESH_FOR)
    found = sum(numbers.values())
    if len(numbers) == len(keys):
        with database.begin() as connection:
            authors.author_answered(connection, author.author_id, source, found, now)
    return found


_SERVICES = {"MAM": "mam", "GoogleBooks": "google_books"}


def ask_goodreads(
    database: Engine,
    goodreads: Goodreads,
    author: AuthorDue,
    now: datetime,
    *,
    report: Callable[[str], None] = lambda words: None,
) -> int | None:
    """Goodreads' list of an author, all its pages: works that exist, it isn't said in which form. None where Goodreads
    does not know the author. A page that cannot be read leaves the others; then the first such error is raised.
    ``report`` is told of a list that is longer than is read."""
    number = author.goodreads_id or _find_number(database, goodreads, author, now)
    if number is None:
        _answered(database, author, 0, now)
        return None
    lacking: ServiceError | None = None
    bad_in_a_row = 0
    found = 0
    for page in range(1, MOST_LIST_PAGES + 1):
        try:
            answer = goodreads.author_page(number, page)
        except NotFound:
            if page > 1:
                break
            with database.begin() as connection:
                authors.forget_goodreads_id(connection, author.author_id)
            _answered(database, author, 0, now)
            return None
        except BadAnswer as error:
            lacking = lacking or error
            bad_in_a_row += 1
            if bad_in_a_row == 2:
                break  # the rest would be no better, and nothing says where the list ends
            continue
        bad_in_a_row = 0
        found += _keep(database, author, answer.entries, now)
        if not answer.has_next:
            break
    else:
        report(f"Goodreads lists more works by {author.name} than the {found} on its first {MOST_LIST_PAGES} pages.")
    if lacking is not None:
        raise lacking
    _answered(database, author, found, now)
    return found


def _keep(database: Engine, author: AuthorDue, listed: Sequence[CatalogEntry], now: datetime) -> int:
    entries = entries_by(listed, author.all_names)
    with database.begin() as connection:
        catalogue.save_entries(connection, entries, now, author_id=author.author_id)
    return len(entries)


def _answered(database: Engine, author: AuthorDue, found: int, now: datetime) -> None:
    with database.begin() as connection:
        authors.author_answered(connection, author.author_id, "Goodreads", found, now)


def _find_number(database: Engine, goodreads: Goodreads, author: AuthorDue, now: datetime) -> str | None:
    """An author's Goodreads number, by a book of theirs that is owned; found or not, it is remembered."""
    if author.book_title is None:
        return None
    key = f"author:{author.author_id}"
    with database.begin() as connection:
        known = services.known_answers(connection, "goodreads", [key], now).get(key)
    if known is not None:
        return str(known.answer) if known.found else None
    number = pick_author_id(goodreads.autocomplete(author.book_title), author.book_title, author.all_names)
    with database.begin() as connection:
        services.remember_answers(connection, "goodreads", {key: number}, now, now + LOOKUP_FRESH_FOR)
        if number is not None:
            authors.learn_ids(connection, "goodreads_id", {author.name: number})
    return number
