"""Killed at random moments and resumed, a run ends with the same weights, bit for bit.

    python -m bench.kill_resume --trials 50

Trains a tiny model with dropout and BPE-dropout on a slice of the sample corpus, once without a stop.
Then, in each trial, the same run is killed (SIGKILL: nothing can be saved or tidied up) at a random
moment, resumed, and killed again with a probability of one half, up to three times. The trials take
turns between three runs:

    plain      killed at a moment drawn uniformly from its duration
    patience   stops early; killed between the validation that decides so and the end
    averaging  killed while the last weights are averaged and judged, and the bundle is written

What is compared is the SHA-256 of the final weights, and of all weights kept for the average.
"""

import argparse
import hashlib
import json
import os
import random
import select
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bench.sessions import ROOT, Session, corpus, start_or_resume, warm_up

RESULT = ROOT / "bench" / "results" / "kill_resume.json"
MAX_KILLS = 3
SETTINGS = """
[subword]
vocab_size = 400
sampling = 0.1
[model]
d_model = 32
d_ff = 64
n_heads = 2
n_encoder_layers = 1
n_decoder_layers = 1
dropout = 0.1
norm = "pre"
[train]
max_tokens_per_batch = 256
validations = 6
average_last = 3
checkpoint_seconds = 0.1
sample_size = 2
threads = 1
precision = "fp32"
[decode]
beam = 1
max_extra = 4
"""
# With this rate the loss soon rises, so that patience ends the run.
VARIANTS = {
    "plain": [],
    "patience": ["--set", "train.patience=1", "--set", "train.learning_rate=0.2"],
    "averaging": [],
}


class Whole(NamedTuple):
    """A run without a stop."""

    sha256: str
    marks: list[tuple[str, float]]  # what began when, in seconds from the start
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        trials = Trials(Path(folder), options.steps, random.Random(options.seed))
        for number in range(options.trials):
            trials.run(number, list(VARIANTS)[number % len(VARIANTS)])
        result = {**trials.result(), "seconds": round(time.monotonic() - began, 1)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({key: result[key] for key in ("trials", "identical", "kills", "seconds")}))
    sys.exit(0 if result["identical"] == result["trials"] else 1)


