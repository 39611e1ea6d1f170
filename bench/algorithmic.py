"""Do steps carry further than layers? Copying, reversing and adding, beyond the lengths trained on.

    python -m bench.algorithmic --out DIR --minutes-each M [--seeds 1 2 3] [--tasks copy ...] [--models ...]

After section 4.3 of Dehghani et al. 2019 (theirs: trained to 40 symbols, tested on 400): a Universal
Transformer against a Transformer of the same width with as many layers as the other has steps at most, so
that a token costs as much in one as in the other, or less where it halts early. Both get the same inputs of
at most 20 symbols in the same order for the same processor time (so that other work beside it changes
nothing); each batch begins at a random position, so that no position of the longer tests is new. Judged by
greedy decoding on inputs of at most 20, of about 30 and of about 40 symbols.

One thread a run: start the command as often as there are cores. Finished runs are gathered into
docs/results/algorithmic.json/.md.
"""

import argparse
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from bench.runs import finished, grid, keep, taken, write
from crosslight.config.model import TransformerConfig
from crosslight.config.universal import UniversalConfig
from crosslight.data.batch import Batch, make_batch
from crosslight.decode.beam import greedy_search
from crosslight.models.build import Model, build_model
from crosslight.models.protocol import Ponders
from crosslight.models.universal import Universal
from crosslight.nn.positions import SinusoidalPositions
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, UNK_ID
from crosslight.train.objectives import label_smoothed
from crosslight.train.pondering import mean_steps, priced
from crosslight.train.schedules import linear
from crosslight.train.step import adam, training_step

RESULT = Path(__file__).resolve().parents[1] / "docs" / "results" / "algorithmic"

FIRST, PLUS = 4, 14  # the ids of the digit 0 and of the sign; before them padding, unknown, begin and end
VOCAB = 15
TRAINED, LONGER = 20, (30, 40)  # symbols
N_TEST, ROWS = 200, 64
LARGEST_OFFSET = max(LONGER) + 1 - TRAINED  # the last position of the longest sum or copy, its end included
STEPS = 4
WIDTH = 128
SHAPE: dict[str, Any] = {"d_model": WIDTH, "d_ff": 512, "n_heads": 4, "dropout": 0.0, "norm": "pre"}
LAYERS = {"n_encoder_layers": STEPS, "n_decoder_layers": STEPS}
MODELS: dict[str, TransformerConfig | UniversalConfig] = {
    "Transformer": TransformerConfig.model_validate(SHAPE | LAYERS),
    "Universal": UniversalConfig.model_validate(SHAPE | {"max_steps": STEPS}),
    "Universal without halting": UniversalConfig.model_validate(
        SHAPE | {"max_steps": STEPS, "halting": "none"}
    ),
}
Example = tuple[list[int], list[int]]


def copied(chance: random.Random, length: int) -> Example:
    """A word of digits, and the same."""
    word = [FIRST + chance.randrange(10) for _ in range(length)]
    return word, word


def reversed_(chance: random.Random, length: int) -> Example:
    """A word of digits, and the same from its end."""
    word, _ = copied(chance, length)
    return word, word[::-1]


