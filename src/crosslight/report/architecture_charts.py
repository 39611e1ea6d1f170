"""The pictures of `report.architectures`: scores by length, speeds, gradients, and attention side by side."""

from itertools import pairwise
from typing import Any

from crosslight.report.lines import Line, LineChart, Value
from crosslight.report.markup import Html, element, joined, table
from crosslight.report.matrix import matrix
from crosslight.report.scales import short

Tree = dict[str, Any]
N_COLORS = 6


def length_section(found: Tree) -> Html:
    """ChrF against the number of sentences that are joined, and the slopes."""
    tree = found["by_length"]
    lines = [
        Line(arm["label"], [Value(**point) for point in tree["arms"][arm["name"]]["points"]], color)
        for color, arm in colored(found)
    ]
    places = [f"{n} ({words:.0f} words)" for n, words in zip(tree["joined"], tree["words"], strict=True)]
    chart = LineChart(
        "chrF by length of the source", places, lines, axis="consecutive sentences, joined to one source"
    )
    slopes = [(arm["label"], *_estimate(tree["arms"][arm["name"]]["slope"], 2)) for _, arm in colored(found)]
    differences = [
        (f"{label_of(found, row['a'])} − {label_of(found, row['b'])}", *_estimate(row, 2))
        for row in tree["differences"]
    ]
    lead = (
        "Nothing was trained on joined sentences. All numbers of joined sentences have the same words and "
        "references; resamples draw blocks of twelve sentences. A slope is chrF for one sentence more."
    )
    return joined(
        element("p", lead, class_="lead"),
        element("div", chart.drawn(), class_="charts"),
        table(("slope", "chrF a sentence", "95 %"), slopes, "numbers"),
        element(
            "details",
            element("summary", "Differences of slopes"),
            table(("", "difference", "95 %"), differences, "numbers"),
        ),
    )


def speed_section(found: Tree) -> Html:
    """Training speed by length, operations that wait for each other, and decoding speed."""
    tree = found["training"]
    places = [str(n) for n in tree["lengths"]]

    def chart(title: str, key: str, note: str) -> Html:
        lines = [
            Line(
                arm["label"],
                [None if v is None else Value(v) for v in tree["arms"][arm["name"]][key]],
                color,
            )
            for color, arm in colored(found)
        ]
        axis = "tokens of source and target"
        return LineChart(title, places, lines, note, axis, logarithmic=True).drawn()

    charts = [
        chart(
            "Target tokens a second, training",
            "tokens_per_second",
            f"Batches of {tree['tokens']:,} made-up tokens; {found['about']['threads']} thread(s); "
            f"the median of {tree['rounds']} rounds in turn.",
        ),
        chart(
            "Operations in turn, counted",
            "counted",
            "The longest chain in the recorded graph of one pass: what no parallel machine can shorten.",
        ),
    ]
    head = ("", *(f"n = {n}" for n in tree["lengths"]))
    operations = [
        (arm["label"], *(short(n) for n in tree["arms"][arm["name"]]["steps"])) for _, arm in colored(found)
    ]
    paths = [
        (arm["label"], *("none" if n is None else short(n) for n in tree["arms"][arm["name"]]["paths"]))
        for _, arm in colored(found)
    ]
    fields = [(arm["label"], str(tree["arms"][arm["name"]]["field"])) for _, arm in colored(found)]
    decoding = found["decoding"]
    ways = list(decoding["sentences"])
    speeds = [
        (
            arm["label"],
            *(
                text
                for way in ways
                for speed in [decoding["arms"][arm["name"]][way]]
                for text in (short(speed["sentences_per_second"]), f"{speed['ratio']['value']:.2f}")
            ),
        )
        for _, arm in colored(found)
    ]
    first = found["arms"][0]["label"]
    return joined(
        element("div", *charts, class_="charts"),
        element("h3", "Layers in turn, by formula (one pass over n source and n target tokens)"),
        table(head, operations, "numbers"),
        element("h3", "Longest path between two source tokens inside the encoder, by formula"),
        table(head, paths, "numbers"),
        element(
            "p",
            "none: the convolutions do not reach so far; only the decoder's attention sees both.",
            class_="note",
        )
        if any("none" in row for row in paths)
        else None,
        element("h3", "Source tokens that a vector of the encoder knows of, measured by gradients (of 40)"),
        table(("", "tokens"), fields),
        element("h3", "Decoding, sentences a second (one thread)"),
        table(("", *(cell for way in ways for cell in (way, f"× {first}"))), speeds, "numbers"),
    )


def gradient_section(found: Tree) -> Html:
    """Relative gradients by distance: before training, and after it."""
    tree = found["gradients"]
    edges = tree["edges"]
    places = [str(a) if b == a + 1 else f"{a}–{b - 1}" for a, b in pairwise(edges)]
    charts = []
    for state, title in (("initialized", "as initialized"), ("trained", "trained")):
        for distance, axis in (
            ("steps back", "tokens between a source token and the end of the source"),
            ("off the place", "tokens between a source token and the target token's place in the source"),
        ):
            lines = [
                Line(
                    arm["label"],
                    [
                        None if value is None else Value(value)
                        for value in tree["arms"][arm["name"]][state][distance]
                    ],
                    color,
                )
                for color, arm in colored(found)
            ]
            charts.append(LineChart(f"{distance}, {title}", places, lines, axis=axis, from_zero=True).drawn())
    lead = (
        "The gradient of a target token's logit by each source token's vector: its norm, divided by the mean "
        f"over the source, so that 1 is an even share. {tree['sentences']} sources of four joined sentences. "
        "As initialized it is the architecture that speaks; trained, what was made of it."
    )
    return joined(element("p", lead, class_="lead"), element("div", *charts, class_="charts"))


def attention_section(found: Tree) -> Html:
    """What each arm makes of the same sentence, and where it looked."""
    tree = found["attention"]
    figures = []
    for _, arm in colored(found):
        seen = tree["arms"][arm["name"]]
        picture = (
            matrix(seen["tgt"], seen["src"], seen["weights"], f"Attention of {arm['label']}")
            if seen["weights"] is not None
            else element("p", "It has no attention: there is nothing to see.", class_="note")
        )
        figures.append(
            element(
                "figure",
                element(
                    "figcaption", element("h3", arm["label"]), element("p", seen["translation"], dir="auto")
                ),
                picture,
            )
        )
    return joined(
        element("p", tree["text"], class_="source", dir="auto"),
        element(
            "p",
            "Rows: what was written; columns: what was read. The mean of all heads, layers and steps.",
            class_="lead",
        ),
        element("div", *figures, class_="maps"),
    )


def colored(found: Tree) -> list[tuple[int, Tree]]:
    """Every arm with its color, the same one in all charts."""
    return [(i % N_COLORS + 1, arm) for i, arm in enumerate(found["arms"])]


def label_of(found: Tree, name: str) -> str:
    """What an arm is called."""
    return next(str(arm["label"]) for arm in found["arms"] if arm["name"] == name)


def _estimate(found: Tree, digits: int) -> tuple[str, str]:
    return (
        f"{found['value']:+.{digits}f}",
        f"[{found['low']:.{digits}f}, {found['high']:.{digits}f}]",
    )
