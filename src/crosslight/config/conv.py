"""The settings of a convolutional encoder-decoder."""

from typing import Annotated, Literal

from pydantic import Field

from crosslight.config.model import Rate, Settings, Size


class ConvConfig(Settings):
    """ConvS2S (Gehring et al. 2017); the defaults are those of their smaller models."""

    kind: Literal["conv"] = Field("conv", description="The architecture.")
    d_model: Size = Field(256, description="Width of a token's vector, and of what meets the output table.")
    d_hidden: Size = Field(256, description="Width inside the convolutions.")
    kernel: Annotated[int, Field(ge=1)] = Field(
        3, description="Tokens that a convolution sees at once; odd, so that the encoder's has a middle."
    )
    n_encoder_layers: Size = Field(4, description="Convolutions that read.")
    n_decoder_layers: Size = Field(3, description="Convolutions that write, each with an attention.")
    dropout: Rate = Field(0.2, description="Share of elements dropped before every convolution.")
    positions: Literal["learned", "none"] = Field("learned", description="Learned positions, or none.")
    max_positions: Size = Field(512, description="Rows of the table when positions are learned.")
    tie: Literal["none", "two", "three"] = Field(
        "three",
        description="One table for source, target and output (three), for the last two (two), or none.",
    )
    output_bias: bool = Field(True, description="Whether every target piece has a bias added to its logit.")
