"""What a language is called: OPUS says ``fr``, Tatoeba says ``fra``, people say either.

Codes are those of ISO 639: two letters where a language has them (639-1), else three (639-3).
A variant follows an underscore, as OPUS writes it: ``pt_BR``, ``zh_CN``.
"""

import re
from dataclasses import dataclass

from crosslight.errors import DownloadError


def _table(text: str) -> dict[str, str]:
    return dict(item.split(":") for item in text.split())


# ISO 639-1 and its 639-3, the languages that parallel corpora are made of
_TWO_TO_THREE = _table(
    "af:afr am:amh ar:ara as:asm az:aze be:bel bg:bul bn:ben bo:bod br:bre bs:bos ca:cat co:cos cs:ces "
    "cy:cym da:dan de:deu dz:dzo el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas fi:fin fo:fao fr:fra "
    "fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj ha:hau he:heb hi:hin hr:hrv ht:hat hu:hun hy:hye ia:ina "
    "id:ind ie:ile ig:ibo io:ido is:isl it:ita iu:iku ja:jpn jv:jav ka:kat kk:kaz kl:kal km:khm kn:kan "
    "ko:kor ks:kas ku:kur kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lv:lav mg:mlg "
    "mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya nb:nob ne:nep nl:nld nn:nno no:nor ny:nya "
    "oc:oci om:orm or:ori os:oss pa:pan pl:pol ps:pus pt:por qu:que rm:roh ro:ron ru:rus rw:kin sa:san "
    "sc:srd sd:snd se:sme si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp ss:ssw st:sot su:sun "
    "sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat "
    "ty:tah ug:uig uk:ukr ur:urd uz:uzb vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor zh:zho zu:zul"
)
# the twenty languages whose older, bibliographic code (639-2/B) is another one
_BIBLIOGRAPHIC = _table(
    "alb:sq arm:hy baq:eu bur:my chi:zh cze:cs dut:nl fre:fr geo:ka ger:de gre:el ice:is mac:mk mao:mi "
    "may:ms per:fa rum:ro slo:sk tib:bo wel:cy"
)
_THREE_TO_TWO = {three: two for two, three in _TWO_TO_THREE.items()} | _BIBLIOGRAPHIC
# Tatoeba names one language of a group of languages: its Chinese is Mandarin, its Malay Standard Malay
_TATOEBA = {"zh": "cmn", "ms": "zsm", "fa": "pes", "lv": "lvs", "no": "nob", "sw": "swh"}
_CODE = re.compile(r"([a-z]{2,3})(?:_([a-z0-9]{2,8}))?", re.IGNORECASE)


@dataclass(frozen=True)
class LanguagePair:
    """From which language into which; prints as it is asked for: ``fr-en``."""

    src: str
    tgt: str

    def __str__(self) -> str:
        return f"{self.src}-{self.tgt}"

    @property
    def alphabetical(self) -> tuple[str, str]:
        """The two codes in the order in which archives are named: ``en-fr`` holds ``fr-en`` as well."""
        first, second = sorted((self.src, self.tgt))
        return first, second


def parse_pair(text: str) -> LanguagePair:
    """Return the pair that ``text`` names, with its codes normalized.

    >>> parse_pair("fra-ENG")
    LanguagePair(src='fr', tgt='en')

    Raises:
        DownloadError: not two different language codes with a hyphen between them.
    """
    codes = text.split("-")
    if len(codes) == 2:
        codes = [normalize(code) for code in codes]
    if len(codes) != 2 or codes[0] == codes[1]:
        raise DownloadError(
            f"{text!r} is not a language pair; expected two different codes with a hyphen between them",
            "write for example fr-en, or pt_BR-en for a variant",
        )
    return LanguagePair(*codes)


def normalize(code: str) -> str:
    """Return a language's two-letter code if it has one, with its variant as OPUS writes it.

    >>> [normalize(code) for code in ("fre", "Fra", "FR", "pt_br", "ast", "zh_hant")]
    ['fr', 'fr', 'fr', 'pt_BR', 'ast', 'zh_Hant']

    Raises:
        DownloadError: not two or three letters, with or without a variant.
    """
    match = _CODE.fullmatch(code)
    if match is None:
        raise DownloadError(
            f"{code!r} is not a language code; expected two or three letters such as fr, fra or pt_BR",
            "look the code up in ISO 639",
        )
    language, variant = match[1].lower(), match[2]
    language = _THREE_TO_TWO.get(language, language)
    if variant is None:
        return language
    # regions have two letters and are shouted (BR), scripts have four and are titled (Hant)
    return f"{language}_{variant.upper() if len(variant) == 2 else variant.title()}"


def tatoeba_code(code: str) -> str | None:
    """Return Tatoeba's three-letter code of a normalized code, or None where it cannot be told.

    >>> [tatoeba_code(code) for code in ("fr", "zh", "ast", "pt_BR")]
    ['fra', 'cmn', 'ast', None]
    """
    if "_" in code:
        return None
    three = _TATOEBA.get(code) or _TWO_TO_THREE.get(code, code)
    return three if len(three) == 3 else None