class Trials:
    """Runs that are killed, compared with runs that are not."""

    def __init__(self, folder: Path, steps: int, chance: random.Random) -> None:
        self.folder, self.steps, self.chance = folder, steps, chance
        (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
        self.pairs = corpus(folder, 250)
        self.wholes: dict[str, Whole] = {}
        self.stages: Counter[str] = Counter()  # where the kills struck
        self.kills: list[list[str]] = []
        self.identical: Counter[str] = Counter()

    def run(self, number: int, variant: str) -> None:
        """One trial."""
        if variant not in self.wholes:
            self.wholes[variant] = self._whole(variant)
        whole, out = self.wholes[variant], self.folder / f"run-{number}"
        kills: list[str] = []
        while True:
            session, reader = self._start(variant, out)
            if not kills or (len(kills) < MAX_KILLS and self.chance.random() < 0.5):
                kills += self._kill(session, reader, variant, out, first=not kills)
            session.wait()
            os.close(reader)
            if kills and stage(out) == "bundle written":
                break
            if session.code > 0:
                raise SystemExit(f"the run in {out} failed:\n{session.said}")
            if session.code == 0:  # it was too quick to be killed: nothing has been shown
                out.rename(out.with_name(f"{out.name}-too-quick-{time.monotonic_ns()}"))
        same = digest(out) == whole.sha256
        self.identical[variant] += same
        self.kills.append(kills)
        print(
            f"{number + 1:3}  {variant:9}  {'identical' if same else 'DIFFERENT'}  {'; '.join(kills)}",
            flush=True,
        )

    def _kill(self, session: Session, reader: int, variant: str, out: Path, first: bool) -> list[str]:
        """Kill a session at the moment that the variant wants; nothing if it ended before."""
        whole = self.wholes[variant]
        seconds = whole.seconds
        if variant != "plain" and first:
            mark = "average" if variant == "averaging" else "validation"
            for _ in range(1 if mark == "average" else sum(what == mark for what, _ in whole.marks)):
                if not _wait_for(reader, mark):
                    return []
            seconds -= max(moment for what, moment in whole.marks if what == mark)
        if session.wait(self.chance.uniform(0, seconds)):
            return []
        session.kill()
        if session.code == 0:
            return []
        at = stage(out)
        if variant != "plain" and first and at == "after a validation":
            at = "averaging" if variant == "averaging" else "about to stop early"
        self.stages[at] += 1
        return [f"after {time.monotonic() - session.began:.2f} s ({at})"]

    def _whole(self, variant: str) -> Whole:
        out = self.folder / variant
        session, reader = self._start(variant, out)
        marks: list[tuple[str, float]] = []
        while byte := os.read(reader, 1):
            marks.append(("average" if byte == b"a" else "validation", time.monotonic() - session.began))
        session.wait()
        seconds = time.monotonic() - session.began
        os.close(reader)
        if session.code != 0:
            raise SystemExit(f"the run without a stop failed:\n{session.said}")
        facts = json.loads((out / "bundle" / "bundle.json").read_text(encoding="utf-8"))["facts"]
        if (facts["steps"] < self.steps) != (variant == "patience"):
            raise SystemExit(f"{variant}: ended after {facts['steps']} steps of {self.steps}")
        print(f"     {variant:9}  without a stop: {facts['steps']} steps in {seconds:.1f} s", flush=True)
        return Whole(digest(out), marks, seconds)

    def _start(self, variant: str, out: Path) -> tuple[Session, int]:
        fresh = ["--pairs", self.pairs, "--config", self.folder / "settings.toml", "--steps", self.steps]
        reader, writer = os.pipe()
        session = start_or_resume(
            [*fresh, *VARIANTS[variant]], out, self.folder / "stderr", lambda: mark_progress(writer)
        )
        os.close(writer)
        return session, reader

    def result(self) -> dict[str, object]:
        """What is written down."""
        return {
            "trials": len(self.kills),
            "identical": sum(self.identical.values()),
            "identical_by_variant": dict(self.identical),
            "kills": sum(map(len, self.kills)),
            "kills_by_stage": dict(self.stages),
            "steps": self.steps,
            "killed": self.kills,
        }


def mark_progress(writer: int) -> None:
    """Let this process write a byte where validations and the averaging begin."""
    from crosslight.train.checkpoints import Checkpoints
    from crosslight.train.lead import Lead

    judge, average = Lead.judge, Checkpoints.average

    def judge_marked(self, *arguments):
        os.write(writer, b"v")
        judge(self, *arguments)

    def average_marked(self):
        os.write(writer, b"a")
        return average(self)

    Lead.judge, Checkpoints.average = judge_marked, average_marked


def _wait_for(reader: int, mark: str) -> bool:
    while select.select([reader], [], [], 60)[0] and (byte := os.read(reader, 1)):
        if byte == mark[:1].encode():
            return True
    return False


def stage(out: Path) -> str:
    """How far a run has come, by what it left."""
    if (out / "bundle" / "bundle.json").is_file():
        return "bundle written"
    if any(out.glob("bundle*")):
        return "writing the bundle"
    if list(out.glob("checkpoints/*.part")):
        return "writing a checkpoint"
    if list(out.glob("checkpoints/kept-*")):
        return "after a validation"
    if (out / "checkpoints").is_dir():
        return "before the first validation"
    return "preparing" if (out / "config.toml").is_file() else "starting"


def digest(out: Path) -> str:
    """SHA-256 over the final weights and all kept ones, with their names."""
    value = hashlib.sha256((out / "bundle" / "model.safetensors").read_bytes())
    for path in sorted((out / "checkpoints").glob("kept-*.safetensors")):
        value.update(path.name.encode() + path.read_bytes())
    return value.hexdigest()


if __name__ == "__main__":
    main()
