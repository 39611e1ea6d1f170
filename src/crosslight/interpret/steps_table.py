"""The steps of each token as plain text for a terminal: a line a token."""

import sys
from collections.abc import Sequence

from rich.cells import cell_len

from crosslight.interpret.heatmap import shown_label
from crosslight.interpret.steps import Steps, TokenSteps

_LONGEST_LABEL = 20


def terminal_steps(steps: Steps, encoding: str | None = None) -> str:
    """A line a token: how many steps it took, drawn, and the weight of its state after each.

    Args:
        encoding: what the text must survive; None is that of stdout. What it lacks becomes ASCII.
    """
    encoding = encoding or sys.stdout.encoding or "ascii"
    title = f"Steps of each token, {steps.max_steps} at most: {steps.mean:.2f} on average"
    lines = [title, "in brackets the weight of its state after each step"]
    for name, side in (("source", steps.src), ("target", steps.tgt)):
        lines += ["", name, *_side(side, steps.max_steps, encoding)]
    return "\n".join(lines)


def _side(tokens: Sequence[TokenSteps], max_steps: int, encoding: str) -> list[str]:
    mark = "█" if "█".encode(encoding, "ignore") else "#"
    labels = [shown_label(token.piece, _LONGEST_LABEL, encoding) for token in tokens]
    margin = max(map(cell_len, labels))
    return [
        f"{' ' * (margin - cell_len(text))}{text}  {token.n_steps:>2}  {mark * token.n_steps:<{max_steps}}  "
        f"({' '.join(f'{weight:.2f}' for weight in token.weights[: token.n_steps])})"
        for text, token in zip(labels, tokens, strict=True)
    ]
