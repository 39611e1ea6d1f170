"""Train every system in turn with ours, and write docs/results/bench-train.{json,md}.

    python -m bench.peers.run [--corpus DIRECTORY] [--seconds 60] [--rounds 3] [--threads T]

A round is: the machine's limit, then ours, peer, ours, peer, ..., ours. A peer's ratio is ours over
theirs, ours being the mean of the runs right before and right after: what the machine does to both in
those minutes cancels out. Medians over the rounds, with their range.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.peers.table import markdown, summary
from bench.peers.venvs import OURS, PEERS, ROOT, VenvError, python_of

LIMIT_SECONDS, PROFILE_SECONDS = 24.0, 5.0
# A trainer that has not finished by then hangs, or the machine is far too busy to measure on.
PATIENCE_SECONDS = 600.0


def main() -> None:
    arguments = parse()
    cache = arguments.cache.resolve()
    pythons, failed = interpreters(arguments.systems, cache, arguments.torch)
    prepared = cache / ("prepared-multi30k" if arguments.corpus else "prepared-sample")
    prepare(pythons[OURS.name], prepared, arguments.corpus)
    present = [peer for peer in PEERS if peer.name in pythons]
    turns = [OURS, *(system for peer in present for system in (peer, OURS))]
    rounds: list[list[dict[str, Any]]] = []
    loads, began = [load()], time.time()
    profile = measure("profile", pythons[OURS.name], prepared, arguments.threads, PROFILE_SECONDS)
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", flush=True)
        limit = measure("limit", pythons[OURS.name], prepared, arguments.threads, LIMIT_SECONDS)
        rounds.append([limit])
        for system in turns:
            python = pythons[system.name]
            figures = measure(system.name, python, prepared, arguments.threads, arguments.seconds)
            rounds[-1].append(figures)
        loads.append(load())
        # After every round, so that a run that is stopped has said something.
        result = {
            "command": "python -m bench.peers.run " + " ".join(shown(sys.argv[1:])),
            "date": time.strftime("%Y-%m-%d"),
            "seconds": arguments.seconds,
            "machine": machine(arguments.threads, loads),
            "corpus": json.loads((prepared / "meta.json").read_text()),
            "minutes": round((time.time() - began) / 60, 1),
            "failed": failed,
            "profile": profile,
            "summary": summary(rounds),
            "rounds": rounds,
        }
        write(result, arguments.out)
    print((arguments.out / "bench-train.md").read_text(encoding="utf-8"))


def write(result: dict[str, Any], out: Path) -> None:
    """The figures as JSON, and the page."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench-train.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (out / "bench-train.md").write_text(markdown(result), encoding="utf-8")


def parse() -> argparse.Namespace:
    """The arguments, checked."""
    names = [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    corpus = "directory of Multi30k's train.en.gz and train.de.gz (or the variable MULTI30K); else the sample"
    parser.add_argument("--corpus", type=Path, default=os.environ.get("MULTI30K"), help=corpus)
    parser.add_argument("--seconds", type=float, default=60.0, help="timed window of a run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=available(), help="default: all cores")
    parser.add_argument("--systems", nargs="*", choices=names, default=names, help="peers to run")
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench-venvs")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results")
    parser.add_argument("--torch", default="torch", help="what pip installs as torch, with its options")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.seconds <= 0 or arguments.threads < 1:
        parser.error("--rounds, --seconds and --threads must be positive")
    return arguments


def available() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def interpreters(names: Sequence[str], cache: Path, torch: str) -> tuple[dict[str, str], dict[str, str]]:
    """The interpreter of each system, and why the others have none. Without ours there is no benchmark."""
    pythons, failed = {OURS.name: str(python_of(OURS, cache, torch))}, {}
    for peer in PEERS:
        if peer.name not in names:
            failed[peer.title] = "not asked for (--systems)"
            continue
        try:
            pythons[peer.name] = str(python_of(peer, cache, torch))
        except VenvError as error:
            failed[peer.title] = f"its venv could not be made: {error}"
            print(f"{peer.title}: {failed[peer.title]}", flush=True)
    return pythons, failed


def prepare(python: str, prepared: Path, corpus: Path | None) -> None:
    """The corpus that all read, made anew each time: it takes seconds."""
    command = [python, "-m", "bench.peers.prepare", str(prepared)]
    if corpus:
        command += ["--corpus", str(Path(corpus).resolve())]
    environment = {key: value for key, value in os.environ.items() if key != "MULTI30K"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def measure(name: str, python: str, prepared: Path, threads: int, seconds: float) -> dict[str, Any]:
    """Run one system's script; its figures, or {"error": its last words}."""
    output = prepared / "figures.json"
    output.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "PEERS_STARTED": str(time.time()),
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
    }
    command = [python, "-m", f"bench.peers.{name}", str(prepared), "--threads", str(threads)]
    command += ["--seconds", str(seconds), "--output", str(output)]
    patience = PATIENCE_SECONDS + 4 * seconds
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=patience, check=False
        )
        words = "\n".join((done.stdout + done.stderr).splitlines()[-4:])
    except subprocess.TimeoutExpired:
        words = f"not finished after {patience:.0f} seconds"
    figures = json.loads(output.read_text()) if output.is_file() else {"error": words}
    said = figures.get("error") or f"{figures.get('tokens_per_second', '')}"
    print(f"  {name:<12} {said}", flush=True)
    return {"system": name, **figures}


def shown(arguments: list[str]) -> list[str]:
    """The arguments without paths of this machine."""
    return [os.path.basename(argument) if os.sep in argument else argument for argument in arguments]


def machine(threads: int, loads: list[float]) -> dict[str, Any]:
    """What it ran on."""
    info = Path("/proc/cpuinfo")
    models = (
        [line for line in info.read_text().splitlines() if "model name" in line] if info.is_file() else []
    )
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": available(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": loads,  # averages of a minute, before the first round and after each; ours included
    }


def load() -> float:
    """How many processes wanted a core in the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else float("nan")


if __name__ == "__main__":
    main()
