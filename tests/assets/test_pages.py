"""No text of a stranger takes effect as markup on a page of Dagster's."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import mam_assets
from mam_assets.assets import ASSETS
from mam_assets.assets.pages import Page, plain
from mam_assets.assets.reporting import materialised
from mam_assets.sandbox.world.model import WorldSeries
from tests.assets.catalog_world import MakeWorld, author, release, work
from tests.assets.house import House, item

# As Dagster's UI reads it: tables and strikethrough too. Addresses are links to themselves there, and here are none.
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def read(markdown: str) -> tuple[set[str], str]:
    """The tags that a reader makes of a page, and its words."""
    html = READER.render(markdown)
    tags = set(re.findall(r"<(\w+)", html))
    return tags, " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden -->",
    "a | b || c",
    "`code` ``` fence",
    "[a link](javascript:alert(1)) ![an image](http://x.example/y.png)",
    "[a reference]: http://x.example",
    "<http://x.example>",
    "first\n\n# second\r\n- third\n| a |\n|---|",
    "first\u2028# second\x0b- third\x85> fourth",
    "**bold** __bold__ *slanted* _slanted_ ~~struck~~ ~struck~",
    "# heading",
    "1. first",
    "2001) second",
    "- point",
    "+ point",
    "===",
    "> quoted",
    "&lt;b&gt; &amp; &#60;",
    "ends with a backslash \\",
    "\\*escaped\\*",
    "    indented",
    "snake_case_name and __init__",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_shown_as_it_stands(text: str) -> None:
    shown = " ".join(text.split())
    puts: list[tuple[Callable[[Page], None], set[str]]] = [
        (lambda page: page.words(text), {"p"}),
        (lambda page: page.heading(text), {"h3"}),
        (lambda page: page.listed([text]), {"ul", "li"}),
        (lambda page: page.listed([(text, text)]), {"ul", "li", "strong"}),
        (lambda page: page.table([text], [[text]]), {"table", "thead", "tbody", "tr", "th", "td"}),
    ]
    for put, tags in puts:
        page = Page()
        put(page)
        found, words = read(page.markdown)
        assert (found, words.replace(shown, "").split()) == (tags, [])


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_program_wrote_is_shown_line_for_line(text: str) -> None:
    page = Page()
    page.listed(["before"])
    page.output(f"{text}\n{text}")
    page.words("behind")
    found, words = read(page.markdown)
    assert found == {"ul", "li", "pre", "code", "p"}
    assert " ".join(f"before {text} {text} behind".split()) == words


# What no reader of Markdown passes on: it has no place in text.
_letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_texts = st.text(_letters | st.sampled_from("\\`*_[]()<>|~&#+-=.!\n1a "), max_size=60)


@given(_texts, _texts)
def test_whatever_stands_in_texts_the_page_keeps_its_form(one: str, other: str) -> None:
    page = Page()
    page.heading(f"a{one}")
    page.table(["Title", "Author"], [[one, other], [other, None]])
    page.listed([f"{one}.", (f"{other}.", one)])
    page.words(f"{other}.")
    found, words = read(page.markdown)
    assert found == {"h3", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong", "p"}
    told = f"a{one} Title Author {one} {other} {other} {one}. {other}. {one} {other}."
    assert "".join(words.split()) == "".join(told.split())


def test_a_long_text_is_cut_and_nothing_is_shown_as_nothing() -> None:
    assert (plain("x" * 900), plain(None), plain(0)) == ("x" * 200, "", "0")


def test_a_page_with_nothing_on_it_is_not_shown() -> None:
    metadata = materialised({"books": 0}, told=Page(), pages={"lists": Page()}).metadata or {}
    assert set(metadata) == {"books", "problems"}


def test_problems_are_shown_as_they_were_told() -> None:
    metadata = materialised({}, problems=[*HOSTILE, "the last"]).metadata or {}
    markdown = metadata["problem_list"]
    assert isinstance(markdown, dg.MarkdownMetadataValue)
    found, words = read(markdown.value or "")
    assert found == {"ul", "li"}
    assert words.startswith("<script>alert(1)</script> <img src=x")
    assert words.endswith("… and 4 more")


# --- every page that there is -------------------------------------------------------------------------------------


def test_markdown_is_made_in_one_place() -> None:
    """Whoever calls Dagster's Markdown with a text of his own passes this by."""
    root = Path(mam_assets.__file__).parent
    makers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in {"md", "MarkdownMetadataValue"})
    }
    assert makers == {"assets/reporting.py"}


EVIL = "<script>alert(1)</script> [x](javascript:y) `z` | **b** <img src=x onerror=y>"
CRAWLER = f"""
import sys
print({EVIL!r})
print("# {EVIL}", file=sys.stderr)
sys.exit(3)
"""
OURS = {"h3", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong", "p", "pre", "code"}


@pytest.fixture
def evil_house(house_of: MakeWorld, whole_world: Any, tmp_path: Path) -> House:
    """A house in whose world everybody writes markup into whatever he names."""
    writer, saga = f"Eve {EVIL}", "The <script>`Saga`</script>"
    house = house_of(
        [
            item("one", f"First {EVIL}", writer),
            item("two", "Alder", "Ann Evans", series=((saga, "1"),)),
            item("odd", EVIL, "Somebody Else"),
        ],
        authors=[author(1, writer), author(2, "Ann Evans")],
        series=[WorldSeries(1, saga, "Ann Evans")],
        works=[
            *(work(number, f"Work {number} {EVIL}", writer) for number in (1, 2)),
            work(11, "Alder", "Ann Evans", series=1, place="1", description=f"A tale of long ago. {EVIL}"),
            work(12, "Birch", "Ann Evans", series=1, place="2"),
        ],
        releases=[release(whole_world, 900, f"Fourth {EVIL}", writer), release(whole_world, 901, EVIL, writer)],
    )
    for number, offered in enumerate(house.mam_twin._offered):
        object.__setattr__(offered.release, "added", house.clock.now())
        object.__setattr__(offered.release, "category", 41 if number else 47)
    script = tmp_path / "stealth_mam_crawler.py"
    script.write_text(CRAWLER)
    house.settings = house.settings.model_copy(update={"mam_crawler": script})
    return house


def test_no_page_of_the_graph_lets_a_strangers_markup_through(evil_house: House) -> None:
    there = {"database", "settings", "clock", "audiobookshelf", "google_books", "goodreads", "mam"}
    assets = [one for one in ASSETS if isinstance(one, dg.AssetsDefinition) and one.op.required_resource_keys <= there]
    run: Any = evil_house.run(*assets)
    pages = {
        (event.asset_key.path[-1], name): value.value or ""
        for event in run._result.get_asset_materialization_events()
        for name, value in event.materialization.metadata.items()
        if isinstance(value, dg.MarkdownMetadataValue)
    }
    evil = {asset for (asset, _), markdown in pages.items() if "script\\>" in markdown}
    assert evil >= {"book_metadata", "series_gaps", "author_gaps", "genre_top10"}
    assert "<script>" in read(pages["crawled_guides", "last_words"])[1]
    for place, markdown in pages.items():
        assert read(markdown)[0] <= OURS, place
    # Elsewhere a description is the text of a cell, which the UI shows as text.
    (sample,) = [
        event.materialization.metadata["sample"]
        for event in run._result.get_asset_materialization_events()
        if event.asset_key.path[-1] == "book_metadata"
    ]
    changed = {record.data["field"]: record.data["new"] for record in sample.records}
    assert changed["description"].endswith(EVIL)
    assert evil_house.column("SELECT description FROM books WHERE title = 'Alder'") == [changed["description"]]
