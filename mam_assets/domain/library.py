"""What a read of the whole library means: did books go away, or did the read go wrong?"""

from __future__ import annotations

from dataclasses import dataclass

# A person tidies a few books at a time. A mount that failed, a wrong library or a broken answer takes most of them.
SUSPICIOUS_SHARE = 0.3
NEVER_SUSPICIOUS = 10


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How many of the `known` books a full comparison did not see again."""

    known: int
    gone: int
    suspicious: bool
    words: str


def judge_shrinkage(*, known: int, gone: int) -> Shrinkage:
    """Suspicious when more than 30 % of the library, and more than ten books, are gone at once; or all of several."""
    share = gone / known if known else 0.0
    suspicious = (gone > NEVER_SUSPICIOUS and share > SUSPICIOUS_SHARE) or (gone == known and known > 1)
    words = f"{gone} of {known} books were not seen again ({share:.0%})"
    return Shrinkage(known=known, gone=gone, suspicious=suspicious, words=words)
