"""The settings of a model: its shape, and which of the paper's alternatives it takes."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Settings(BaseModel):
    """Settings are data: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Size = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]


class TransformerConfig(Settings):
    """The Transformer of Vaswani et al. 2017; the defaults are its base model."""

    kind: Literal["transformer"] = Field("transformer", description="The architecture.")
    d_model: Size = Field(512, description="Width of the vectors that flow through the model.")
    d_ff: Size = Field(2048, description="Width inside the feed-forward layers.")
    n_heads: Size = Field(8, description="Attention heads in every attention sublayer.")
    d_key: Size | None = Field(
        None, description="Width of a head's queries and keys; d_model / n_heads unless given."
    )
    n_encoder_layers: Size = Field(6, description="Layers that read.")
    n_decoder_layers: Size = Field(6, description="Layers that write.")
    dropout: Rate = Field(0.1, description="Share of elements dropped after each sublayer and embedding.")
    norm: Literal["post", "pre"] = Field(
        "post",
        description='LayerNorm after the residual sum ("post", the paper) or before the sublayer ("pre").',
    )
    norm_kind: Literal["layer", "rms"] = Field(
        "layer", description="LayerNorm (the paper), or RMSNorm, which only scales."
    )
    qk_norm: bool = Field(False, description="Whether queries and keys are normalized, head by head.")
    init: Literal["xavier", "depth"] = Field(
        "xavier",
        description="Xavier for every linear map, or the last one of a sublayer smaller the more there are.",
    )
    activation: Literal["relu", "swish"] = Field(
        "relu", description="Between the two maps of a feed-forward layer; OPUS-MT models have swish."
    )
    positions: Literal["sinusoidal", "sinusoidal-half", "learned", "relative", "rotary", "none"] = Field(
        "sinusoidal",
        description="Sinusoids interleaved as in the paper, half-split as in the authors' code, or learned; "
        "distances between tokens (relative: Shaw et al. 2018), turned queries and keys (rotary: Su et al. "
        "2021), or none.",
    )
    max_distance: Size = Field(16, description="Distance from which on relative positions are all the same.")
    scoring: Literal["dot", "additive"] = Field(
        "dot",
        description="How a query meets a key: scaled dot product (the paper), or additive (Bahdanau et al. "
        "2015).",
    )
    max_positions: Size = Field(512, description="Rows of the table when positions are learned.")
    tie: Literal["none", "two", "three"] = Field(
        "three",
        description="One table for source, target and output (three), for the last two (two), or none.",
    )
    attention_bias: bool = Field(False, description="Whether the attention's four projections have a bias.")
    output_bias: bool = Field(False, description="Whether every target piece has a bias added to its logit.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.d_model % self.n_heads:
            raise ValueError(
                f"d_model = {self.d_model} is not divisible by n_heads = {self.n_heads}; "
                "choose n_heads among the divisors of d_model"
            )
        if self.positions in ("sinusoidal", "sinusoidal-half") and self.d_model % 2:
            raise ValueError(
                f"d_model = {self.d_model} is odd, but sinusoids come in pairs; choose an even d_model"
            )
        d_key = self.d_key or self.d_model // self.n_heads
        if self.positions == "rotary" and d_key % 2:
            raise ValueError(
                f"heads are {d_key} wide, but rotary positions turn pairs of features; choose an even d_key, "
                "or n_heads so that d_model / n_heads is even"
            )
        if self.positions in ("relative", "rotary") and self.scoring == "additive":
            raise ValueError(
                f'positions = "{self.positions}" are part of the dot product, but scoring = "additive"; '
                'choose scoring = "dot", or positions that are added to the embeddings'
            )
        return self
