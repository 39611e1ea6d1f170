"""Threads that each take a piece of work through a model alone.

Torch would otherwise let every operation of every thread use all cores at once, and they would wait
for each other at each of them.
"""

from concurrent.futures import ThreadPoolExecutor

import torch


def lone_threads(n: int) -> ThreadPoolExecutor:
    """A pool of n threads whose operations use one core each."""
    return ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(1,))
