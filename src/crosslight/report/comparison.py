"""Two systems on one test set as one HTML page: nothing fetched, no script, all text escaped.

Drawn from the tree that `crosslight compare --json` writes, and so from nothing else than what it says.
"""

import re
from typing import Any

from crosslight.report.markup import Html, element, joined, table
from crosslight.report.resource import resource

Tree = dict[str, Any]


def comparison_page(found: Tree) -> str:
    """The page of a comparison; write it as UTF-8.

    Args:
        found: `comparison` and `verdict`, as nested dicts (see `evaluate.comparison`, `evaluate.verdict`).
    """
    comparison, verdict = found["comparison"], found["verdict"]
    a, b = comparison["name_a"], comparison["name_b"]
    sections = [
        ("Scores", _scores(comparison)),
        ("Errors", _errors(comparison)),
        ("Length", _lengths(comparison)),
        (f"Where {b} is better", _sentences(comparison["better"], a, b)),
        (f"Where {b} is worse", _sentences(comparison["worse"], a, b)),
    ]
    body = [element("section", element("h2", title), content) for title, content in sections]
    parts = {
        "title": element("title", f"{a} and {b}: {_answer(verdict)}"),
        "style": resource("page.css"),
        "body": joined(_headline(comparison, verdict), element("main", *body)),
    }
    # One pass, so that a sentence which contains "{{style}}" stays a sentence.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], resource("comparison.html"))


def _headline(comparison: Tree, verdict: Tree) -> Html:
    a, b, sentences = comparison["name_a"], comparison["name_b"], comparison["sentences"]
    tiles = [(f"{m['metric']}, {a} → {b}", f"{m['a']:.1f} → {m['b']:.1f}") for m in comparison["metrics"]]
    tiles += [
        ("sentences won, lost, tied", f"{sentences['wins']} / {sentences['losses']} / {sentences['ties']}"),
        ("confidence in the verdict", f"{verdict['confidence']:.1%}"),
    ]
    return element(
        "header",
        element(
            "p",
            element("span", class_="mark", aria_hidden="true"),
            element("b", "Crosslight"),
            f" {comparison['n_sentences']:,} test sentences",
            class_="brand",
        ),
        element(
            "h1",
            f"{a} → {b} ",
            element("span", _answer(verdict), class_=f"state {'finished' if verdict['ship'] else 'failed'}"),
        ),
        element("dl", *(_tile(*tile) for tile in tiles), class_="tiles"),
        element("ul", element("li", verdict["reason"]), class_="remarks"),
    )


def _tile(name: str, value: str) -> Html:
    return element("div", element("dt", name), element("dd", value), class_="tile")


def _answer(verdict: Tree) -> str:
    return "ship" if verdict["ship"] else "do not ship"


def _scores(comparison: Tree) -> Html:
    a, b = comparison["name_a"], comparison["name_b"]
    head = ("", a, "95 %", b, "95 %", "difference", "95 %", f"{b} ahead in", "p, bootstrap", "p, randomized")
    rows, signatures = [], []
    for m in comparison["metrics"]:
        boot = m["bootstrap"]
        rows.append(
            (
                m["metric"],
                f"{m['a']:.2f}",
                _interval(*boot["a_interval"]),
                f"{m['b']:.2f}",
                _interval(*boot["b_interval"]),
                f"{m['difference']:+.2f}",
                _interval(boot["difference_low"], boot["difference_high"]),
                f"{boot['b_wins']:.1%}",
                f"{boot['p']:.4f}",
                f"{m['p']:.4f}",
            )
        )
        signatures.append(element("li", element("code", f"{m['metric']}  {m['signature']}")))
    n_resamples = comparison["metrics"][0]["bootstrap"]["n_resamples"]
    lead = (
        f"Paired bootstrap of {n_resamples:,} resamples (Koehn 2004) and approximate randomization of "
        f"{comparison['n_shuffles']:,} shuffles (Riezler & Maxwell 2005), seed {comparison['seed']}. "
        "p is the chance of such a difference between two systems that are equally good."
    )
    return joined(
        element("p", lead, class_="lead"),
        table(head, rows, "numbers"),
        element("ul", *signatures, class_="note"),
    )


def _errors(comparison: Tree) -> Html:
    a, b = comparison["name_a"], comparison["name_b"]
    head = ("sentences with", a, b, f"only {a}", f"only {b}", "p", "how it is found")
    rows = [
        (e["name"], *(f"{e[key]:,}" for key in ("a", "b", "only_a", "only_b")), f"{e['p']:.4f}", e["how"])
        for e in comparison["errors"]
    ]
    lead = "Signs that a function finds in the texts, not judgments; p is that of an exact sign test."
    return joined(element("p", lead, class_="lead"), table(head, rows))


def _lengths(comparison: Tree) -> Html:
    a, b = comparison["name_a"], comparison["name_b"]
    metrics = [m["metric"] for m in comparison["metrics"]]
    head = (
        "words of the source",
        "sentences",
        *(f"{m}, {name}" for m in metrics for name in (a, b, "difference")),
    )
    rows = []
    for bucket in comparison["lengths"]:
        cells = [bucket["words"].replace("-", "–"), f"{bucket['n_sentences']:,}"]
        for m in metrics:
            of_a, of_b = bucket["a"][m], bucket["b"][m]
            cells += [f"{of_a:.1f}", f"{of_b:.1f}", f"{of_b - of_a:+.1f}"]
        rows.append(tuple(cells))
    return table(head, rows, "numbers")


def _sentences(rows: list[Tree], a: str, b: str) -> Html:
    if not rows:
        return element("p", "Nowhere.", class_="lead")
    cards = []
    for row in rows:
        items = [
            element(
                "li",
                element("span", f"{name}, chrF {row[f'chrf_{side}']:.0f}", class_="step"),
                element("span", row[side], dir="auto"),
            )
            for side, name in (("a", a), ("b", b))
        ]
        cards.append(
            element(
                "article",
                element("p", f"line {row['line']:,}", class_="note"),
                element("p", row["src"], class_="source", dir="auto"),
                element("p", row["reference"], class_="reference", dir="auto"),
                element("ol", *items),
                class_="card",
            )
        )
    return element("div", *cards, class_="cards")


def _interval(low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}"
