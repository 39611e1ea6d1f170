"""From settings to a recurrent network."""

from torch import nn

from crosslight.config.rnn import RnnConfig
from crosslight.models.build_tables import tables
from crosslight.models.rnn import Rnn, RnnDecoder
from crosslight.nn.additive import AdditiveAttention
from crosslight.nn.dropout import Dropout
from crosslight.nn.linear import Linear
from crosslight.nn.readout import Readout
from crosslight.nn.recurrent import Bidirectional, GruCell, LstmCell

FORGETS = 1  # which of an LSTM's gates, in torch's order and ours


def rnn(config: RnnConfig, src_vocab_size: int, tgt_vocab_size: int, pad_id: int) -> Rnn:
    """Bahdanau et al. 2015 as `config` varies it.

    Raises:
        ConfigError: three-way tying is asked for, but the two vocabularies differ.
    """
    src_tokens, tgt_tokens, output = tables(config, src_vocab_size, tgt_vocab_size)
    width, hidden, memory = config.d_model, config.d_hidden, 2 * config.d_hidden
    cell = GruCell(hidden) if config.cell == "gru" else LstmCell(hidden)
    attends = config.attention == "additive"
    decoder = RnnDecoder(
        start=nn.Linear(hidden, cell.n_states * hidden),
        attention=AdditiveAttention(hidden, memory, config.d_attention) if attends else None,
        token_map=Linear(width, cell.n_gates * hidden),
        context_map=nn.Linear(memory, cell.n_gates * hidden, bias=False),
        cell=cell,
        readout=Readout(config.readout, hidden + width + memory, width),
    )
    model = Rnn(
        src_tokens=src_tokens,
        tgt_tokens=tgt_tokens,
        encoder=Bidirectional(config.cell, width, hidden),
        decoder=decoder,
        output=output,
        dropout=Dropout(config.dropout),
        pad_id=pad_id,
    )
    initialize(model)
    return model


def initialize(model: Rnn) -> None:
    """Orthogonal from state to state, Xavier for all other maps, biases zero, but 1 for forget gates.

    Orthogonal maps keep a state's length, step after step (Bahdanau et al. 2015, appendix B.1; each gate has
    one of its own). The paper draws the other maps from a normal distribution of deviation 0.01, which
    suits Adadelta and a million updates; with Adam and some thousands Xavier starts where they must get to.
    A forget gate that is open at first lets an LSTM remember before it has learned to (Jozefowicz et al.
    2015).
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    decoder, hidden = model.decoder, model.encoder.ahead.hidden_size
    layers = [dict(layer.named_parameters()) for layer in (model.encoder.ahead, model.encoder.back)]
    for gates in (decoder.token_map.weight, decoder.context_map.weight, *(x["weight_ih_l0"] for x in layers)):
        for gate in gates.chunk(len(gates) // hidden):
            nn.init.xavier_uniform_(gate)
    for gates in (*decoder.cell.parameters(), *(x["weight_hh_l0"] for x in layers)):
        for gate in gates.chunk(len(gates) // hidden):
            nn.init.orthogonal_(gate)
    biases = [decoder.token_map.bias, *(x["bias_ih_l0"] for x in layers)]
    for bias in (*biases, *(x["bias_hh_l0"] for x in layers)):
        nn.init.zeros_(bias)
    if isinstance(decoder.cell, LstmCell):
        for bias in biases:
            nn.init.ones_(bias.chunk(decoder.cell.n_gates)[FORGETS])
