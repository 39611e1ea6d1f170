"""A small, fast student that learns from a teacher's translations (Kim & Rush 2016, sequence level).

    sources ─► the teacher translates ─► outputs.tsv ─► distilled.tsv ─► student/ ─► int8/

What a teacher writes is more regular than what people write: a much smaller model can learn it, and finds it
without a beam. Unless other pieces are asked for, it has the teacher's, and begins with those of its
layers that fit (`models.inherit`): most of its training is then done. In int8 a shortlist, learned from the
same outputs, makes its last layer smaller. Every stage leaves its result in the directory and is passed over
when it is there, so the same command goes on where a stop left it.
"""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from crosslight.bundle import Bundle
from crosslight.config.architecture import kind_of
from crosslight.config.load import merge, preset_text
from crosslight.config.model import TransformerConfig
from crosslight.config.run import DataConfig
from crosslight.errors import ConfigError, ExportError, RunError
from crosslight.export import ctranslate2 as fast
from crosslight.export.package import CERTIFICATE
from crosslight.tasks.alone import holds_nothing
from crosslight.tasks.export import certificate_table, export
from crosslight.tasks.files import written
from crosslight.tasks.lessons import write_best, write_outputs
from crosslight.tasks.plan import plan
from crosslight.tasks.runs import begin_or_go_on
from crosslight.tasks.shortlist import keep_shortlist
from crosslight.tasks.sources import count_pairs
from crosslight.tasks.train import Outcome
from crosslight.tasks.translate import load_for_files

LESSONS, VALID = "distilled.tsv", "valid.tsv"
WORST = 0.05  # share of the outputs, by score, that is not taught: most of what is wrong is among it


def distill(
    teacher: Path,
    srcs: Sequence[Path],
    out: Path,
    console: Console,
    *,
    student: str = "small-fast",
    partners: Sequence[Path] = (),
    reverse: Path | None = None,
    pairs: Sequence[Path] = (),
    wishes: dict[str, Any] | None = None,
    beam: int | None = None,
    worst: float = WORST,
) -> Outcome:
    """Train a student in the directory `out`, or go on with it, and export it in int8.

    It is judged on the teacher's own validation sample, translations by people, unless `wishes` name
    another set.

    Args:
        srcs: text in the source language; a sentence that comes several times is translated once.
        student: a preset.
        partners: other bundles of the teacher's vocabularies that translate together with it.
        reverse: a bundle of the other direction, that chooses among what the teacher finds.
        pairs: tables of source TAB target by people, to learn from as well.
        wishes: settings of the student's run, laid over the preset.
        beam: of the teacher; as its bundle says unless given.
        worst: share of the teacher's outputs, those with the lowest scores, to leave out.

    Raises:
        ConfigError: settings that cannot be; a partner of other vocabularies; a reverse that is none.
        CorpusError: a source file cannot be read, or has no sentence.
        RunError: `out` holds other things, or the outputs of another teacher or of other sources.
    """
    if not 0 <= worst < 1:
        raise ConfigError(f"worst is {worst}, expected a share from 0 to below 1", f"{WORST} is usual")
    _require_own(out)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    files = tuple(str(path) for path in pairs if str(path) != "-" and not path.is_fifo())
    if files:
        count_pairs(DataConfig(pairs=files))  # what is wrong with them shows now, not hours later
    run, package, lessons = out / "student", out / "int8", out / LESSONS
    if not (run / "bundle").is_dir():
        translator = load_for_files(teacher, "auto", partners=partners, reverse=reverse)
        n_outputs = write_outputs(
            translator, srcs, out / "outputs.tsv", say, **({"beam": beam} if beam is not None else {})
        )
        if not lessons.is_file():
            n_lessons = write_best(out / "outputs.tsv", lessons, worst)
            say(f"taught: {n_lessons:,} of {n_outputs:,} outputs of the teacher")
        settings = _settings(translator.bundle, student, [lessons, *pairs], out / VALID, wishes or {})
        tree = merge(settings, wishes or {})
        outcome = begin_or_go_on(run, lambda: plan(tree, run, student, None), console)
        if outcome.bundle is None:
            return outcome
    if not (package / CERTIFICATE).is_file():
        try:
            say(certificate_table(_packaged(run, package, out, say)))
        except (ConfigError, ExportError) as error:  # no engine, or one too coarse, takes nothing from it
            again = "" if fast.is_installed() else "; then run the same command once more"
            say(f"no int8 package: {error.message}{again}")
    return Outcome(run / "bundle", None)


def _settings(
    teacher: Bundle, student: str, lessons: Sequence[Path], valid: Path, wishes: dict[str, Any]
) -> dict[str, Any]:
    """What the student's run takes from its teacher, unless other things are wished for."""
    data: dict[str, Any] = {
        "pairs": [str(path) for path in lessons],
        "src_lang": teacher.facts.src_lang,
        "tgt_lang": teacher.facts.tgt_lang,
        "license": teacher.facts.license,
    }
    if teacher.validation:
        with written(valid) as file:
            file.writelines(f"{pair.src}\t{pair.tgt}\n" for pair in teacher.validation)
        data["valid_pairs"] = [str(valid)]
    if wishes.get("subword", {}).keys() - {"sampling"}:
        return {"data": data}
    pieces = {
        **teacher.config.subword.model_dump(),
        "vocab_size": teacher.src_subword.vocab_size,
        "sampling": 0.0,
    }
    return {
        "data": data,
        "subword": pieces,
        "model": _positions(teacher, student, wishes),
        "distill": {"teacher": str(teacher.path)},
    }


def _positions(teacher: Bundle, student: str, wishes: dict[str, Any]) -> dict[str, Any]:
    """The teacher's kind of positions, as its layers were trained with; none that the fast engine lacks."""
    theirs, mine = teacher.config.model, merge(tomllib.loads(preset_text(student)), wishes)
    if not isinstance(theirs, TransformerConfig) or kind_of(mine["model"]) != theirs.kind:
        return {}
    if theirs.positions not in fast.POSITIONS:
        return {}
    return {"positions": theirs.positions, "max_positions": theirs.max_positions}


def _packaged(run: Path, package: Path, out: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Export the student in int8, with a shortlist if translations stay as good; the certificate."""
    sample = valid if (valid := out / VALID).is_file() else None
    try:
        certificate = export(run, "ctranslate2", package, "int8", sample, [out / LESSONS])
    except (ConfigError, ExportError) as error:  # what is not the shortlist's fault comes again
        say(f"no shortlist: {error.message}")
        return export(run, "ctranslate2", package, "int8", sample)
    keep_shortlist(package, run / "bundle")
    return certificate


def _require_own(out: Path) -> None:
    if out.exists() and not (out / "outputs.json").is_file() and not holds_nothing(out):
        raise RunError(f"{out} exists and holds other things", "choose another place with -o")
