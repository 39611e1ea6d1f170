"""Whatever the disk does, a run stays readable, and loses the work of one interval at most.

    python -m bench.faults --trials 1000

Each trial trains a tiny model on a `bench.faulty_disk` that fails at one operation drawn from all that
such a run makes, from the first file to the last of the bundle. Then the disk is well again, and

- what the program said has no traceback, and asks for nothing but space or another try;
- the newest checkpoint can be read, and is not older than the last one that was reported as saved;
- resumed (or begun again, where there was no run yet), it ends with the weights of a run without a
  fault, bit for bit.

Linux only: the disk asks the system which file a descriptor belongs to.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.faulty_disk import KINDS, FaultyDisk, remove
from bench.sessions import ROOT, Session, corpus, start_or_resume, warm_up

RESULT = ROOT / "bench" / "results" / "faults.json"
SETTINGS = """
[subword]
vocab_size = 360
sampling = 0.1
[model]
d_model = 16
d_ff = 32
n_heads = 2
n_encoder_layers = 1
n_decoder_layers = 1
norm = "pre"
[train]
steps = 8
max_tokens_per_batch = 128
validations = 4
average_last = 2
sample_size = 1
threads = 1
precision = "fp32"
[decode]
beam = 1
max_extra = 1
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    warm_up()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trials = Trials(Path(folder).resolve(), random.Random(options.seed))
        for number in range(1, options.trials + 1):
            fault = trials.run(number, KINDS[number % len(KINDS)])
            if fault:
                print(f"{number:4}  {fault}", flush=True)
            if number % 100 == 0:
                print(f"{number:4}  {time.monotonic() - began:.0f} s", flush=True)
    result = {**trials.result(), "seconds": round(time.monotonic() - began, 1)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))
    sys.exit(0 if result["good"] == result["trials"] else 1)


class Trials:
    """Runs on faulty disks, compared with one on a good one."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.n_trials = 0
        self.good: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
        self.pairs = corpus(folder, 120)
        whole = folder / "whole"
        session = self._session(whole, self._disk(whole, "none", 0))
        if session.code != 0:
            raise SystemExit(f"the run without a fault failed:\n{session.said}")
        self.n_operations = int((folder / "operations").read_text())
        self.sha256 = sha256(whole)
        print(f"a run without a fault: {self.n_operations} operations", flush=True)

    def run(self, number: int, kind: str) -> str | None:
        """One trial; what went wrong in it, if anything did."""
        out = self.folder / f"run-{number}"
        at = self.chance.randint(1, self.n_operations)
        disk = self._disk(out, kind, at)
        session = self._session(out, disk)
        self.n_trials += 1
        self.ended[f"{kind}: {'killed' if session.code < 0 else f'exit {session.code}'}"] += 1
        wrong = self._judge(session, out)
        remove(out)
        remove(disk.shadows)
        if wrong is None:
            self.good[kind] += 1
            return None
        return f"{kind} at operation {at}: {wrong}"

    def _judge(self, session: Session, out: Path) -> str | None:
        if session.code not in (0, 2, -9) or "Traceback" in session.said:
            return f"ended with {session.code}:\n{session.said}"
        if session.code == 2 and "\n  → " not in session.said:
            return f"said no cure:\n{session.said}"
        saved = (self.folder / "saved").read_text(encoding="utf-8").split()
        wrong = readable(out, int(saved[-1]) if saved else None)
        if wrong:
            return wrong
        if not (out / "bundle" / "bundle.json").is_file() or session.code != 0:
            again = start_or_resume(
                ["--pairs", self.pairs, "--config", self.folder / "settings.toml"],
                out,
                self.folder / "stderr",
                lambda: None,
            )
            again.wait()
            finished = again.code == 2 and "is finished" in again.said
            if again.code != 0 and not finished:
                return f"could not go on ({again.code}); before:\n{session.said}\nthen:\n{again.said}"
        return None if sha256(out) == self.sha256 else "other weights"

    def _disk(self, out: Path, kind: str, at: int) -> FaultyDisk:
        shadows = self.folder / f"shadows-{out.name}"
        shadows.mkdir()
        return FaultyDisk(out, kind, at, random.Random(self.chance.random()), shadows)

    def _session(self, out: Path, disk: FaultyDisk) -> Session:
        """A session on this disk; it notes the steps that it has saved, and how many operations it made."""
        saved = self.folder / "saved"
        saved.write_text("", encoding="utf-8")

        def prepare() -> None:
            from crosslight.train.checkpoints import Checkpoints

            log = os.open(saved, os.O_WRONLY | os.O_APPEND)
            count = os.open(self.folder / "operations", os.O_WRONLY | os.O_CREAT)
            save = Checkpoints.save

            def noting(self, model, optimizer, ledger):
                save(self, model, optimizer, ledger)
                os.write(log, f"{ledger.step} ".encode())
                os.pwrite(count, f"{disk.n:8}".encode(), 0)

            Checkpoints.save = noting
            disk.install()
            self._note_end(disk, count)

        fresh = ["--pairs", self.pairs, "--config", self.folder / "settings.toml"]
        session = start_or_resume(fresh, out, self.folder / "stderr", prepare)
        if not session.wait():
            session.kill()
        return session

    @staticmethod
    def _note_end(disk: FaultyDisk, count: int) -> None:
        from crosslight.tasks import train

        save_bundle = train.save_bundle

        def noting(bundle, directory):
            save_bundle(bundle, directory)
            os.pwrite(count, f"{disk.n:8}".encode(), 0)

        train.save_bundle = noting

    def result(self) -> dict[str, object]:
        """What is written down."""
        return {
            "trials": self.n_trials,
            "good": sum(self.good.values()),
            "good_by_fault": dict(self.good),
            "ended": dict(sorted(self.ended.items())),
            "operations_of_a_run": self.n_operations,
        }


def readable(out: Path, saved: int | None) -> str | None:
    """What keeps the run in `out` from being read, or makes it older than the step saved last."""
    from crosslight.errors import CrosslightError
    from crosslight.train.checkpoints import Checkpoints

    try:
        checkpoints = Checkpoints(out / "checkpoints", keep=2)
        step = checkpoints.ledger().step if checkpoints.newest() else None
    except CrosslightError as error:
        return f"unreadable: {error}"
    if saved is not None and (step is None or step < saved):
        return f"step {saved} was saved, and it is at {step}"
    return None


def sha256(out: Path) -> str:
    return hashlib.sha256((out / "bundle" / "model.safetensors").read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
