"""The settings of a convolutional encoder-decoder."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crosslight.config.model import Rate, Settings, Size


class ConvConfig(Settings):
    """ConvS2S (Gehring et al. 2017); the defaults have the layers of the authors' small models."""

    kind: Literal["conv"] = Field("conv", description="The architecture.")
    d_model: Size = Field(256, description="Width of a token's vector, and of what meets the output table.")
    d_hidden: Size = Field(256, description="Width of what flows through the convolutions.")
    kernel: Annotated[int, Field(ge=1)] = Field(
        3, description="Tokens that a convolution sees at once; odd, so that the encoder's has a middle."
    )
    n_encoder_layers: Size = Field(4, description="Convolutions that read.")
    n_decoder_layers: Size = Field(3, description="Convolutions that write, each with an attention.")
    dropout: Rate = Field(
        0.2, description="Share dropped of embeddings, convolutions' inputs and last vectors."
    )
    positions: Literal["learned", "none"] = Field("learned", description="Learned positions, or none.")
    max_positions: Size = Field(512, description="Rows of the table when positions are learned.")
    tie: Literal["none", "two", "three"] = Field(
        "three",
        description="One table for source, target and output (three), for the last two (two), or none.",
    )
    output_bias: bool = Field(True, description="Whether every target piece has a bias added to its logit.")

    @model_validator(mode="after")
    def _a_middle(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(
                f"kernel = {self.kernel} is even, but a token sees as many neighbors before it as after it; "
                f"choose {self.kernel - 1} or {self.kernel + 1}"
            )
        return self
