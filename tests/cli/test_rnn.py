"""A recurrent network from settings to translations: everything around the model takes it as it is."""

import re
import signal
from types import SimpleNamespace

import pytest

from crosslight.bundle import load_bundle
from crosslight.config.rnn import RnnConfig
from crosslight.config.run import TrainConfig
from crosslight.models.rnn import Rnn
from crosslight.tasks import budget
from crosslight.tasks.plan import plan
from crosslight.train.budget import Costs, Timetable, Wish
from crosslight.train.progress import Progress

MODEL = '[model]\nkind = "rnn"\nd_model = 32\nd_hidden = 24\nd_attention = 16\ncell = "{}"\n\n'


@pytest.fixture(scope="module")
def toy_rnn(toy, tmp_path_factory):
    """Cell -> a command line that trains a small one of it into a folder, without any preset."""
    folder = tmp_path_factory.mktemp("rnn")

    def arguments(cell: str, out, *more: str) -> list[str]:
        text = toy.config.read_text(encoding="utf-8")
        (folder / f"{cell}.toml").write_text(
            re.sub(r"\[model\].*?\n\n", MODEL.format(cell), text, flags=re.S)
        )
        files = ["--pairs", str(toy.pairs), "--config", str(folder / f"{cell}.toml")]
        return ["train", *files, "-o", str(out), *more]

    return arguments


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_it_trains_resumes_and_translates(command, toy_rnn, tmp_path, monkeypatch, cell):
    shown = Progress.step

    def step(self, ledger, *rest):
        shown(self, ledger, *rest)
        if ledger.step == 7:
            signal.raise_signal(signal.SIGTERM)

    assert command(*toy_rnn(cell, tmp_path / "whole", "--steps", "16")).code == 0
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "step", step)
        assert command(*toy_rnn(cell, tmp_path / "cut", "--steps", "16")).code == 128 + signal.SIGTERM
    assert command("train", "--resume", tmp_path / "cut").code == 0
    whole, cut = ((tmp_path / run / "bundle" / "model.safetensors").read_bytes() for run in ("whole", "cut"))
    assert whole == cut

    page = (tmp_path / "whole" / "report.html").read_text(encoding="utf-8")
    assert "<mark>d_hidden = 24" in page
    assert "dropout = 0.2" in page
    assert "<mark>dropout" not in page  # its own default, not a Transformer's

    bundle = load_bundle(tmp_path / "whole")
    assert isinstance(bundle.model, Rnn)
    assert bundle.config.model == RnnConfig(d_model=32, d_hidden=24, d_attention=16, cell=cell)
    lines = ["Oui.", "Je ne sais pas ce que vous voulez dire, mais je viens.", "Il est midi."]
    together = command("translate", tmp_path / "whole", "--beam", "4", stdin="\n".join(lines).encode())
    alone = [command("translate", tmp_path / "whole", "--beam", "4", stdin=line.encode()) for line in lines]
    assert together.out.splitlines() == [each.out.strip("\n") for each in alone]


def test_settings_of_another_architecture_leave_the_presets_widths(toy, tmp_path):
    data = {"pairs": [str(toy.pairs)]}
    wishes = {"data": data, "train": {"steps": 1}, "model": {"kind": "rnn", "d_hidden": 9}}
    for preset in (None, "small"):
        config, _ = plan(wishes, tmp_path, preset, None)
        assert isinstance(config.model, RnnConfig)
        assert config.model.d_hidden == 9
        assert config.model.d_model == RnnConfig().d_model
    config, _ = plan({**wishes, "model": {"kind": "rnn", "cell": "lstm"}}, tmp_path, "rnn-plain", None)
    assert isinstance(config.model, RnnConfig)
    assert (config.model.cell, config.model.attention) == ("lstm", "none")


class Rows(list[int]):
    """A corpus of which only lengths are asked."""

    tgt_ids = SimpleNamespace(ends=lambda: [20])


def test_no_chrf_is_forecast_for_it(monkeypatch):
    """The measured runs are of Transformers."""
    monkeypatch.setattr(budget, "expected_chrf", lambda n_pairs, n_tokens: f"chrF of {n_pairs} pairs")
    prepared = SimpleNamespace(n_pairs=5, train=Rows(range(5)))
    costs = Costs(step=1.0, loss_batch=0.1, sentence=0.1, files=0.1)
    table = Timetable.of(10.0, costs, Wish(2, 2, 2, 2))
    said = [
        budget.Pace(TrainConfig(minutes=10), table, costs, 1e3, None, prepared, kind).forecast(1.0)[1]
        for kind in ("transformer", "rnn")
    ]
    assert said == [
        "forecast: chrF of 5 pairs",
        "forecast: no chrF, because the measured runs are all of Transformers",
    ]
