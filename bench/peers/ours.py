"""Crosslight: the loop that `crosslight train` runs (`train.loop.fit`), on the prepared ids."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from rich.console import Console

import crosslight
from bench.peers import settings
from bench.peers.batches import read_ids
from bench.peers.probe import Count, Probe, options
from crosslight.allocator import VARIABLE, start_again_with_tcmalloc
from crosslight.config.load import run_config
from crosslight.config.run import RunConfig
from crosslight.data.batch import Batch
from crosslight.data.ragged import Ragged, RaggedWriter
from crosslight.data.stream import ParallelCorpus, Position, Stream
from crosslight.models.build import build_model
from crosslight.train.checkpoints import Checkpoints, Ledger
from crosslight.train.loop import fit, schedule_of
from crosslight.train.machine import keep_freed_memory
from crosslight.train.progress import Progress
from crosslight.train.step import StepResult


def config() -> RunConfig:
    """Ours, asked for the model of the benchmark."""
    return run_config(
        {
            "model": {
                "d_model": settings.D_MODEL,
                "d_ff": settings.D_FF,
                "n_heads": settings.N_HEADS,
                "n_encoder_layers": settings.N_LAYERS,
                "n_decoder_layers": settings.N_LAYERS,
                "dropout": settings.DROPOUT,
                "norm": "pre",
            },
            "train": {
                "seed": settings.SEED,
                "steps": 1_000_000,  # the probe ends it
                "max_tokens_per_batch": settings.MAX_TOKENS,
                "max_length": settings.MAX_LENGTH + 1,
                "label_smoothing": settings.LABEL_SMOOTHING,
                "learning_rate": settings.LEARNING_RATE,
                "warmup_steps": 1000,
                "beta1": settings.BETAS[0],
                "beta2": settings.BETAS[1],
                "epsilon": settings.EPSILON,
                "clip_norm": settings.CLIP_NORM,
                "checkpoint_seconds": 1e9,
                "precision": "fp32",  # as the others; bf16 where it is fast would be another benchmark
            },
        },
        "the benchmark",
    )


class CountedStream(Stream):
    """The stream, and a word to the probe about each batch."""

    probe: Probe

    def epoch(self, position: Position) -> Iterator[tuple[Batch, Position]]:
        """As a stream's, counted."""
        for batch, after in super().epoch(position):
            self.probe.batch(
                Count(
                    src=int((batch.src != batch.pad_id).sum()),
                    tgt=batch.n_tokens,
                    src_cells=batch.src.numel(),
                    tgt_cells=batch.tgt_out.numel(),
                )
            )
            yield batch, after


class CountedProgress(Progress):
    """The progress display, and a word to the probe about each update."""

    probe: Probe

    def step(self, ledger: Ledger, result: StepResult, rate: float, share: float) -> None:
        """As a progress's, counted."""
        super().step(ledger, result, rate, share)
        self.probe.update(result.loss)


def corpus(prepared: Path, folder: Path) -> ParallelCorpus:
    """The prepared ids in our format; the text is not needed without subword sampling."""
    ids = {}
    for side in ("src", "tgt"):
        with RaggedWriter(folder / side, np.uint32) as writer:
            writer.extend(read_ids(prepared / f"train.{side}.ids"))
        ids[side] = Ragged(folder / side, np.uint32)
    with RaggedWriter(folder / "text", np.uint8):
        pass
    text = Ragged(folder / "text", np.uint8)
    return ParallelCorpus(text, text, ids["src"], ids["tgt"])


def never() -> NoReturn:
    """No validation belongs to the timed window."""
    raise AssertionError("the probe has ended the run by now")


def main() -> None:
    start_again_with_tcmalloc()  # as `crosslight train` does; CROSSLIGHT_ALLOCATOR=system turns it off
    chosen, run = options(), config()
    torch.set_num_threads(1)
    keep_freed_memory()
    torch.manual_seed(settings.SEED)
    model = build_model(run.model, settings.VOCAB_SIZE, settings.VOCAB_SIZE, settings.PAD_ID)
    probe = Probe(
        chosen,
        f"train.loop.fit, pre-norm, {chosen.threads} shards, fused Adam, "
        f"allocator {os.environ.get(VARIABLE, 'system')}",
        f"crosslight {crosslight.__version__}, torch {torch.__version__}",
        sum(p.numel() for p in model.parameters()),
    )
    CountedStream.probe = CountedProgress.probe = probe
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stream = CountedStream(
            corpus(chosen.prepared, folder),
            None,  # type: ignore[arg-type]  # subword models are for sampling
            None,  # type: ignore[arg-type]
            run.train.max_tokens_per_batch,
            run.train.seed,
            run.train.max_length,
        )
        with CountedProgress(folder, Console(stderr=True)) as progress:
            fit(
                model,
                stream,
                run.train,
                schedule_of(run.train, run.model.d_model),
                Checkpoints(folder / "checkpoints", 1),
                never,
                progress,
                threads=chosen.threads,
                precision=torch.float32,
            )


if __name__ == "__main__":
    main()
