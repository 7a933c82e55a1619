"""The gate and the rank of releases."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import Medium, Release, SeriesRef, Work
from mam_assets.domain.release import Preferences, Verdict, block_keys, choose, judge

SANDERSON = ("Brandon Sanderson",)
HOURS = 3600.0
WANTED = Work(
    "The Final Empire", SANDERSON, SeriesRef("Mistborn", "1"), language="English", expected_runtime_seconds=24.5 * HOURS
)
SIBLINGS = (
    Work("The Well of Ascension", SANDERSON, SeriesRef("Mistborn", "2")),
    Work("The Hero of Ages", SANDERSON, SeriesRef("Mistborn", "3")),
)
GOOD = Release(
    source="MAM",
    guid="564321",
    title="The Final Empire",
    authors=SANDERSON,
    narrators=("Michael Kramer",),
    series=(SeriesRef("Mistborn", "1"),),
    medium=Medium.AUDIOBOOK,
    language="English",
    filetype="m4b",
    size_bytes=700_000_000,
    seeders=20,
    abridged=False,
    dramatised=False,
)
ANY = Preferences()


def codes(release: Release, work: Work = WANTED, **more: object) -> tuple[Verdict, set[str]]:
    judgement = judge(work, release, preferences=ANY, siblings=SIBLINGS, **more)  # type: ignore[arg-type]
    return judgement.verdict, {reason.code for reason in judgement.reasons}


@pytest.mark.parametrize(
    "release",
    [
        GOOD,
        replace(GOOD, series=()),
        replace(GOOD, title="Final Empire"),
        replace(GOOD, title="The Final Empire (Unabridged)"),
        replace(GOOD, title="Mistborn: The Final Empire"),
        replace(GOOD, title="Mistborn 01 - The Final Empire", series=()),
        replace(GOOD, title="Brandon Sanderson - Mistborn 01 - The Final Empire", series=()),
        replace(GOOD, title="The Final Empire: Mistborn, Book 1", series=()),
        replace(GOOD, title="The Final Empire (Mistborn, #1)", series=()),
        replace(GOOD, title="The Final Empire, Book 1", series=()),
        replace(GOOD, title="The Final Empire: Book One of the Mistborn Saga", series=()),
        replace(GOOD, title="The Final Empire by Brandon Sanderson [ENG / M4B] [VIP]", series=()),
        replace(GOOD, authors=("Sanderson, Brandon",)),
        replace(GOOD, language="ENG"),
        replace(GOOD, tags="unabridged fantasy"),
        replace(GOOD, abridged=None, dramatised=None),
        replace(GOOD, filetype="m4b mp3"),
        replace(GOOD, runtime_seconds=24.6 * HOURS),
    ],
)
def test_what_is_certainly_the_work_is_accepted(release: Release) -> None:
    """Listenarr: "abridged" as a substring forbade "Unabridged"."""
    assert codes(release)[0] is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("release", "code"),
    [
        (replace(GOOD, authors=("Brian Sanderson",)), "wrong_author"),
        (replace(GOOD, authors=("Michael Kramer",)), "wrong_author"),
        (replace(GOOD, title="The Well of Ascension"), "sibling_title"),
        (replace(GOOD, title="The Well of Ascension", series=()), "sibling_title"),
        (replace(GOOD, title="Elantris", series=()), "title_differs"),
        (replace(GOOD, title="The Final Empire of Man", series=()), "title_extends"),
        (replace(GOOD, series=(SeriesRef("The Mistborn Saga", "2"),)), "position_contradicts"),
        (replace(GOOD, title="The Final Empire: Mistborn, Book 2", series=()), "position_contradicts"),
        (replace(GOOD, title="The Final Empire, Book 2", series=()), "position_contradicts"),
        (replace(GOOD, series=(SeriesRef("Mistborn", "1p1"),)), "part"),
        (replace(GOOD, title="The Final Empire [1 of 3]"), "part"),
        (replace(GOOD, series=(SeriesRef("Mistborn", "1-3"),)), "pack"),
        (replace(GOOD, title="The Final Empire (Mistborn Books 1-4)", series=()), "pack"),
        (replace(GOOD, title="Mistborn Trilogy Boxed Set"), "pack"),
        (replace(GOOD, abridged=True), "abridged"),
        (replace(GOOD, title="The Final Empire (Abridged)"), "abridged"),
        (replace(GOOD, tags="abridged, fantasy"), "abridged"),
        (replace(GOOD, language="German"), "language"),
        (replace(GOOD, medium=Medium.EBOOK), "medium"),
        (replace(GOOD, medium=Medium.VIDEO), "medium"),
        (replace(GOOD, medium=Medium.RADIO), "medium"),
        (replace(GOOD, medium=Medium.UNKNOWN, filetype="epub"), "medium"),
        (replace(GOOD, dramatised=True), "dramatised"),
        (replace(GOOD, title="The Final Empire [Dramatized Adaptation]"), "dramatised"),
        (replace(GOOD, tags="GraphicAudio"), "dramatised"),
        (replace(GOOD, title="Summary of The Final Empire"), "summary"),
        (replace(GOOD, title="The Final Empire: A Study Guide"), "summary"),
        (replace(GOOD, size_bytes=20_000_000), "size_impossible"),
        (replace(GOOD, size_bytes=9_000_000_000), "size_impossible"),
        (replace(GOOD, runtime_seconds=6 * HOURS), "runtime_impossible"),
        (replace(GOOD, seeders=0), "too_few_seeders"),
    ],
)
def test_a_contradiction_refuses_whatever_else_speaks_for_it(release: Release, code: str) -> None:
    """bindery #1591, #1731, #2276; ABR #189, #214; RMAB #104, #226, #272: each grabbed what this refuses."""
    verdict, found = codes(replace(release, freeleech=True, vip=True))
    assert verdict is Verdict.REFUSE
    assert code in found


