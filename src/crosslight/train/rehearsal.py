"""The largest step first: what does not fit into memory shall fail before the run, not in its third hour.

Batches are cut by a budget of tokens, so all cost about the same, but the one with the longest sentences
costs most. A batch of that shape goes through a whole step, forward, backward and update; then the
weights and the random state are put back. A GPU that lacks the memory says so, and by trying smaller
batches it is found out what would fit. A CPU does not say so, the system kills: there the memory is
estimated from the tensors that two short sentences leave for the backward pass, and compared with
what is available.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from crosslight.data.batch import Batch
from crosslight.data.ragged import Ragged
from crosslight.data.stream import Stream
from crosslight.errors import TrainingError
from crosslight.text.subword import PAD_ID, SPECIAL_IDS
from crosslight.train.checkpoints import load_weights, weights
from crosslight.train.memory import available_memory
from crosslight.train.objectives import Objective
from crosslight.train.step import NotFiniteError, StepResult, autocast

BLOCK = 65_536
TEMPORARY = 1.6  # measured: what the backward pass begins with, with what it works on
SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")


class Step(Protocol):
    """An update of a model by some shards."""

    def __call__(self, shards: Sequence[Batch], *, rate: float) -> StepResult:
        """Make it, and say what it did."""


def rehearse(
    model: nn.Module,
    stream: Stream,
    objective: Objective,
    step: Step,
    optimizer: torch.optim.Optimizer,
    n_own: int,
    n_processes: int,
    accumulate: int,
    precision: torch.dtype,
) -> None:
    """Take the largest step that the stream can ask for, and leave no trace of it.

    Args:
        n_own: shards of a batch that this process takes.
        n_processes: that share a batch.
        accumulate: batches in a step.
        precision: of matrix products.

    Raises:
        TrainingError: there is not enough memory for it.
    """
    width = longest_side(stream)
    device = next(model.parameters()).device

    def n_rows(parts: int) -> int:
        return max(int(parts == 1), stream.max_tokens // n_processes // parts // width)

    available = available_memory() if device.type == "cpu" else None
    if available is not None:
        with autocast(device, precision):
            activations = activation_bytes(model, objective, width)

        def needed(parts: int) -> int:
            weights = n_bytes(model)
            return memory_of_step(activations, weights, n_own, n_rows(parts), accumulate * parts)

        if needed(1) > available:
            what = f"needs about {_said(needed(1))} of memory, and {_said(available)} are available"
            raise _too_large(what, stream, _parts_that_fit(n_rows, lambda parts: needed(parts) <= available))

    def error_of(parts: int) -> Exception | None:
        batch = rectangle(n_rows(parts), width, device)
        try:
            step(batch.shards(n_own) * (accumulate * parts), rate=0.0)
        except NotFiniteError:  # a loss that is not a number is for the run to handle
            return None
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS):
                return error.with_traceback(None)  # which would hold on to the memory
            raise
        return None

    with unchanged(model, optimizer):
        error = error_of(1)
        if error is not None:
            fitting = _parts_that_fit(n_rows, lambda parts: error_of(parts) is None)
    if error is not None:
        what = f"does not fit into memory: {error}".partition("\n")[0]
        raise _too_large(what, stream, fitting) from error


def _parts_that_fit(n_rows: Callable[[int], int], fits: Callable[[int], bool]) -> int | None:
    """Into how many parts a batch must be cut: 2, 4, 8 ...; None if one sentence alone does not fit."""
    parts = 2
    while n_rows(parts):
        if fits(parts):
            return parts
        parts *= 2
    return None


def longest_side(stream: Stream) -> int:
    """Tokens on the longer side of the largest pair that the stream lets pass, its end token included.

    With subword sampling a sentence may fall into more pieces than the corpus shows; it has at most one
    for each byte.
    """
    corpus = stream.corpus
    sides = (corpus.src_text, corpus.tgt_text) if stream.sampling else (corpus.src_ids, corpus.tgt_ids)
    return min(stream.max_length, 1 + max(_longest_row(side) for side in sides))


def rectangle(rows: int, width: int, device: torch.device) -> Batch:
    """A batch without padding, `width` tokens wide on both sides."""
    tokens = torch.full((rows, width), 1 + max(SPECIAL_IDS), device=device)
    return Batch(tokens, tokens, tokens, PAD_ID)


def memory_of_step(activations: int, weights: int, n_shards: int, n_rows: int, accumulate: int) -> int:
    """About how many bytes more than now a step takes at its peak, on a CPU.

    Most is taken either as a backward pass begins, or at the end, when every shard holds a gradient;
    Adam's two moments are there all the time.

    Args:
        activations: bytes that a row leaves for the backward pass.
        weights: bytes of the model.

    >>> memory_of_step(activations=10**6, weights=10**7, n_shards=2, n_rows=100, accumulate=1) / 1e6
    180.0
    """
    gradients = weights * min(n_shards, n_rows) * accumulate
    return 2 * weights + max(int(TEMPORARY * activations * n_rows), gradients)


def activation_bytes(model: nn.Module, objective: Objective, width: int) -> int:
    """What a row of so many tokens leaves for the backward pass: what a second one adds to the first."""

    def saved(n_rows: int) -> int:
        seen: dict[int, int] = {}

        def count(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            seen[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            objective(model, rectangle(n_rows, width, torch.device("cpu")))
        return sum(seen.values())

    with torch.random.fork_rng(devices=[]):
        return saved(2) - saved(1)


def n_bytes(model: nn.Module) -> int:
    """Of the weights, each shared table once."""
    return sum(tensor.numel() * tensor.element_size() for tensor in model.parameters())


@contextmanager
def unchanged(model: nn.Module, optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """After the block weights, moments and random state are what they were before; gradients are gone."""
    before = {name: tensor.cpu().clone() for name, tensor in weights(model).items()}
    moments = dict(optimizer.state)
    optimizer.state.clear()
    device = next(model.parameters()).device
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        model.zero_grad(set_to_none=True)
        optimizer.state.clear()
        optimizer.state.update(moments)
        load_weights(model, before)
        if device.type == "cuda":
            torch.cuda.empty_cache()


def _too_large(what: str, stream: Stream, parts: int | None) -> TrainingError:
    message = f"the largest step with train.max_tokens_per_batch = {stream.max_tokens} {what}"
    if parts is None:
        return TrainingError(
            message, "one sentence alone is too long: lower train.max_length, or train a smaller model"
        )
    return TrainingError(
        message,
        f"resume with --set train.max_tokens_per_batch={stream.max_tokens // parts}, which fits, and "
        f"train.accumulate {parts} times what it is: updates stay the same",
    )


def _longest_row(rows: Ragged) -> int:
    ends, longest, before = rows.ends(), 0, 0
    for start in range(0, len(ends), BLOCK):
        block = ends[start : start + BLOCK].astype(np.int64)
        longest = max(longest, int(np.diff(block, prepend=before).max()))
        before = int(block[-1])
    rows.release()
    return longest


def _said(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:.0f} MB"
