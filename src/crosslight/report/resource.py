"""The files that pages are made of, which lie beside this one."""

from importlib import resources


def resource(name: str) -> str:
    """The text of a template, style sheet or script."""
    return resources.files("crosslight.report").joinpath(name).read_text(encoding="utf-8")
