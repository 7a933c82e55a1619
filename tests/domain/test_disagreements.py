"""Sources that contradict each other are shown side by side, with the rule that decided."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.domain.disagreements import DECIDED, RULES, disagreements


def entry(source: str = "Goodreads", title: str = "The Gods of Mars", place: str | None = "2", **more: Any) -> Any:
    series = SeriesRef(more.pop("series", "Barsoom"), place)
    values: dict[str, Any] = {"authors": ("Edgar Rice Burroughs",), "series": series} | more
    return CatalogEntry(source=source, source_key=f"{source}-{title}-{place}", title=title, **values)


CASES: list[tuple[str, list[CatalogEntry], dict[str, dict[str, str]]]] = [
    ("one source", [entry()], {}),
    ("two that agree", [entry(), entry("MAM")], {}),
    ("a number of another count", [entry(), entry("Audible", place="12")],
     {"position": {"Goodreads": "2", "Audible": "12", "decided": "speaker"}}),
    ("the same number written otherwise", [entry(), entry("MAM", place="02")], {}),
    ("silence on the number", [entry(), entry("MAM", place=None)], {}),
    ("a number that cannot be read", [entry(), entry("MAM", place="two-ish")],
     {"position": {"Goodreads": "2", "MAM": "two-ish", "decided": "speaker"}}),
    ("a number in another series", [entry(), entry("MAM", place="7", series="Tales of Mars")], {}),
    ("a number in the same series spelled otherwise", [entry(), entry("MAM", place="7", series="The Barsoom Series")],
     {"position": {"Goodreads": "2", "MAM": "7", "decided": "speaker"}}),
    ("dates of two lengths", [entry(published="1913"), entry("GoogleBooks", published="1913-01")], {}),
    ("a reissue", [entry(published="1913"), entry("GoogleBooks", published="2012-01-17")],
     {"published": {"Goodreads": "1913", "GoogleBooks": "2012-01-17", "decided": "earliest"}}),
    ("an article more", [entry(), entry("MAM", "Gods of Mars")], {}),
    ("a subtitle more", [entry(), entry("MAM", "The Gods of Mars: A Novel")], {}),
    ("the series in front", [entry(), entry("MAM", "Barsoom 02 - The Gods of Mars")], {}),
    ("another title", [entry(title="Northern Lights"), entry("Audible", "The Golden Compass")],
     {"title": {"Goodreads": "Northern Lights", "Audible": "The Golden Compass", "decided": "speaker"}}),
    ("initials", [entry(), entry("MAM", authors=("E. R. Burroughs",))], {}),
    ("another author", [entry(), entry("MAM", authors=("Leigh Brackett",))],
     {"authors": {"Goodreads": "Edgar Rice Burroughs", "MAM": "Leigh Brackett", "decided": "speaker"}}),
    ("a recording and none", [entry(audiobook=False), entry("MAM", audiobook=True)],
     {"audiobook": {"Goodreads": "print only", "MAM": "recording", "decided": "any_recording"}}),
    ("a language by its code", [entry(language="en"), entry("MAM", language="English")], {}),
    ("one source that says two things", [entry(), entry("MAM", place="3"), entry("MAM", place="4")],
     {"position": {"Goodreads": "2", "MAM": "3; 4", "decided": "speaker"}}),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_only_contradictions_are_told(entries: list[CatalogEntry], expected: dict[str, dict[str, str]]) -> None:
    assert disagreements(entries) == expected


def test_in_a_series_own_catalogue_every_number_counts_there() -> None:
    """Whatever name a source has for the series: the entry stands in its catalogue."""
    told = disagreements([entry(), entry("MAM", place="7", series="Tales of Mars")], series_name="Barsoom")
    assert told["position"] == {"Goodreads": "2", "MAM": "7", DECIDED: "speaker"}


texts = st.sampled_from(["Goodreads", "MAM", "Audible", "GoogleBooks"])
entries = st.lists(
    st.builds(
        entry,
        texts,
        st.sampled_from(["The Gods of Mars", "Gods of Mars", "Warlord", "?!", ""]),
        st.sampled_from([None, "1", "01", "1-3", "2p1", "x"]),
        published=st.sampled_from([None, "1913", "1913-01", "2012"]),
        audiobook=st.sampled_from([None, True, False]),
        language=st.sampled_from([None, "en", "English", "German"]),
    ),
    max_size=5,
)


@given(entries)
def test_each_rule_has_words_and_each_field_two_values(lines: list[CatalogEntry]) -> None:
    for told in disagreements(lines).values():
        assert told[DECIDED] in RULES
        values = [part for source, value in told.items() if source != DECIDED for part in value.split("; ")]
        assert len(set(values)) > 1
        assert set(told) - {DECIDED} <= {line.source for line in lines}


@given(entries)
def test_an_entry_never_contradicts_itself(lines: list[CatalogEntry]) -> None:
    for line in lines:
        assert disagreements([line, line]) == {}
