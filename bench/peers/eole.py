"""Eole through its own command, `eole train`, with the figures taken around its training step."""

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from eole.bin.main import main as eole_main
from eole.trainer import BatchProcessor
from torch.optim.optimizer import register_optimizer_step_post_hook

from bench.peers import settings
from bench.peers.probe import Count, Options, Probe, options

NEVER = 10**9


def config(chosen: Options, folder: Path) -> dict[str, Any]:
    """The file of settings that a careful user would write."""
    return {
        "src_vocab": str(chosen.prepared / "vocab.txt"),
        "share_vocab": True,
        "src_vocab_size": settings.VOCAB_SIZE,
        "tgt_vocab_size": settings.VOCAB_SIZE,
        "seed": settings.SEED,
        "report_every": 100,
        "data": {
            "bench": {
                "path_src": str(chosen.prepared / "train.src"),
                "path_tgt": str(chosen.prepared / "train.tgt"),
            }
        },
        "training": {
            "model_path": str(folder / "model"),
            "world_size": 1,
            "gpu_ranks": [],
            "compute_dtype": "fp32",
            # In the training process itself: a worker beside it would take a core away.
            "num_workers": 0,
            "bucket_size": 262_144,
            "batch_type": "tokens",
            "batch_size": settings.MAX_TOKENS,
            "normalization": "tokens",
            "optim": "adam",
            "adam_beta1": settings.BETAS[0],
            "adam_beta2": settings.BETAS[1],
            "adam_eps": settings.EPSILON,
            "learning_rate": settings.LEARNING_RATE,
            "max_grad_norm": settings.CLIP_NORM,
            "label_smoothing": settings.LABEL_SMOOTHING,
            "dropout": [settings.DROPOUT],
            "attention_dropout": [0.0],
            "dropout_steps": [0],
            "param_init_method": "xavier_uniform",
            "log_attention_entropy": False,
            "train_steps": NEVER,
            "valid_steps": NEVER,
            "save_checkpoint_steps": NEVER,
        },
        "model": shape(),
    }


def shape() -> dict[str, Any]:
    """The model's part of that file."""
    return {
        "architecture": "transformer",
        "layers": settings.N_LAYERS,
        "hidden_size": settings.D_MODEL,
        "heads": settings.N_HEADS,
        "transformer_ff": settings.D_FF,
        "add_ffnbias": True,
        "share_decoder_embeddings": True,
        "share_embeddings": True,
        "embeddings": {
            "word_vec_size": settings.D_MODEL,
            "position_encoding": True,
            "position_encoding_type": "SinusoidalInterleaved",
        },
    }


def watch(probe: Probe) -> None:
    """Tell the probe of every batch and update; what is computed stays the same."""
    process, mean_loss = BatchProcessor.process_batch, 0.0

    def counted(self: Any, batch: Any, normalization: int, accum_count: int, total: Any, report: Any) -> bool:
        nonlocal mean_loss
        if not probe.n_parameters:
            probe.n_parameters = sum(p.numel() for p in self.model.parameters())
        tgt_out = batch["tgt"][:, 1:]
        n_tgt = int((tgt_out != self.train_loss.padding_idx).sum())
        probe.batch(
            Count(
                src=int(batch["srclen"].sum()),
                tgt=n_tgt,
                src_cells=batch["src"].numel(),
                tgt_cells=tgt_out.numel(),
            )
        )
        before = total.loss
        done = process(self, batch, normalization, accum_count, total, report)
        mean_loss = (total.loss - before) / n_tgt
        return bool(done)

    BatchProcessor.process_batch = counted
    register_optimizer_step_post_hook(lambda *_: probe.update(float(mean_loss)))


def main() -> None:
    chosen = options()
    torch.set_num_threads(chosen.threads)
    watch(
        Probe(
            chosen,
            "eole train, pre-norm, buckets of 262,144 pairs, Adam",
            f"eole {version('eole')}, torch {torch.__version__}",
        )
    )
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "config.yaml"
        file.write_text(yaml.safe_dump(config(chosen, Path(name))), encoding="utf-8")
        sys.argv = ["eole", "train", "--config", str(file)]
        eole_main()


if __name__ == "__main__":
    main()
