"""A look at the machine: what would help somebody who asks why it does not work, or why it is slow."""

import importlib.metadata
import locale
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import torch

from crosslight import __version__
from crosslight.allocator import tcmalloc
from crosslight.config.model import TransformerConfig
from crosslight.data.batch import make_batch
from crosslight.models.build import build_model
from crosslight.nn.threads import lone_threads
from crosslight.train.machine import choose_device, keep_freed_memory, probe_threads
from crosslight.train.objectives import label_smoothed
from crosslight.train.step import adam, training_step

NEEDED = ("torch", "numpy", "sentencepiece", "sacrebleu", "safetensors", "pydantic", "typer", "rich")


class Finding(NamedTuple):
    """One line of the report."""

    fine: bool
    text: str


def examine() -> list[Finding]:
    """Everything worth knowing, the worrying marked."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in NEEDED)
    threads, rates = probe_threads()
    products = ", ".join(f"{rate:.0f} GFLOP/s on {n} thread(s)" for n, rate in rates.items())
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    encoding = locale.getpreferredencoding(False)
    return [
        Finding(True, f"crosslight {__version__}, Python {platform.python_version()}, {platform.platform()}"),
        Finding(True, versions),
        Finding(
            True,
            f"device: {choose_device('auto')}; CPU instructions: {torch.backends.cpu.get_cpu_capability()}",
        ),
        Finding(True, f"matrix products: {products} → {threads} thread(s) for training"),
        Finding(True, f"training: about {_training_rate(threads):,.0f} target tokens/s with preset small"),
        Finding(True, f"glibc keeps freed memory: {'yes' if keep_freed_memory() else 'not on this system'}"),
        Finding(True, f"allocator for training: {_allocator()}"),
        Finding(
            free > 1,
            f"{free:.1f} GB free here" + ("" if free > 1 else ": too little for a run's checkpoints"),
        ),
        Finding(_writable(), f"temporary files: {tempfile.gettempdir()}"),
        Finding(
            True,
            f"text encoding of this system: {encoding} (files are read and written as UTF-8 all the same)",
        ),
    ]


def _training_rate(threads: int, n_steps: int = 3) -> float:
    config = TransformerConfig(
        d_model=256, d_ff=1024, n_heads=4, n_encoder_layers=4, n_decoder_layers=3, norm="pre"
    )
    model = build_model(config, 8000, 8000)
    optimizer, objective = adam(model, 0.9, 0.98, 1e-9), label_smoothed(0.1)
    batch = make_batch([range(4, 23)] * 100, [range(4, 23)] * 100, pad_id=0, bos_id=2, eos_id=3)
    with lone_threads(threads) as pool:
        training_step(model, batch.shards(threads), objective, optimizer, 1e-4, pool=pool)
        start = time.perf_counter()
        for _ in range(n_steps):
            training_step(model, batch.shards(threads), objective, optimizer, 1e-4, pool=pool)
    return n_steps * batch.n_tokens / (time.perf_counter() - start)


def _allocator() -> str:
    if library := tcmalloc():
        return library
    hint = "; with tcmalloc training is up to a third faster: apt install libtcmalloc-minimal4"
    return "the system's" + hint * sys.platform.startswith("linux")


def _writable() -> bool:
    try:
        with tempfile.TemporaryFile() as file:
            return file.write(b"x") == 1
    except OSError:
        return False
