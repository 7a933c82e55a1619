"""What is asked for each gap, how often, and what a limit keeps for the next run."""

from __future__ import annotations

import pytest

from mam_assets.assets.acquisition import download_queue, release_candidates
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.dock import Dock

SEARCH = "loadSearchJSONbasic"
BARSOOM = (1044, 1045, 1046, 1047)


def test_one_search_serves_all_gaps_of_an_author(dock: Dock) -> None:
    gaps = [dock.want(release_id) for release_id in BARSOOM]
    run = dock.run(release_candidates, download_queue)
    assert run.of("release_candidates")["accepted"] == len(gaps)
    assert len(dock.requests("mam", SEARCH)) == 1
    assert dock.requests("prowlarr") == []
    assert run.of("download_queue")["queued"] == len(gaps)


def test_a_second_run_asks_nothing_again_that_is_fresh(dock: Dock) -> None:
    dock.want(1044)
    dock.want(1028)
    dock.run(release_candidates)
    before = len(dock.requests("mam")), len(dock.requests("prowlarr"))
    run = dock.run(release_candidates)
    assert run.of("release_candidates")["gaps_searched"] == 0
    assert (len(dock.requests("mam")), len(dock.requests("prowlarr"))) == before


def test_a_spent_session_lets_the_rest_wait_and_be_first_next_time(dock: Dock) -> None:
    dock.change(mam_session_limit=1)
    gaps = [dock.want(release_id) for release_id in (1044, 1027, 1009)]
    run = dock.run(release_candidates)
    assert (run.of("release_candidates")["gaps_searched"], run.of("release_candidates")["gaps_waiting"]) == (1, 2)
    assert dock.requests("prowlarr") == [], "they wait for their turn at MAM"
    late = dock.want(1035)
    searched = []
    for _ in range(3):
        dock.run(release_candidates)
        searched.append({row.missing_book_id for row in dock.rows("SELECT * FROM gap_searches WHERE searches > 0")})
    assert searched == [set(gaps[:2]), set(gaps), {*gaps, late}]


def test_a_mam_that_is_down_does_not_climb_the_ladder_nor_ask_prowlarr_for_ever(dock: Dock) -> None:
    gap = dock.want(1031)
    dock.servers["mam"].set_fault(Fault.SERVER_ERROR)
    for _ in range(3):
        dock.run(release_candidates)
    assert len(dock.requests("prowlarr", "/api/v1/search")) == 1
    (row,) = dock.rows("SELECT * FROM gap_searches")
    assert (row.searches, row.next_search) == (0, None)
    dock.servers["mam"].clear_faults()
    assert dock.run(release_candidates).of("release_candidates")["accepted"] == 1
    assert gap


@pytest.mark.parametrize("service", ["mam", "prowlarr"])
def test_a_service_in_trouble_is_named_and_the_other_is_asked(dock: Dock, service: str) -> None:
    dock.want(1044)
    dock.want(1028)
    dock.servers[service].set_fault(Fault.HTML_LOGIN)
    run = dock.run(release_candidates)
    assert f"{service}: " in run.of("release_candidates")["problem_list"]
    other = {"mam": "prowlarr", "prowlarr": "mam"}[service]
    assert [request for request in dock.requests(other) if request.status == 200]


def test_a_gap_of_an_author_who_is_none_of_ours_is_searched_by_title(dock: Dock) -> None:
    """A top ten's author is often not in the library: such gaps were never searched at MAM, and never done."""
    dock.want(1044, known_author=False)
    dock.rows("DELETE FROM authors RETURNING id")
    run = dock.run(release_candidates)
    assert (run.of("release_candidates")["accepted"], run.of("release_candidates")["gaps_waiting"]) == (1, 0)
    dock.want(1027, known_author=False)
    dock.want(1009, known_author=False)
    assert dock.run(release_candidates).of("release_candidates")["gaps_searched"] == 2
    assert len(dock.requests("mam", SEARCH)) == 3
