"""Decode with every system in turn with ours, and write docs/results/bench-decode.{json,md}.

    python -m bench.decode.run [--corpus DIRECTORY] [--bundle BUNDLE] [--seconds 3] [--rounds 3] [--threads T]

Outputs of a set length are written by all, with weights of chance. With a bundle those that can read its
weights translate with it too, each output as long as the model likes.

Two processes are loaded at a time, ours and a peer, and take turns of seconds: what the machine does to
both in those seconds cancels out of the ratio.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.decode.table import markdown, summary
from bench.decode.worker import Cell, cell_as_json
from bench.peers.run import available, load, machine, shown
from bench.peers.venvs import PEERS, ROOT, System, VenvError, python_of

OURS = System("ours-decode", "Crosslight", ("-e", f"{ROOT}[fast,huggingface]"), constrained=True)
# Its last version wants torch below 1.14. The only such torch for Python 3.11 brings CUDA along, and does not
# import without: 1.8 GB to download, of which a CPU runs nothing.
SOCKEYE = System("sockeye", "Sockeye 3", ("sockeye==3.1.34", "sentencepiece"), torch="torch==1.13.1")
VENVS = {
    "ours": OURS,
    "ctranslate2": OURS,
    "huggingface": OURS,
    **{peer.name: peer for peer in PEERS if peer.name in {"joeynmt", "eole"}},
    "sockeye": SOCKEYE,
}
SHAPES = tuple((beam, batch) for beam in (1, 4) for batch in (1, 64))
SET_LENGTH = 14
PATIENCE = 600.0


@dataclass(frozen=True)
class Entry:
    """A script and its variant."""

    script: str
    variant: str
    title: str
    pytorch: str = ""  # a peer on PyTorch: the numbers that it computes in


TORCH, AUTO = Entry("ours", "torch", "Crosslight torch"), Entry("ours", "auto", "Crosslight auto")
GENERATE = Entry("huggingface", "", "Transformers MarianMT", "float32")
PYTORCH = (
    GENERATE,
    Entry("joeynmt", "", "JoeyNMT", "float32"),
    Entry("eole", "", "Eole", "float32"),
    Entry("sockeye", "float32", "Sockeye 3", "float32"),
    Entry("sockeye", "int8", "Sockeye 3 int8", "int8"),
)
FAST = tuple(
    Entry("ctranslate2", f"{numbers}-{threads}", f"CTranslate2 {numbers}, {threads}")
    for numbers in ("float32", "int8")
    for threads in ("2x1", "1x2")
)
SAME = ((TORCH, GENERATE), (AUTO, GENERATE), *((AUTO, entry) for entry in FAST), (TORCH, AUTO))
# Not auto: it leaves outputs of a set length to torch.
FIXED = (*((TORCH, entry) for entry in PYTORCH), (TORCH, FAST[0]), (TORCH, FAST[2]))


class Worker:
    """A loaded system."""

    def __init__(self, entry: Entry, python: str, prepared: Path, threads: int) -> None:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "HF_HUB_OFFLINE": "1",
            "PYTHONWARNINGS": "ignore",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
        }
        command = [python, "-m", f"bench.decode.{entry.script}", str(prepared), "--threads", str(threads)]
        self._log = (prepared / f"{entry.script}.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [*command, "--variant", entry.variant],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self.about = self._answer()

    def ask(self, cell: Cell, seconds: float) -> dict[str, Any]:
        """The figures of a turn, or {"error": its last words}."""
        if self._process.poll() is None:
            pipe: IO[str] = self._process.stdin  # type: ignore[assignment]  # it is a pipe
            pipe.write(json.dumps({"cell": cell_as_json(cell), "seconds": seconds}) + "\n")
            pipe.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        pipe: IO[str] = self._process.stdout  # type: ignore[assignment]  # it is a pipe
        line = pipe.readline()
        if line:
            return dict(json.loads(line))
        self._log.seek(0)
        return {"error": "\n".join(self._log.read().splitlines()[-3:]) or "ended without a word"}

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def main() -> None:
    arguments = parse()
    cache, began = arguments.cache.resolve(), time.time()
    pythons, failed = interpreters(cache, arguments.torch, arguments.here, arguments.systems)
    corpus = "multi30k" if arguments.corpus else "sample"
    folders = {"set length": cache / f"decode-{corpus}"}
    if arguments.bundle:
        folders["same weights"] = cache / f"decode-{corpus}-bundle"
    metas = {
        table: prepare(
            pythons["ours"], folder, arguments, None if table == "set length" else arguments.bundle
        )
        for table, folder in folders.items()
    }
    not_exported = {
        f"{form} ({table})": why for table, meta in metas.items() for form, why in meta["failed"].items()
    }
    result: dict[str, Any] = {
        "command": "python -m bench.decode.run " + " ".join(shown(sys.argv[1:])),
        "date": time.strftime("%Y-%m-%d"),
        "seconds": arguments.seconds,
        "rounds": arguments.rounds,
        "models": metas,
        "failed": {**failed, **not_exported},
        "limits": {
            table: limit(pythons["ours"], folder, arguments.threads) for table, folder in folders.items()
        },
        "about": {},
        "rows": [],
    }
    loads = [load()]
    for table, prepared in folders.items():
        for ours, peer in FIXED if table == "set length" else SAME:
            if peer.script not in pythons or (arguments.systems and peer.script not in arguments.systems):
                result["failed"].setdefault(f"{peer.title} ({table})", "not asked for, or has no venv")
                continue
            rows, about = pair(ours, peer, table, pythons, prepared, arguments)
            result["rows"] += rows
            result["about"] |= about
            loads.append(load())
            result["machine"] = machine(arguments.threads, loads)
            result["minutes"] = round((time.time() - began) / 60, 1)
            write(result, arguments.out)  # after every pair, so that a run that is stopped has said something
    print((arguments.out / "bench-decode.md").read_text(encoding="utf-8"))


def pair(
    ours: Entry, peer: Entry, table: str, pythons: dict[str, str], prepared: Path, arguments: Any
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """All cells of two systems, in turns."""
    workers = {}
    for who, entry in (("ours", ours), ("peer", peer)):
        workers[who] = Worker(entry, pythons[entry.script], prepared, arguments.threads)
    rows = []
    for cell in cells(table, peer):
        turns = []
        for who in ("ours", *("peer", "ours") * arguments.rounds):
            turns.append({"who": who, **workers[who].ask(cell, arguments.seconds)})
        row = {
            "table": table,
            "cell": cell.name,
            **cell_as_json(cell),
            "ours_title": ours.title,
            "ours_variant": ours.variant,
        }
        row |= {"peer_title": peer.title, "pytorch": peer.pytorch}
        rows.append({**row, **summary(turns), "turns": turns})
        print(f"{ours.title} / {peer.title}, {cell.name}: {rows[-1]['ratio'] or turns[-2]}", flush=True)
    about = {
        entry.title: workers[who].about.get("about") or workers[who].about.get("error", "")
        for who, entry in (("ours", ours), ("peer", peer))
    }
    for worker in workers.values():
        worker.close()
    return rows, about


def cells(table: str, peer: Entry) -> list[Cell]:
    """What two systems are asked; ids alone where both can be asked for that."""
    if table == "set length":
        return [Cell(beam, batch, length=SET_LENGTH) for beam, batch in SHAPES]
    kinds = ("text", "tokens") if peer.script in {"ctranslate2", "ours"} else ("text",)
    return [Cell(beam, batch, kind) for kind in kinds for beam, batch in SHAPES]


def interpreters(
    cache: Path, torch: str, here: bool, asked: Sequence[str] | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """The interpreter of each script that is asked for (none named: all), and why the others have none.

    Raises:
        VenvError: ours could not be made, and without it there is no benchmark.
    """
    pythons, failed = {}, {}
    for script, system in VENVS.items():
        if asked and script not in {"ours", *asked}:
            continue
        if here and system is OURS:
            pythons[script] = sys.executable
            continue
        try:
            pythons[script] = str(python_of(system, cache, torch))
        except VenvError as error:
            if script == "ours":
                raise
            failed[system.title] = f"its venv could not be made: {error}"
    return pythons, failed


def prepare(python: str, prepared: Path, arguments: Any, bundle: Path | None) -> dict[str, Any]:
    """The model and its exports, if they are not there yet; what it is."""
    command = [python, "-m", "bench.decode.prepare", str(prepared)]
    for name, path in (("corpus", arguments.corpus), ("bundle", bundle)):
        if path:
            command += [f"--{name}", str(Path(path).resolve())]
    environment = {key: value for key, value in os.environ.items() if key != "MULTI30K"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return dict(json.loads((prepared / "meta.json").read_text()))


def limit(python: str, prepared: Path, threads: int) -> dict[str, Any]:
    """What the machine could do."""
    command = [python, "-m", "bench.decode.limit", str(prepared), "--threads", str(threads)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {"error": done.stderr[-300:]}


def write(result: dict[str, Any], out: Path) -> None:
    """The figures as JSON, and the page."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench-decode.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (out / "bench-decode.md").write_text(markdown(result), encoding="utf-8")


def parse() -> argparse.Namespace:
    """The arguments, checked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    corpus = "directory of Multi30k's files (or the variable MULTI30K); else the sample"
    parser.add_argument("--corpus", type=Path, default=os.environ.get("MULTI30K"), help=corpus)
    parser.add_argument("--bundle", type=Path, help="a trained bundle: the table of the same weights too")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=available(), help="default: all cores")
    parser.add_argument("--systems", nargs="*", choices=list(VENVS), help="peers to run; default: all")
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench-venvs")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results")
    parser.add_argument("--torch", default="torch", help="what pip installs as torch, with its options")
    parser.add_argument("--here", action="store_true", help="ours and its exports in this interpreter")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.seconds <= 0 or arguments.threads < 1:
        parser.error("--rounds, --seconds and --threads must be positive")
    return arguments


if __name__ == "__main__":
    main()
