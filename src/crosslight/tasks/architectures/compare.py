"""The job: train every arm, measure all of them, and say which claims of the notes hold here.

arms ─► trainings ─► translations ─► scores by seed and by length ─┐
               └───► speeds · gradients · attention ───────────────┴─► report.json ─► report.html
"""

import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from crosslight import __version__
from crosslight.bundle import Bundle, load_bundle
from crosslight.config.architecture import summary
from crosslight.evaluate.by_length import join
from crosslight.evaluate.claims import Claim, claims, field_claim, slower_on_long
from crosslight.evaluate.resampling import Estimate
from crosslight.evaluate.significance import N_RESAMPLES
from crosslight.report.architectures import architectures_page
from crosslight.tasks.architectures.arms import Arm
from crosslight.tasks.architectures.contest import Contest
from crosslight.tasks.architectures.gradients import gradients
from crosslight.tasks.architectures.maps import attention_maps
from crosslight.tasks.architectures.outputs import translate_all
from crosslight.tasks.architectures.quality import by_length, scores
from crosslight.tasks.architectures.speed import N_SENTENCES, decoding_speeds, training_speeds
from crosslight.tasks.architectures.training import last_record, train_all
from crosslight.tasks.files import write_text
from crosslight.tasks.prepare import prepare
from crosslight.tasks.recipe import command_line, commit
from crosslight.text.corpus import Pair, read_pairs

REPORT, PAGE = "report.json", "report.html"
LONG_WORDS, SHORT_WORDS = 12, 6  # of the sentence whose attention is shown
Say = Callable[[str], None]
Tree = dict[str, Any]
Test = tuple[str, str] | str


