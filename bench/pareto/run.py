"""Measure a teacher and its students, and write OUT.json, OUT.md and OUT.svg.

    python -m bench.pareto --src test.fr --ref test.en teacher=BUNDLE student=BUNDLE [...]
        [--out docs/results/pareto-fr-en] [--seconds 5] [--rounds 3]

The first bundle is the teacher: in CTranslate2 int8 with beam 4 it is what all are compared with. First
every system translates the whole test set once, for its quality. Then rounds: every system has a turn of
seconds, and translates some single sentences. Everything is pinned to one core.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from bench.pareto import figures, measure, page
from bench.pareto.quality import Translated, against, judged
from bench.pareto.systems import INT8, TORCH, System, load_systems, name_of, reason
from bench.peers.run import available, load, machine
from bench.peers.venvs import ROOT
from crosslight.tasks.translate import lines_of, references_of

SINGLE = 200  # sentences, translated one by one
LIBRARIES = ("crosslight", "torch", "ctranslate2", "sentencepiece", "sacrebleu", "numpy", "matplotlib")


def main() -> None:
    arguments = parse()
    cores, began = available(), time.time()
    keep_to_one_core()
    torch.set_num_threads(1)
    loads = [load()]
    with tempfile.TemporaryDirectory() as packages:
        say("loading, and making the int8 packages")
        systems, about = load_systems(arguments.models, Path(packages), say, arguments.shortlist)
        result = {**header(arguments, cores), "models": about}
        measured(systems, result, arguments, loads, began)
    page.write(result, arguments.out)
    print(arguments.out.with_name(arguments.out.name + ".md").read_text(encoding="utf-8"))


def measured(
    systems: list[System], result: dict[str, Any], arguments: Any, loads: list[float], began: float
) -> None:
    """Quality, then speed in rounds; the figures are written after each, the page at the end."""
    texts, references = lines_of(arguments.src), references_of(arguments.src, arguments.ref)
    result["test_set"] |= {"sentences": len(texts), "words": measure.n_words(texts)}
    turns: dict[str, list[dict[str, Any]]] = {system.name: [] for system in systems}
    single: dict[str, list[dict[str, Any]]] = {system.name: [] for system in systems}
    found: dict[str, Translated] = {}
    rates: list[float] = []

    def write(rounds: int) -> None:
        loads.append(load())
        result["rounds"], result["minutes"] = rounds, round((time.time() - began) / 60, 1)
        result["machine"]["load"] = loads
        result["systems"] = rows(systems, found, turns, single, result["base"])
        page.write_figures(result, arguments.out)

    for system in alive(systems):
        with_reason(
            system, lambda system=system: found.__setitem__(system.name, whole(system, texts, references))
        )
        if system.name in found:
            done = found[system.name].figures
            rates.append(result["test_set"]["words"] / done["seconds"])
            say(f"{system.name}: BLEU {done['bleu']['value']:.2f}, {rates[-1]:,.0f} words/s")
    compared(systems, found, result["base"])
    chosen = measure.speed_set(texts, min(rates, default=0.0), arguments.seconds)
    alone = measure.distinct(texts)[:SINGLE]
    result["speed_set"] = {"sentences": len(chosen), "words": measure.n_words(chosen), "single": len(alone)}
    write(0)
    say(f"a turn: {len(chosen)} sentences, again and again until {arguments.seconds:g} seconds are over")
    for number in range(arguments.rounds):
        say(f"round {number + 1} of {arguments.rounds}")
        order = alive(systems)
        for system in order if number % 2 == 0 else order[::-1]:
            mine = alone[number :: arguments.rounds]

            def take_turn(system: System = system, number: int = number, mine: list[str] = mine) -> None:
                got = measure.turn(system.translate, chosen, arguments.seconds)
                turns[system.name].append({"round": number, **got})
                single[system.name] += measure.single_sentences(system.translate, mine)
                say(f"  {system.name}: {got['words_per_second']:,.0f} words/s")

            with_reason(system, take_turn)
        write(number + 1)


def compared(systems: list[System], found: dict[str, Translated], base: str) -> None:
    """Add what a system's translations are beside those of the base, and of torch with the same beam."""
    for system in systems:
        done = found.get(system.name)
        beside = found.get(name_of(system.model, TORCH, system.beam))
        if done and beside:
            equal = [a == b for a, b in zip(done.texts, beside.texts, strict=True)]
            done.figures["equal_to_torch"] = sum(equal) / len(equal)
        if done and base in found:
            done.figures["delta_bleu"] = against(found[base], done)


def whole(system: System, texts: list[str], references: list[Any]) -> Translated:
    """The test set in one call: translations, scores, and how many sentences were left to torch."""
    count = counted(system)
    start = time.perf_counter()
    try:
        translations = system.translate(texts)
    finally:
        n_left = count()
    seconds = time.perf_counter() - start
    done = judged(translations, references)
    done.figures.update(seconds=seconds, left_to_torch=n_left)
    return done


