"""What is changed in a book, and the rule that decided."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import MetadataSuggestion
from mam_assets.domain.metadata import TRUST, WEIGHTS, Change, merge, says_the_same, sensible


def says(source: str, **values: str | None) -> MetadataSuggestion:
    return MetadataSuggestion(source, values)


def changed(changes: tuple[Change, ...]) -> dict[str, tuple[str, str]]:
    return {change.field: (change.new, change.source) for change in changes}


def test_an_empty_field_is_filled_by_the_most_trusted() -> None:
    suggestions = [
        says("MAM", publisher="Uploader"),
        says("GoogleBooks", publisher="Macmillan"),
        says("Goodreads", publisher="Tor"),
    ]
    assert changed(merge({}, {}, (), suggestions, "fill")) == {"publisher": ("Macmillan", "GoogleBooks")}


def test_fill_leaves_what_is_there() -> None:
    assert merge({"publisher": "Audible"}, {}, (), [says("GoogleBooks", publisher="Macmillan")], "fill") == ()


def test_correct_replaces_what_is_trusted_less_and_nothing_else() -> None:
    current = {"publisher": "Uploader", "language": "English"}
    sources = {"publisher": "MAM", "language": "GoogleBooks"}
    suggestions = [says("Goodreads", publisher="Macmillan", language="German")]
    assert changed(merge(current, sources, (), suggestions, "correct")) == {"publisher": ("Macmillan", "Goodreads")}


def test_off_changes_nothing() -> None:
    assert merge({}, {}, (), [says("GoogleBooks", title="Dune")], "off") == ()


@pytest.mark.parametrize("source", ["Manual", "Audiobookshelf"])
def test_no_edit_of_a_person_is_overwritten(source: str) -> None:
    """ABS #1658, bindery #1237: edits were overwritten."""
    suggestions = [says("GoogleBooks", title="Dune: A Novel of Spice")]
    assert merge({"title": "Dune!!"}, {"title": source}, (), suggestions, "correct") == ()


@pytest.mark.parametrize("mode", ["fill", "correct"])
def test_a_locked_field_is_never_changed_not_even_when_empty(mode: str) -> None:
    assert merge({"title": ""}, {}, ("title",), [says("GoogleBooks", title="Dune")], mode) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("isbn", "9780439554931"),
        ("isbn", "0"),
        ("asin", "0439554934"),
        ("published_year", "0000"),
        ("published_year", "9999"),
        ("published_year", "19655"),
        ("duration_minutes", "-3"),
        ("duration_minutes", "0"),
        ("publisher", "Unknown"),
        ("author", "N/A"),
        ("description", "Discover and share books you love on Goodreads."),
        ("description", "short"),
        ("series_number", "II"),
        ("publisher", " \x00 "),
    ],
)
def test_nonsense_is_refused_and_the_next_source_asked(field: str, value: str) -> None:
    assert sensible(field, value) is None
    assert merge({}, {}, (), [says("GoogleBooks", **{field: value})], "fill") == ()


def test_the_next_source_is_asked_after_nonsense() -> None:
    suggestions = [says("GoogleBooks", isbn="9780439554931"), says("Goodreads", isbn="0439554934")]
    assert changed(merge({}, {}, (), suggestions, "fill")) == {"isbn": ("9780439554930", "Goodreads")}


def test_a_date_gives_its_year() -> None:
    assert sensible("published_year", "1965-08-01") == "1965"


def test_a_right_isbn_of_another_edition_stays() -> None:
    suggestion = [says("GoogleBooks", isbn="9780804429573")]
    assert merge({"isbn": "0439554934"}, {"isbn": "MAM"}, (), suggestion, "correct") == ()
    assert changed(merge({"isbn": "12345"}, {"isbn": "MAM"}, (), suggestion, "correct")) == {
        "isbn": ("9780804429573", "GoogleBooks")
    }


def test_spelling_alone_is_no_correction() -> None:
    current = {"title": "The Hobbit", "series_number": "01", "series": "Middle-earth"}
    suggestion = [says("GoogleBooks", title="The  HOBBIT", series="Middle Earth", series_number="1")]
    assert merge(current, dict.fromkeys(current, "MAM"), (), suggestion, "correct") == ()


def test_a_number_is_taken_only_for_its_own_series() -> None:
    """Audnexus.bundle #25: one book is 15 in one series and 2 in another."""
    witches = says("Goodreads", series="Witches", series_number="1")
    discworld = says("MAM", series="The Discworld Series", series_number="3")
    current = {"series": "Discworld"}
    assert changed(merge(current, {}, (), [witches, discworld], "fill")) == {"series_number": ("3", "MAM")}
    assert changed(merge({}, {}, (), [witches, discworld], "fill")) == {
        "series": ("Witches", "Goodreads"),
        "series_number": ("1", "Goodreads"),
    }


def test_a_series_is_not_renamed_under_its_number() -> None:
    current = {"series": "Witches", "series_number": "1"}
    sources = {"series": "MAM", "series_number": "MAM"}
    assert (
        merge(
            current, sources, ("series_number",), [says("Goodreads", series="Discworld", series_number="3")], "correct"
        )
        == ()
    )
    renamed = merge(current, sources, (), [says("Goodreads", series="Discworld", series_number="3")], "correct")
    assert changed(renamed) == {"series": ("Discworld", "Goodreads"), "series_number": ("3", "Goodreads")}


