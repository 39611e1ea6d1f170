"""Architectures compared, as one HTML page: nothing fetched, no script, all text escaped.

Drawn from the tree that `crosslight compare-architectures` writes as report.json, and from nothing else.
"""

import re
from typing import Any

from crosslight.report.architecture_charts import (
    attention_section,
    gradient_section,
    label_of,
    length_section,
    speed_section,
)
from crosslight.report.markup import Html, element, joined, table
from crosslight.report.resource import resource

Tree = dict[str, Any]
MARKS = {"holds": "holds", "does not hold at this scale": "fails"}


def architectures_page(found: Tree) -> str:
    """The page of a comparison of architectures; write it as UTF-8.

    Args:
        found: what `tasks.architectures.compare` found.
    """
    sections = [
        ("What is said of them, and what is so here", _claims(found)),
        ("Scores", _scores(found)),
        ("Longer sources", length_section(found)),
        ("Speed", speed_section(found)),
        ("How far a gradient reaches", gradient_section(found)),
        ("One sentence", attention_section(found)),
        ("Trainings", _runs(found)),
        ("How this was made", _made(found)),
    ]
    body = [element("section", element("h2", title), content) for title, content in sections]
    parts = {
        "title": element("title", f"Architectures compared: {languages(found)}"),
        "style": resource("page.css") + resource("architectures.css"),
        "body": joined(_headline(found), element("main", *body)),
    }
    # One pass, so that a sentence which contains "{{style}}" stays a sentence.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], resource("comparison.html"))


def languages(found: Tree) -> str:
    """The pair of languages, for people."""
    return " → ".join(found["about"]["languages"])


def _headline(found: Tree) -> Html:
    about = found["about"]
    budget = f"{about['minutes']:g} minutes" if about["minutes"] else f"{about['steps']:,} updates"
    best = winner(found)
    tiles = [
        ("ahead in chrF", best["label"]),
        ("each trained for", budget),
        ("seeds", ", ".join(map(str, about["seeds"]))),
        ("sentence pairs", f"{about['n_pairs']:,}"),
        ("test sentences", f"{about['n_test']:,}"),
        ("pieces", f"{about['pieces']:,}"),
    ]
    return element(
        "header",
        element(
            "p",
            element("span", class_="mark", aria_hidden="true"),
            element("b", "Crosslight"),
            " the same corpus, pieces, batches, time and seeds for each architecture",
            class_="brand",
        ),
        element("h1", f"Architectures compared: {languages(found)}"),
        element(
            "dl",
            *(element("div", element("dt", n), element("dd", v), class_="tile") for n, v in tiles),
            class_="tiles",
        ),
    )


def winner(found: Tree) -> Tree:
    """The arm with the highest chrF that is no control."""
    contestants: list[Tree] = [arm for arm in found["arms"] if not arm["control"]] or found["arms"]
    return max(contestants, key=lambda arm: float(found["chrF"]["arms"][arm["name"]]["value"]))


def _claims(found: Tree) -> Html:
    rows = [
        element(
            "tr",
            element("td", claim["sentence"]),
            element("td", claim["figure"]),
            element("td", claim["verdict"], class_=f"verdict {MARKS.get(claim['verdict'], 'open')}"),
        )
        for claim in found["claims"]
    ]
    head = element("tr", *(element("th", cell) for cell in ("claim", "here", "")))
    lead = (
        "A claim holds where the whole 95 % interval of its figure is on its side, does not hold at this "
        "scale where all of it is on the other, and is undecided where the interval reaches over both."
    )
    return joined(
        element("p", lead, class_="lead"),
        element(
            "div",
            element("table", element("thead", head), element("tbody", *rows), class_="claims"),
            class_="scroll",
        ),
    )


