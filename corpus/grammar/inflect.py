"""Regular inflection.  Only rules without exceptions in the lexicon; everything else is spelled out there."""

PERSONS = ("je", "tu", "il", "nous", "vous", "ils")
FUTURE = ("ai", "as", "a", "ons", "ez", "ont")
IMPERFECT = ("ais", "ais", "ait", "ions", "iez", "aient")


def plural_fr(word: str) -> str:
    """French plural of a noun or masculine adjective.

    >>> [plural_fr(w) for w in ("chat", "souris", "cheval", "oiseau", "vieux")]
    ['chats', 'souris', 'chevaux', 'oiseaux', 'vieux']
    """
    if word[-1] in "sxz":
        return word
    if word.endswith("al"):
        return word[:-1] + "ux"
    return word + ("x" if word.endswith("eau") else "s")


def present_er(infinitive: str) -> tuple[str, ...]:
    """Present of a regular verb in -er.

    >>> present_er("parler")
    ('parle', 'parles', 'parle', 'parlons', 'parlez', 'parlent')
    """
    return tuple(infinitive[:-2] + ending for ending in ("e", "es", "e", "ons", "ez", "ent"))


def imperfect(nous: str) -> tuple[str, ...]:
    """Imperfect, from the "nous" form of the present (or a bare stem); g and c stay soft.

    >>> imperfect("mangeons")
    ('mangeais', 'mangeais', 'mangeait', 'mangions', 'mangiez', 'mangeaient')
    """
    stem = nous.removesuffix("ons")
    soft = stem[:-1] if stem.endswith("ge") else stem
    return tuple((soft if ending[0] == "i" else stem) + ending for ending in IMPERFECT)


def agree(masculine: str, fem: bool, plural: bool) -> str:
    """Agreement of a participle.

    >>> [agree("pris", f, p) for f in (False, True) for p in (False, True)]
    ['pris', 'pris', 'prise', 'prises']
    """
    form = masculine + "e" if fem else masculine
    return plural_fr(form) if plural else form


def plural_en(word: str) -> str:
    """English plural, and third person singular.

    >>> [plural_en(w) for w in ("cat", "watch", "cry", "play")]
    ['cats', 'watches', 'cries', 'plays']
    """
    if word.endswith(("s", "x", "z", "ch", "sh", "go")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def past_en(word: str) -> str:
    """Regular English past.

    >>> [past_en(w) for w in ("walk", "close", "carry", "stay")]
    ['walked', 'closed', 'carried', 'stayed']
    """
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ied"
    return word + ("d" if word.endswith("e") else "ed")


def ing_en(word: str) -> str:
    """English present participle.

    >>> [ing_en(w) for w in ("walk", "close", "see", "carry")]
    ['walking', 'closing', 'seeing', 'carrying']
    """
    silent = word.endswith("e") and not word.endswith("ee")
    return (word[:-1] if silent else word) + "ing"