@pytest.mark.parametrize(
    ("release", "code"),
    [
        (replace(GOOD, authors=()), "author_unknown"),
        (replace(GOOD, authors=("B. Sanderson",)), "author_unsure"),
        (replace(GOOD, authors=("Sanderson",)), "author_unsure"),
        (replace(GOOD, title="The Final Empires", series=()), "title_near"),
        (replace(GOOD, title="The Final Empire: Ashes Fall", series=()), "title_main_only"),
        (replace(GOOD, title="Mistborn"), "title_differs"),
        (replace(GOOD, title="The Final Empire 1-3", series=()), "maybe_pack"),
        (replace(GOOD, title="The Final Empire (Complete)"), "maybe_pack"),
        (replace(GOOD, language=None), "language_unknown"),
        (replace(GOOD, medium=Medium.UNKNOWN), "medium_unknown"),
        (replace(GOOD, title="The Final Empire (Full Cast)", dramatised=None), "maybe_dramatised"),
        (replace(GOOD, size_bytes=None), "size_unknown"),
        (replace(GOOD, runtime_seconds=20 * HOURS), "runtime_differs"),
        (replace(GOOD, seeders=None), "seeders_unknown"),
    ],
)
def test_missing_evidence_holds_for_a_person(release: Release, code: str) -> None:
    """RMAB took unknown seeders for full points, Shelfarr an unknown language for half."""
    verdict, found = codes(release)
    assert code in found
    assert verdict is Verdict.HOLD or (verdict is Verdict.REFUSE and code == "maybe_pack")


@pytest.mark.parametrize("key", ["guid:MAM:564321", "hash:ABCDEF", "hash:abcdef"])
def test_a_blocked_release_is_refused(key: str) -> None:
    """Listenarr #838: the same dead release for ever."""
    release = replace(GOOD, info_hash="AbCdEf")
    assert codes(release, blocked=frozenset({key, "guid:Prowlarr:1"}))[0] is Verdict.REFUSE
    assert codes(release, blocked=frozenset({"guid:Prowlarr:564321"}))[0] is Verdict.ACCEPT
    assert block_keys(release) == {"guid:MAM:564321", "hash:abcdef"}


def test_a_short_title_takes_nothing_else() -> None:
    """ABR #112: "It" matched anything."""
    wanted = Work("It", ("Stephen King",))
    assert (
        judge(
            wanted, replace(GOOD, title="It Grows on You", authors=("Stephen King",), series=()), preferences=ANY
        ).verdict
        is Verdict.REFUSE
    )
    assert (
        judge(wanted, replace(GOOD, title="It", authors=("Stephen King",), series=()), preferences=ANY).verdict
        is Verdict.ACCEPT
    )


def test_an_unknown_runtime_alone_holds_nothing() -> None:
    wanted = replace(WANTED, expected_runtime_seconds=None)
    assert codes(GOOD, wanted)[0] is Verdict.ACCEPT


def test_a_wanted_box_set_takes_the_pack_and_not_its_volumes() -> None:
    wanted = Work("Mistborn Trilogy", SANDERSON, SeriesRef("Mistborn", "1-3"), is_collection=True)
    pack = replace(GOOD, title="Mistborn Trilogy", series=(SeriesRef("Mistborn", "1-3"),))
    assert codes(pack, wanted)[0] is Verdict.ACCEPT
    assert codes(GOOD, wanted)[0] is Verdict.REFUSE
    assert codes(replace(pack, series=(SeriesRef("Mistborn", "1-2"),)), wanted)[0] is Verdict.REFUSE


