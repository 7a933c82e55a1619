"""Whether two titles have enough in common that an equal place in a series makes one work of them.

Belongs here: the kinship of titles that a number is to be believed with. Does not belong here: how two titles stand to
each other with nothing else known (titles), whether two records are one work (identity).

A number alone proves nothing: sources count in order of publication or of events, and uploaders mistake numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from mam_assets.domain.names import main_title, normalise_series
from mam_assets.domain.titles import TitleRelation, relate_titles, title_form

_AKIN = frozenset({TitleRelation.EQUAL, TitleRelation.SUBTITLE, TitleRelation.NEAR})


def akin(titles_a: Iterable[str], titles_b: Iterable[str], *, series: Collection[str] = ()) -> bool:
    """Whether two works that stand at one place of a series bear titles so much alike that the place may be believed.
    A shared part that is but (part of) a name in ``series`` is no title: "Foundation" and "Prelude to Foundation" have
    nothing in common. Nor have "Magician: Apprentice" and "Magician: Master": what follows must be a mere description
    ("A Novel") where it differs."""
    names = [tuple(normalise_series(name).split()) for name in series if name]
    others = tuple(titles_b)
    return any(_akin(title, other, names) for title in titles_a for other in others)


def _akin(a: str, b: str, series: Collection[tuple[str, ...]]) -> bool:
    relation = relate_titles(a, b)
    if relation is TitleRelation.SHARED_HEAD and not (_describes_itself(a) or _describes_itself(b)):
        return False
    if relation in {TitleRelation.MAIN, TitleRelation.SHARED_HEAD}:
        shared = title_form(a).main
    elif relation is TitleRelation.EXTENSION:
        shared = min(title_form(a).key, title_form(b).key, key=len)
    else:
        return relation in _AKIN
    words = tuple(shared.split())
    return not any(_within(words, name) for name in series)


def _describes_itself(title: str) -> bool:
    return relate_titles(main_title(title), title) is TitleRelation.SUBTITLE


def one_word_apart(
    titles_a: Iterable[str], titles_b: Iterable[str], *, series: Iterable[str], elsewhere: Callable[[], Collection[str]]
) -> bool:
    """Whether two titles that hold their series' name differ in a single word ("Harry Potter and the Philosopher's
    Stone" and "... the Sorcerer's Stone"), and share one besides that is in no title ``elsewhere`` in the series, of
    which the words are asked only where all else agrees."""
    names = [words for name in series if (words := tuple(normalise_series(name).split()))]
    others = [title_form(title).words for title in titles_b]
    return any(
        _one_word_apart(title_form(title).words, other, name, elsewhere)
        for title in titles_a
        for other in others
        for name in names
    )


def _one_word_apart(
    a: tuple[str, ...], b: tuple[str, ...], name: tuple[str, ...], elsewhere: Callable[[], Collection[str]]
) -> bool:
    if len(a) != len(b) or not _within(name, a) or not _within(name, b):
        return False
    same = [first for first, second in zip(a, b, strict=True) if first == second]
    own = {word for word in same if word not in name and len(word) > _SHORT_WORD}
    return len(same) == len(a) - 1 and bool(own) and bool(own - set(elsewhere()))


_SHORT_WORD = 3


def _within(words: tuple[str, ...], name: tuple[str, ...]) -> bool:
    return any(name[start : start + len(words)] == words for start in range(len(name) - len(words) + 1))
