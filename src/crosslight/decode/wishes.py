"""What a call of the translator asks for each of its sentences: a given beginning, and terms."""

from collections.abc import Callable, Sequence

from crosslight.decode.constrained import TermSpelling
from crosslight.decode.prefix import begins_with
from crosslight.decode.rules import Rule
from crosslight.decode.search import NO_WISH, Wish
from crosslight.decode.terms import Glossary
from crosslight.text.subword import Subword


def wishes_of(
    prefix: str | Sequence[int], glossary: Glossary | None, subword: Subword, banned: Sequence[int]
) -> Callable[[str], Wish]:
    """From a source sentence to its wish; `NO_WISH` itself where it has none.

    Raises:
        ConfigError: no output can begin with the prefix.
    """
    rules: tuple[Rule, ...] = ()
    room = 0
    if prefix:
        rule, room = begins_with(prefix, subword, banned)
        rules = (rule,)

    def wish_of(src: str) -> Wish:
        terms = glossary.terms_for(src) if glossary else None
        if terms is None:
            return Wish(rules, room) if rules else NO_WISH
        spelling = TermSpelling(terms, subword, banned)
        return Wish(rules, room + spelling.room, spelling)

    return wish_of
