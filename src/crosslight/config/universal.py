"""The settings of a Universal Transformer."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crosslight.config.model import Rate, Settings, Size


class UniversalConfig(Settings):
    """The Universal Transformer (Dehghani et al. 2019): one layer, applied as often as a token needs it."""

    kind: Literal["universal"] = Field("universal", description="The architecture.")
    d_model: Size = Field(256, description="Width of the vectors that flow through the model.")
    d_ff: Size = Field(1024, description="Width inside the transition function.")
    n_heads: Size = Field(4, description="Attention heads.")
    max_steps: Size = Field(6, description="How often the layer is applied at most.")
    halting: Literal["act", "none"] = Field(
        "act",
        description="Each position stops when it has thought enough (Graves 2016), or none before max_steps.",
    )
    epsilon: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.01, description="A position stops when its halting probabilities sum to 1 - ε."
    )
    ponder_weight: Annotated[float, Field(ge=0)] = Field(
        0.01, description="How much the steps of a position count in the loss."
    )
    kernel: Size = Field(
        1,
        description="Neighboring positions that the transition sees: 1 is a feed-forward layer, an odd number from "
        "3 on a separable convolution.",
    )
    dropout: Rate = Field(0.1, description="Share of elements dropped after each sublayer and embedding.")
    norm: Literal["post", "pre"] = Field(
        "post", description='LayerNorm after the residual sum ("post", the paper) or before the sublayer.'
    )
    tie: Literal["none", "two", "three"] = Field(
        "three",
        description="One table for source, target and output (three), for the last two (two), or none.",
    )
    output_bias: bool = Field(False, description="Whether every target piece has a bias added to its logit.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.d_model % self.n_heads or self.d_model % 2:
            raise ValueError(
                f"d_model = {self.d_model} must be even and divisible by n_heads = {self.n_heads}; "
                "choose another d_model or n_heads"
            )
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel = {self.kernel} has no middle; choose an odd number")
        return self