AGREEING = [says("Goodreads", published_year="1897"), says("GoogleBooks", published_year="1897-05-26")]


@pytest.mark.parametrize("source", ["Audiobookshelf", None])
def test_two_sources_that_agree_stand_against_a_tag(source: str | None) -> None:
    (change,) = merge({"published_year": 2015}, {"published_year": source} if source else {}, (), AGREEING, "correct")
    assert (change.old, change.new, change.source) == ("2015", "1897", "GoogleBooks")
    assert change.reason.startswith("two sources agree against what Audiobookshelf showed ('2015')")


@pytest.mark.parametrize(
    "suggestions",
    [
        AGREEING[:1],
        [says("GoogleBooks", published_year="1897"), says("GoogleBooks", published_year="1897")],
        [says("GoogleBooks", published_year="1897"), says("Goodreads", published_year="1901")],
        [*AGREEING, says("Audible", published_year="2015")],
    ],
    ids=["one alone", "one source twice", "they disagree", "a third one agrees with what is there"],
)
def test_less_than_two_agreeing_sources_leave_what_audiobookshelf_showed(suggestions: list[MetadataSuggestion]) -> None:
    assert merge({"published_year": 2015}, {"published_year": "Audiobookshelf"}, (), suggestions, "correct") == ()


def test_many_right_values_of_a_field_are_no_contradiction() -> None:
    """A publisher is an edition's: two sources that know another edition prove nothing."""
    suggestions = [says("GoogleBooks", publisher="Penguin"), says("Goodreads", publisher="Penguin")]
    assert merge({"publisher": "Audible"}, {"publisher": "Audiobookshelf"}, (), suggestions, "correct") == ()


def test_nonsense_that_audiobookshelf_shows_is_replaced() -> None:
    current = {"series": "Jungle Books", "series_number": "Volume the First"}
    sources = dict.fromkeys(current, "Audiobookshelf")
    suggestion = says("Goodreads", series="The Jungle Books", series_number="1")
    (change,) = merge(current, sources, (), [suggestion], "correct")
    assert (change.field, change.new, change.reason) == ("series_number", "1", "was no possible value")


def test_the_reason_names_the_rule_the_evidence_and_who_says_otherwise() -> None:
    best = MetadataSuggestion("GoogleBooks", {"publisher": "Macmillan"}, "ISBN 9780439554930")
    (change,) = merge({}, {}, (), [says("Goodreads", publisher="Tor"), best], "fill")
    assert change.reason == "was empty (ISBN 9780439554930); Goodreads says 'Tor': GoogleBooks is trusted more"


@pytest.mark.parametrize(
    ("field", "old", "new", "same"),
    [
        ("language", "en", "English", True),
        ("language", "English", "German", False),
        ("series", "The Oz Series", "Oz", True),
        ("narrator", "B. Reader, Anna Voice", "Anna Voice,B Reader", True),
        ("narrator", "Anna Voice", "Anna Voice, B. Reader", False),
        ("isbn", "0-439-55493-4", "9780439554930", True),
        ("series_number", "1.0", "1", True),
    ],
)
def test_spelling_is_told_from_meaning(field: str, old: str, new: str, same: bool) -> None:
    assert says_the_same(field, old, new) is same


@pytest.mark.parametrize(
    ("given", "year"),
    [("1912", "1912"), ("1912-10", "1912"), ("1897-05-26", "1897"), ("1605-01-16T00:00:00", "1605"), ("0897", None)],
)
def test_dates_of_every_length_give_their_year(given: str, year: str | None) -> None:
    assert sensible("published_year", given) == year


def test_markup_in_a_description_is_text() -> None:
    text = "<p>A tale</p><script>alert('x')</script> of some length"
    assert sensible("description", text) == text


_values = st.sampled_from([None, "", "Dune", "Unknown", "1965", "9780439554930", "3", "A long enough description."])
_suggestions = st.lists(
    st.builds(MetadataSuggestion, st.sampled_from(TRUST), st.dictionaries(st.sampled_from(list(WEIGHTS)), _values)),
    max_size=5,
    unique_by=lambda suggestion: suggestion.source,
)
_current = st.dictionaries(st.sampled_from(list(WEIGHTS)), _values)


@given(
    _current, st.sets(st.sampled_from(list(WEIGHTS))), _suggestions, st.sampled_from(["fill", "correct"]), st.integers()
)
def test_merging_keeps_locks_and_hangs_on_no_order(
    current: dict[str, object], locked: set[str], suggestions: list[MetadataSuggestion], mode: str, seed: int
) -> None:
    changes = merge(current, {}, locked, suggestions, mode)  # type: ignore[arg-type]
    shuffled = list(suggestions)
    Random(seed).shuffle(shuffled)
    assert merge(current, {}, locked, shuffled, mode) == changes  # type: ignore[arg-type]
    assert not locked & {change.field for change in changes}
    assert all(change.old is None or mode == "correct" for change in changes)
    assert len({change.field for change in changes}) == len(changes)
