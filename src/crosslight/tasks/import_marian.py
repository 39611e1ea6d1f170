"""A checkpoint of another program as a bundle."""

from pathlib import Path

from crosslight.bundle import Bundle, save_bundle
from crosslight.export.marian_checkpoint import read_marian


def import_marian(directory: Path, out: Path) -> Bundle:
    """Write the bundle of a MarianMT / OPUS-MT checkpoint in Hugging Face form; returns it.

    Raises:
        BundleError: a file is missing or damaged, or the bundle cannot be written.
        ExportError: it is a model that a bundle cannot hold; the setting is named.
    """
    bundle = read_marian(directory)
    save_bundle(bundle, out)
    return bundle
