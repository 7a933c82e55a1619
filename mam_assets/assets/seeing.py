"""Having Audiobookshelf see what was put into its folder: one scan, and the new items by their folder.

Belongs here: how to be sure that a scan has been, and to find few items among very many. Does not belong here: what
follows from an item (imports.py). Any error of Audiobookshelf is passed on: it blames no download.
"""

from collections.abc import Mapping

from mam_assets.domain.books import LibraryItem
from mam_assets.resources.audiobookshelf import BATCH, Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.errors import ServiceDown

POLL_SECONDS = 0.5
# A scan that is gone from the list without having moved `lastScan` was broken off.
SETTLE_SECONDS = 10.0
# New items come first in the list, one page more than ours would fill: others may come in at the same time.
EXTRA_PAGES = 1
SEARCH_LIMIT = 12


def scan(audiobookshelf: Audiobookshelf, library_id: str, clock: Clock, seconds: float) -> None:
    """Have the library scanned, and return when that scan is over. At most ``seconds`` for a scan that runs already
    (during which a request does nothing) and as much for ours. ServiceDown when one doesn't end."""
    _wait_until_idle(audiobookshelf, library_id, clock, seconds)
    before = audiobookshelf.library(library_id).last_scan
    audiobookshelf.scan(library_id)
    _wait_until_idle(audiobookshelf, library_id, clock, seconds)
    deadline = clock.monotonic() + SETTLE_SECONDS
    while audiobookshelf.library(library_id).last_scan == before and clock.monotonic() < deadline:
        clock.sleep(POLL_SECONDS)
        _wait_until_idle(audiobookshelf, library_id, clock, seconds)


def _wait_until_idle(audiobookshelf: Audiobookshelf, library_id: str, clock: Clock, seconds: float) -> None:
    """Finished scans leave Audiobookshelf's list of tasks (services.md 1.9)."""
    deadline = clock.monotonic() + seconds
    while audiobookshelf.scanning(library_id):
        if clock.monotonic() >= deadline:
            problem = f"its scan did not end within {seconds:.0f} s"
            raise ServiceDown(
                "audiobookshelf", f"scan library {library_id}", problem, "Look at its log; it goes on later."
            )
        clock.sleep(POLL_SECONDS)


def find_items(
    audiobookshelf: Audiobookshelf, library_id: str, titles: Mapping[str, str], known: Mapping[str, str]
) -> dict[str, LibraryItem]:
    """The items of these folders (folder → title), by folder; those that Audiobookshelf doesn't show are left out.

    Looked for among the newest items, then under the id that we knew (``known``: folder → id), then by title: a few
    requests, however large the library is.
    """
    found: dict[str, LibraryItem] = {}

    def keep(items: list[LibraryItem]) -> bool:
        found.update((item.rel_path, item) for item in items if item.rel_path in titles)
        return found.keys() == titles.keys()

    for page in range(-(-len(titles) // BATCH) + EXTRA_PAGES):
        answer = audiobookshelf.marks(library_id, page=page, limit=BATCH)
        ids = [mark.abs_id for mark in answer.marks]
        if ids and keep(audiobookshelf.items(ids)):
            return found
        if (page + 1) * BATCH >= answer.total:
            break
    ids = [abs_id for folder, abs_id in known.items() if folder in titles and folder not in found]
    if ids and keep(audiobookshelf.items(ids)):
        return found
    for title in dict.fromkeys(title for folder, title in titles.items() if folder not in found):
        if keep(audiobookshelf.search(library_id, title, SEARCH_LIMIT)):
            break
    return found
