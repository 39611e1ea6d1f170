"""Threads that each take a piece of work through a model alone.

Torch would otherwise let every operation of every thread use all cores at once, and they would wait
for each other at each of them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


def lone_threads(n: int) -> ThreadPoolExecutor:
    """A pool of n threads whose operations use one core each."""
    return ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(1,))


@contextmanager
def training_threads(n: int) -> Iterator[ThreadPoolExecutor]:
    """Lone threads for training, where numpy's products (`nn.linear`) use one core each as well."""
    with threadpool_limits(1, user_api="blas"), lone_threads(n) as pool:
        yield pool
