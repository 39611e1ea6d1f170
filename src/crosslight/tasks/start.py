"""What a run takes over from the model that it starts from, if it does: pieces, weights, validation set."""

from torch import nn

from crosslight.bundle import load_bundle
from crosslight.config.run import RunConfig
from crosslight.text.corpus import Pair, read_parallel
from crosslight.text.subword import Subword
from crosslight.train.checkpoints import load_weights, weights


def subwords_of(config: RunConfig) -> tuple[Subword, Subword] | None:
    """Source and target pieces of the bundle; None for a run that starts from nothing."""
    if config.finetune.start is None:
        return None
    bundle = load_bundle(config.finetune.start)
    return bundle.src_subword, bundle.tgt_subword


def take_weights(config: RunConfig, model: nn.Module) -> None:
    """Let training start where the bundle ended."""
    if config.finetune.start is not None:
        load_weights(model, weights(load_bundle(config.finetune.start).model))


def old_pairs(config: RunConfig) -> list[Pair]:
    """The old validation set: the files that the settings name, or what the bundle carries, if anything."""
    finetune = config.finetune
    if finetune.start is None:
        return []
    if finetune.old_valid_src and finetune.old_valid_tgt:
        return list(read_parallel(finetune.old_valid_src, finetune.old_valid_tgt))
    return list(load_bundle(finetune.start).validation)
