"""The settings of a new run: preset, config file, options, and what is chosen where nothing was said."""

import tomllib
from pathlib import Path
from typing import Any

from crosslight.config.architecture import kind_of
from crosslight.config.choose import choose_preset
from crosslight.config.load import merge, preset_text, read_toml, run_config
from crosslight.config.run import RunConfig
from crosslight.tasks import finetune
from crosslight.tasks.choose import Outlook, Prospect, fitted
from crosslight.tasks.sources import count_pairs, named_by_memories, spool_pipes

LENGTHS = {"steps", "minutes"}
MINUTES = 30.0  # of a run whose length nobody named


def plan(
    given: dict[str, Any], out: Path, preset: str | None, file: Path | None
) -> tuple[RunConfig, list[str]]:
    """The settings of a run in `out` (preset, then `file`, then `given`), and the reasons of choices made.

    All faults of the settings come to light first, then those of the training files, before
    anything is written but a corpus that comes through a pipe.

    Raises:
        ConfigError: settings that cannot be.
        CorpusError: a training file that cannot be read.
    """
    origin = f"{file} and the options" if file else "the options"
    wishes = merge(read_toml(file) if file else {}, given)
    section = wishes.get("finetune")
    start = section.get("start") if isinstance(section, dict) else None
    if start is not None:
        ready, reasons = finetune.ready(start, wishes, preset)
    else:
        ready, reasons = _ready(preset or "tiny"), []
    asked = _resolved(wishes, ready, [], origin)
    data = named_by_memories(spool_pipes(asked.data, out / "data"))
    spooled = {"data": data.model_dump(exclude_defaults=True)}
    n_pairs = count_pairs(data)
    minutes = asked.train.minutes
    if preset is not None or (start is not None and minutes is None):
        return _resolved(merge(wishes, spooled), ready, [], origin), reasons
    prospect = Prospect(data, n_pairs, minutes or MINUTES)
    if start is not None:
        layer, why = fitted(asked, n_pairs, prospect.outlook(asked), wishes)
        return _resolved(merge(wishes, spooled), ready, [layer], origin), [*reasons, *why]
    outlooks: dict[str, Outlook] = {}

    def epochs_of(name: str) -> float:
        outlooks[name] = prospect.outlook(_resolved(wishes, _ready(name), [], origin))
        return outlooks[name].epochs

    preset, epochs, reason = choose_preset(n_pairs, minutes, epochs_of)
    layer, why = fitted(_resolved(wishes, _ready(preset), [], origin), n_pairs, outlooks.get(preset), wishes)
    layers, reasons = [layer], [reason, *why]
    if epochs is not None and epochs < 1 and asked.subword.vocab_size is None:
        size, because = prospect.vocab_size(epochs)
        layers.append({"subword": {"vocab_size": size}})
        reasons.append(f"vocabulary: {because}")
    return _resolved(merge(wishes, spooled), _ready(preset), layers, origin), reasons


def _ready(preset: str) -> dict[str, Any]:
    return tomllib.loads(preset_text(preset))


def _resolved(
    wishes: dict[str, Any], ready: dict[str, Any], layers: list[dict[str, Any]], origin: str
) -> RunConfig:
    ready = merge(ready)
    kind, model = kind_of(ready.get("model", {})), wishes.get("model")
    if isinstance(model, dict) and model.get("kind", kind) != kind:
        ready["model"] = {}  # a preset's widths say nothing of another architecture
    # A length that was asked for replaces the preset's, whichever of the two it is.
    train = wishes.get("train")
    if isinstance(train, dict) and LENGTHS & train.keys():
        ready["train"] = {name: value for name, value in ready["train"].items() if name not in LENGTHS}
    elif not LENGTHS & ready["train"].keys():
        ready["train"]["minutes"] = MINUTES
    tree = merge(ready, *layers, wishes)
    data = tree.get("data", {})
    if isinstance(data, dict):
        languages = {"src_lang": language_of(data.get("src")), "tgt_lang": language_of(data.get("tgt"))}
        tree["data"] = merge({name: code for name, code in languages.items() if code}, data)
    return run_config(tree, origin)


def language_of(file: object) -> str:
    """The language a file name ends with, or nothing.

    >>> language_of("corpora/train.fr.gz"), language_of("text.txt")
    ('fr', '')
    """
    suffixes = [s[1:] for s in Path(str(file or "")).suffixes if s not in (".gz", ".xz")]
    last = suffixes[-1] if suffixes else ""
    return last if 2 <= len(last) <= 3 and last.isalpha() and last != "txt" else ""
