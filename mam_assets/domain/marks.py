"""What a title says about itself: a summary, a companion, a box set, a part, abridged, dramatised.

Belongs here: the words, and reading them as words (never as substrings: "Unabridged" holds "abridged"). Does not belong
here: what follows from a mark (gaps, release, identity).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from mam_assets.domain.names import Position, fold, parse_position


class Mark(StrEnum):
    """A title's own word on what it is."""

    SUMMARY = "summary"  # study guides and analyses of another work
    COMPANION = "companion"  # guides, colouring books, diaries beside the series
    ADAPTATION = "adaptation"  # graphic novels, screenplays, graded readers: the story, but not the work
    SAMPLE = "sample"
    COLLECTION = "collection"  # certainly more than one work
    MAYBE_COLLECTION = "maybe_collection"  # words that single works use too ("trilogy", "collection")
    PART = "part"  # less than the work
    ABRIDGED = "abridged"
    DRAMATISED = "dramatised"
    MAYBE_DRAMATISED = "maybe_dramatised"  # a full cast may also simply read


_NUMBER = r"(?:[0-9]+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"

# Matched against folded text: no punctuation, one space, lower case.
_WORDS: tuple[tuple[Mark, str], ...] = (
    (
        Mark.SUMMARY,
        r"(?:^|book |a |an |the |detailed |complete |executive )summary (?:of|and|to)|^summary|[^ ] (?:a )?summary$"
        r"|analysis of .+ by|(?:summary|analysis) (?:and|review)|study guides?|(?:teachers?|reading|discussion) guide"
        r"|guide to .+ by|spark ?notes|cliffs? ?notes|book ?rags|book ?caps|super ?summary|instaread|lit ?charts|shmoop"
        r"|quicklet|blinkist|key (?:takeaways|insights)|conversation starters|lesson plans?|novel units|york notes"
        r"|modern critical interpretations|in (?:[0-9]+|fifteen|thirty) minutes|trivia on books|workbook for",
    ),
    (
        Mark.COMPANION,
        r"(?:official|unofficial|illustrated|insiders?|fan|visual|movie|film)(?: \w+)? (?:companion|guide|handbook)"
        r"|ultimate (?:fan )?guide|companion (?:to|guide|book|volume)|guide to the (?:world|series|universe)|trivia"
        r"|colou?ring book|movie (?:diary|storybook)|quiz book|sticker book|do it yourself book|poster book",
    ),
    (
        Mark.ADAPTATION,
        r"graphic (?:novel|history|adaptation|biography)|(?:the )?manga(?: vol.*)?$|screenplay"
        r"|comic adaptation|young readers?(?: edition)?|retold by"
        r"|adapted (?:by|for)|illustrated classics?|penguin readers|oxford bookworms|little golden book|stage play"
        r"|motion picture soundtrack|soundtrack|board book|picture book",
    ),
    (Mark.SAMPLE, r"sampler|free preview|sneak peek|(?:an )?excerpts?(?: from)?|teaser|bonus chapters?"),
    (
        Mark.COLLECTION,
        rf"box(?:ed)? ?sets?|omnibus|(?:books?|bks?|vols?|volumes?|parts) {_NUMBER} (?:to|through|thru|and) {_NUMBER}"
        rf"|{_NUMBER} (?:book|books|volume|copy|novel|novels) (?:box(?:ed)? )?(?:set|collection|bundle|pack)"
        rf"|(?:complete|entire|whole) (?:\w+ ){{0,3}}(?:series|saga|trilogy|collection|novels|cycle|set)|book bundle"
        r"|(?:series|trilogy|saga) (?:collection|bundle|set|pack)|complete works|collected works|complete novels",
    ),
    (
        Mark.MAYBE_COLLECTION,
        r"omnibus|collection|trilogy|quartet|duology|tetralogy|anthology|bundle|collectors edition|treasury"
        r"|complete|pack",
    ),
    (Mark.PART, rf"part {_NUMBER} of {_NUMBER}|parts? {_NUMBER} of {_NUMBER}|(?:disc|cd) [0-9]+ of [0-9]+"),
    (
        Mark.DRAMATISED,
        r"dramati[sz](?:ed|ation)|graphic ?audio|(?:radio|audio|full cast) (?:drama|play|theatre|theater|dramati\w+)"
        r"|bbc radio (?:full cast|drama|play|[0-9])|a movie in your mind",
    ),
    (Mark.MAYBE_DRAMATISED, r"full cast|multi ?cast|audio production"),
)
_PATTERNS = {mark: re.compile(rf"(?<![^ ])(?:{words})(?![^ ])") for mark, words in _WORDS}
# Of each mark's words those without which its pattern can't match: most titles hold none of any, and are done.
_CLUES: dict[Mark, str] = {
    Mark.SUMMARY: "summary supersummary analysis guide guides sparknotes notes cliffnotes cliffsnotes bookrags rags"
    " bookcaps caps instaread litcharts charts shmoop quicklet blinkist takeaways insights starters plan plans units"
    " interpretations minutes books workbook",
    Mark.COMPANION: "companion guide handbook trivia book movie",
    Mark.ADAPTATION: "graphic manga screenplay comic reader readers retold adapted classic classics bookworms book play"
    " soundtrack",
    Mark.SAMPLE: "sampler preview peek excerpt excerpts teaser chapter chapters",
    Mark.COLLECTION: "box boxed boxset boxsets boxedset boxedsets omnibus book books bk bks vol vols volume volumes"
    " parts copy novel novels complete entire whole series trilogy saga collected",
    Mark.MAYBE_COLLECTION: "omnibus collection trilogy quartet duology tetralogy anthology bundle collectors treasury"
    " complete pack",
    Mark.PART: "part parts disc cd",
    Mark.DRAMATISED: "dramatised dramatized dramatisation dramatization graphic graphicaudio drama play theatre theater"
    " radio movie full audio",
    Mark.MAYBE_DRAMATISED: "cast multicast audio",
}
_MARKS_OF_CLUE: dict[str, tuple[Mark, ...]] = {
    word: tuple(mark for mark, clues in _CLUES.items() if word in clues.split())
    for clues in _CLUES.values()
    for word in clues.split()
}
_UNABRIDGED = re.compile(r"(?<![^ ])(?:un|non|not) abridged(?![^ ])|(?<![^ ])unabridged(?![^ ])")
_ABRIDGED = re.compile(r"(?<![^ ])(?:abridged|abridgement|abridgment|condensed|readers digest)(?![^ ])")
_OF_ABRIDGING = ("abridg", "condensed", "digest")
_PART_IN_BRACKET = re.compile(r"(?<!\w)[0-9]{1,2}\s*(?:of|/)\s*[0-9]{1,2}\s*[)\]]")
_DIGIT = re.compile(r"[0-9]")
_RANGE = re.compile(
    r"(?:\bbooks?|\bbks?\.?|\bvols?\.?|\bvolumes?|#)\s*"
    r"(?P<range>#?[0-9]{1,3}\s*(?:[-‐‑‒–—]|to|through|thru|&|and)\s*#?[0-9]{1,3})\b",
    re.IGNORECASE,
)
_BARE_RANGE = re.compile(r"(?<![\w.-])(?P<range>0?[0-9]{1,2}\s?[-–—]\s?0?[0-9]{1,2})(?![\w.-])")
_VOLUME = re.compile(
    r"(?:\bbooks?|\bbks?\.?|\bvols?\.?|\bvolumes?|\bno\.?|#)\s*#?(?P<number>[0-9]{1,3}(?:\.[0-9]{1,2})?|one|two|three|four"
    r"|five|six|seven|eight|nine|ten|eleven|twelve|[ivx]{1,4})\b(?!\s*(?:[-–—]\s*#?[0-9]|to\b|through\b|book|novel))",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def marks_of(title: str) -> frozenset[Mark]:
    """Every mark that a title carries. Words, not substrings; certain ones only, save the MAYBE_ kinds."""
    folded = fold(title)
    possible = {mark for word in folded.split() if word in _MARKS_OF_CLUE for mark in _MARKS_OF_CLUE[word]}
    found = {mark for mark in possible if _PATTERNS[mark].search(folded)}
    if (")" in title or "]" in title) and _PART_IN_BRACKET.search(title):
        found.add(Mark.PART)  # "[1 of 3]": GraphicAudio and old rips split a work so
    if any(word in folded for word in _OF_ABRIDGING) and _ABRIDGED.search(_UNABRIDGED.sub(" ", folded)):
        found.add(Mark.ABRIDGED)
    if range_in(title) is not None:
        found.add(Mark.COLLECTION)
    return frozenset(found)


def marks_of_all(texts: Iterable[str | None]) -> frozenset[Mark]:
    """The marks of several texts (title, tags) together."""
    found: set[Mark] = set()
    for text in texts:
        found |= marks_of(text) if text else frozenset()
    return frozenset(found)


@lru_cache(maxsize=20_000)
def range_in(title: str) -> Position | None:
    """The range that a title names with a label: "Books 1-4", "Vol. 1 to 3", "#1-3"."""
    match = _RANGE.search(title) if _DIGIT.search(title) else None
    position = parse_position(match["range"]) if match else None
    return position if position is not None and position.is_range else None


def bare_range_in(title: str) -> Position | None:
    """A range without a label, "Mistborn 1-3": a sign to look twice, as "Catch 2-2" has one too."""
    match = _BARE_RANGE.search(title) if _DIGIT.search(title) else None
    position = parse_position(match["range"]) if match else None
    return position if position is not None and position.is_range else None


def volume_in(title: str) -> Position | None:
    """The one volume that a title names with a label: "Book 2", "Vol. 3", "#1". None where it names none or several."""
    found = {
        position
        for match in _VOLUME.finditer(title)
        if (position := parse_position(f"book {match['number']}")) is not None
    }
    return found.pop() if len(found) == 1 else None
