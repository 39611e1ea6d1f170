"""Our Transformer and Hugging Face's MarianMT are one model: which tensor is which, and the features' order.

MarianMT adds sinusoids with the paper's wavelengths, all sines before all cosines; the paper interleaves
them. Nothing in a Transformer depends on the order of the d_model features: so a model that was trained with
interleaved sinusoids becomes one for the other layout when the features of every tensor on the residual path
are put into that order, and comes back by the inverse. (The wavelengths of "sinusoidal-half" are others.)

    https://huggingface.co/docs/transformers/model_doc/marian
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from crosslight.config.model import TransformerConfig
from crosslight.errors import ConfigError

SRC_TABLE = "src_embedding.tokens.table.weight"
TGT_TABLE = "tgt_embedding.tokens.table.weight"
OUT_TABLE, OUT_BIAS = "output.table.weight", "output.bias"
LAYER = {  # of ours: of theirs, and the axes of weight and bias that run over d_model
    "self_attention.q_proj": ("self_attn.q_proj", 1, None),
    "self_attention.k_proj": ("self_attn.k_proj", 1, None),
    "self_attention.v_proj": ("self_attn.v_proj", 1, None),
    "self_attention.out_proj": ("self_attn.out_proj", 0, 0),
    "self_residual.norm": ("self_attn_layer_norm", 0, 0),
    "cross_attention.q_proj": ("encoder_attn.q_proj", 1, None),
    "cross_attention.k_proj": ("encoder_attn.k_proj", 1, None),
    "cross_attention.v_proj": ("encoder_attn.v_proj", 1, None),
    "cross_attention.out_proj": ("encoder_attn.out_proj", 0, 0),
    "cross_residual.norm": ("encoder_attn_layer_norm", 0, 0),
    "feed_forward.up": ("fc1", 1, None),
    "feed_forward.down": ("fc2", 0, 0),
    "ff_residual.norm": ("final_layer_norm", 0, 0),
}


def require_marian(config: TransformerConfig) -> None:
    """Return if MarianMT is such a model.

    Raises:
        ConfigError: it is not; the setting is named.
    """
    reasons = {
        'norm = "pre"': (config.norm == "pre", "normalizes after each sublayer"),
        'norm_kind = "rms"': (config.norm_kind == "rms", "has LayerNorm"),
        "qk_norm = true": (config.qk_norm, "does not normalize queries and keys"),
        f"d_key = {config.d_key}": (
            config.d_key not in (None, config.d_model // config.n_heads),
            "has queries and keys as wide as its values",
        ),
        f'positions = "{config.positions}"': (
            config.positions != "sinusoidal",
            "has sinusoids with the paper's wavelengths",
        ),
        f'scoring = "{config.scoring}"': (config.scoring != "dot", "scores by the dot product"),
    }
    for setting, (is_other, what) in reasons.items():
        if is_other:
            raise ConfigError(
                f"model.{setting}: MarianMT {what}",
                "export to ctranslate2, or train a model without this setting (preset base has the shape)",
            )


def layer_tensors(config: TransformerConfig) -> Iterator[tuple[str, str, int | None]]:
    """Every tensor of the layers: our name, theirs, and its axis over d_model (None where there is none)."""
    for stack, n in (("encoder", config.n_encoder_layers), ("decoder", config.n_decoder_layers)):
        for i in range(n):
            for ours, (theirs, weight_axis, bias_axis) in LAYER.items():
                if stack == "encoder" and ours.startswith("cross"):
                    continue
                for kind, axis in (("weight", weight_axis), ("bias", bias_axis)):
                    yield (
                        f"{stack}_layers.{i}.{ours}.{kind}",
                        f"model.{stack}.layers.{i}.{theirs}.{kind}",
                        axis,
                    )


def to_marian(tensors: Mapping[str, Tensor], config: TransformerConfig) -> dict[str, Tensor]:
    """Our parameters under their names, features in their order; a bias that we do not have is 0."""
    order = sines_first(config.d_model)
    out = {}
    for ours, theirs, axis in layer_tensors(config):
        if ours in tensors:
            out[theirs] = _ordered(tensors[ours], axis, order)
        else:
            out[theirs] = torch.zeros(config.d_model)  # of a projection of an attention
    tables = {"three": {TGT_TABLE: "model.shared.weight"}}.get(
        config.tie,
        {
            SRC_TABLE: "model.encoder.embed_tokens.weight",
            TGT_TABLE: "model.decoder.embed_tokens.weight",
            **({OUT_TABLE: "lm_head.weight"} if config.tie == "none" else {}),
        },
    )
    out |= {theirs: _ordered(tensors[ours], 1, order) for ours, theirs in tables.items()}
    bias = tensors.get(OUT_BIAS)
    n = len(tensors[TGT_TABLE])
    out["final_logits_bias"] = (torch.zeros(n) if bias is None else bias)[None].clone()
    return out


def from_marian(tensors: Mapping[str, Tensor], config: TransformerConfig) -> dict[str, Tensor]:
    """Their parameters under our names, features in our order: the inverse of `to_marian`.

    Raises:
        KeyError: a tensor is missing; its name.
    """
    order = torch.argsort(sines_first(config.d_model))
    out = {}
    for ours, theirs, axis in layer_tensors(config):
        if config.attention_bias or not ours.endswith("_proj.bias"):
            out[ours] = _ordered(tensors[theirs], axis, order)
    shared = next(
        (tensors[name] for name in ("model.shared.weight", "lm_head.weight") if name in tensors), None
    )
    for ours, theirs in (
        (SRC_TABLE, "model.encoder.embed_tokens.weight"),
        (TGT_TABLE, "model.decoder.embed_tokens.weight"),
        (OUT_TABLE, "lm_head.weight"),
    ):
        table = tensors.get(theirs, shared)
        if ours == OUT_TABLE and config.tie != "none":
            table = out[TGT_TABLE][:, sines_first(config.d_model)]
        if table is None:
            raise KeyError(theirs)
        out[ours] = _ordered(table, 1, order)
    if config.output_bias:
        out[OUT_BIAS] = tensors["final_logits_bias"].flatten().clone()
    return out


def sines_first(d_model: int) -> Tensor:
    """Where in our order each feature of theirs stands.

    >>> sines_first(6).tolist()
    [0, 2, 4, 1, 3, 5]
    """
    return torch.cat((torch.arange(0, d_model, 2), torch.arange(1, d_model, 2)))


def _ordered(tensor: Tensor, axis: int | None, order: Tensor) -> Tensor:
    tensor = tensor.detach().cpu().float()
    return (tensor if axis is None else tensor.index_select(axis, order)).contiguous().clone()
