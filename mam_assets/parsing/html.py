"""HTML read without surprises: soup made from any text, and the few questions asked of it.

Belongs here: what does not depend on one site. Does not belong here: selectors of a site (its own module).
bs4 is only imported where there is a page to read: every Dagster process loads these modules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mam_assets.parsing.answers import Fault, UnusableAnswer
from mam_assets.parsing.json_values import text

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag


def page_of(markup: str) -> BeautifulSoup:
    """The page. Raises UnusableAnswer (missing) where its title says 404, (nonsense) where it is no HTML."""
    from bs4 import BeautifulSoup
    from bs4.exceptions import ParserRejectedMarkup

    # A declaration of XML would only bring a warning; what stands in these pages is HTML.
    markup = re.sub(r"<\?xml[^>]*>", "", markup)
    try:
        soup = BeautifulSoup("<!DOCTYPE html>\n" + markup, "html.parser")
    except (ParserRejectedMarkup, RecursionError) as error:
        raise UnusableAnswer(Fault.NONSENSE, "the page is no HTML", "Try again later") from error
    title = soup.title.get_text() if soup.title else ""
    if re.match(r"\s*404\b", title):
        raise UnusableAnswer(Fault.MISSING, "the page is its 404 page", "What was there has been removed or merged")
    return soup


def attribute(tag: Tag, name: str) -> str:
    """The value of an attribute as one text; "" where it is missing."""
    value = tag.get(name)
    return " ".join(value) if isinstance(value, list) else (value or "")


def first_text(soup: BeautifulSoup | Tag, selector: str) -> str | None:
    """The words of the first match, on one line."""
    found = soup.select_one(selector)
    return text(" ".join(found.get_text(" ").split())) if found else None


def linked_id(tag: Tag, path: re.Pattern[str]) -> str | None:
    """The id inside the address that a link leads to."""
    found = path.search(attribute(tag, "href"))
    return found[1] if found else None


def plain(markup: str) -> str | None:
    """A fragment of HTML as text: paragraphs and line breaks become new lines."""
    from bs4 import BeautifulSoup
    from bs4.exceptions import ParserRejectedMarkup

    try:
        soup = BeautifulSoup(f"<div>{markup}</div>", "html.parser")
    except (ParserRejectedMarkup, RecursionError):
        return None
    for line_break in soup.find_all(["br", "p"]):
        line_break.insert_after("\n")
    return text(re.sub(r"[ \t]*\n\s*", "\n", soup.get_text()))
