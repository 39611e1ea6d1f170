"""Two systems compared on a test set: bundles that translate it, or translations that are there already."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from crosslight.bundle import boxed
from crosslight.evaluate.comparison import Comparison, System, compare
from crosslight.evaluate.verdict import Verdict, judge
from crosslight.tasks.translate import lines_of, load_for_files, references_of, translate_file


def compare_systems(
    a: str, b: str, src: str, ref: str, say: Callable[[str], None] = lambda line: None, **choices: Any
) -> tuple[Comparison, Verdict]:
    """Translate the test set where that is still to be done, and compare.

    Args:
        a: the system in use: a bundle, a finished run, or a file of its translations.
        b: the candidate.
        choices: lowercase, tokenize, n_resamples, n_shuffles, seed; see `evaluate.comparison.compare`.

    Raises:
        CorpusError: a file cannot be read, or lines are missing.
        BundleError: a directory is no bundle.
    """
    references = references_of(src, ref)
    names = system_names(a, b)
    systems: list[System] = []
    for place, name in zip((a, b), names, strict=True):
        if Path(place).is_dir() or (place in boxed() and not Path(place).exists()):
            say(f"translating {src} with {place}")
            texts = [t.text for t in translate_file(load_for_files(place), src)]
        else:
            texts = lines_of(place)
        systems.append(System(name, texts))
    comparison = compare(systems[0], systems[1], lines_of(src), references, **choices)
    return comparison, judge(comparison)


def system_names(a: str, b: str) -> tuple[str, str]:
    """What to call the two: the ends of their paths by which they differ, never whole paths.

    >>> system_names("runs/small/bundle", "runs/large/bundle"), system_names("x.en", "x.en")
    (('small/bundle', 'large/bundle'), ('x.en (A)', 'x.en (B)'))
    """
    parts_a, parts_b = Path(a).parts, Path(b).parts
    for n in range(1, max(len(parts_a), len(parts_b)) + 1):
        of_a, of_b = "/".join(parts_a[-n:]), "/".join(parts_b[-n:])
        if of_a != of_b:
            return of_a, of_b
    return f"{Path(a).name} (A)", f"{Path(b).name} (B)"