def counted(system: System) -> Callable[[], int]:
    """Count what the fast engine leaves to torch; the count, after which it is no longer done."""
    translator = system.translator
    if translator is None or translator.fast_search is None:
        return lambda: 0
    search = translator.search  # torch's own, that is asked for what the engine did not find
    n_left = 0

    def counting(srcs: Any, *arguments: Any, **settings: Any) -> Any:
        nonlocal n_left
        n_left += len(srcs)
        return search(srcs, *arguments, **settings)

    def end() -> int:
        del translator.search  # type: ignore[misc]  # the method is seen again
        return n_left

    translator.search = counting  # type: ignore[method-assign]
    return end


def rows(
    systems: list[System],
    found: dict[str, Translated],
    turns: dict[str, list[dict[str, Any]]],
    single: dict[str, list[dict[str, Any]]],
    base: str,
) -> list[dict[str, Any]]:
    """Each system with all its figures, or with the reason why it has none."""
    results = []
    for system in systems:
        name = system.name
        row: dict[str, Any] = {"name": name, "model": system.model, "engine": system.engine}
        row |= {"beam": system.beam, "error": system.error}
        row["megabytes"] = None if system.n_bytes is None else system.n_bytes / 1e6
        row["bytes"] = system.n_bytes
        row |= found[name].figures if name in found else {}
        row |= figures.speed(turns[name])
        row["ratio"] = figures.ratio(turns[name], turns.get(base, []))
        row["cpu_ratio"] = figures.ratio(turns[name], turns.get(base, []), "words_per_cpu_second")
        row["latency"] = figures.latency(single[name])
        results.append({**row, "turns": turns[name], "single": single[name]})
    kept = figures.ran(results)
    on_front = {kept[i]["name"] for i in figures.front([figures.point(row) for row in kept])}
    return [{**row, "on_front": row["name"] in on_front} for row in results]


def alive(systems: list[System]) -> list[System]:
    """Those that have not failed."""
    return [system for system in systems if not system.error]


def with_reason(system: System, work: Callable[[], None]) -> None:
    """Do it; a failure becomes the system's error, and the others go on."""
    try:
        work()
    except Exception as failure:
        system.error = reason(failure)
        say(f"{system.name}: {system.error}")


def header(arguments: Any, cores: int) -> dict[str, Any]:
    """What was asked, of which program, on which machine."""
    teacher = next(iter(arguments.models))
    return {
        "command": "python -m bench.pareto " + " ".join(shown(sys.argv[1:])),
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "versions": {"python": platform.python_version(), **dict(map(installed, LIBRARIES))},
        "machine": {**machine(1, []), "cores": cores},
        "seconds": arguments.seconds,
        "asked_rounds": arguments.rounds,
        "teacher": teacher,
        "base": name_of(teacher, INT8, 4),
        "test_set": {"src": arguments.src.name, "ref": arguments.ref.name},
    }


def installed(library: str) -> tuple[str, str]:
    """A library and its version."""
    try:
        return library, version(library)
    except PackageNotFoundError:
        return library, "not installed"


def commit() -> str:
    """The commit of this checkout, and whether files differ from it."""
    try:
        said = [
            subprocess.run(
                ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
            ).stdout.strip()
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        ]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said[0] + " with changes" * bool(said[1])


def shown(words: list[str]) -> list[str]:
    """The arguments without paths of this machine.

    >>> shown(["--src", "/data/test.fr", "teacher=/runs/a/bundle", "--out", "docs/results/b"])
    ['--src', 'test.fr', 'teacher=bundle', '--out', 'b']
    """
    return ["=".join(os.path.basename(part.rstrip(os.sep)) for part in word.split("=")) for word in words]


def keep_to_one_core() -> None:
    """From here on this process has one core, where the system can say so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def say(line: str) -> None:
    """To people."""
    print(line, file=sys.stderr, flush=True)


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The arguments, checked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--src", type=Path, required=True, help="the test set, a sentence a line")
    parser.add_argument("--ref", type=Path, required=True, help="its translations by people")
    parser.add_argument("bundles", nargs="+", metavar="NAME=BUNDLE", help="the teacher first")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "pareto-fr-en")
    parser.add_argument(
        "--shortlist", type=Path, nargs=2, metavar=("TABLE", "TABLE"),
        help="sentence pairs to learn a lexical shortlist from, and to judge it by: int8 with it, too",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, default=5.0, help="of a turn")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args(words)
    if arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("--rounds and --seconds must be positive")
    arguments.models = {}
    for word in arguments.bundles:
        name, _, path = word.partition("=")
        if not name or not path or name in arguments.models or "/" in name:
            parser.error(f"{word!r} is not NAME=BUNDLE with a name of its own")
        arguments.models[name] = Path(path)
    return arguments
