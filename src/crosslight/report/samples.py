"""What the model made of the same few sentences at each validation."""

import re
from collections import Counter

from crosslight.report.markup import Html, element, joined
from crosslight.report.run import Run, Tree

MOST_ROWS = 12


def samples_section(run: Run) -> Html | None:
    """A card a sentence: source, reference, and the translations over time; None without any."""
    by_sentence: dict[int, list[Tree]] = {}
    for record in run.samples:
        if all(isinstance(record.get(name), str) for name in ("src", "ref", "now")):
            by_sentence.setdefault(int(record.get("sentence", 1)), []).append(record)
    if not by_sentence:
        return None
    cards = [_card(records) for _, records in sorted(by_sentence.items())]
    lead = "The same sentences at every validation, translated greedily. Words of the reference are marked."
    return joined(element("p", lead, class_="lead"), element("div", *cards, class_="cards"))


def _card(records: list[Tree]) -> Html:
    spans = _spans(records)
    places = {round(i * (len(spans) - 1) / (MOST_ROWS - 1)) for i in range(MOST_ROWS)}
    shown = [span for i, span in enumerate(spans) if i in places or len(spans) <= MOST_ROWS]
    reference = records[-1]["ref"]
    rows = [
        element(
            "li",
            element("span", label, class_="step"),
            element("span", *_marked(text, reference), dir="auto"),
        )
        for label, text in shown
    ]
    return element(
        "article",
        element("p", records[-1]["src"], class_="source", dir="auto"),
        element("p", reference, class_="reference", dir="auto"),
        element("ol", *rows),
        class_="card",
    )


def _spans(records: list[Tree]) -> list[tuple[str, str]]:
    """(steps, translation), equal neighbors together."""
    spans: list[tuple[int, int, str]] = []
    for record in records:
        step, text = int(record["step"]), record["now"]
        first = spans.pop()[0] if spans and spans[-1][2] == text else step
        spans.append((first, step, text))
    return [(f"{first:,}" if first == last else f"{first:,}–{last:,}", text) for first, last, text in spans]


def _marked(text: str, reference: str) -> list[str]:
    """The text with the words that the reference has, each as often as it has it, as <mark>."""
    left = Counter(_words(reference))
    parts: list[str] = []
    for part in re.split(r"(\s+)", text):
        words = _words(part)
        if words and all(left[word] for word in words):
            left.subtract(words)
            parts.append(element("mark", part))
        else:
            parts.append(part)
    return parts


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
