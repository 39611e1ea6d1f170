"""Looking inside a translation: the attention of the model while it wrote that sentence.

The sentence is decoded once more with the weights recorded, all of the target in one call: the same
numbers as during the search, since there is one decoding path.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

import torch
from torch import Tensor

from crosslight.bundle import Bundle, load_bundle
from crosslight.data.batch import make_batch
from crosslight.decode.hypothesis import Hypothesis
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.interpret.heatmap import terminal_heatmap
from crosslight.interpret.maps import cross_shape, look
from crosslight.interpret.page import attention_page
from crosslight.interpret.ponder import steps_of
from crosslight.interpret.record import AttentionMap, Inspection, Kind, whole_words
from crosslight.tasks.files import write_text
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, Subword


def look_inside(bundle: Bundle, src: list[int], hypothesis: Hypothesis) -> Inspection:
    """Every attention weight behind one translation.

    Args:
        src: the source's ids, the end token included.

    Raises:
        ConfigError: the model has no attention.
    """
    tgt = hypothesis.tokens
    batch = make_batch([src[:-1]], [tgt], pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)
    device = next(bundle.model.parameters()).device
    cross_shape(bundle.model)
    with torch.inference_mode():
        seen = look(bundle.model, batch.src.to(device), batch.tgt_in.to(device))
    src_pieces, tgt_pieces = bundle.src_subword.pieces(src), bundle.tgt_subword.pieces(tgt)
    return Inspection(
        src_text=bundle.src_subword.decode(src),
        tgt_text=bundle.tgt_subword.decode(tgt),
        score=hypothesis.score,
        src_tokens=src_pieces,
        tgt_tokens=[*tgt_pieces, "</s>"],
        tgt_inputs=["<s>", *tgt_pieces],
        src_words=words_with_end(bundle.src_subword, src[:-1]),
        tgt_words=words_with_end(bundle.tgt_subword, tgt),
        encoder=_map("encoder", seen.encoder),
        decoder=_map("decoder", seen.decoder),
        cross=_map("cross", seen.cross),
        model_name=model_name(bundle),
        steps=steps_of(
            bundle.model, batch.src.to(device), batch.tgt_in.to(device), src_pieces, [*tgt_pieces, "</s>"]
        ),
    )


def words_with_end(subword: Subword, ids: Sequence[int]) -> list[list[int]]:
    """The words of some pieces, then the end as a word of its own; every piece in one, unknown ones too."""
    return [*whole_words(subword.words(ids), len(ids)), [len(ids)]]


def inspect(path: Path | str, sentence: str) -> Inspection:
    """Translate one sentence with the bundle at `path`, and look inside.

    Raises:
        ConfigError: there is nothing to translate, or it is more than one sentence can hold.
    """
    translation = Translator(load_bundle(path), look_inside).translate([sentence], attention=True)[0]
    if translation.attention is None:
        raise ConfigError(
            f"{sentence[:60]!r} is not one sentence to look into", "give one sentence that is not too long"
        )
    inspection: Inspection = translation.attention
    return inspection


def heatmap(inspection: Inspection, kind: str, layer: int | None, head: int | None) -> str:
    """A compact heat-map for the terminal; layers and heads are counted from 1."""
    if kind not in get_args(Kind):
        raise ConfigError(f"--kind {kind!r} is no attention", f"choose {', '.join(inspection.kinds)}")
    known = cast("Kind", kind)
    if known not in inspection.kinds:
        raise ConfigError(
            f"--kind {kind}: a model of this architecture has no attention there",
            f"choose {', '.join(inspection.kinds)}",
        )
    n_layers, n_heads = inspection.attention(known).weights.shape[:2]
    for name, value, limit in (("layer", layer, n_layers), ("head", head, n_heads)):
        if value is not None and not 1 <= value <= limit:
            raise ConfigError(f"--{name} {value} does not exist", f"choose 1 to {limit}")
    return terminal_heatmap(inspection, known, layer and layer - 1, head and head - 1)


def write_page(inspection: Inspection, path: Path) -> None:
    """The stand-alone page of an inspection.

    Raises:
        CrosslightError: it cannot be written.
    """
    write_text(path, attention_page(inspection))


def model_name(bundle: Bundle) -> str:
    """What the page calls the model: its languages and its run, never a path of this machine."""
    facts = bundle.facts
    languages = " → ".join(language for language in (facts.src_lang, facts.tgt_lang) if language)
    place = bundle.path.resolve() if bundle.path else None
    run = "" if place is None else place.parent.name if place.name == "bundle" else place.name
    return " · ".join(part for part in (languages, run) if part) or "model"


def _map(kind: Kind, layers: Tensor | None) -> AttentionMap | None:
    return None if layers is None else AttentionMap(kind, layers[0].float().cpu().numpy())
