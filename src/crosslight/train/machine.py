"""What this machine is best asked to do: device, threads, memory."""

import ctypes
import math
import os
import platform
import sys
import time

import torch

from crosslight.errors import ConfigError
from crosslight.nn.threads import lone_threads

PROBE_ROUNDS = 4
PROBE_SECONDS = 0.1
BF16_GAIN = 2.5  # casting eats the gain of less


def choose_device(wish: str) -> torch.device:
    """The device that `train.device` names; "auto" takes a GPU where there is one.

    Raises:
        ConfigError: this machine, or this build of torch, does not have it.
    """
    has = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not has.get(wish, True):
        raise ConfigError(
            f'train.device = "{wish}", but torch {torch.__version__} sees no such device here',
            'leave it at "auto", or install the build of torch for it',
        )
    if wish != "auto":
        return torch.device(wish)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("cpu")


def keep_freed_memory() -> bool:
    """Tell glibc to keep large freed blocks instead of returning them to the system at once.

    Every step allocates the same large blocks anew; by default each is a fresh mapping whose pages
    fault in one by one, which costs a third of a training step. True if it was possible.
    """
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return False
    m_trim_threshold, m_mmap_threshold = -1, -3  # from malloc.h
    mallopt = ctypes.CDLL(None).mallopt
    return all(mallopt(*option) for option in ((m_mmap_threshold, 1 << 30), (m_trim_threshold, 1 << 30)))


def probe_precision(wish: str, device: torch.device) -> torch.dtype:
    """What matrix products are computed in where `train.precision` is `wish`.

    "auto" takes bfloat16 on a GPU that has it, and on a processor that multiplies several times faster
    with it: some have instructions for it, on others it is a hundred times slower.
    """
    if wish != "auto":
        return torch.bfloat16 if wish == "bf16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if device.type != "cpu":
        return torch.float32
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        a = torch.randn(512, 512).to(dtype)
        seconds[dtype] = math.inf
        end = time.perf_counter() + PROBE_SECONDS
        while (start := time.perf_counter()) < end:
            a @ a
            seconds[dtype] = min(seconds[dtype], time.perf_counter() - start)
    return torch.bfloat16 if seconds[torch.float32] > BF16_GAIN * seconds[torch.bfloat16] else torch.float32


def probe_threads(seconds: float = 0.5) -> tuple[int, dict[int, float]]:
    """The number of threads that multiply matrices fastest side by side, and the rate of each in GFLOP/s.

    Each thread works on its own, as in training. Assumed numbers are wrong on shared machines, in
    containers with a quota, and with hyper-threads. Leaves torch at one thread per operation.
    """
    torch.set_num_threads(1)
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    counts = sorted({1, *(n for n in (2, 4, 6, 8, 12, 16, 24, 32) if n < available), available})
    a, b = torch.randn(1024, 512), torch.randn(512, 1024)

    def work(until: float) -> int:
        a @ b  # one in any case: a busy machine may take the whole time away
        n_calls = 1
        while time.perf_counter() < until:
            a @ b
            n_calls += 1
        return n_calls

    rates = dict.fromkeys(counts, 0.0)
    for _ in range(PROBE_ROUNDS):
        for n_threads in counts:
            with lone_threads(n_threads) as pool:
                start = time.perf_counter()
                calls = pool.map(work, [start + seconds / len(counts) / PROBE_ROUNDS] * n_threads)
                rate = sum(calls) * 2 * 1024 * 512 * 1024 / (time.perf_counter() - start) / 1e9
            rates[n_threads] = max(rates[n_threads], rate)
    # The best of several rounds, and as many threads as do not clearly hurt: a core that is busy at the
    # moment of the look may be free later, and a thread too many costs little where each has its shard.
    return max(n for n in counts if rates[n] > 0.75 * max(rates.values())), rates
