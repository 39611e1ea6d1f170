"""Where a bundle lies, and whether something may be kept in it."""

from pathlib import Path

from crosslight.bundle import Bundle
from crosslight.errors import BundleError
from crosslight.facts import in_box


def directory_of(bundle: Bundle) -> Path:
    """The directory that a bundle was loaded from.

    Raises:
        BundleError: it was not.
    """
    if bundle.path is None:
        raise BundleError("a bundle without a directory can keep nothing", "save it first")
    return bundle.path


def own_directory(bundle: Bundle) -> Path:
    """The same, to write into it.

    Raises:
        BundleError: it has none, or it is a part of the program, and would be lost with the next version.
    """
    directory = directory_of(bundle)
    if in_box(directory):
        raise BundleError(
            f"{directory.name} comes with the program and stays as it is",
            f"make a copy of your own: crosslight export {directory.name} --to bundle -o my-{directory.name}",
        )
    return directory