def _scores(found: Tree) -> Html:
    about, best = found["about"], winner(found)
    head = ("", "parameters", "chrF", "95 %", "BLEU", "95 %", "chrF of each seed", "epochs seen", "updates")
    rows = []
    for arm in sorted(found["arms"], key=lambda arm: -found["chrF"]["arms"][arm["name"]]["value"]):
        runs = [run for run in found["runs"] if run["arm"] == arm["name"]]
        chrf, bleu = (found[metric]["arms"][arm["name"]] for metric in ("chrF", "BLEU"))
        cells = (
            arm["label"] + (" (control)" if arm["control"] else ""),
            f"{arm['parameters'] / 1e6:.2f} M",
            f"{chrf['value']:.1f}",
            interval(chrf),
            f"{bleu['value']:.1f}",
            interval(bleu),
            " ".join(f"{score:.1f}" for score in chrf["seeds"]),
            f"{sum(run['epochs'] for run in runs) / len(runs):.1f}",
            f"{sum(run['steps'] for run in runs) / len(runs):,.0f}",
        )
        rows.append(
            element("tr", *(element("td", cell) for cell in cells), class_="best" if arm is best else None)
        )
    differences = [
        (
            f"{label_of(found, row['a'])} − {label_of(found, row['b'])}",
            f"{row['value']:+.1f}",
            interval(row),
            "yes" if row["low"] > 0 or row["high"] < 0 else "no",
        )
        for row in found["chrF"]["differences"]
    ]
    lead = (
        f"Means over {len(about['seeds'])} seed(s), beam search. Intervals of 95 % from "
        f"{about['n_resamples']:,} resamples of the test sentences (the same ones for all: paired) and of "
        "the seeds of each architecture. With so few seeds the spread between seeds is judged too small."
    )
    return joined(
        element("p", lead, class_="lead"),
        element(
            "div",
            element(
                "table",
                element("thead", element("tr", *(element("th", cell) for cell in head))),
                element("tbody", *rows),
                class_="numbers",
            ),
            class_="scroll",
        ),
        element("h3", "Differences in chrF"),
        table(("", "difference", "95 %", "clear"), differences, "numbers"),
        element(
            "ul",
            *(element("li", element("code", f"{m}  {found[m]['signature']}")) for m in ("chrF", "BLEU")),
            class_="note",
        ),
    )


def _runs(found: Tree) -> Html:
    head = ("", "seed", "updates", "epochs", "target tokens", "minutes", "validation loss", "begun", "ended")
    rows = [
        (
            label_of(found, run["arm"]),
            str(run["seed"]),
            f"{run['steps']:,}",
            f"{run['epochs']:.1f}",
            f"{run['tokens']:,}",
            f"{run['minutes']:.1f}",
            f"{run['valid_loss']:.3f}" if run["valid_loss"] is not None else "",
            run["started"] or "",
            run["ended"] or "",
        )
        for run in found["runs"]
    ]
    return table(head, rows, "numbers")


def _made(found: Tree) -> Html:
    about = found["about"]
    session = about.get("session_seconds", {})
    facts = [
        ("test set", about["judged_on"]),
        ("license of the data", about["license"] or "not stated"),
        ("threads of each training", f"{about['threads']}; trainings side by side: {about['parallel']}"),
        ("precision of matrix products", about["precision"]),
        *((name, str(value)) for name, value in about["machine"].items()),
        *((name, str(value)) for name, value in about["versions"].items()),
        ("minutes of all trainings", f"{sum(run['minutes'] for run in found['runs']):,.1f}"),
        *((f"seconds of this session, {name}", f"{value:,.0f}") for name, value in session.items()),
    ]
    return joined(
        element("pre", element("code", about["command"]), class_="command"),
        element("p", "The same command goes on after a stop, and passes over what is there.", class_="lead"),
        table((), facts),
        element("h3", "Settings"),
        table(
            ("", "shape", "settings"),
            [(a["label"], a["summary"], _flat(_own(a["settings"], about["shared"]))) for a in found["arms"]],
        ),
        element(
            "p", f"For all: {_flat({k: v for k, v in about['shared'].items() if k != 'data'})}", class_="note"
        ),
    )


def _own(settings: Tree, shared: Tree) -> Tree:
    """What of an arm's settings nothing lies over."""
    return {
        section: {name: value for name, value in part.items() if name not in shared.get(section, {})}
        for section, part in settings.items()
    }


def _flat(tree: Tree) -> str:
    """A tree of settings in one line."""
    return "; ".join(
        f"{section}.{name} = {value}" for section, part in tree.items() for name, value in part.items()
    )


def interval(found: Tree) -> str:
    """An interval in brackets."""
    return f"[{found['low']:.1f}, {found['high']:.1f}]"
