"""The checks of the weekly lists and the daily scan, each by what makes it fail."""

from __future__ import annotations

from typing import Any

import pytest

from mam_assets.assets.discovery import genre_top10, mam_uploads
from mam_assets.assets.gaps import top10_gaps
from mam_assets.checks.discovery import lists_are_whole, outcomes_follow_their_gaps, scan_keeps_up
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.house import House
from tests.checks.results import result_of


@pytest.fixture
def listed(make_house: Any) -> House:
    house: House = make_house([])
    run = house.run(genre_top10, lists_are_whole, outcomes_follow_their_gaps)
    assert run.checks == {"lists_are_whole": True, "outcomes_follow_their_gaps": True}
    return house


def test_a_list_with_a_hole_fails_and_stops_what_follows(listed: House) -> None:
    with listed.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM top10_entries WHERE rank = 2")
    run = listed.run(genre_top10, lists_are_whole, top10_gaps, ok=False)
    assert run.checks == {"lists_are_whole": False}
    assert "top10_gaps" not in run.made


def test_an_entry_that_says_something_else_than_its_gap_is_shown(listed: House) -> None:
    listed.run(top10_gaps)
    with listed.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE missing_books SET download_status = 'ignored'")
    assert not result_of(outcomes_follow_their_gaps, listed.engine).passed
    assert listed.run(genre_top10, outcomes_follow_their_gaps).checks == {"outcomes_follow_their_gaps": True}


def test_a_scan_that_never_comes_through_is_late_after_three_days(make_house: Any) -> None:
    house: House = make_house([])
    house.servers["mam"].set_fault(Fault.FORBIDDEN)
    assert house.run(mam_uploads, scan_keeps_up).checks == {"scan_keeps_up": False}
    house.servers["mam"].clear_faults()
    house.clock.sleep(86_400)
    assert house.run(mam_uploads, scan_keeps_up).checks == {"scan_keeps_up": True}
    house.clock.sleep(4 * 86_400)
    house.servers["mam"].set_fault(Fault.FORBIDDEN)
    assert house.run(mam_uploads, scan_keeps_up).checks == {"scan_keeps_up": False}
