"""May it be fetched now, and is it what was promised?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import MamUser, Metainfo
from mam_assets.domain.grabbing import SIZE_SLACK_BYTES, Standing, check_torrent, why_wait

GIB = 2**30
ACCOUNT = MamUser("demo", "VIP", 5.4, 3, 150, 12)
STANDING = Standing(active=0, max_active=10, free_bytes=100 * GIB, min_free_bytes=5 * GIB, account=ACCOUNT)


def standing(**changes: Any) -> Standing:
    return replace(STANDING, **changes)


@pytest.mark.parametrize("source", ["MAM", "Prowlarr"])
def test_what_no_limit_forbids_may_go(source: str) -> None:
    assert why_wait(source, GIB, STANDING) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"active": 10}, "10 downloads are active, and 10 may be (MAX_ACTIVE_DOWNLOADS)"),
        ({"free_bytes": 5 * GIB}, "only 4.0 GiB would be free, and 5.0 must be (MIN_FREE_GIB)"),
    ],
)
@pytest.mark.parametrize("source", ["MAM", "Prowlarr"])
def test_the_client_and_the_disk_limit_every_source(source: str, changes: dict[str, Any], words: str) -> None:
    assert why_wait(source, GIB, standing(**changes)) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account": None}, "not known yet"),
        ({"account": replace(ACCOUNT, ratio=None)}, "did not say"),
        ({"account": replace(ACCOUNT, unsatisfied_count=None)}, "did not say"),
        ({"account": replace(ACCOUNT, unsatisfied_limit=None)}, "did not say"),
        ({"account": replace(ACCOUNT, ratio=1.99)}, "ratio 1.99 is below 2.00"),
        ({"account": replace(ACCOUNT, unsatisfied_count=140)}, "10 unsatisfied slots are free"),
        ({"slots_taken": 137}, "10 unsatisfied slots are free"),
        ({"out": {"mam": "mam: account status: no answer"}}, "mam: account status: no answer"),
    ],
)
def test_what_limits_mam_limits_nobody_else(changes: dict[str, Any], words: str) -> None:
    assert words in (why_wait("MAM", GIB, standing(**changes)) or "")
    assert why_wait("Prowlarr", GIB, standing(**changes)) is None


def test_a_prowlarr_that_is_out_keeps_only_its_own_waiting() -> None:
    out = standing(out={"prowlarr": "prowlarr: no answer"})
    assert why_wait("Prowlarr", GIB, out) == "prowlarr: no answer"
    assert why_wait("MAM", GIB, out) is None


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 50))
def test_the_reserve_of_slots_is_never_touched(count: int, limit: int, taken: int) -> None:
    account = replace(ACCOUNT, unsatisfied_count=count, unsatisfied_limit=limit)
    if why_wait("MAM", None, standing(account=account, slots_taken=taken)) is None:
        assert limit - count - taken - 1 >= STANDING.slot_reserve


def torrent(*files: tuple[str, int]) -> Metainfo:
    return Metainfo("a" * 40, "x", files, sum(size for _, size in files), private=True)


@pytest.mark.parametrize(
    ("files", "promised", "code"),
    [
        ([("x/01.mp3", 100_000_000)], 100_000_000, None),
        ([("x/01.mp3", 100_000_000)], None, None),
        ([("x/01.mp3", 109_000_000)], 100_000_000, None),
        ([("x/01.mp3", 111_000_000)], 100_000_000, "size_differs"),
        ([("x/01.mp3", 20_000_000)], 100_000_000, "size_differs"),
        ([("x.M4B", SIZE_SLACK_BYTES)], 1, None),
        ([("x/book.epub", 100_000_000)], 100_000_000, "no_audio"),
        ([("x/setup.exe", 100_000_000), ("x/cover.jpg", 1)], None, "no_audio"),
    ],
)
def test_a_torrent_must_hold_audio_and_the_promised_size(
    files: list[tuple[str, int]], promised: int | None, code: str | None
) -> None:
    objection = check_torrent(torrent(*files), promised_bytes=promised)
    assert (objection.code if objection else None) == code
