"""What the words of a release's title and tags say of the recording: abridged, dramatised, file type, kind of content.

Belongs here: reading such words, the same for every source of releases. Does not belong here: what to think of a
release that is one of these (domain/release.py).
"""

from __future__ import annotations

import re

from mam_assets.domain.books import Medium

_UNABRIDGED = re.compile(r"\b(?:un-?|non-?|not )abridged\b", re.IGNORECASE)
_ABRIDGED = re.compile(r"\babridge(?:d|ment)\b", re.IGNORECASE)
_DRAMATISED = re.compile(
    r"\bdramati[sz](?:ed|ation)\b|\bfull[ -]cast\b|\bgraphic ?audio\b|\baudio drama\b|\bradio (?:drama|play)\b",
    re.IGNORECASE,
)
AUDIO_TYPES = frozenset({"m4b", "mp3", "m4a", "aac", "flac", "ogg", "opus", "wma", "aax"})
EBOOK_TYPES = frozenset({"epub", "mobi", "azw3", "azw", "pdf", "cbz", "cbr", "lit", "djvu", "fb2"})
FILE_TYPES = AUDIO_TYPES | EBOOK_TYPES

# Sub-categories of MAM's main categories 16 and 15, which Prowlarr files under audiobooks too.
_RADIO_CATEGORIES = frozenset({127, 128, 130, 132})
_MUSIC_CATEGORIES = frozenset({17, 19, 20, 22, 24, 26, 27, 30, 31, 113, 114, 126})
MAM_MAIN_CATEGORIES = {13: Medium.AUDIOBOOK, 14: Medium.EBOOK, 15: Medium.MUSIC, 16: Medium.RADIO}


def says_abridged(*words: str | None) -> bool | None:
    """True for "abridged", False for "unabridged", None where neither stands or both do."""
    together = "\n".join(word for word in words if word)
    unabridged = bool(_UNABRIDGED.search(together))
    abridged = bool(_ABRIDGED.search(_UNABRIDGED.sub(" ", together)))
    return abridged if abridged != unabridged else None


def says_dramatised(*words: str | None) -> bool:
    """Whether words such as "dramatised", "full cast" or "GraphicAudio" stand there."""
    return any(_DRAMATISED.search(word) for word in words if word)


def mam_medium(category: int | None) -> Medium | None:
    """The medium of a MAM category or main category that Prowlarr hides below audiobooks; None where it is no such."""
    if category in _RADIO_CATEGORIES:
        return Medium.RADIO
    if category in _MUSIC_CATEGORIES:
        return Medium.MUSIC
    return MAM_MAIN_CATEGORIES.get(category) if category is not None else None
