"""The settings of a recurrent encoder-decoder, with attention or without."""

from typing import Literal

from pydantic import Field

from crosslight.config.model import Rate, Settings, Size


class RnnConfig(Settings):
    """The recurrent network of Bahdanau et al. 2015; the defaults are theirs, made smaller."""

    kind: Literal["rnn"] = Field("rnn", description="The architecture.")
    d_model: Size = Field(256, description="Width of a token's vector, and of what meets the output table.")
    d_hidden: Size = Field(256, description="Width of a hidden state; the encoder has one each way.")
    cell: Literal["gru", "lstm"] = Field(
        "gru", description="The recurrent cell: GRU (Cho et al. 2014), or LSTM (Sutskever et al. 2014)."
    )
    attention: Literal["additive", "none"] = Field(
        "additive",
        description="Additive attention over the source (Bahdanau et al. 2015), or its last states alone.",
    )
    d_attention: Size = Field(256, description="Width of the layer in which a query meets a key.")
    readout: Literal["maxout", "tanh"] = Field(
        "maxout", description="What is between state and output table: the larger of two maps, or tanh."
    )
    dropout: Rate = Field(
        0.2, description="Share of elements dropped from embeddings, the encoder's states and the readout."
    )
    tie: Literal["none", "two", "three"] = Field(
        "three",
        description="One table for source, target and output (three), for the last two (two), or none.",
    )
    output_bias: bool = Field(True, description="Whether every target piece has a bias added to its logit.")
