"""The demo's world: true titles, series, numbers and years of works in the public domain (in the United States, or
where it begins 70 years after the author's death). Who reads them and when they were uploaded is invented. Three works
are invented too, each marked in its table: an unreleased volume, a companion and a study guide. Series numbers follow
the order of publication where editions differ.

Awkward cases and where to find each:

=============================================  ========================================================
an owned box set over volumes                  owned ``box-set-caspak`` (position 1-3)
novellas between volumes                       "Peter Pan in Kensington Gardens" (0.5), "When the World Screamed" (3.5)
a series under two names                       Barsoom: owned volumes say "John Carter of Mars" or "Barsoom Series"
two authors joined by "&", or listed           owned ``joined-authors``; owned ``two-authors``
a series name with a comma                     "A.J. Raffles, The Gentleman Thief"
a work in two series                           "Tarzan at the Earth's Core", "She and Allan"
an unreleased volume                           "The Unwritten War of Mars" (Barsoom 12)
positions below whole numbers                  The D'Artagnan Romances 3.1 to 3.4
a part that is no gap                          "Good Wives" (Little Women 1.5)
a collection, translations on a series page    "The Martian Tales Trilogy"; "Una princesa de Marte", "Das Zeichen …"
a companion on a series page                   "An Atlas of Barsoom", "The Woggle-Bug Book"
a study guide                                  "Study Guide: The Time Machine by H.G. Wells"
sibling titles                                 Anne of …, Tom Swift and His …, Aunt Jane's Nieces …, Doctor Dolittle's …
an author with a pen name                      Edith Van Dyne is L. Frank Baum; release 1025 uses the other name
a namesake title                               release 1001 ("The Pioneers", wanted from Cooper)
abridged                                       release 1002; owned ``abridged-recording``
the same work, a second narrator               releases 1003 and 1004; owned ``narrator-one`` and ``narrator-two``
a pack                                         release 1005 ("Oz Books 1-14")
never completes, with a lesser alternative     releases 1006 and 1007
damaged audio, with a lesser alternative       releases 1008 and 1009
a .torrent that is HTML                        release 1010
unsafe file names in a .torrent                release 1011
an e-book only, and beside a recording         release 1012; releases 1026 and 1027
a foreign language                             release 1013
dramatised                                     release 1014
broken author_info on MAM                      release 1015
no seeders                                     release 1016
half of a book                                 release 1017
too small to be the book                       release 1018
the position of another volume                 release 1019
hardly any evidence                            release 1020
the same work under another title              releases 1021 to 1024
only on another indexer; by magnet             releases 1028 to 1030; release 1029
on MAM but not seen through Prowlarr           release 1031
no release at all                              releases.NO_RELEASE
a title that is a number (JSON number on MAM)  owned ``number-title`` ("813") and the release of that title
odd Unicode in a name                          owned ``decomposed-name``
the same recording twice                       owned ``duplicate-first`` and ``duplicate-second``
a position that is no number                   owned ``wordy-position``
a series written into the title                owned ``series-in-title``
last name first                                owned ``last-name-first``
no title and no author                         owned ``nameless``
=============================================  ========================================================
"""

from __future__ import annotations

from datetime import datetime

from mam_assets.sandbox.world.authors import AUTHORS
from mam_assets.sandbox.world.model import World
from mam_assets.sandbox.world.owned import build_owned
from mam_assets.sandbox.world.releases import build_releases
from mam_assets.sandbox.world.works import build_works


def build_world(now: datetime) -> World:
    """The whole world as of ``now`` (aware, UTC). The same ``now`` gives the same world; another moves dates only."""
    works = build_works(now)
    owned = build_owned(works)
    owned_ids = {item.work_id for item in owned if item.work_id is not None}
    # A box set that is owned covers its volumes.
    covered = {w.work_id for w in works.all if w.series_id == works.titled("The Caspak Trilogy").series_id}
    return World(
        now=now,
        authors=AUTHORS,
        series=works.series,
        works=works.all,
        owned=owned,
        releases=build_releases(works, owned_ids | covered, now),
    )
