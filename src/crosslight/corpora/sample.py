"""The sample corpus that ships with the program (CC0): French and English, everyday language.

    grammar.*       made by a bilingual grammar, with gold word alignments and antecedents
    handwritten.*   written by hand, over some forty topics

`corpus/` in the repository holds the sources and the programs that make these files.
"""

from pathlib import Path

SAMPLE = Path(__file__).parent.parent / "sample"
LICENSE = "The sample corpus of Crosslight, written for it: CC0 1.0 (public domain)."


def sample_file(name: str) -> str:
    """The path of a file of the sample corpus, such as "grammar.train.tsv.gz"."""
    return str(SAMPLE / name)
