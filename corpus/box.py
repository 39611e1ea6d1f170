"""Make the model in the box: a teacher, a student that learns from it, and that in one byte a weight.

    python corpus/box.py TATOEBA RUNS

TATOEBA has train.fr.gz, train.en.gz, valid.fr, valid.en, and test sets that must not be trained on; RUNS is
for what is made on the way (teacher/, student/). Two hours on two cores; after a stop the same command goes
on.
"""

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

from crosslight.bundle import change_settings, load_bundle
from crosslight.config.run import DataConfig, DistillConfig
from crosslight.text.corpus import read_parallel

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "src" / "crosslight" / "sample"
CONFIGS = ROOT / "configs"
BOX = ROOT / "src" / "crosslight" / "box" / "fr-en"
ONE_IN = 8  # of the generated part of the sample corpus, which is far larger than it is varied


def main(tatoeba: Path, runs: Path) -> None:
    """All steps that are not done yet."""
    held_out = [tatoeba / "test.refs.tsv", *sorted(tatoeba.glob("tatoeba-test-*.??"))]
    held_out += [SAMPLE / "handwritten.test.tsv", SAMPLE / "grammar.test.tsv.gz"]
    never = [word for file in held_out for word in ("--held-out", file)]
    valid = (tatoeba / "valid.fr", tatoeba / "valid.en")
    teacher, student, sources, people = (
        runs / name for name in ("teacher", "student", "sample.fr", "people.tsv")
    )

    if (teacher / "config.toml").is_file() and not (teacher / "bundle").is_dir():
        crosslight("train", "--resume", teacher)
    elif not (teacher / "bundle").is_dir():
        crosslight(
            *("train", "--preset", "small", "--config", CONFIGS / "fr-en-teacher.toml", "-o", teacher),
            *("--src", tatoeba / "train.fr.gz", "--tgt", tatoeba / "train.en.gz"),
            *("--pairs", SAMPLE / "handwritten.train.tsv", "--pairs", SAMPLE / "grammar.train.tsv.gz"),
            *("--valid-src", valid[0], "--valid-tgt", valid[1], *never),
        )
    sources.write_text("".join(sample_sentences()), encoding="utf-8", newline="\n")
    write_table(people, tatoeba / "train.fr.gz", tatoeba / "train.en.gz")
    crosslight(
        *("distill", teacher, "--config", CONFIGS / "fr-en.toml", "-o", student),
        *("--src", tatoeba / "train.fr.gz", "--src", sources, "--pairs", people),
        *("--pairs", SAMPLE / "handwritten.train.tsv", *never),
    )
    write_table(runs / "valid.tsv", *valid)
    made = runs / "fr-en"
    crosslight("export", student / "student", "--to", "bundle", "-o", made, "--sample", runs / "valid.tsv")
    forget_places(made)
    crosslight("calibrate", made, "--src", valid[0], "--ref", valid[1])
    crosslight("align", made, "--src", tatoeba / "train.fr.gz", "--tgt", tatoeba / "train.en.gz")
    shutil.rmtree(BOX, ignore_errors=True)
    shutil.copytree(made, BOX, ignore=shutil.ignore_patterns(".cache"))


def sample_sentences() -> list[str]:
    """The French side of the sample corpus's training part, the generated one thinned out."""
    generated = gzip.decompress((SAMPLE / "grammar.train.tsv.gz").read_bytes()).decode().splitlines()
    written = (SAMPLE / "handwritten.train.tsv").read_text(encoding="utf-8").splitlines()
    return [line.partition("\t")[0] + "\n" for line in (*written, *generated[::ONE_IN])]


def write_table(table: Path, src: Path, tgt: Path) -> None:
    """Two files as one of source TAB target."""
    lines = (f"{pair.src}\t{pair.tgt}\n" for pair in read_parallel(src, tgt))
    table.write_text("".join(lines), encoding="utf-8", newline="\n")


def forget_places(bundle: Path) -> None:
    """Leave out of its settings where the text lay on the machine that made it."""
    config = load_bundle(bundle).config
    data = {name: getattr(config.data, name) for name in ("src_lang", "tgt_lang", "license")}
    change_settings(
        bundle, config.model_copy(update={"data": DataConfig(**data), "distill": DistillConfig()})
    )


def crosslight(*words: object) -> None:
    """Run a command of the program, after saying it."""
    print("$ crosslight", *words, file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, "-m", "crosslight", *map(str, words)], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
