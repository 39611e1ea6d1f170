"""Which curves a run has: loss, scores, learning rate, speed, gradient; and the reference beside the loss."""

from itertools import pairwise

from crosslight.report.chart import Axis, Chart, Series
from crosslight.report.reference import ReferenceCurve
from crosslight.report.run import Run, Tree
from crosslight.report.scales import Points, interpolated, short, smoothed


def axis_of(run: Run) -> Axis:
    """The steps of all records and the seconds of training at each."""
    records = {float(r["step"]): float(r.get("seconds", 0)) for r in (*run.train, *run.valid)}
    steps = sorted(records)
    return Axis(steps, [records[step] for step in steps])


def charts(run: Run, reference: ReferenceCurve | None = None) -> list[Chart]:
    """All charts that have something to show."""
    clip = run.setting("train", "clip_norm")
    norms = points(run.train, "grad_norm")
    found = [
        _loss(run, reference),
        Chart(
            "Scores of the validation sample",
            (
                Series("chrF", points(run.valid, "chrF"), "dots", 1),
                Series("BLEU", points(run.valid, "BLEU"), "dots", 2),
            ),
            from_zero=True,
        ),
        Chart("Learning rate", (Series("rate", points(run.train, "learning_rate")),), from_zero=True),
        Chart(
            "Speed, target tokens per second",
            (
                Series("between two records", _rates(run.train), "faint", 1),
                Series("mean of the session", [p for p in points(run.train, "tokens_per_second") if p[1]]),
            ),
            from_zero=True,
        ),
        Chart(
            "Norm of the gradient",
            (
                Series("a step", norms, "faint", 1),
                Series("smoothed", smoothed(norms), "line", 1),
                Series("clipped above", [(x, float(clip)) for x, _ in norms] if clip else [], "dashed", 3),
            ),
            logarithmic=True,
        ),
    ]
    return [chart for chart in found if not chart.is_empty()]


def points(records: list[Tree], name: str) -> Points:
    """(step, value) of every record that has the value."""
    return [(float(r["step"]), float(r[name])) for r in records if isinstance(r.get(name), int | float)]


def _loss(run: Run, reference: ReferenceCurve | None) -> Chart:
    batches = points(run.train, "loss")
    series = [
        Series("a training batch", batches, "faint", 1),
        Series("smoothed", smoothed(batches), "line", 1),
        Series("validation", points(run.valid, "loss"), "dots", 2),
    ]
    note = "Nats per target token. Training adds label smoothing and dropout, so its curve lies higher."
    if reference is not None:
        series.append(Series("reference", _beside(run, reference), "dashed", 3))
        note += (
            f" Reference: the validation of {reference.name}, {reference.pairs:,} pairs, after as many "
            f"tokens, of a vocabulary of {reference.vocab_size:,}; other languages lie elsewhere."
        )
    return Chart("Loss", tuple(series), note, logarithmic=True)


def _beside(run: Run, reference: ReferenceCurve) -> Points:
    """The reference at the steps of the run: where the run had seen as many tokens."""
    tokens, losses = zip(*reference.points, strict=True)
    seen = points(run.train, "tokens") + points(run.valid, "tokens")
    return [
        (step, interpolated(tokens, losses, n)) for step, n in sorted(seen) if tokens[0] <= n <= tokens[-1]
    ]


def _rates(records: list[Tree]) -> Points:
    """Tokens by seconds between records, validations and checkpoints included."""
    rates = []
    for before, after in pairwise(records):
        seconds = after["seconds"] - before["seconds"]
        if seconds > 0 and after["tokens"] >= before["tokens"]:
            rates.append((float(after["step"]), (after["tokens"] - before["tokens"]) / seconds))
    return rates


def remarks(run: Run) -> list[str]:
    """What stands out, in words; nothing where nothing does."""
    found = []
    best, last = run.best, run.valid[-1] if run.valid else None
    if best and last and last.get("loss") is not None:
        if last["loss"] > 1.02 * best["loss"]:
            found.append(
                f"The validation loss was lowest at step {best['step']:,} ({short(best['loss'])}) and is "
                f"{short(last['loss'])} now: what is learned since is the training corpus by heart. More "
                "data, more dropout or a smaller model help."
            )
        elif run.state == "finished" and [r.get("loss") or 0 for r in run.valid[-3:-2]] > [
            1.03 * last["loss"]
        ]:
            found.append("The validation loss was still falling at the end: a longer run may be better.")
    total, kept = run.cleaning.get("total", 0), run.cleaning.get("kept", 0)
    if total and kept < 0.8 * total:
        found.append(
            f"Cleaning left {kept / total:.0%} of {total:,} pairs: look at the examples of what was dropped."
        )
    return found
