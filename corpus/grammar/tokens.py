"""The words of a sentence, French or English, as alignments and antecedents count them."""

import re

CLITICS = "je|tu|il|elle|on|nous|vous|ils|elles|ce|moi|toi|le|la|les|lui|leur|y|en"

TOKEN = re.compile(
    rf"""
      -(?:t-)?(?:{CLITICS})(?!\w)                    # clitic after a hyphen: -ce, -tu, -t-il, -le
    | (?:[cdjlmnst]|(?:jus|lors|puis)?qu)'(?=\w)     # French elided word: l', qu', lorsqu'
    | \w+(?:['-](?!(?:t-)?(?:{CLITICS})(?!\w))\w+)*  # word: chat, grand-mère, didn't, Paul's
    | [^\w\s]                                        # punctuation, one mark at a time
    """,
    re.VERBOSE | re.IGNORECASE,
)


def tokenize(text: str) -> list[str]:
    """Cut a sentence into tokens; white space only separates.

    >>> tokenize("L'animal n'a pas traversé la rue.")
    ["L'", 'animal', "n'", 'a', 'pas', 'traversé', 'la', 'rue', '.']
    >>> tokenize("The animal didn't cross the street.")
    ['The', 'animal', "didn't", 'cross', 'the', 'street', '.']
    >>> tokenize("Où ta grand-mère a-t-elle dormi aujourd'hui ?")
    ['Où', 'ta', 'grand-mère', 'a', '-t-elle', 'dormi', "aujourd'hui", '?']
    >>> tokenize("Est-ce qu'il t'aime ? Donne-le à Paul !")
    ['Est', '-ce', "qu'", 'il', "t'", 'aime', '?', 'Donne', '-le', 'à', 'Paul', '!']
    """
    return TOKEN.findall(text)
