"""What is written beside each line of a catalogue."""

from __future__ import annotations

from datetime import date

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef
from mam_assets.domain.entry_verdicts import SAME_WORK, entry_verdicts
from mam_assets.domain.gaps import author_gaps, series_gaps
from mam_assets.domain.wanting import Snapshot

TODAY = date(2026, 3, 11)
OZ = SeriesRef("Oz", "1")
LINES = (
    CatalogEntry("Goodreads", "1", "The Wizard of Oz", ("L. Frank Baum",), OZ, published="1900"),
    CatalogEntry("Audible", "2", "The Wonderful Wizard of Oz", ("L. Frank Baum",), OZ, published="1910"),
    CatalogEntry("Goodreads", "3", "The Land of Oz", ("L. Frank Baum",), SeriesRef("Oz", "2")),
    CatalogEntry("Goodreads", "4", "Oz Boxed Set, Books 1-2", ("L. Frank Baum",), SeriesRef("Oz", "1-2")),
)
ROWS = {(line.source, line.source_key): n for n, line in enumerate(LINES, start=10)}


def test_each_line_has_its_rule_and_the_one_that_speaks_for_a_work_what_sources_disagree_on() -> None:
    owned = (OwnedBook(5, "The Wizard of Oz", ("L. Frank Baum",), "1"),)
    snapshot = Snapshot(1, "Oz", ("L. Frank Baum",), (), LINES, owned, ROWS)
    told = entry_verdicts(
        snapshot, series_gaps(LINES, owned, series_name="Oz", series_authors=("L. Frank Baum",), today=TODAY)
    )
    assert [
        (told[n].status, told[n].rule, told[n].same_as, told[n].book_id, told[n].counted) for n in sorted(told)
    ] == [
        ("owned", "owned_title", None, 5, True),
        ("not_wanted", SAME_WORK, 10, 5, False),
        ("missing", "not_in_library", None, None, True),
        ("not_wanted", "range", None, None, False),
    ]
    assert told[10].disagreements["published"] == {"Goodreads": "1900", "Audible": "1910", "decided": "earliest"}
    assert told[11].disagreements == {}


def test_a_line_of_a_namesake_is_refused_with_its_rule() -> None:
    line = CatalogEntry("MAM", "9", "Oz and Ends", ("Roger S. Baum",), audiobook=True)
    snapshot = Snapshot(1, "L. Frank Baum", ("L. Frank Baum",), (), (line,), (), {("MAM", "9"): 3}, is_series=False)
    told = entry_verdicts(snapshot, author_gaps((line,), (), author="L. Frank Baum", today=TODAY))[3]
    assert (told.status, told.rule, told.counted) == ("not_wanted", "people_differ", False)
