"""What is sent to Audiobookshelf, and what never is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.metadata import Mode
from mam_assets.domain.write_back import Sending, Side, arrived, plan, same_shown


def side(ours: dict[str, Any], theirs: dict[str, Any], source: str = "GoogleBooks", **changes: Any) -> Side:
    names = {*ours, *theirs}
    given_: dict[str, Any] = {"seen": theirs, "written": {}, "sources": dict.fromkeys(names, source), "locked": ()}
    return Side(ours=ours, theirs=theirs, **{**given_, **changes})


def sent(of: Side, mode: Mode) -> dict[str, Any]:
    return dict(plan(of, mode).body)


# What is ours, what is there, and what is sent by fill and by correct.
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("empty there", {"publisher": "Ace"}, {}, {"publisher": "Ace"}, {"publisher": "Ace"}),
    ("the same", {"publisher": "Ace"}, {"publisher": " Ace "}, {}, {}),
    ("differs", {"publisher": "Ace"}, {"publisher": "Tor"}, {}, {"publisher": "Ace"}),
    ("empty here", {}, {"publisher": "Tor"}, {}, {}),
    ("a year", {"published_year": "1965"}, {}, {"publishedYear": "1965"}, {"publishedYear": "1965"}),
    ("narrators", {"narrator": ["A", "B"]}, {}, {"narrators": ["A", "B"]}, {"narrators": ["A", "B"]}),
    ("narrators differ", {"narrator": ["A", "B"]}, {"narrator": ["A"]}, {}, {"narrators": ["A", "B"]}),
    ("authors differ", {"author": ["A"]}, {"author": ["B"]}, {}, {"authors": [{"name": "A"}]}),
    (
        "a series",
        {"series": ["Oz"], "series_number": ["1"]},
        {},
        {"series": [{"name": "Oz", "sequence": "1"}]},
        {"series": [{"name": "Oz", "sequence": "1"}]},
    ),
    (
        "a series without a place",
        {"series": ["Oz"]},
        {},
        {"series": [{"name": "Oz", "sequence": None}]},
        {"series": [{"name": "Oz", "sequence": None}]},
    ),
    (
        "the place of the second series, whose others stay",
        {"series": ["Oz"], "series_number": ["3"]},
        {"series": ["Fairyland", "The Oz Series"], "series_number": ["7", None]},
        {"series": [{"name": "Fairyland", "sequence": "7"}, {"name": "The Oz Series", "sequence": "3"}]},
        {"series": [{"name": "Fairyland", "sequence": "7"}, {"name": "The Oz Series", "sequence": "3"}]},
    ),
    (
        "another place",
        {"series": ["Oz"], "series_number": ["3"]},
        {"series": ["Oz"], "series_number": ["4"]},
        {},
        {"series": [{"name": "Oz", "sequence": "3"}]},
    ),
    (
        "a series that is none of those there, which stay",
        {"series": ["Oz"], "series_number": ["3"]},
        {"series": ["Third", "Other"], "series_number": ["4", None]},
        {},
        {
            "series": [
                {"name": "Oz", "sequence": "3"},
                {"name": "Third", "sequence": "4"},
                {"name": "Other", "sequence": None},
            ]
        },
    ),
    ("a series empty here", {}, {"series": ["Oz"], "series_number": ["1"]}, {}, {}),
]


@pytest.mark.parametrize(("ours", "theirs", "fill", "correct"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_differs_is_sent_as_the_setting_allows(
    ours: dict[str, Any], theirs: dict[str, Any], fill: dict[str, Any], correct: dict[str, Any]
) -> None:
    assert sent(side(ours, theirs), "fill") == fill
    assert sent(side(ours, theirs), "correct") == correct
    assert sent(side(ours, theirs), "off") == {}


def test_what_audiobookshelf_said_itself_is_never_sent_back() -> None:
    of = side({"publisher": "Ace", "author": ["A", "B"]}, {"author": ["A & B"]}, source="Audiobookshelf")
    assert sent(of, "correct") == {}


def test_what_we_wrote_ourselves_is_replaced_by_what_we_know_now() -> None:
    of = side({"publisher": "Ace"}, {"publisher": "Tor"}, written={"publisher": "Tor"})
    assert sent(of, "fill") == {"publisher": "Ace"}


@pytest.mark.parametrize(
    ("theirs", "body"),
    [
        ({"publisher": "Tor"}, {"publisher": None}),
        ({"narrator": ["A"]}, {"narrators": []}),
        ({"series": ["Oz"], "series_number": ["1"]}, {"series": []}),
    ],
)
def test_a_field_is_emptied_only_where_a_person_emptied_it(theirs: dict[str, Any], body: dict[str, Any]) -> None:
    emptied = {"locked": [next(iter(theirs))], "former_series": theirs.get("series", ())}
    assert sent(side({}, theirs), "correct") == {}
    assert sent(side({}, theirs, **emptied), "correct") == body
    assert sent(side({}, theirs, **emptied), "fill") == {}
    assert sent(side({}, theirs, **emptied, written=theirs), "fill") == body


# What the item is in, what our series was called (the latest first), and what is left there.
LEFT_OUT: list[tuple[str, list[str], list[str], dict[str, Any], list[str] | None]] = [
    ("the first", ["Oz", "Other", "Third"], ["Oz"], {}, ["Other", "Third"]),
    ("the second", ["Other", "The Oz Series"], ["Oz"], {}, ["Other"]),
    ("the only one", ["Oz"], ["Oz"], {}, []),
    ("not there", ["Other", "Third"], ["Oz"], {}, None),
    ("there under the name it had before", ["Ozz", "Other"], ["Oz", "Ozz"], {}, ["Other"]),
    ("the latest of two names", ["Ozz", "Oz"], ["Oz", "Ozz"], {}, ["Ozz"]),
    ("the only one, under a name we do not know", ["Ozz"], ["Oz"], {}, []),
    ("sent, and not known to have arrived", ["Other"], ["Oz", "Other"], {"written": ["Other"]}, None),
    ("arrived", ["Other"], ["Oz", "Other"], {"written": ["Other"], "unconfirmed": False}, None),
    ("arrived long ago, with another since", ["Other", "Third"], ["Oz", "Other"], {"unconfirmed": False}, None),
    ("arrived so long ago that its name is forgotten", ["Other"], [], {"unconfirmed": False}, None),
]


@pytest.mark.parametrize(
    ("there", "former", "changes", "left"), [c[1:] for c in LEFT_OUT], ids=[c[0] for c in LEFT_OUT]
)
def test_a_book_is_taken_out_of_its_own_series_and_of_no_other(
    there: list[str], former: list[str], changes: dict[str, Any], left: list[str] | None
) -> None:
    places: list[str | None] = [str(place) for place, _ in enumerate(there, start=1)]
    of = side(
        {},
        {"series": there, "series_number": places},
        locked=["series"],
        former_series=former,
        unconfirmed=changes.get("unconfirmed", True),
        written={"series": changes["written"]} if "written" in changes else {},
    )
    body = sent(of, "correct")
    assert body == (
        {} if left is None else {"series": [{"name": name, "sequence": str(there.index(name) + 1)} for name in left]}
    )


@given(st.lists(st.sampled_from(["Oz", "Other", "Third", "Fourth"]), unique=True), st.booleans(), st.booleans())
def test_what_was_left_out_once_is_left_out_once(there: list[str], unconfirmed: bool, wrote: bool) -> None:
    """Whatever is left of the list, and whether or not the first sending is known to have arrived."""
    of = side({}, {"series": there}, locked=["series"], former_series=["Oz", "Third"], unconfirmed=unconfirmed)
    sending = plan(of, "correct")
    if not sending.body:
        return
    left = [entry["name"] for entry in sending.body["series"]]
    assert len(left) == len(there) - 1
    after = side({}, {"series": left}, locked=["series"], former_series=["Oz", "Third"], unconfirmed=wrote)
    assert sent(replace(after, written=sending.written), "correct") == {}


def test_the_last_author_is_never_taken_off() -> None:
    assert sent(side({}, {"author": ["A"]}, locked=["author"]), "correct") == {}


def test_what_the_server_makes_of_our_text_is_not_sent_for_ever() -> None:
    """Its sanitiser takes markup out of a description."""
    of = {"ours": {"description": "<b>x</b>"}, "theirs": {"description": "x"}, "written": {"description": "<b>x</b>"}}
    assert sent(side(**of), "correct") == {}  # type: ignore[arg-type]
    assert sent(side(**of, unconfirmed=True), "correct") == {"description": "<b>x</b>"}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("former", "written", "others"),
    [
        (["The Ozz Series"], {}, ["Other"]),
        (["Somewhere", "Other"], {}, ["Ozz"]),
        ([], {}, ["Ozz", "Other"]),
        ([], {"series": ["Ozz", "Other"]}, ["Ozz", "Other"]),
    ],
    ids=["the first", "the second", "none is known", "a list of which we do not know what was ours"],
)
def test_a_series_replaces_the_one_it_came_from_and_no_other(
    former: list[str], written: dict[str, Any], others: list[str]
) -> None:
    theirs = {"series": ["Ozz", "Other"]}
    of = side({"series": ["Oz"]}, theirs, "Manual", locked=["series"], former_series=former, written=written)
    assert [entry["name"] for entry in sent(of, "correct")["series"]] == ["Oz", *others]


def test_the_only_series_that_we_wrote_is_replaced() -> None:
    theirs = {"series": ["Ozz"]}
    assert sent(side({"series": ["Oz"]}, theirs, written=theirs), "fill") == {
        "series": [{"name": "Oz", "sequence": None}]
    }


def test_what_is_written_is_noted_as_it_will_be_shown() -> None:
    of = side(
        {"series": ["Oz"], "series_number": ["1"], "published_year": "1900"}, {"narrator": ["A"]}, locked=["narrator"]
    )
    assert plan(of, "correct") == Sending(
        {"publishedYear": "1900", "narrators": [], "series": [{"name": "Oz", "sequence": "1"}]},
        {"published_year": "1900", "narrator": None, "series": ["Oz"], "series_number": ["1"]},
    )


_texts = st.sampled_from(["", "A", "B"])
_plain = st.dictionaries(st.sampled_from(["publisher", "isbn", "language"]), _texts)
_listed = st.dictionaries(st.sampled_from(["narrator", "series", "series_number"]), st.lists(_texts, max_size=2))
_values = st.builds(lambda plain, listed: {**plain, **listed}, _plain, _listed)


@given(_values, _values, _values, _values, st.sets(st.sampled_from(["publisher", "isbn", "narrator", "series"])))
def test_fill_never_replaces_what_we_did_not_write(
    ours: dict[str, Any], theirs: dict[str, Any], seen: dict[str, Any], written: dict[str, Any], locked: set[str]
) -> None:
    of = side(ours, theirs, seen=seen, written=written, locked=locked)
    sending = plan(of, "fill")
    for name in sending.written:
        if name not in ("series", "series_number") and not same_shown(theirs.get(name), None):
            assert same_shown(theirs.get(name), written.get(name))
    assert set(plan(of, "correct").body) >= set(sending.body)
    assert all(isinstance(entry["sequence"], str | None) for entry in sending.body.get("series", ()))


OZ = {"series": ["Oz"], "series_number": ["3"]}


@pytest.mark.parametrize(
    ("written", "shown", "fields"),
    [
        ({"publisher": "Ace  Books"}, {"publisher": "Ace Books", "title": "Edited"}, {"publisher"}),
        ({"publisher": "Ace"}, {"publisher": "My Own Press"}, set()),
        ({"publisher": "Ace"}, {}, set()),
        ({"isbn": "978-0-441-17271-9", "narrator": None}, {"isbn": "9780441172719"}, {"isbn", "narrator"}),
        ({"description": "Dark & cold"}, {"description": "<p>Dark &amp; cold</p>"}, {"description"}),
        (OZ, {"series": ["oz"], "series_number": ["3"]}, {"series", "series_number"}),
        (OZ, {"series": ["Oz"], "series_number": ["4"]}, set()),
        ({**OZ, "title": "Ozma"}, {"series": ["Mine"], "series_number": ["3"], "title": "Ozma"}, {"title"}),
        ({"series": None, "series_number": None}, {}, {"series", "series_number"}),
    ],
)
def test_what_was_sent_has_arrived_where_it_is_shown_in_any_form(
    written: dict[str, Any], shown: dict[str, Any], fields: set[str]
) -> None:
    assert arrived(written, shown) == fields
