"""The guided tour of an opened sentence: which head and positions, and the search's numbers at its end."""

import torch

from crosslight.bundle import transformer_of
from crosslight.decode.hypothesis import length_penalty
from crosslight.errors import ConfigError
from crosslight.interpret.stages import read_out
from crosslight.interpret.tour import Place, Walk, output_step, reading_steps, value, writing_steps
from crosslight.interpret.views import Tour, Value
from crosslight.tasks.opened import Opened, sentence


@torch.inference_mode()
def tour(
    opened: Opened,
    *,
    encoder_layer: int = 0,
    decoder_layer: int = 0,
    head: int = 0,
    src_position: int | None = None,
    tgt_position: int | None = None,
) -> Tour:
    """Ten steps from the sentence to its translation, through one head and one position of each side.

    Raises:
        ConfigError: a layer, head or position that is not there.
    """
    bundle, (trace, logits) = opened.bundle, opened.traced
    shape, model = transformer_of(bundle, "the tour")
    frame = sentence(opened)
    at = Place(
        encoder_layer,
        decoder_layer,
        head,
        _longest_word(frame["src"]["words"], frame["src"]["texts"]) if src_position is None else src_position,
        _longest_word(frame["tgt"]["words"], frame["tgt"]["texts"]) if tgt_position is None else tgt_position,
    )
    limits = (
        shape.n_encoder_layers,
        shape.n_decoder_layers,
        shape.n_heads,
        len(opened.src),
        len(opened.ids),
    )
    for name, place, limit in zip(Place._fields, at, limits, strict=True):
        if not 0 <= place < limit:
            raise ConfigError(f"{name} {place} does not exist", f"choose 0 to {limit - 1}")
    walk = Walk(model, trace, opened.src, frame["src"]["pieces"], opened.inputs, at)
    t = at.tgt_position
    last = output_step(
        vector=trace.said("decoder_norm")[0, t],
        logits=logits[t],
        logp=read_out(model, trace.read("decoder_norm")[0], opened.searcher.banned)[t],
        pieces=bundle.tgt_subword.pieces(range(bundle.tgt_subword.vocab_size)),
        chosen=opened.ids[t],
        search=_sum_of_search(opened, frame["tgt"]["pieces"]),
    )
    return {"chosen": at._asdict(), "steps": [*reading_steps(walk), *writing_steps(walk), last]}


def _longest_word(words: list[list[int]], texts: list[str]) -> int:
    """The first piece of the longest word but the end."""
    lengths = [len(text) for text in texts[:-1]] or [0]
    return words[lengths.index(max(lengths))][0]


def _sum_of_search(opened: Opened, pieces: list[str]) -> list[Value]:
    """How the whole translation comes to its score."""
    best, ranking = opened.best, opened.tree.ranking
    n_tokens = len(best.tokens) + best.finished
    written = opened.written(opened.log_probs)
    return [
        value("log_probs", "log P(y_t)", written, pieces[:n_tokens]),
        value("logp", "Σ log P", torch.tensor(sum(written))),
        value("penalty", "lp(n)", torch.tensor(length_penalty(n_tokens, *ranking))),
        value("score", "score", torch.tensor(best.score)),
    ]
