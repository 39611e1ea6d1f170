"""What languages are called in English."""

_NAMES = (
    "af:Afrikaans ar:Arabic az:Azerbaijani be:Belarusian bg:Bulgarian bn:Bengali br:Breton bs:Bosnian "
    "ca:Catalan cs:Czech cy:Welsh da:Danish de:German el:Greek en:English eo:Esperanto es:Spanish "
    "et:Estonian eu:Basque fa:Persian fi:Finnish fo:Faroese fr:French fy:Frisian ga:Irish gl:Galician "
    "gu:Gujarati ha:Hausa he:Hebrew hi:Hindi hr:Croatian hu:Hungarian hy:Armenian id:Indonesian "
    "is:Icelandic it:Italian ja:Japanese ka:Georgian kk:Kazakh km:Khmer kn:Kannada ko:Korean la:Latin "
    "lb:Luxembourgish lo:Lao lt:Lithuanian lv:Latvian mk:Macedonian ml:Malayalam mn:Mongolian "
    "mr:Marathi ms:Malay mt:Maltese my:Burmese nb:Norwegian ne:Nepali nl:Dutch nn:Nynorsk no:Norwegian "
    "oc:Occitan pa:Punjabi pl:Polish ps:Pashto pt:Portuguese ro:Romanian ru:Russian se:Sami si:Sinhala "
    "sk:Slovak sl:Slovenian so:Somali sq:Albanian sr:Serbian sv:Swedish sw:Swahili ta:Tamil te:Telugu "
    "th:Thai tl:Tagalog tr:Turkish uk:Ukrainian ur:Urdu uz:Uzbek vi:Vietnamese yi:Yiddish zh:Chinese "
    "zu:Zulu"
)
NAMES = dict(item.split(":") for item in _NAMES.split())


def name_of(code: str) -> str:
    """The name of a language; the code where it is not known.

    >>> name_of("fr"), name_of("pt_BR"), name_of("tlh")
    ('French', 'Portuguese (BR)', 'tlh')
    """
    main, _, variant = code.replace("_", "-").partition("-")
    name = NAMES.get(main.lower(), main)
    return f"{name} ({variant})" if variant else name
