"""One spelling for words that English spells in several ways.

Belongs here: British and American forms, and abbreviations of titles of people. Does not belong here: how alike two
titles are (titles), numbers written as words (titles.numbers_as_digits), spelling mistakes: they follow no rule, and
"Hunted" may be no mistake for "Haunted".
"""

from __future__ import annotations

import re
from functools import lru_cache

from mam_assets.domain.titles import numbers_as_digits

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\b(arm|behavi|cand|clam|col|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|neighb|od|parl|ranc|rig|rum|sav"
         r"|splend|succ|tum|val|vap|vig)our", r"\1or"),
        (r"\b(theat|cent|spect|lit|met|fib|calib|somb|lust|meag|och|scept|mit|sab|luc|sepulch)re(s|d)?\b", r"\1er\2"),
        (r"\b(def|off|lic|pret)ence", r"\1ense"),
        (r"(?<=\w)[ijy]+(?=\w{2})", "i"),  # "Ilych" and "Ilyich": transliterators write what they hear
        (r"exion\b", "ection"),
        (r"\bgrey", "gray"),
        (r"\bjewell(?=[ei])|\bjeweller", "jewel"),
        (r"\b(cancel|counsel|duel|enamel|fuel|jewel|label|level|libel|marvel|model|quarrel|rebel|signal|travel|tunnel"
         r"|wool)l(?=ed|er|ing|or|ous|en)", r"\1"),
        (r"\bjeweler(y|ies)\b|\bjewelr(y|ies)\b", r"jewelr\1\2"),
        (r"\b(civil|colon|crystal|harmon|memor|organ|patron|real|recogn|symbol)is(?=e|ing|ation)", r"\1iz"),
        (r"\b(anal|catal|dial|monol)ogue", r"\1og"),
        (r"\b(judg|acknowledg|lodg)ement", r"\1ment"),
        (r"\b(arch|encyclop|medi|primev|an)ae(?=[a-z])", r"\1e"),
        (r"\bmanoeuv(re|er)", "maneuver"),
        (r"\b(m|sm)ould(?=\b|er|y)", r"\1old"),
        (r"\b(am|wh)(ong|ile)st\b", r"\1\2"),
        (r"\b(to|back|for|after|down|up)wards\b", r"\1ward"),
    )
)  # fmt: skip
_WORDS = {
    "aeroplane": "airplane", "axe": "ax", "cheque": "check", "doctor": "dr", "fulfil": "fulfill", "gaol": "jail",
    "kerb": "curb", "mister": "mr", "moustache": "mustache", "plough": "plow", "programme": "program",
    "pyjamas": "pajamas", "saint": "st", "sceptic": "skeptic", "skilful": "skillful", "sulphur": "sulfur",
    "tyre": "tire", "versus": "vs", "wilful": "willful",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def one_spelling(title_key: str) -> str:
    """A title's key (`names.normalise_title`) in one spelling, with digits and without spaces: "colour" is "color",
    "theatre" "theater", "doctor" "dr", "ten" "10". A key for comparing, never for showing."""
    key = " ".join(_WORDS.get(word, word.lstrip("0") or word) for word in title_key.split())
    for pattern, replacement in _RULES:
        key = pattern.sub(replacement, key)
    return numbers_as_digits(key).replace(" ", "")
