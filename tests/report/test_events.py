"""TensorBoard's own reader finds the numbers of metrics.jsonl, each once, also after a resume."""

import json
import shutil
from pathlib import Path

import pytest

from crosslight.train import events

pytest.importorskip("tensorboard")


def read(directory: Path) -> dict[tuple[str, int], list[float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(directory), size_guidance={"scalars": 0}).Reload()
    found: dict[tuple[str, int], list[float]] = {}
    for tag in accumulator.Tags()["scalars"]:
        for event in accumulator.Scalars(tag):
            found.setdefault((tag, event.step), []).append(event.value)
    return found


def expected(run: Path) -> dict[tuple[str, int], list[float]]:
    found = {}
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        for name in record.keys() - {"kind", "step", "epoch", "seconds", "tokens"}:
            if record[name] is not None:
                found[f"{record['kind']}/{name}", record["step"]] = [pytest.approx(record[name], rel=1e-6)]
    return found


def test_the_numbers_are_those_of_the_run(tiny_run):
    found = read(tiny_run / "tensorboard")
    assert found == expected(tiny_run)
    assert {tag for tag, _ in found} >= {"valid/loss", "valid/BLEU", "valid/chrF"}


def test_a_resumed_run_has_every_step_once(command, tiny_run, tmp_path):
    """Steps that a crash took back from metrics.jsonl are gone from the events too."""
    run = shutil.copytree(tiny_run, tmp_path / "run")
    stale = {"kind": "valid", "step": 31, "epoch": 0, "seconds": 1.0, "tokens": 1, "loss": 99.0}
    with (run / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(stale) + "\n")
    extra = events.Events(run / "tensorboard", [stale])
    extra.close()
    assert command("train", "--resume", run, "--steps", "34").code == 0
    assert sum(file.stat().st_size > 0 for file in (run / "tensorboard").iterdir()) == 1
    found = read(run / "tensorboard")
    assert found == expected(run)
    assert max(step for _, step in found) == 34
    assert [99.0] not in found.values()


def test_a_reader_that_looks_on_forgets_what_was_taken_back(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def record(step: int) -> dict:
        return {"kind": "train", "step": step, "epoch": 0, "seconds": float(step), "tokens": 1, "loss": step}

    first = events.Events(tmp_path)
    for step in (1, 2, 3):
        first.add(record(step))
    first.close()
    (file,) = tmp_path.iterdir()
    # Else both are of the same second, and their names in no order.
    file.rename(tmp_path / "events.out.tfevents.1000000000.earlier")
    reader = EventAccumulator(str(tmp_path), size_guidance={"scalars": 0}).Reload()
    assert [event.step for event in reader.Scalars("train/loss")] == [1, 2, 3]
    second = events.Events(tmp_path, [record(1)])
    second.add(record(4))
    second.close()
    assert [event.step for event in reader.Reload().Scalars("train/loss")] == [1, 4]