def compare_architectures(
    contest: Contest,
    test: Test | None,
    console: Console,
    *,
    sentence: str | None = None,
    n_resamples: int = N_RESAMPLES,
) -> Tree | int:
    """Everything that was found, as written to DIR/report.json; or the signal that stopped the training.

    Args:
        test: source and references, line by line, or one file of both; the validation set unless given.
        sentence: whose attention is shown; one of the test set unless given.

    Raises:
        CorpusError: the test set cannot be read, or is too small.
        TrainingError: a training failed.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)

    started = time.monotonic()
    prepared = prepare(contest.config(contest.arms[0], 1), contest.out / "data", say)
    valid = prepared.valid
    pairs = list(read_pairs(test)) if test else [valid.pair(i) for i in range(len(valid))]
    join([pair.src for pair in pairs], 1)  # too small a test set comes to light now
    stopped_by = train_all(contest, console, say)
    if stopped_by is not None:
        return stopped_by
    trained = time.monotonic()
    found = _measured(contest, pairs, sentence, say, n_resamples)
    found["about"] |= {
        "command": command_line(sys.argv),
        "judged_on": _judged_on(test),
        "session_seconds": {"training": trained - started, "measuring": time.monotonic() - trained},
    }
    write_text(contest.out / REPORT, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    write_text(contest.out / PAGE, architectures_page(found))
    return found


def _measured(
    contest: Contest, pairs: Sequence[Pair], sentence: str | None, say: Say, n_resamples: int
) -> Tree:
    srcs, refs = [pair.src for pair in pairs], [pair.tgt for pair in pairs]
    torch.set_num_threads(1)
    outputs = translate_all(contest, srcs, say)
    say("scores")
    chrf, chrf_pairs = scores(outputs, refs, "chrF", n_resamples)
    bleu, _ = scores(outputs, refs, "BLEU", n_resamples)
    lengths, slope_pairs = by_length(outputs, srcs, refs, n_resamples)
    bundles = {arm.name: load_bundle(contest.run(arm, contest.seeds[0])) for arm in contest.arms}
    first = next(iter(bundles.values()))
    sizes = first.src_subword.vocab_size, first.tgt_subword.vocab_size
    long = list(zip(join(srcs, 4), join(refs, 4), strict=True))
    names = {arm.name: arm.label for arm in contest.arms}
    controls = frozenset(arm.name for arm in contest.arms if arm.control)
    training = training_speeds(contest, sizes, say)
    held = [*claims(chrf_pairs, slope_pairs, names, controls), *_of_speed(training)]
    return {
        "about": _about(contest, first, len(pairs), n_resamples),
        "arms": [_arm(arm, bundles[arm.name]) for arm in contest.arms],
        "runs": [_run(contest, arm, seed) for arm in contest.arms for seed in contest.seeds],
        "claims": [asdict(claim) for claim in held],
        "chrF": chrf,
        "BLEU": bleu,
        "by_length": lengths,
        "gradients": gradients(bundles, long, say),
        "attention": attention_maps(bundles, sentence or _shown(srcs)),
        "decoding": decoding_speeds(bundles, srcs[:N_SENTENCES], say),
        "training": training,
    }


def _of_speed(training: Tree) -> list[Claim]:
    """The claims that are decided by what was measured of speed and reach."""
    arms = training["arms"]
    faster = None
    if {"transformer", "rnn"} <= arms.keys() and next(iter(arms)) == "transformer":
        ratio = arms["rnn"]["ratio"][-1]  # of the longest sentences, by the first arm
        faster = Estimate(1 / ratio["value"], 1 / ratio["high"], 1 / ratio["low"])
    conv = arms.get("conv", {})
    return [
        slower_on_long(faster, training["lengths"][-1]),
        field_claim(conv.get("field"), conv.get("field_by_formula")),
    ]


def _about(contest: Contest, bundle: Bundle, n_test: int, n_resamples: int) -> Tree:
    data = contest.shared["data"]
    return {
        "languages": [bundle.facts.src_lang or "source", bundle.facts.tgt_lang or "target"],
        "n_pairs": bundle.facts.n_pairs,
        "n_test": n_test,
        "n_resamples": n_resamples,
        "pieces": bundle.src_subword.vocab_size,
        "seeds": list(contest.seeds),
        "minutes": contest.minutes,
        "steps": contest.shared["train"].get("steps"),
        "threads": contest.threads,
        "parallel": contest.parallel,
        "precision": contest.shared["train"]["precision"],
        "shared": contest.shared,
        "license": data.get("license", ""),
        "versions": {
            "crosslight": __version__,
            "commit": commit(Path(__file__).parents[1]),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "machine": {
            "platform": platform.platform(),
            "processor": _processor(),
            "instructions": torch.backends.cpu.get_cpu_capability(),
        },
    }


def _arm(arm: Arm, bundle: Bundle) -> Tree:
    n_parameters = sum(p.numel() for p in bundle.model.parameters())
    return {
        "name": arm.name,
        "label": arm.label,
        "control": arm.control,
        "parameters": n_parameters,
        "summary": summary(bundle.config.model),
        "settings": arm.settings,
    }


def _run(contest: Contest, arm: Arm, seed: int) -> Tree:
    """One training in figures."""
    run = contest.run(arm, seed)
    record = last_record(run)
    corpus = json.loads((run / "data" / "statistics.json").read_text(encoding="utf-8"))
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    sessions = recipe["sessions"]
    return {
        "arm": arm.name,
        "seed": seed,
        "steps": record["step"],
        "minutes": record["seconds"] / 60,
        "tokens": record["tokens"],
        "epochs": record["tokens"] / (corpus["tgt"]["tokens"] + corpus["pairs"]),
        "valid_loss": last_record(run, "valid").get("loss"),
        "started": sessions[0]["started"],
        "ended": sessions[-1]["ended"],
    }


def _shown(srcs: Sequence[str]) -> str:
    """A sentence of a length at which a matrix can still be read; the shortest one if there is none."""
    fitting = [src for src in srcs if SHORT_WORDS <= len(src.split()) <= LONG_WORDS]
    return max(fitting, key=lambda src: len(src.split())) if fitting else min(srcs, key=len)


def _judged_on(test: Test | None) -> str:
    if test is None:
        return "the validation set, by which each training also chose among its weights"
    return " and ".join(test) if isinstance(test, tuple) else test


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
