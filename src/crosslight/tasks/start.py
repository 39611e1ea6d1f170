"""What a run takes over from the model that it starts from, if it does: pieces, weights, validation set."""

from crosslight.bundle import load_bundle
from crosslight.config.run import RunConfig
from crosslight.models.build import Model
from crosslight.models.inherit import inherit
from crosslight.models.transformer import Transformer
from crosslight.text.corpus import Pair, read_parallel
from crosslight.text.subword import Subword
from crosslight.train.checkpoints import load_weights, weights


def subwords_of(config: RunConfig) -> tuple[Subword, Subword] | None:
    """Source and target pieces of the bundle; None for a run that starts from nothing."""
    origin = origin_of(config)
    if origin is None:
        return None
    bundle = load_bundle(origin)
    return bundle.src_subword, bundle.tgt_subword


def origin_of(config: RunConfig) -> str | None:
    """The model that a run takes its pieces from: the one it goes on from, or its teacher."""
    return config.finetune.start or config.distill.teacher


def take_weights(config: RunConfig, model: Model) -> str | None:
    """Let training start where the bundle ended, or with the teacher's layers; a sentence about these."""
    if config.finetune.start is not None:
        load_weights(model, weights(load_bundle(config.finetune.start).model))
    elif config.distill.teacher is not None:
        teacher = load_bundle(config.distill.teacher).model
        if not (isinstance(model, Transformer) and isinstance(teacher, Transformer)):
            return None  # layers of different kinds do not fit each other
        n_taken = inherit(model, teacher)
        return f"begins with {n_taken} layers of its teacher, {config.distill.teacher}"
    return None


def old_pairs(config: RunConfig) -> list[Pair]:
    """The old validation set: the files that the settings name, or what the bundle carries, if anything."""
    finetune = config.finetune
    if finetune.start is None:
        return []
    if finetune.old_valid_src and finetune.old_valid_tgt:
        return list(read_parallel(finetune.old_valid_src, finetune.old_valid_tgt))
    return list(load_bundle(finetune.start).validation)