def added(chance: random.Random, length: int) -> Example:
    """Two numbers of like length, `length` symbols with the plus between them at most, and their sum.

    >>> source, target = added(random.Random(0), 8)
    >>> text = "".join("+" if symbol == PLUS else str(symbol - FIRST) for symbol in source)
    >>> len(text), eval(text) == int("".join(str(digit - FIRST) for digit in target))
    (7, True)
    """
    n = max(1, (length - 1) // 2)
    a, b = (chance.randrange(10 ** (n - 1), 10**n) for _ in range(2))
    return [*_digits(a), PLUS, *_digits(b)], _digits(a + b)


def _digits(number: int) -> list[int]:
    return [FIRST + int(digit) for digit in str(number)]


TASKS: dict[str, Callable[[random.Random, int], Example]] = {
    "copy": copied,
    "reverse": reversed_,
    "addition": added,
}


class Moved(SinusoidalPositions):
    """Positions that begin later. Set from outside, one batch after the other: for one thread alone."""

    offset = 0

    def forward(self, n_tokens: int, n_past: int = 0) -> torch.Tensor:
        """Those of a sentence that begins at `offset`."""
        return super().forward(n_tokens, n_past + self.offset)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes-each", type=float, required=True)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--models", nargs="*", choices=list(MODELS), default=list(MODELS)[:2])
    parser.add_argument(
        "--result", type=Path, default=RESULT, help="where the table goes, without its ending"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for seed in options.seeds:
        for task in options.tasks:
            for name in options.models:
                model = name.lower().replace(" ", "-")
                file = options.out / f"{task}-{model}-{options.minutes_each:g}-{seed}.json"
                if file.is_file() or not taken(file.with_suffix(".taken")):
                    continue
                print(task, name, seed, flush=True)
                result = run(task, name, seed, options.minutes_each)
                keep(file, result)
                print(result, flush=True)
    gather(options.out, options.result)


def run(task: str, name: str, seed: int, minutes: float) -> dict[str, Any]:
    """Train one model for so long, and judge it."""
    torch.manual_seed(seed)
    model = build_model(MODELS[name], VOCAB, VOCAB, PAD_ID)
    positions = moved(model)
    n_updates, loss = train(model, positions, batches(task, seed), minutes)
    result: dict[str, Any] = {"task": task, "model": name, "seed": seed, "minutes": minutes}
    result |= {
        "parameters": sum(p.numel() for p in model.parameters()),
        "updates": n_updates,
        "loss": loss,
    }
    for label, examples in tests(task).items():
        result[label] = judge(model, examples)
    return result


def moved(model: Model) -> list[Moved]:
    """Give a model positions that can begin later."""
    if isinstance(model, Universal):
        model.positions = Moved(WIDTH)
        return [model.positions]
    sides: list[Any] = [model.src_embedding, model.tgt_embedding]
    for side in sides:
        side.positions = Moved(WIDTH)
    return [side.positions for side in sides]


def batches(task: str, seed: int) -> Iterator[tuple[Batch, int]]:
    """Without end: examples of one length, any up to TRAINED, and where they begin."""
    chance, least = random.Random(seed), len(TASKS[task](random.Random(0), 1)[0])
    while True:
        length = chance.randint(least, TRAINED)
        examples = [TASKS[task](chance, length) for _ in range(ROWS)]
        yield _batch(examples), chance.randint(0, LARGEST_OFFSET)


def tests(task: str) -> dict[str, list[Example]]:
    """The same for every model and seed. Not kept out of training, which has seen short words alone."""
    chance, make = random.Random("the tests"), TASKS[task]
    least = len(make(random.Random(0), 1)[0])
    short = [make(chance, chance.randint(least, TRAINED)) for _ in range(N_TEST)]
    return {f"≤ {TRAINED}": short} | {
        str(length): [make(chance, length) for _ in range(N_TEST)] for length in LONGER
    }


def _batch(examples: list[Example]) -> Batch:
    srcs, tgts = zip(*examples, strict=True)
    return make_batch(srcs, tgts, pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)


def train(
    model: Model, positions: list[Moved], stream: Iterator[tuple[Batch, int]], minutes: float
) -> tuple[int, float]:
    """Adam for so many minutes of the processor, the rate falling to zero.

    Returns: how many updates that were, and the mean of the last losses.
    """
    optimizer, objective = adam(model, 0.9, 0.98, 1e-9), priced(label_smoothed(0.0), model)
    schedule = linear(1e-3, warmup_steps=200)
    model.train()
    start, losses = time.process_time(), [float("nan")]
    while (share := (time.process_time() - start) / (60 * minutes)) < 1:
        batch, offset = next(stream)
        for each in positions:
            each.offset = offset
        result = training_step(
            model,
            [batch],
            objective,
            optimizer,
            schedule(len(losses), share),
            clip_norm=1.0,
            seed=len(losses),
        )
        losses.append(result.loss)
    for each in positions:
        each.offset = 0
    return len(losses) - 1, statistics.mean(losses[1:][-50:])


def judge(model: Model, examples: list[Example]) -> dict[str, float]:
    """Shares of right symbols (place by place; a missing one is wrong), of right outputs; steps a token."""
    model.eval()
    right = total = whole = n_steps = n_tokens = 0
    for start in range(0, len(examples), 50):
        part = examples[start : start + 50]
        batch = _batch(part)
        with torch.inference_mode():
            found = greedy_search(
                model.decode,
                model.start(batch.src),
                [len(tgt) + 5 for _, tgt in part],
                bos_id=BOS_ID,
                eos_id=EOS_ID,
                banned=(PAD_ID, UNK_ID, BOS_ID),
            )
            if isinstance(model, Ponders):
                steps, tokens = mean_steps(model, batch)
                n_steps, n_tokens = n_steps + steps, n_tokens + tokens
        for (_, tgt), hypothesis in zip(part, found, strict=True):
            said = hypothesis.tokens
            right += sum(a == b for a, b in zip(tgt, said, strict=False))
            total += len(tgt)
            whole += said == tgt
    scores = {"symbols": right / total, "outputs": whole / len(examples)}
    return scores | ({"steps": n_steps / n_tokens} if n_tokens else {})


def gather(directory: Path, result: Path) -> None:
    """All finished runs as a table."""
    runs = finished(directory)
    labels = [f"≤ {TRAINED}", *map(str, LONGER)]
    head = ["task", "minutes", "model", "seeds", "updates", *labels, "steps a token"]
    rows = []
    groups: dict[tuple[str, float, str], list[dict[str, Any]]] = {}
    for each in runs:
        groups.setdefault((each["task"], each["minutes"], each["model"]), []).append(each)
    tasks, models = list(TASKS), list(MODELS)
    for key in sorted(groups, key=lambda key: (tasks.index(key[0]), key[1], models.index(key[2]))):
        (task, minutes, name), group = key, groups[key]
        updates = statistics.mean(each["updates"] for each in group)
        cells = [task, f"{minutes:g}", name, str(len(group)), f"{updates:,.0f}"]
        for label in labels:
            scores = [[each[label][score] for each in group] for score in ("symbols", "outputs")]
            cells.append(" / ".join(_spread(values) for values in scores))
        steps = [[each[label].get("steps") for each in group] for label in labels]
        known = steps[0][0] is not None
        cells.append(
            " / ".join(f"{statistics.mean(each):.2f}" for each in steps) if known else f"{STEPS} layers"
        )
        rows.append(cells)
    write(result, runs, "\n".join([*_about(runs), *grid(head, rows)]) + "\n")


def _spread(values: list[float]) -> str:
    """The mean, and the least and the greatest of several seeds.

    >>> _spread([0.5, 1.0]), _spread([0.25])
    ('.75 (.50–1.00)', '.25')
    """

    def short(value: float) -> str:
        return f"{value:.2f}".removeprefix("0")

    spread = f" ({short(min(values))}–{short(max(values))})" if len(values) > 1 else ""
    return short(statistics.mean(values)) + spread


def _about(runs: list[dict[str, Any]]) -> list[str]:
    parameters = {each["model"]: each["parameters"] for each in runs}
    sizes = ", ".join(f"{name} {count:,} parameters" for name, count in parameters.items())
    return [
        "# Copying, reversing and adding beyond the lengths trained on",
        "",
        "`python -m bench.algorithmic`: "
        f"processor minutes a run, one thread, {platform.machine()}, torch {torch.__version__}. {sizes}.",
        f"Trained on at most {TRAINED} symbols from random positions on; {N_TEST} inputs a column, greedy. "
        "By length: the share of right symbols / of outputs that are right as a whole, mean of the seeds, "
        "least and greatest in brackets. Steps a token: at each of the three lengths, over both sides.",
        "",
    ]


if __name__ == "__main__":
    main()
