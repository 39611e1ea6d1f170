"""Which model: the settings of one of the architectures, told apart by `kind`."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from crosslight.config.conv import ConvConfig
from crosslight.config.model import Settings, TransformerConfig
from crosslight.config.rnn import RnnConfig
from crosslight.config.universal import UniversalConfig

DEFAULT_KIND = "transformer"


def kind_of(settings: Any) -> Any:
    """The architecture that settings speak of; the Transformer where they do not say."""
    return (
        settings.get("kind", DEFAULT_KIND)
        if isinstance(settings, dict)
        else getattr(settings, "kind", DEFAULT_KIND)
    )


ModelConfig = Annotated[
    Annotated[TransformerConfig, Tag("transformer")]
    | Annotated[RnnConfig, Tag("rnn")]
    | Annotated[ConvConfig, Tag("conv")]
    | Annotated[UniversalConfig, Tag("universal")],
    Discriminator(kind_of),
]


def n_positions(config: ModelConfig) -> int | None:
    """Tokens of a side, begin or end included, that a model has positions for; None where there is no end."""
    if isinstance(config, TransformerConfig | ConvConfig) and config.positions == "learned":
        return config.max_positions
    return None


MODEL_CONFIGS: dict[str, type[Settings]] = {
    "transformer": TransformerConfig,
    "rnn": RnnConfig,
    "conv": ConvConfig,
    "universal": UniversalConfig,
}


def summary(config: ModelConfig) -> str:
    """An architecture in a few words.

    >>> summary(TransformerConfig(norm="pre"))
    'transformer, 6+6 layers, d_model 512, pre-norm'
    """
    match config:
        case TransformerConfig():
            layers = f"{config.n_encoder_layers}+{config.n_decoder_layers} layers"
            return f"{config.kind}, {layers}, d_model {config.d_model}, {config.norm}-norm"
        case ConvConfig():
            layers = f"{config.n_encoder_layers}+{config.n_decoder_layers} layers"
            return f"{config.kind}, {layers}, d_hidden {config.d_hidden}, kernel {config.kernel}"
        case RnnConfig():
            attention = f"{config.attention} attention" if config.attention != "none" else "no attention"
            return f"{config.kind}, {config.cell.upper()}, d_hidden {config.d_hidden}, {attention}"
        case UniversalConfig():
            return f"{config.kind}, up to {config.max_steps} steps, d_model {config.d_model}"
