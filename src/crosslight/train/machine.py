"""What this machine is best asked to do: device, threads, memory."""

import ctypes
import os
import platform
import sys
import time

import torch


def choose_device(wish: str) -> torch.device:
    """The device that `train.device` names; "auto" takes a GPU where there is one."""
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
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(m_mmap_threshold, 1 << 30) and libc.mallopt(m_trim_threshold, 1 << 30))


def probe_threads(seconds: float = 0.5) -> tuple[int, dict[int, float]]:
    """The number of threads that multiplies matrices fastest here, and the rate of each in GFLOP/s.

    Assumed numbers are wrong on shared machines, containers with a quota, and hyper-threads.
    Sets nothing for good; the caller decides.
    """
    before = torch.get_num_threads()
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    counts = sorted({1, *(n for n in (2, 4, 6, 8, 12, 16, 24, 32) if n < available), available})
    a, b = torch.randn(1024, 512), torch.randn(512, 1024)
    rates: dict[int, float] = {}
    for n_threads in counts:
        torch.set_num_threads(n_threads)
        a @ b  # the first call starts the threads
        n_calls, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds / len(counts):
            a @ b
            n_calls += 1
        rates[n_threads] = n_calls * 2 * 1024 * 512 * 1024 / (time.perf_counter() - start) / 1e9
    torch.set_num_threads(before)
    # A thread more has to earn its place: 5 %, the noise of such a short look.
    best = counts[0]
    for n_threads in counts[1:]:
        if rates[n_threads] > 1.05 * rates[best]:
            best = n_threads
    return best, rates