def test_another_title_of_the_work_is_the_work() -> None:
    wanted = replace(WANTED, other_titles=("El imperio final",))
    assert codes(replace(GOOD, title="El imperio final", series=()), wanted)[0] is Verdict.ACCEPT


def test_what_is_allowed_is_not_refused() -> None:
    allowed = Preferences(allow_abridged=True, allow_dramatised=True)
    release = replace(GOOD, abridged=True, dramatised=True)
    assert judge(WANTED, release, preferences=allowed).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (replace(GOOD, filetype="m4b"), replace(GOOD, filetype="mp3")),
        (replace(GOOD, filetype="mp3"), replace(GOOD, filetype="flac")),
        (replace(GOOD, freeleech=True), GOOD),
        (replace(GOOD, seeders=30), replace(GOOD, seeders=2)),
        (replace(GOOD, filetype="mp3", narrators=("Michael Kramer",)), replace(GOOD, narrators=("Someone Else",))),
        (replace(GOOD, runtime_seconds=24.5 * HOURS), replace(GOOD, runtime_seconds=24.1 * HOURS)),
    ],
)
def test_the_better_of_two_accepted_is_chosen(better: Release, worse: Release) -> None:
    preferences = Preferences(preferred_narrators=("Michael Kramer",))
    first, second = replace(better, guid="2"), replace(worse, guid="1")
    judged = [(release, judge(WANTED, release, preferences=preferences)) for release in (second, first)]
    chosen = choose(judged)
    assert chosen is not None
    assert chosen[0] == first


def test_nothing_accepted_is_nothing_chosen() -> None:
    """ABR #189: an all-invalid list still downloaded its first."""
    bad = [replace(GOOD, authors=("Someone Else",)), replace(GOOD, language=None)]
    assert choose((release, judge(WANTED, release, preferences=ANY)) for release in bad) is None
    assert choose([]) is None


_releases = st.builds(
    Release,
    source=st.sampled_from(["MAM", "Prowlarr"]),
    guid=st.sampled_from(["1", "2", "3"]),
    title=st.sampled_from(["The Final Empire", "Final Empire", "The Well of Ascension", "Mistborn 1-3", "?", ""]),
    authors=st.sampled_from([SANDERSON, (), ("Brian Sanderson",)]),
    series=st.sampled_from([(), (SeriesRef("Mistborn", "1"),), (SeriesRef("Mistborn", "2"),)]),
    medium=st.sampled_from(Medium),
    language=st.sampled_from(["English", "German", None]),
    filetype=st.sampled_from(["m4b", "mp3", "epub", None]),
    size_bytes=st.sampled_from([700_000_000, 5, None, 0]),
    seeders=st.sampled_from([None, 0, 1, 50]),
    abridged=st.sampled_from([None, True, False]),
    freeleech=st.booleans(),
)


@given(_releases)
def test_nothing_with_a_contradiction_or_a_doubt_is_accepted(release: Release) -> None:
    judgement = judge(WANTED, release, preferences=ANY, siblings=SIBLINGS)
    if judgement.verdict is Verdict.ACCEPT:
        assert release.authors == SANDERSON
        assert "final empire" in release.title.lower()
        assert release.medium is Medium.AUDIOBOOK
        assert release.language == "English"
        assert release.size_bytes == 700_000_000
        assert release.seeders
        assert release.abridged is not True
        assert SeriesRef("Mistborn", "2") not in release.series
    assert judgement.reasons


@given(st.lists(_releases, max_size=8), st.integers())
def test_the_choice_hangs_on_no_order(releases: list[Release], seed: int) -> None:
    judged = [(release, judge(WANTED, release, preferences=ANY)) for release in releases]
    shuffled = list(judged)
    Random(seed).shuffle(shuffled)
    first, second = choose(judged), choose(shuffled)
    assert (first is None) == (second is None)
    if first and second:
        assert first[1].rank == second[1].rank
        assert (first[0].source, first[0].guid) == (second[0].source, second[0].guid)


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=20))
def test_any_text_can_be_judged(title: str, author: str, tags: str) -> None:
    release = replace(GOOD, title=title, authors=(author,), tags=tags, series=(SeriesRef(author, tags),))
    assert judge(WANTED, release, preferences=ANY, siblings=SIBLINGS).reasons
    assert judge(Work(title, (author,), SeriesRef(tags, title)), release, preferences=ANY).reasons
