"""JoeyNMT through its own command, `joeynmt train`, with the figures taken around its training step.

It has token batches but no bucketing by length (`datasets.py::TokenBatchSampler` says so), so its padding is
its own; dropout inside attention cannot be turned off apart from the rest.
"""

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from joeynmt.__main__ import main as joeynmt_main
from joeynmt.training import TrainManager
from torch.optim.optimizer import register_optimizer_step_post_hook

from bench.peers import settings
from bench.peers.probe import Count, Options, Probe, options

NEVER = 10**9


def config(chosen: Options, folder: Path) -> dict[str, Any]:
    """The file of settings that a careful user would write."""
    stack = {
        "type": "transformer",
        "num_layers": settings.N_LAYERS,
        "num_heads": settings.N_HEADS,
        "embeddings": {
            "embedding_dim": settings.D_MODEL,
            "scale": True,
            "dropout": settings.DROPOUT,
        },
        "hidden_size": settings.D_MODEL,
        "ff_size": settings.D_FF,
        "dropout": settings.DROPOUT,
        "layer_norm": "pre",
    }
    sides = {
        key: {
            "lang": lang,
            "level": "word",  # the pieces are cut already
            "voc_file": str(chosen.prepared / "vocab.txt"),
            "tokenizer_cfg": {"pretokenizer": "none"},
        }
        for key, lang in (("src", "src"), ("trg", "tgt"))
    }
    return {
        "name": "bench",
        "model_dir": str(folder / "model"),
        "use_cuda": False,
        "fp16": False,
        "random_seed": settings.SEED,
        "data": {
            "train": str(chosen.prepared / "train"),
            "dev": str(chosen.prepared / "dev"),
            "dataset_type": "plain",
            **sides,
        },
        "testing": {"beam_size": 1, "eval_metrics": ["bleu"]},
        "training": {
            "optimizer": "adam",
            "adam_betas": list(settings.BETAS),
            "learning_rate": settings.LEARNING_RATE,
            "learning_rate_min": 0.0,
            "scheduling": "warmupinversesquareroot",  # without one it does not start (2.3.0)
            "learning_rate_warmup": 1000,
            "normalization": "tokens",
            "label_smoothing": settings.LABEL_SMOOTHING,
            "loss": "crossentropy",
            "clip_grad_norm": settings.CLIP_NORM,
            "batch_size": settings.MAX_TOKENS,
            "batch_type": "token",
            "shuffle": True,
            "epochs": NEVER,
            "validation_freq": NEVER,
            "logging_freq": 100,
            "early_stopping_metric": "ppl",
            "overwrite": True,
        },
        "model": {
            "initializer": "xavier_uniform",
            "embed_initializer": "xavier_uniform",
            "tied_embeddings": True,
            "tied_softmax": True,
            "encoder": stack,
            "decoder": stack,
        },
    }


def watch(probe: Probe) -> None:
    """Tell the probe of every batch and update; what is computed stays the same."""
    step, loss = TrainManager._train_step, 0.0

    def counted(self: Any, batch: Any) -> Any:
        nonlocal loss
        if not probe.n_parameters:
            probe.n_parameters = sum(p.numel() for p in self.model.parameters())
        probe.batch(
            Count(
                src=int(batch.src_length.sum()),
                tgt=int(batch.ntokens),
                src_cells=batch.src.numel(),
                tgt_cells=batch.trg.numel(),
            )
        )
        loss, correct = step(self, batch)
        return loss, correct

    TrainManager._train_step = counted
    TrainManager._save_checkpoint = lambda *_, **__: None  # it would save when the time is over
    register_optimizer_step_post_hook(lambda *_: probe.update(loss))


def main() -> None:
    chosen = options()
    torch.set_num_threads(chosen.threads)
    watch(
        Probe(
            chosen,
            "joeynmt train, pre-norm, token batches without bucketing, Adam",
            f"joeynmt {version('joeynmt')}, torch {torch.__version__}",
        )
    )
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "config.yaml"
        file.write_text(yaml.safe_dump(config(chosen, Path(name))), encoding="utf-8")
        sys.argv = ["joeynmt", "train", str(file), "--skip-test"]
        joeynmt_main()


if __name__ == "__main__":
    main()
