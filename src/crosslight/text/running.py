"""Words as running text: what a tokenizer cut apart, put together as people write it.

Models read running text, and gold alignments are between tokenized words. Only blanks are taken out, so that
each letter of the text still belongs to a word (`text.links.spans_of_words`).
"""

import re
from collections.abc import Sequence

_STICKS_LEFT = re.compile(r" ([.,)\]}%…]|'(?:s|S|re|ve|ll|d|m)\b|n't\b)")
_STICKS_RIGHT = re.compile(r"([(\[{¿¡]|\b(?:[cdjlmnst]|qu)['’]) ", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<=\w) - (?=\w)")
_MARKS = re.compile(r" ([;:!?])")


def running_text(words: Sequence[str], lang: str = "") -> str:
    """The words with blanks where people write them; in French before two-part marks, too.

    >>> running_text("the Minister 's co - operative , which ( yes ) is here ?".split(), "en")
    "the Minister's co-operative, which (yes) is here?"
    >>> running_text("est - il là , l' ami ?".split(), "fr")
    "est-il là, l'ami ?"
    """
    text = _BETWEEN.sub("-", " ".join(words))
    text = _STICKS_RIGHT.sub(r"\1", _STICKS_LEFT.sub(r"\1", text))
    return text if lang == "fr" else _MARKS.sub(r"\1", text)
