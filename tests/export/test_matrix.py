"""Every shipped preset × every exporter: it works, or the setting is named; and docs/export.md says which."""

import tomllib
from pathlib import Path

import pytest

from crosslight.config.load import preset_names, preset_text
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.export import certificate
from crosslight.tasks.export import export_ctranslate2, export_huggingface

PAGE = Path(__file__).resolve().parents[2] / "docs" / "export.md"
EXPORTERS = {
    "ctranslate2": lambda translator, out, pairs: export_ctranslate2(translator, out, "float32", pairs),
    "ctranslate2 --quantize int8": lambda translator, out, pairs: export_ctranslate2(
        translator, out, "int8", pairs
    ),
    "huggingface": export_huggingface,
}
TRANSFORMERS = [
    name
    for name in preset_names()
    if tomllib.loads(preset_text(name))["model"].get("kind", "transformer") == "transformer"
]
SMALL = {"d_model": 32, "d_ff": 64, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1}


def row_of(preset: str) -> dict[str, str]:
    """What the table in docs/export.md says."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    head = next(line for line in lines if line.startswith("| preset "))
    row = next(line for line in lines if line.startswith(f"| `{preset}` "))
    names, cells = ([cell.strip(" `") for cell in line.strip("|").split("|")] for line in (head, row))
    return dict(zip(names[1:], cells[1:], strict=True))


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("preset", TRANSFORMERS)
def test_it_works_or_names_the_setting(make_bundle, pairs, tmp_path, monkeypatch, preset, exporter):
    """With the preset's model, but smaller: no size decides what can be exported.

    Random weights suffer from one byte as trained ones do not, so int8 is not judged here.
    """
    monkeypatch.setitem(certificate.TOLERANCES, "int8", certificate.Tolerance(99, 99, 99, 99, 100))
    bundle = make_bundle(**{**tomllib.loads(preset_text(preset))["model"], **SMALL, "dropout": 0.1})
    short = bundle.config.decode.model_copy(update={"max_extra": 5, "beam": 2})
    bundle.config = bundle.config.model_copy(update={"decode": short})
    try:
        EXPORTERS[exporter](Translator(bundle), tmp_path / "out", pairs[:4])
        said = "yes"
    except ConfigError as error:
        said = "no: " + error.message.partition(":")[0]
        assert not list(tmp_path.iterdir())
    assert row_of(preset)[exporter] == said


def test_every_exporter_has_a_column():
    assert list(row_of("base")) == list(EXPORTERS)
