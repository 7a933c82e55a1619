"""The rows behind a book or a gap, on the real database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from mam_assets.cli.why import Asked, Found, find
from mam_assets.domain.chains import Facts, Section
from mam_assets.domain.explaining import Chain, explain
from mam_assets.store import tables as t
from mam_assets.store import why
from tests.store.puzzled import DAY, NOW, SECRET_LINK, puzzle


@pytest.fixture
def ids(connection: Connection) -> dict[str, int]:
    return puzzle(connection)


def chain_of(connection: Connection, title: str, **narrowed: str) -> Chain:
    (subject,) = find(connection, Asked(title, **narrowed)).subjects
    return explain(subject.ref, subject.title, subject.authors, why.gather(connection, subject), now=NOW)


def section(chain: Chain, title: str) -> Section:
    return next(section for section in chain.sections if section.title == title)


def column(chain: Chain, title: str, name: str) -> Sequence[Any]:
    found = section(chain, title)
    return [row[found.columns.index(name)] for row in found.rows]


def test_a_title_that_several_books_bear_lists_them(connection: Connection, ids: dict[str, int]) -> None:
    found = find(connection, Asked("Ozma of Oz")).subjects
    assert {subject.ref for subject in found} == {f"book:{ids['ozma']}", f"book:{ids['twin']}"}


def test_accents_apostrophes_and_capitals_do_not_matter(connection: Connection, ids: dict[str, int]) -> None:
    assert find(connection, Asked("RÌNKITINK in Oz")).subjects[0].ref == f"gap:{ids['gap_held']}"


@pytest.mark.parametrize("title", ["Nothing like it", "", "…", "book:999999", "gap:0"])
def test_what_nobody_has_is_nothing(connection: Connection, ids: dict[str, int], title: str) -> None:
    assert find(connection, Asked(title)) == Found([])


def test_a_wrong_author_or_series_finds_nothing(connection: Connection, ids: dict[str, int]) -> None:
    assert find(connection, Asked("Glinda of Oz", author="Wells")) == Found([])
    assert find(connection, Asked("Glinda of Oz", series="Mars")) == Found([])
    assert len(find(connection, Asked("glinda", author="baum", series="oz")).subjects) == 1


def test_the_very_title_is_found_among_very_many_that_hold_its_word(connection: Connection) -> None:
    rows = [{"work_key": f"night {n}", "title": f"Night Watch {n}"} for n in range(600)]
    rows += [{"work_key": "night", "title": "Níght"}, {"work_key": "nights", "title": "The Night"}]
    for row in rows:
        row |= {"reason_missing": "request", "download_status": "identified"}
    connection.execute(insert(t.MissingBook), rows)
    found = find(connection, Asked("Night"))
    assert ([[gap.title for gap in one.gaps] for one in found.subjects], found.cut) == ([["Níght", "The Night"]], True)
    assert find(connection, Asked("Night Watch 599")).subjects[0].title == "Night Watch 599"


def test_what_was_left_out_is_said(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    puzzle(connection)
    monkeypatch.setattr(why, "MOST_HITS", 2)
    assert find(connection, Asked("Oz")).cut
    assert not find(connection, Asked("Rinkitink in Oz")).cut


class TestABook:
    @pytest.fixture
    def chain(self, connection: Connection, ids: dict[str, int]) -> Chain:
        return chain_of(connection, f"book:{ids['ozma']}")

    def test_tells_each_field_with_its_source_time_lock_and_last_correction(self, chain: Chain) -> None:
        fields = {row[0]: row[1:] for row in section(chain, "Fields").rows}
        value, source, at, lock, correction = fields["publisher"]
        assert (value, source, at, lock) == ("Reilly & Britton", "GoogleBooks", "2026-03-10 12:00", "")
        assert "from 'R. & B.'; GoogleBooks is trusted over file tags" in correction
        assert fields["title"][1:4] == ("Manual", "", "locked")

    def test_tells_what_each_source_said(self, chain: Chain) -> None:
        said = {row[0]: row[1] for row in section(chain, "What each source said").rows}
        assert said == {"GoogleBooks": "matched", "Goodreads": "refused", "Audible": "nothing"}

    def test_explains_its_completeness_by_weights(self, chain: Chain) -> None:
        assert ("publisher", 5, True) in section(chain, "Completeness").rows
        assert ("description", 10, False) in section(chain, "Completeness").rows
        assert "Stored: 55 %" in section(chain, "Completeness").notes[0]

    def test_tells_its_series_and_how_that_was_merged(self, chain: Chain) -> None:
        assert column(chain, "Series", "names") == ["The Oz Books (Audiobookshelf), Oz (Goodreads)"]
        assert column(chain, "Merged series", "evidence") == ["both have 'Ozma of Oz' at 3"]

    def test_tells_its_duplicate_and_the_gap_that_it_closed(self, chain: Chain, ids: dict[str, int]) -> None:
        assert column(chain, "Other copies and recordings", "status") == [f"duplicate of book:{ids['ozma']}"]
        assert column(chain, "Gaps", "id") == [f"gap:{ids['gap_ozma']}"]
        assert any("and closed by book" in line for line in chain.answer)


class TestAGap:
    @pytest.fixture
    def chain(self, connection: Connection, ids: dict[str, int]) -> Chain:
        return chain_of(connection, "Glinda of Oz")

    def test_shows_the_entries_of_every_source_and_what_they_disagree_about(
        self, chain: Chain, ids: dict[str, int]
    ) -> None:
        assert chain.ref == f"gap:{ids['gap_glinda']}"
        entries = "What exists, by every source"
        assert column(chain, entries, "source") == ["Goodreads", "MAM"]
        assert column(chain, entries, "same as") == ["", f"work:{ids['glinda']}"]
        assert section(chain, "Where sources disagree").rows == (
            (f"work:{ids['glinda']}", "position", "Goodreads: 14; MAM: 15", "speaker"),
        )

    def test_shows_every_release_with_its_verdict_and_the_version_of_the_rules(self, chain: Chain) -> None:
        assert column(chain, "Releases offered", "verdict") == ["accept", "refuse"]
        assert column(chain, "Releases offered", "rules") == ["7", "7"]
        assert "wrong_author: evidence of wrong_author" in column(chain, "Releases offered", "reasons")[1]
        assert column(chain, "Blocked releases", "reason") == ["stalled"]

    def test_says_why_and_what_happens_next(self, chain: Chain) -> None:
        assert "(failed) since 2026-03-02, because a series of the library lacks it" in chain.answer[0]
        assert "missing: no book of the library is 'Glinda of Oz' (14) (rule no_book)" in chain.answer[1]
        assert "tried again on 2026-03-14 12:00 (1 of 3 retries spent)" in chain.next_steps[0]
        assert "mam is left alone until 2026-03-12 12:00 (limited): the search for gap:" in chain.next_steps[1]

    def test_names_the_service_that_holds_it_up_and_no_other(self, connection: Connection, chain: Chain) -> None:
        assert column(chain, "Services that hold it up", "service") == ["mam"]
        assert column(chain, "Services that hold it up", "last error") == ["it asked to be left alone"]

    def test_tells_what_failed_of_its_own_downloads(self, chain: Chain) -> None:
        assert column(chain, "What failed so far", "reason") == ["stalled"]
        assert column(chain, "What failed so far", "times") == [2]
        assert column(chain, "What failed so far", "details") == ["no byte came for 24 h"]

    def test_holds_no_link_no_key_and_no_hash(self, chain: Chain) -> None:
        text = repr(chain.as_json())
        assert SECRET_LINK not in text
        assert "topsecret" not in text
        assert "ab" * 20 not in text


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("The Royal Book of Oz", "nothing before it is released (2027-01-01)"),
        ("Rinkitink in Oz", "waits for a person (only doubtful releases are offered"),
        ("Tik-Tok of Oz", "a person ignores it"),
        ("The Lost Princess of Oz", "searched in the next acquisition run"),
    ],
)
def test_an_open_gap_says_what_it_waits_for(
    connection: Connection, ids: dict[str, int], title: str, words: str
) -> None:
    assert words in chain_of(connection, title).next_steps[0]


def test_a_work_that_a_box_set_covers_names_the_set(connection: Connection, ids: dict[str, int]) -> None:
    chain = chain_of(connection, "The Wonderful Wizard of Oz")
    assert chain.answer == (
        f"In the series Oz: owned by book:{ids['box']}: 'The Oz Box' in the library holds 1-2 (rule range_covers).",
    )
    assert column(chain, "Owned by another book", "why it covers this") == ["'The Oz Box' in the library holds 1-2"]


def test_a_box_set_shows_the_works_that_it_covers(connection: Connection, ids: dict[str, int]) -> None:
    chain = chain_of(connection, f"book:{ids['box']}")
    assert column(chain, "What exists, by every source", "title") == ["The Wonderful Wizard of Oz"]


def test_a_study_guide_is_not_wanted_by_its_rule(connection: Connection, ids: dict[str, int]) -> None:
    chain = chain_of(connection, "road to oz study guide")
    assert chain.answer == ("In the series Oz: not wanted: it is about another work (rule summary).",)
    assert chain.next_steps == (
        "Nothing: it is no gap. It is judged again whenever the library or its catalogue changes.",
    )


def test_a_gap_names_the_upload_that_may_fill_it(connection: Connection, ids: dict[str, int]) -> None:
    chain = chain_of(connection, "The Lost Princess of Oz")
    assert column(chain, "Uploads seen on MAM", "upload") == ["The Lost Princess"]
    assert column(chain, "Uploads seen on MAM", "outcome") == ["known"]


def test_a_discovered_book_names_the_upload_by_which_it_was_found(connection: Connection, ids: dict[str, int]) -> None:
    chain = chain_of(connection, "The Magic of Oz")
    assert chain.ref == f"book:{ids['found']}"
    assert chain.answer[0].startswith("Seen on MAM, not owned")
    assert column(chain, "Uploads seen on MAM", "reason") == ["neither owned nor known"]


class TestAWriteThatIsNotConfirmed:
    def chain(self, connection: Connection, ids: dict[str, int], **more: Any) -> Chain:
        values = {
            "abs_unconfirmed": True,
            "abs_written": {"publisher": "Reilly & Britton", "title": "Ozma of Oz", "narrators": ["A", "B"]},
            "abs_values": {"publisher": "R. & B.", "title": "Ozma of Oz"},
        }
        connection.execute(update(t.Book).where(t.Book.id == ids["ozma"]).values(**values | more))
        return chain_of(connection, f"book:{ids['ozma']}")

    def test_is_shown_beside_what_audiobookshelf_showed_last(self, connection: Connection, ids: dict[str, int]) -> None:
        chain = self.chain(connection, ids)
        assert section(chain, "Not known to have arrived in Audiobookshelf").rows == (
            ("narrators", "A, B", "empty"),
            ("publisher", "Reilly & Britton", "R. & B."),
        )
        assert any("is not known to have arrived" in step for step in chain.next_steps)

    def test_names_audiobookshelf_where_that_is_out_of_reach(self, connection: Connection, ids: dict[str, int]) -> None:
        connection.execute(insert(t.ServiceState).values(service="audiobookshelf", status="down"))
        chain = self.chain(connection, ids)
        assert column(chain, "Services that hold it up", "service") == ["audiobookshelf"]
        assert chain.next_steps[-1] == (
            "audiobookshelf could not be asked last (down): the writing of its metadata waits for it, "
            "and it is tried in the next run."
        )

    def test_says_when_the_last_attempt_was_answered_badly(self, connection: Connection, ids: dict[str, int]) -> None:
        chain = self.chain(connection, ids, metadata_failed={"write_back": "2026-03-11T11:00:00+00:00"})
        assert any("on 2026-03-11 11:00, was answered badly" in step for step in chain.next_steps)

    def test_is_not_told_of_where_all_has_arrived(self, connection: Connection, ids: dict[str, int]) -> None:
        chain = self.chain(connection, ids, abs_unconfirmed=False)
        assert "Not known to have arrived in Audiobookshelf" not in {one.title for one in chain.sections}
        assert not any("arrived" in step for step in chain.next_steps)


def test_what_there_is_to_be_searched_is_counted(connection: Connection, ids: dict[str, int]) -> None:
    assert why.searched(connection) == {"books": 4, "gaps": 6, "catalogue entries": 4}


@pytest.mark.parametrize(
    ("download", "words"),
    [
        ({"status": "queued", "waiting_reason": "10 are active"}, "sent to the client in the next run (10 are active)"),
        ({"status": "downloading", "progress": 0.5}, "watched every 30 seconds (50% are there)"),
        ({"status": "completed"}, "is imported in the next run"),
        ({"status": "completed", "next_import": NOW + DAY}, "is imported on 2026-03-12 12:00"),
        ({"status": "completed", "abs_import_status": "import_failed"}, "its import waits for a person"),
        ({"status": "completed", "abs_import_status": "imported"}, "the gap closes when the library has been read"),
        ({"status": "failed", "next_retry": NOW}, "is tried again in the next run"),
        ({"status": "failed", "failure_code": "withdrawn"}, "was given up (withdrawn)"),
        ({"status": "abandoned"}, "a person may retry it"),
    ],
)
def test_each_state_of_a_download_says_what_follows(download: dict[str, Any], words: str) -> None:
    gap = {"id": 1, "download_status": "queued", "download_id": 5, "reasons": [], "closed_date": None, "book_id": None}
    gap |= dict.fromkeys(
        ("title", "series_name", "series_number", "priority", "hold_reason", "requested_by", "searches", "published")
    )
    row = dict.fromkeys(
        ("waiting_reason", "failure_reason", "failure_code", "next_retry", "next_import", "abs_import_error", "sent_at",
         "last_attempt", "title", "source")
    )  # fmt: skip
    row |= {"id": 5, "missing_book_id": 1, "retry_count": 0, "max_retries": 3, "progress": 0.0, "date_queued": NOW}
    row |= {"abs_import_status": "pending"} | download
    facts = Facts(gaps=[gap | {"identified_date": NOW}], downloads=[row])
    assert words in explain("gap:1", "x", (), facts, now=NOW).next_steps[0]
