"""A few sentences of a bundle, opened, with every view of them: what a page to be shared is made of."""

from collections.abc import Sequence
from typing import Any

from crosslight.bundle import Bundle
from crosslight.errors import ConfigError
from crosslight.tasks.inside import everything, open_sentence, search

N_EXAMPLES = 3
WORDS = range(4, 16)  # of an example from the validation set: longer ones are hard to look into
WIDER = 4  # the beam that is shown too where the bundle's own is narrower: a greedy search is no tree
EXAMPLES = {
    "fr": (
        "Jane visite l'Afrique en septembre.",
        "Le petit garçon a perdu son chien près de la gare.",
        "Je ne sais pas si nous viendrons demain.",
    ),
    "en": (
        "Jane visits Africa in September.",
        "The little boy lost his dog near the station.",
        "I do not know whether we will come tomorrow.",
    ),
    "sv": ("Jane besöker Afrika i september.", "Den lilla pojken tappade bort sin hund vid stationen."),
    "nb": ("Jane besøker Afrika i september.", "Den lille gutten mistet hunden sin ved stasjonen."),
    "no": ("Jane besøker Afrika i september.", "Den lille gutten mistet hunden sin ved stasjonen."),
    "de": ("Jane besucht Afrika im September.", "Der kleine Junge hat am Bahnhof seinen Hund verloren."),
    "es": ("Jane visita África en septiembre.", "El niño perdió a su perro cerca de la estación."),
    "zh": ("简九月去非洲。", "小男孩在车站附近丢了他的狗。"),
}


def showcase(bundle: Bundle, texts: Sequence[str] = ()) -> dict[str, Any]:
    """All views of some sentences: those given, else of the validation set, else of the language.

    `sentences` holds for each what `tasks.inside.everything` gives, but for the positions, which belong to
    the model and stand beside them (empty where it has none to show); `searches` are the search by beam: the
    bundle's own, and a wider one.

    Raises:
        ConfigError: a text is not one sentence, or none is given and there is none for the language.
    """
    positions: dict[str, Any] = {}
    sentences = []
    for text in texts or _examples(bundle):
        opened = open_sentence(bundle, text)
        views = everything(opened)
        positions = views.pop("positions", {})
        own: int = views["search"]["beam"]
        views["searches"] = {str(own): views["search"]}
        if own < WIDER:
            views["searches"][str(WIDER)] = search(open_sentence(bundle, text, beam=WIDER))
        sentences.append(views)
    return {"positions": positions, "sentences": sentences}


def _examples(bundle: Bundle) -> list[str]:
    """Sentences of the validation set that can be looked into, else ones of the source language."""
    found = []
    for pair in bundle.validation:
        if len(pair.src.split()) in WORDS and _is_one_sentence(bundle, pair.src):
            found.append(pair.src)
        if len(found) == N_EXAMPLES:
            return found
    found += EXAMPLES.get((bundle.facts.src_lang or "").lower().split("-")[0], ())
    if not found:
        raise ConfigError(
            f"there is no example sentence for the language {bundle.facts.src_lang or 'of this bundle'!r}",
            'give some: --text "…" --text "…"',
        )
    return found[:N_EXAMPLES]


def _is_one_sentence(bundle: Bundle, text: str) -> bool:
    try:
        open_sentence(bundle, text, beam=1)
    except ConfigError:
        return False
    return True
