"""The main job: from a parallel corpus to a bundle.

    settings ─► prepare ─► build_model ─► fit ─► the best of last, best and average ─► bundle/

A run directory explains itself: report.html (all of it, to look at), config.toml (resolved),
environment.json, recipe.json, log.txt, metrics.jsonl, samples.jsonl, tensorboard/, data/ (the tokenized
corpus), checkpoints/ (to resume), bundle/ (to use).
"""

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from crosslight import __version__
from crosslight.bundle import Bundle, Facts, save_bundle
from crosslight.config.load import to_toml
from crosslight.config.run import RunConfig
from crosslight.data.stream import Stream
from crosslight.models.build import Model, build_model
from crosslight.tasks import budget, finetune
from crosslight.tasks.files import write_text
from crosslight.tasks.prepare import Prepared, prepare, require_fitting
from crosslight.tasks.report import reported
from crosslight.tasks.start import take_weights
from crosslight.tasks.statistics import write_statistics
from crosslight.tasks.validate import Validator
from crosslight.tasks.weights import choose_weights
from crosslight.text.subword import PAD_ID
from crosslight.train.checkpoints import Checkpoints, Ledger
from crosslight.train.disk import n_kept
from crosslight.train.distributed import ALONE, World
from crosslight.train.loop import fit, schedule_of
from crosslight.train.machine import choose_device, keep_freed_memory, probe_precision, probe_threads
from crosslight.train.progress import Progress
from crosslight.train.rehearsal import n_bytes


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    bundle: Path | None  # None if it was stopped before its end
    stopped_by: int | None  # the signal, if one stopped it
    facts: Facts | None = None


def train(
    config: RunConfig,
    out: Path,
    console: Console,
    *,
    resume: bool = False,
    notes: Sequence[str] = (),
    started: float | None = None,
    world: World = ALONE,
) -> Outcome:
    """Train a model in the run directory `out` (see `tasks.runs`), or go on with the training there.

    Args:
        notes: lines to say and log first, such as the reasons of choices made.
        started: the moment (of `time.monotonic`) from which the minutes count; now unless given.
        world: the processes that train together, of which this one is the first (see `tasks.follow`).

    Raises:
        CorpusError, ConfigError: the corpus or the settings cannot be used.
        TrainingError: training cannot go on, or the minutes are too few for this corpus.
        RunError: the last checkpoint is damaged.
    """
    started = time.monotonic() if started is None else started
    out.mkdir(parents=True, exist_ok=True)
    environment = _environment(out, config, resume, world)
    torch.set_num_threads(1)  # threads take shards of a batch, not parts of an operation
    keep_freed_memory()
    threads = max(world.size, environment["threads"])
    precision = getattr(torch, environment["precision"])
    with reported(out, config, console) as progress:
        for note in notes:
            progress.say(note)
        prepared = _prepared(config, out, progress)
        world.told(threads)
        model, stream = new_model(config, prepared, world), stream_of(config, prepared)
        n_parameters = sum(p.numel() for p in model.parameters())
        processes = f" in {world.size} processes" if world.size > 1 else ""
        progress.say(
            f"model: {n_parameters / 1e6:.1f} M parameters; threads: {threads}{processes}; "
            f"matrix products in {environment['precision']}"
        )
        write_statistics(out, prepared, n_parameters)
        bundle = Bundle(
            config, prepared.src_subword, prepared.tgt_subword, model, _facts(config, prepared, Ledger())
        )
        checkpoints = Checkpoints(out / "checkpoints", config.train.average_last, to_toml(config))
        checkpoints.keep = n_kept(checkpoints, n_bytes(model), config.train, progress.say)
        resume = resume and checkpoints.newest() is not None
        validator = Validator(bundle, prepared, config.train.sample_size, threads)
        check = finetune.forgetting(config, bundle, prepared, out, validator, threads)
        pace = budget.pace(
            out,
            config,
            prepared,
            validator,
            stream,
            lambda: new_model(config, prepared, world),
            threads,
            precision,
        )
        if not resume:
            if pace:
                pace.begin(time.monotonic() - started, out, progress.say)
            if taken := take_weights(config, model):
                progress.say(taken)
            if check:
                progress.say(check.before())
        ledger, stopped_by = fit(
            model,
            stream,
            pace.config if pace else config.train,
            schedule_of(config.train, config.model.d_model),
            checkpoints,
            check or validator,
            progress,
            threads=threads,
            precision=precision,
            resume=resume,
            seconds_before=time.monotonic() - started,
            reserve=pace.reserve if pace else lambda seconds: 0.0,
            world=world,
        )
        if stopped_by is not None:
            return Outcome(None, stopped_by)
        deadline = pace.deadline(ledger) if pace else None
        bundle.facts = _facts(config, prepared, ledger)
        choose_weights(bundle.model.eval(), checkpoints, ledger, validator, progress.say)
        _score(bundle, validator, check, deadline, progress)
        bundle.validation = tuple(validator.sample(config.train.bundled_validation))
        save_bundle(bundle, out / "bundle")
        progress.say(f"bundle: {out / 'bundle'}")
        progress.say(budget.spent(ledger, time.monotonic() - started))
    return Outcome(out / "bundle", None, bundle.facts)


