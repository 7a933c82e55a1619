"""What a title says of its edition and not of the work: "(Unabridged)", "[MP3 CD]", ": A Novel".

Belongs here: finding such notes at a title's end and taking them off, and reading the bracket that closes a text. Does
not belong here: notes that make it another recording or another work (marks).
"""

from __future__ import annotations

import re
from functools import lru_cache

from mam_assets.domain.folding import fold

_FORMAT = r"(?:m4b|m4a|mp3|aax|flac|ogg|epub|azw3|mobi|pdf|cd|cds|mp3 cd|vip|freeleech)"
_LANGUAGE = r"(?:eng|english|ger|german|fre|french|spa|spanish|ita|italian|dut|dutch)"
_EDITION = re.compile(
    r"(?:the )?(?:un)?abridged(?: (?:audiobook|audio|edition|version|recording))?"
    r"|audio ?books?|audio(?: (?:edition|cd))?|audible(?: studios?)?(?: audio)?|retail"
    rf"|(?:{_LANGUAGE} )?{_FORMAT}(?: {_FORMAT})*|[0-9]{{2,3}} ?kbps(?: {_FORMAT})?|(?:{_FORMAT} )[0-9]{{2,3}} ?kbps"
    r"|(?:mass market |trade )?paperback|hard ?cover|hardback|kindle|e ?book|library binding|large print|light novel"
    r"|(?:\w+ ){1,3}classics?|vintage international|everymans library|(?:\w+ ){0,3}book club(?: (?:pick|selection))?"
    r"|(?:fully )?(?:annotated|illustrated)|dover thrift editions|librivox(?: recording)?"
    r"|(?:.{0,40} )?(?:edition|ed)|(?:international |national )?bestseller|reissue|reprint|movie tie in|a novel"
    r"|full cast(?: recording)?|dramati[sz]ed adaptation|graphic ?audio|(?:narrated|read) by .{1,60}"
    r"|(?:un)?gekurzt(?:e (?:lesung|ausgabe|fassung))?|hor(?:buch|spiel)"
    r"|texte integral|version integrale|version completa|edizione integrale|onverkort"
)
# The genres whose names stand behind a title as if part of it.
_GENRE = r"lit-?rpg|game-?lit|isekai|xianxia|wuxia|cultivation|progression fantasy"
_SEPARATOR = re.compile(r"[:_,–—]|\s-")
_TAIL_CLUE = re.compile(rf"abridged|novel|edition|{_GENRE}", re.IGNORECASE)
_UNABRIDGED = r"(?:un)?abridged(?: (?:audiobook|edition|version))?"
_GENRE_TAIL = rf"(?:an? )?(?:\w+ )?(?:{_GENRE})(?:[ /,]+(?:{_GENRE}|\w+)){{0,3}}"
_EDITION_TAIL = re.compile(
    rf"(?:(?:[:_]|\s[-–—]|,)\s*{_UNABRIDGED}"
    rf"|(?:[:_]|\s[-–—])\s*(?:a novel|(?:the )?(?:\w+ ){{1,4}}edition|{_GENRE_TAIL}))\s*$",
    re.IGNORECASE,
)


def is_edition_note(text: str) -> bool:
    """Whether a text, as it stands in a bracket, says something of the edition and nothing else."""
    return _EDITION.fullmatch(fold(text)) is not None


@lru_cache(maxsize=20_000)
def strip_edition_notes(title: str) -> str:
    """Take "(Unabridged)", "[10th Anniversary Edition]", ": A Novel" off the end. Never empties a title."""
    text = title.strip()
    while True:
        bracket = last_bracket(text)
        if bracket is not None and bracket[0] and is_edition_note(bracket[1]):
            text = bracket[0]
            continue
        shorter = without_edition_tail(text)
        if shorter == text:
            return text
        text = shorter


@lru_cache(maxsize=20_000)
def without_edition_tail(text: str) -> str:
    """Take one ": Unabridged" or ": A Novel" off the end, brackets left on. Never empties a text."""
    if _SEPARATOR.search(text) is None or _TAIL_CLUE.search(text, max(0, len(text) - 60)) is None:
        return text
    shorter = _EDITION_TAIL.sub("", text).strip()
    return shorter if fold(shorter) else text


def last_bracket(text: str) -> tuple[str, str] | None:
    """(what stands before, what stands inside) of a bracket that closes the text; nesting is followed."""
    text = text.rstrip()
    if not text or text[-1] not in ")]":
        return None
    closing = text[-1]
    opening = "(" if closing == ")" else "["
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        if text[index] == closing:
            depth += 1
        elif text[index] == opening:
            depth -= 1
            if depth == 0:
                return text[:index].rstrip(), text[index + 1 : -1].strip()
    return None
