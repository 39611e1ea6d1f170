"""What is compared with what, fixed before anything is trained: DIR/contest.json.

    DIR/contest.json      arms, seeds, minutes, threads, and every setting that all arms share
    DIR/data/             the corpus, prepared once: one tokenizer and the same pairs for all
    DIR/runs/ARM-SEED/    one training each
    DIR/report.html, report.json

The same command goes on with a contest. It may have more arms and seeds than before, nothing else may differ.
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from crosslight.config.load import Tree, merge, run_config, to_toml
from crosslight.config.run import RunConfig
from crosslight.errors import RunError
from crosslight.tasks.alone import holds_nothing
from crosslight.tasks.architectures.arms import Arm
from crosslight.tasks.choose import Prospect, fitted
from crosslight.tasks.files import write_text
from crosslight.tasks.plan import plan
from crosslight.tasks.sources import count_pairs
from crosslight.train.machine import choose_device, probe_precision, probe_threads

FILE = "contest.json"
SECTIONS = ("data", "clean", "subword", "decode")  # that are settled as a whole
CHOSEN = {"model": ("dropout",), "train": ("threads", "precision", "max_tokens_per_batch")}


@dataclass(frozen=True)
class Contest:
    """A comparison in the directory `out`."""

    out: Path
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    shared: Tree  # settings of all arms
    parallel: int  # trainings side by side

    @property
    def entries(self) -> list[tuple[Arm, int]]:
        """Every training: all arms with the first seed, then with the next."""
        return [(arm, seed) for seed in self.seeds for arm in self.arms]

    def run(self, arm: Arm, seed: int) -> Path:
        """The directory of one training."""
        return self.out / "runs" / f"{arm.name}-{seed}"

    def config(self, arm: Arm, seed: int) -> RunConfig:
        """The settings of one training.

        Raises:
            ConfigError: settings that cannot be.
        """
        tree = merge(arm.settings, self.shared, {"train": {"seed": seed}})
        return run_config(tree, f"arm {arm.name}")

    @property
    def threads(self) -> int:
        """Of each training."""
        return int(self.shared["train"]["threads"])

    @property
    def minutes(self) -> float | None:
        """Of each training; None if it has a number of steps."""
        minutes: float | None = self.shared["train"].get("minutes")
        return minutes


def open_contest(
    out: Path,
    arms: Sequence[Arm],
    seeds: Sequence[int],
    shared: Tree,
    wishes: Tree,
    parallel: int = 1,
) -> Contest:
    """A new contest in `out`, or the one that is there.

    Args:
        shared: settings of all arms, as the file of the arms has them.
        wishes: data and length, and what else the user wants otherwise; laid over all arms.

    Raises:
        ConfigError: settings that cannot be, of any arm; or no seed.
        CorpusError: a file that cannot be read.
        RunError: `out` holds other things, or another contest.
    """
    file = out / FILE
    if out.exists() and not file.is_file() and not holds_nothing(out):
        raise RunError(f"{out} exists and holds other things", "choose another place with -o")
    before: Tree = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    settled = _settled(out, shared, wishes, parallel, before.get("shared"))
    contest = Contest(out, tuple(arms), tuple(seeds), settled, parallel)
    for arm in arms:
        contest.config(arm, 1)  # faults come to light now, not hours later
    now = json.loads(json.dumps({"shared": settled, "arms": {arm.name: arm.settings for arm in arms}}))
    if before:
        _require_same(out, before, now)
        now["arms"] = {**before["arms"], **now["arms"]}
    out.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(now, indent=1, ensure_ascii=False))
    return contest


def _settled(out: Path, shared: Tree, wishes: Tree, parallel: int, before: Tree | None) -> Tree:
    """Every setting that the arms have in common, chosen and measured once."""
    asked = merge(shared, wishes)
    resolved, _ = plan({name: asked[name] for name in asked if name != "model"}, out, "tiny", None)
    tree: Tree = tomllib.loads(to_toml(resolved))
    settled: Tree = {name: tree[name] for name in SECTIONS if name in tree}
    chosen = before or _chosen(resolved, parallel)
    common = {
        section: {name: chosen[section][name] for name in names if name in chosen[section]}
        for section, names in CHOSEN.items()
    }
    return {**settled, **merge(common, {name: asked[name] for name in CHOSEN if name in asked})}


def _chosen(resolved: RunConfig, parallel: int) -> Tree:
    """What suits this machine, the corpus and the time; batch and dropout as for a Transformer."""
    train = resolved.train
    threads = train.threads or (1 if parallel > 1 else probe_threads()[0])
    precision = probe_precision(train.precision, choose_device(train.device))
    config = resolved.model_copy(update={"train": train.model_copy(update={"threads": threads})})
    n_pairs, outlook = count_pairs(config.data), None
    if train.minutes is not None:
        outlook = Prospect(config.data, n_pairs, train.minutes).outlook(config)
    layer, _ = fitted(config, n_pairs, outlook, {})
    shared = {
        "threads": threads,
        "precision": "bf16" if precision == torch.bfloat16 else "fp32",
        "max_tokens_per_batch": train.max_tokens_per_batch,
    }
    return {"model": layer["model"], "train": shared | layer.get("train", {})}


def _require_same(out: Path, before: Tree, now: Tree) -> None:
    changed = [
        f"{section}.{name}: {old.get(name)!r} before, {new.get(name)!r} now"
        for section in now["shared"]
        for old, new in [(before["shared"].get(section, {}), now["shared"][section])]
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    changed += [
        f"the arm {name} has other settings"
        for name, settings in now["arms"].items()
        if before["arms"].get(name, settings) != settings
    ]
    if changed:
        raise RunError(
            f"{out} holds another comparison:\n" + "\n".join(f"  - {line}" for line in changed),
            "go on with the same settings (seeds and arms may differ), or choose another place with -o",
        )
