"""Going on from a finished model with new text: what is taken over, and how much is forgotten.

The bundle gives the weights, the pieces and the shape, and its settings of training but for those that
a second training wants otherwise. What was learned first fades while the new is learned; so every
validation judges both, the new set and a sample of the old one, which the bundle carries.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from crosslight.bundle import Bundle, load_bundle
from crosslight.config.run import RunConfig
from crosslight.data.encoding import write_ids
from crosslight.data.stream import ParallelCorpus, write_text
from crosslight.errors import ConfigError
from crosslight.tasks.files import write_text as write_file
from crosslight.tasks.prepare import Prepared
from crosslight.tasks.start import old_pairs
from crosslight.tasks.validate import Validator
from crosslight.train.progress import Validation
from crosslight.train.schedules import noam

PEAK = 0.5  # of the highest rate of the first training: enough to move, too little to start over
WARMUP_STEPS = 50  # the weights are no longer random; it only fills Adam's averages
OWN = ("steps", "minutes", "seed", "threads", "device")  # of [train]: they belong to a run, not to a model
FREE = ("dropout", "sampling")  # what is drawn at random in training changes no shape
MUCH = 2.0  # chrF lost on the old set


def ready(start: str, wishes: Mapping[str, Any], preset: str | None) -> tuple[dict[str, Any], list[str]]:
    """The settings that the bundle `start` gives to a run, and a sentence about it.

    Raises:
        BundleError: there is none, or it is damaged.
        ConfigError: a preset, or a wish that contradicts the bundle.
    """
    if preset is not None:
        raise ConfigError(
            f"--preset {preset} cannot be given with --from: the model has the shape of {start}",
            "leave --preset out, or train a new model without --from",
        )
    bundle = load_bundle(start)
    _refuse_other_shape(start, bundle, wishes)
    tree = bundle.config.model_dump(mode="json", exclude_none=True)
    train = {name: value for name, value in tree["train"].items() if name not in OWN}
    given = {
        "subword": {**tree["subword"], "vocab_size": bundle.src_subword.vocab_size},
        "model": tree["model"],
        "train": {
            **train,
            "schedule": "linear",
            "learning_rate": PEAK * highest_rate(bundle.config),
            "warmup_steps": WARMUP_STEPS,
        },
        "decode": tree["decode"],
        "data": {name: tree["data"][name] for name in ("src_lang", "tgt_lang")},
    }
    languages = f"{bundle.facts.src_lang or '?'} → {bundle.facts.tgt_lang or '?'}"
    return given, [
        f"from {bundle.path}: {languages}, {bundle.facts.n_pairs:,} pairs, {bundle.facts.steps:,} updates; "
        f"its pieces and its shape stay"
    ]


def highest_rate(config: RunConfig) -> float:
    """The peak of the schedule that a model was trained with.

    >>> paper = {"steps": 1, "schedule": "noam", "learning_rate": 1.0, "warmup_steps": 4000}
    >>> f"{highest_rate(RunConfig.model_validate({'train': paper})):.1e}"
    '7.0e-04'
    """
    if config.train.schedule == "linear":
        return config.train.learning_rate
    return noam(config.model.d_model, config.train.warmup_steps, config.train.learning_rate)(
        config.train.warmup_steps, 0.0
    )


def _refuse_other_shape(start: str, bundle: Bundle, wishes: Mapping[str, Any]) -> None:
    has = {
        "model": bundle.config.model.model_dump(),
        "subword": {**bundle.config.subword.model_dump(), "vocab_size": bundle.src_subword.vocab_size},
    }
    for section, settings in has.items():
        wished = wishes.get(section)
        for name, value in wished.items() if isinstance(wished, Mapping) else ():
            if name in settings and name not in FREE and value != settings[name]:
                raise ConfigError(
                    f"{section}.{name} = {value!r}, but {start} has {settings[name]!r}",
                    f"leave {section}.{name} out, or train a new model without --from",
                )


class Forgetting:
    """Judges by the new validation set and shows beside it what has become of the old one."""

    def __init__(self, new: Validator, old: Validator, file: Path) -> None:
        self._new, self._old, self._file = new, old, file

    def __call__(self) -> Validation:
        """The validation that the training loop asks for."""
        new, old = self._new(), self._old()
        both = {**new.scores, "old loss": old.loss, "old chrF": old.scores["chrF"]}
        return replace(new, scores=both)

    def before(self) -> str:
        """How the model does on both sets before anything is trained; noted for the end."""
        found = self()
        write_file(self._file, json.dumps({"loss": found.loss, **found.scores}, indent=1))
        return (
            f"before: loss {found.loss:.3f}, chrF {found.scores['chrF']:.1f} on the new validation set; "
            f"loss {found.scores['old loss']:.3f}, chrF {found.scores['old chrF']:.1f} on the old one"
        )

    def after(self) -> tuple[dict[str, str], list[str]]:
        """For the model card, what is left on the old set; and for people, what was won and forgotten."""
        before = json.loads(self._file.read_text(encoding="utf-8"))
        now = self()
        left, had = now.scores["old chrF"], before["old chrF"]
        lines = [
            f"new validation set: loss {before['loss']:.3f} → {now.loss:.3f}, "
            f"chrF {before['chrF']:.1f} → {now.scores['chrF']:.1f}",
            f"old validation set: loss {before['old loss']:.3f} → {now.scores['old loss']:.3f}, "
            f"chrF {had:.1f} → {left:.1f}",
        ]
        if had - left > MUCH:
            lines.append(
                f"{had - left:.1f} chrF are forgotten. To keep them, mix old text in: give it with --pairs, "
                "and let the new count more with data.copies; or set a smaller train.learning_rate"
            )
        name = f"chrF (old validation, {self._old.sample_size:,} pairs, greedy)"
        return {name: f"{left:.1f}, before fine-tuning {had:.1f}"}, lines


def forgetting(
    config: RunConfig, bundle: Bundle, prepared: Prepared, out: Path, new: Validator, threads: int
) -> Forgetting | None:
    """The forgetting check of the run in `out`; None where nothing is known of the old text."""
    directory = out / "data" / "old"
    if not (directory / "tgt-ids.ends").is_file():
        pairs = old_pairs(config)
        if not pairs:
            return None
        directory.mkdir(parents=True, exist_ok=True)
        write_text(directory, iter([pairs]))
        write_ids(directory, "src", prepared.src_subword.to_bytes())
        write_ids(directory, "tgt", prepared.tgt_subword.to_bytes())
    old = replace(prepared, valid=ParallelCorpus.open(directory))
    return Forgetting(new, Validator(bundle, old, new.sample_size, threads), out / "before.json")
