"""The corpus of a run: what was left out and why, how long sentences are, the vocabulary."""

from crosslight.report.markup import Html, element, joined, table
from crosslight.report.run import Run, Tree
from crosslight.report.scales import short, ticks
from crosslight.text.clean import RULES


def corpus_section(run: Run) -> Html | None:
    """Cleaning, lengths and vocabulary; None for a run that has no such files."""
    return joined(_cleaning(run.cleaning), _lengths(run.statistics)) or None


def _cleaning(report: Tree) -> Html | None:
    total, rejected = report.get("total", 0), report.get("rejected", {})
    if not total:
        return None
    kept = f"{report['kept']:,} of {total:,} pairs were kept ({report['kept'] / total:.2%})."
    parts = [("kept", report["kept"]), *((rule, n) for rule, n in rejected.items() if n)]
    bar = [
        element("i", class_=f"part {name}", style=f"flex:{n}", title=f"{name}: {n:,}") for name, n in parts
    ]
    rows = [
        (RULES.get(rule, rule), f"{n:,}", f"{n / total:.2%}", _examples(report, rule))
        for rule, n in rejected.items()
        if n
    ]
    return joined(
        element("p", kept, class_="lead"),
        element("div", *bar, class_="bar"),
        table(("dropped because", "pairs", "share", "for example"), rows, class_="cleaning")
        if rows
        else None,
    )


def _examples(report: Tree, rule: str) -> Html:
    examples = [
        element(
            "p",
            element("span", f"line {example['line']:,}", class_="step"),
            element("span", example["src"] or "∅", dir="auto"),
            element("span", " | ", class_="soft"),
            element("span", example["tgt"] or "∅", dir="auto"),
        )
        for example in report.get("examples", {}).get(rule, [])
    ]
    return joined(*examples)


def _lengths(statistics: Tree) -> Html | None:
    if "src" not in statistics:
        return None
    rows = []
    for side, name in (("src", "source"), ("tgt", "target")):
        counts = [(int(length), int(n)) for length, n in statistics[side]["lengths"]]
        n_rows = sum(n for _, n in counts)
        rows.append(
            (
                name,
                f"{statistics[side]['tokens']:,}",
                short(statistics[side]["tokens"] / max(1, n_rows)),
                f"{percentile(counts, 0.5):,}",
                f"{percentile(counts, 0.99):,}",
                f"{max((length for length, _ in counts), default=0):,}",
                f"{statistics[side]['vocab_size']:,}",
            )
        )
    head = ("", "tokens", "mean length", "median", "99 %", "longest", "vocabulary")
    figures = f"{statistics['pairs']:,} pairs to train on, {statistics['valid_pairs']:,} to validate."
    return joined(
        element("h3", "Lengths in tokens"),
        element("p", figures, class_="lead"),
        _histogram(statistics),
        table(head, rows, class_="numbers"),
    )


def percentile(counts: list[tuple[int, int]], share: float) -> int:
    """The length that this share of the rows does not exceed; counts are (length, rows), lengths rising.

    >>> percentile([(1, 10), (2, 80), (9, 10)], 0.5), percentile([(1, 10), (2, 80), (9, 10)], 0.99)
    (2, 9)
    """
    total, so_far = sum(n for _, n in counts), 0
    for length, n in counts:
        so_far += n
        if so_far >= share * total:
            return length
    return 0


def _histogram(statistics: Tree) -> Html:
    """Both sides as outlines over the length; what is beyond the 99.5th percentile is left out."""
    sides = [[(int(x), int(n)) for x, n in statistics[side]["lengths"]] for side in ("src", "tgt")]
    longest = max(8, *(percentile(counts, 0.995) for counts in sides))
    width = -(-longest // 40)
    binned = []
    for counts in sides:
        bins = [0] * (longest // width + 1)
        for length, n in counts:
            if length <= longest:
                bins[length // width] += n
        binned.append(bins)
    top = max(1, *(n for bins in binned for n in bins))
    paths = []
    for color, bins in enumerate(binned, start=1):
        steps = "".join(
            f"V{100 - 100 * n / top:.1f}H{(i + 1) * 1000 / len(bins):.1f}" for i, n in enumerate(bins)
        )
        paths.append(element("path", d=f"M0,100{steps}V100Z", class_=f"area c{color}"))
    end = width * len(binned[0])
    labels = [
        element("span", short(mark), class_="x-label", style=f"left:{100 * mark / end:.1f}%")
        for mark in ticks(0, longest)
    ]
    svg = element(
        "svg", *paths, viewBox="0 0 1000 100", preserveAspectRatio="none", role="img", aria_label="Lengths"
    )
    keys = [
        element("span", name, class_=f"key line c{i}") for i, name in enumerate(("source", "target"), start=1)
    ]
    return joined(element("p", *keys, class_="legend"), element("div", svg, *labels, class_="plot low"))
