"""A lexical shortlist: the few target pieces that a source can need, so that the output layer is smaller.

With a vocabulary of thousands, much of a step goes into scores of pieces that this sentence never uses. The
candidates of a batch are the pieces that are frequent in any text, and for every source piece those that an
aligner linked to it in a corpus (as in Marian, Junczys-Dowmunt et al. 2018).

CTranslate2 reads it from ``vmap.txt``: a line for each source piece, a tab, target pieces between blanks; a
line that begins with the tab holds for every source. It is used where `use_vmap=True` asks for it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosslight.errors import ExportError
from crosslight.text.aligner import Aligner
from crosslight.text.corpus import Pair
from crosslight.text.subword import SPECIAL_IDS, Subword

FILE = "vmap.txt"  # in a package
KEPT = "shortlist.txt"  # in a bundle: the same, for the packages to come
FREQUENT = 100  # pieces that are always there
BEST = 50  # pieces of a source piece
LEAST = 1e-3  # share of a source piece's links


@dataclass(frozen=True)
class Shortlist:
    """Target ids for every source, and for each source id."""

    always: tuple[int, ...]
    of: dict[int, tuple[int, ...]]

    def candidates(self, srcs: Iterable[Sequence[int]]) -> set[int]:
        """The target ids that a batch of sources can come out in; the special ones are always there."""
        pieces = {piece for src in srcs for piece in src}
        return {*SPECIAL_IDS, *self.always, *(i for piece in pieces for i in self.of.get(piece, ()))}


def learn_shortlist(
    src: Subword,
    tgt: Subword,
    pairs: Sequence[Pair],
    *,
    frequent: int = FREQUENT,
    best: int = BEST,
    least: float = LEAST,
) -> Shortlist:
    """A shortlist of the pieces in sentence pairs.

    Every source piece also keeps the pieces that the target vocabulary writes the same text with, so that
    names and numbers can be copied.

    Raises:
        CorpusError: no pair has text on both sides.
    """
    ids = list(
        zip(
            src.encode_batch([pair.src for pair in pairs]),
            tgt.encode_batch([pair.tgt for pair in pairs]),
            strict=True,
        )
    )
    aligner = Aligner.train(ids)
    counts = Counter(i for _, target in ids for i in target)
    # Equally frequent ones in the order of their ids.
    always = sorted(counts, key=lambda i: (-counts[i], i))[:frequent]
    copies = _copies(src, tgt)
    table = {}
    for piece in range(src.vocab_size):
        if piece not in SPECIAL_IDS:
            likely = [
                i for i, share in aligner.translations(piece)[:best] if share >= least and isinstance(i, int)
            ]
            table[piece] = tuple(dict.fromkeys([*likely, *copies[piece]]))
    return Shortlist(tuple(always), table)


def write_vmap(shortlist: Shortlist, src: Subword, tgt: Subword, directory: Path) -> None:
    """Write the file that CTranslate2 reads beside its model.

    Raises:
        OSError: it cannot be written.
    """
    src_pieces, tgt_pieces = ([*s.pieces(range(s.vocab_size))] for s in (src, tgt))
    lines = [("", shortlist.always), *((src_pieces[i], found) for i, found in shortlist.of.items())]
    text = "".join(
        f"{key}\t{' '.join(tgt_pieces[i] for i in found)}\n"
        for key, found in lines
        if found and not set(key) & set(" \t\n")
    )
    (directory / FILE).write_text(text, encoding="utf-8", newline="\n")


def read_vmap(file: Path, src: Subword, tgt: Subword) -> Shortlist:
    """A shortlist from the file that `write_vmap` wrote for these vocabularies.

    Raises:
        ExportError: it is of other vocabularies.
        OSError: it cannot be read.
    """
    src_ids, tgt_ids = ({p: i for i, p in enumerate(s.pieces(range(s.vocab_size)))} for s in (src, tgt))
    always: tuple[int, ...] = ()
    table: dict[int, tuple[int, ...]] = {}
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, found = line.partition("\t")
            ids = tuple(tgt_ids[piece] for piece in found.split(" "))
            if key:
                table[src_ids[key]] = ids
            else:
                always = ids
    except KeyError as error:
        raise ExportError(
            f"{file} has the piece {error.args[0]!r}, which the vocabulary has not",
            "remove the file; --shortlist learns another one from sentence pairs",
        ) from None
    return Shortlist(always, table)


def _copies(src: Subword, tgt: Subword) -> list[list[int]]:
    """For each source id, the target ids that write the same text."""
    src_pieces, known = src.pieces(range(src.vocab_size)), tgt.pieces(range(tgt.vocab_size))
    ids = {piece: i for i, piece in enumerate(known)}
    found = []
    for piece, surface in zip(src_pieces, src.surfaces(), strict=True):
        if piece in ids:
            found.append([ids[piece]])
        else:
            found.append(tgt.encode(surface.decode("utf-8", "ignore").removeprefix(" ")))
    return found
