"""Languages as the services number or abbreviate them -> English names ("English"), the form that settings use.

Belongs here: the tables. Does not belong here: which language is wanted (settings, domain).
"""

from __future__ import annotations

from mam_assets.parsing.json_values import text
from mam_assets.parsing.spellings import integer

# MAM's `language` and `browse_lang` ids, in order from 1 (as Prowlarr and other clients list them).
_MAM_NAMES = """
English|Chinese|Gujarati|Spanish|Kannada|Burmese|Thai|Hindi|Marathi|Telugu|Tamil|Javanese|Vietnamese|Punjabi|Urdu|
Russian|Afrikaans|Bulgarian|Catalan|Czech|Danish|Dutch|Finnish|Scottish Gaelic|Ukrainian|Greek|Hebrew|Hungarian|
Tagalog|Romanian|Serbian|Arabic|Malay|Portuguese|Bengali|French|German|Japanese|Farsi|Swedish|Korean|Turkish|Italian|
Cantonese|Polish|Latin|Other|Norwegian|Croatian|Lithuanian|Bosnian|Brazilian Portuguese|Indonesian|Slovenian|
Castilian Spanish|Irish|Manx|Malayalam|Ancient Greek|Sanskrit|Estonian|Latvian|Icelandic
"""
MAM_LANGUAGES: dict[int, str] = dict(enumerate(_MAM_NAMES.replace("\n", "").split("|"), start=1))

# ISO 639-1, then the ISO 639-2 spellings (bibliographic and terminological) of the same language.
_CODES = """
en eng English|zh chi zho Chinese|gu guj Gujarati|es spa Spanish|kn kan Kannada|my bur mya Burmese|th tha Thai
hi hin Hindi|mr mar Marathi|te tel Telugu|ta tam Tamil|jv jav Javanese|vi vie Vietnamese|pa pan pun Punjabi|ur urd Urdu
ru rus Russian|af afr Afrikaans|bg bul Bulgarian|ca cat Catalan|cs cze ces Czech|da dan Danish|nl dut nld Dutch
fi fin Finnish|gd gla Scottish Gaelic|uk ukr Ukrainian|el gre ell Greek|he iw heb Hebrew|hu hun Hungarian|tl tgl Tagalog
ro rum ron Romanian|sr srp Serbian|ar ara Arabic|ms may msa Malay|pt por Portuguese|bn ben Bengali|fr fre fra French
de ger deu German|ja jpn Japanese|fa per fas Farsi|sv swe Swedish|ko kor Korean|tr tur Turkish|it ita Italian
pl pol Polish|la lat Latin|no nor nb nn nob nno Norwegian|hr hrv Croatian|lt lit Lithuanian|bs bos Bosnian
id ind Indonesian|sl slv Slovenian|ga gle Irish|gv glv Manx|ml mal Malayalam|grc Ancient Greek|sa san Sanskrit
et est Estonian|lv lav Latvian|is ice isl Icelandic|yue Cantonese
"""


def _by_code() -> dict[str, str]:
    table = {}
    for entry in _CODES.replace("\n", "|").split("|"):
        words = entry.split()
        codes = [word for word in words if word.islower()]
        table.update(dict.fromkeys(codes, " ".join(word for word in words if not word.islower())))
    return table


_NAMES_BY_CODE = _by_code()
_NAMES_BY_NAME = {name.lower(): name for name in MAM_LANGUAGES.values()}


def language_name(value: object) -> str | None:
    """The name for an ISO code in any case ("en", "ENG", "en-GB") or for a name itself; None where it is neither."""
    written = (text(value) or "").lower()
    return _NAMES_BY_NAME.get(written) or _NAMES_BY_CODE.get(written) or _NAMES_BY_CODE.get(written.partition("-")[0])


def mam_language(language_id: object, lang_code: object = None) -> str | None:
    """The name for MAM's id, else for its code; None for an id nobody has listed."""
    known = integer(language_id)
    return (MAM_LANGUAGES.get(known) if known is not None else None) or language_name(lang_code)


def mam_language_ids(names: tuple[str, ...]) -> list[int]:
    """MAM's ids of these language names, in MAM's order; names it does not know are left out."""
    wanted = {name.strip().lower() for name in names}
    return [language_id for language_id, name in MAM_LANGUAGES.items() if name.lower() in wanted]
