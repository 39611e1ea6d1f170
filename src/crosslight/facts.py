"""What a bundle says of itself, read without loading it: bundle.json, and where a bundle is found."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosslight.errors import BundleError

FORMAT = 2  # what this program reads; 1 knows no weights of one byte
BOX = Path(__file__).with_name("box")


@dataclass(frozen=True)
class Facts:
    """What a bundle knows of its making."""

    src_lang: str
    tgt_lang: str
    n_pairs: int  # trained on, after cleaning
    longest_src: int  # tokens: nearly all source lines were at most so long
    sentences_per_line: float  # of the source lines that were trained on
    steps: int
    minutes: float
    scores: dict[str, str] = field(default_factory=dict)  # e.g. "BLEU" -> "41.2 (signature)"
    license: str = ""


def boxed() -> list[str]:
    """The names of the bundles that come with the program."""
    return sorted(place.parent.name for place in BOX.glob("*/bundle.json"))


def in_box(directory: Path) -> bool:
    """Whether a bundle comes with the program, however its path is written: nothing is put there."""
    return directory.resolve().parent == BOX.resolve()


def bundle_directory(path: Path | str) -> Path:
    """The directory of the bundle here, of this run, or of this name in the box; it may not be one."""
    directory = Path(path)
    if not directory.exists() and str(path) in boxed():
        directory = BOX / path
    return directory / "bundle" if (directory / "bundle" / "bundle.json").is_file() else directory


def read_head(directory: Path) -> dict[str, Any]:
    """What bundle.json says: format, facts, checksums.

    Raises:
        BundleError: it is not there, damaged, or from a newer format.
    """
    file = directory / "bundle.json"
    try:
        head: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if int(head["format"]) > FORMAT:
            raise BundleError(
                f"{directory} has format {head['format']}, this program reads up to {FORMAT}",
                "update crosslight: pip install --upgrade crosslight",
            )
        Facts(**head["facts"])
        dict(head["sha256"])
        return head
    except (FileNotFoundError, NotADirectoryError):
        unfinished = (directory / "config.toml").is_file()
        raise BundleError(
            f"{directory} is not a bundle: it has no bundle.json"
            if directory.is_dir()
            else f"{directory} is not a directory, expected a bundle or a finished run",
            f"its training has not ended; go on with: crosslight train --resume {directory}"
            if unfinished
            else "give the `bundle` directory of a run, the run whose training has ended, "
            f"or what comes with the program: {', '.join(boxed())}",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"{file} cannot be read: {error!r}", "copy the whole bundle directory again"
        ) from None
