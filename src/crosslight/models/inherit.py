"""A small model that begins with what a larger one knows ("shrink and fine-tune", Shleifer & Rush 2020)."""

from torch import nn

from crosslight.models.transformer import Transformer


def inherit(student: Transformer, teacher: Transformer) -> int:
    """Copy the teacher's tables and its layers, evenly spaced, into the student; how many layers it took.

    What is of another shape, and layers that the teacher does not have, stays as it was.
    """
    for name in ("src_embedding", "tgt_embedding", "output", "encoder_norm", "decoder_norm"):
        _take(getattr(student, name), getattr(teacher, name))
    stacks = (
        ([*student.encoder_layers], [*teacher.encoder_layers]),
        ([*student.decoder_layers], [*teacher.decoder_layers]),
    )
    return sum(
        _take(small[i], large[j])
        for small, large in stacks
        for i, j in enumerate(spaced(len(small), len(large)))
    )


def spaced(n: int, n_old: int) -> list[int]:
    """Which of `n_old` layers `n` new ones take: the first, the last and what lies evenly between them.

    >>> spaced(3, 4), spaced(1, 3), spaced(6, 4)
    ([0, 2, 3], [0], [0, 1, 2, 3])
    """
    if n >= n_old:
        return list(range(n_old))
    return [round(i * (n_old - 1) / max(1, n - 1)) for i in range(n)]


def _take(new: nn.Module, old: nn.Module) -> bool:
    """Copy all weights, or none where one differs in name or shape."""
    mine, theirs = new.state_dict(), old.state_dict()
    fits = {k: v.shape for k, v in mine.items()} == {k: v.shape for k, v in theirs.items()}
    if fits:
        new.load_state_dict(theirs)
    return fits