def _prepared(config: RunConfig, out: Path, progress: Progress) -> Prepared:
    prepared = prepare(config, out / "data", progress.say, progress.show)
    n_fitting = require_fitting(prepared.train, config.train.max_length)
    require_fitting(prepared.valid, config.train.max_length)
    if n_fitting < len(prepared.train):
        progress.say(f"{len(prepared.train) - n_fitting:,} longer pairs are passed over")
    return prepared


def new_model(config: RunConfig, prepared: Prepared, world: World = ALONE) -> Model:
    """The model as training begins, on this process' device: the same one for the same seed."""
    torch.manual_seed(config.train.seed)
    sizes = prepared.src_subword.vocab_size, prepared.tgt_subword.vocab_size
    return build_model(config.model, *sizes, PAD_ID).to(world.device(choose_device(config.train.device)))


def stream_of(config: RunConfig, prepared: Prepared) -> Stream:
    """The training batches."""
    return Stream(
        prepared.train,
        prepared.src_subword,
        prepared.tgt_subword,
        config.train.max_tokens_per_batch,
        config.train.seed,
        config.train.max_length,
        config.subword.sampling,
    )


def _score(
    bundle: Bundle,
    validator: Validator,
    check: finetune.Forgetting | None,
    deadline: float | None,
    progress: Progress,
) -> None:
    """Write into the bundle's facts how good it is, and what it has forgotten."""
    if check:
        scores, lines = check.after()
        bundle.facts.scores.update(scores)
        for line in lines:
            progress.say(line)
    for name, score in validator.final_scores(deadline).items():
        bundle.facts.scores[name] = score
        progress.say(f"{name}: {score}")


def _facts(config: RunConfig, prepared: Prepared, ledger: Ledger) -> Facts:
    return Facts(
        src_lang=config.data.src_lang,
        tgt_lang=config.data.tgt_lang,
        n_pairs=prepared.n_pairs,
        longest_src=prepared.longest_src,
        sentences_per_line=prepared.sentences_per_line,
        steps=ledger.step,
        minutes=ledger.seconds / 60,
        license=config.data.license,
    )


def _environment(out: Path, config: RunConfig, resume: bool, world: World) -> dict[str, Any]:
    """What the run stands on. Resuming keeps the number of threads: it changes the last bits of sums."""
    file = out / "environment.json"
    if resume and file.is_file():
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return kept
    threads, rates = (config.train.threads, {}) if config.train.threads else probe_threads()
    device = choose_device(config.train.device)
    environment = {
        "crosslight": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": str(device),
        "precision": str(probe_precision(config.train.precision, device)).removeprefix("torch."),
        "threads": max(world.size, threads if config.train.threads else threads * world.n_machines),
        "processes": world.size,
        "gflops_by_threads": {str(n): round(rate, 1) for n, rate in rates.items()},
    }
    write_text(file, json.dumps(environment, indent=1))
    return environment
