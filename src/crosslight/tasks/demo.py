"""`make demo`: the whole way in a few minutes, on the sample corpus that ships with the program."""

import tomllib
from pathlib import Path
from typing import Any

from rich.console import Console

from crosslight.config.load import merge, preset_text, run_config
from crosslight.corpora.sample import LICENSE, sample_file
from crosslight.evaluate import evaluate
from crosslight.tasks import explain
from crosslight.tasks.runs import begin_or_go_on
from crosslight.tasks.train import Outcome
from crosslight.tasks.translate import load_for_files
from crosslight.text.corpus import read_tsv

SETTINGS: dict[str, Any] = {
    "data": {
        "pairs": (sample_file("grammar.train.tsv.gz"), sample_file("handwritten.train.tsv")),
        "copies": (1, 14),
        "valid_pairs": (sample_file("grammar.valid.tsv.gz"),),
        "held_out": (sample_file("grammar.test.tsv.gz"), sample_file("handwritten.test.tsv")),
        "src_lang": "fr",
        "tgt_lang": "en",
        "license": LICENSE,
    },
    "subword": {"vocab_size": 4000},
    "model": {
        "d_model": 160,
        "d_ff": 640,
        "dropout": 0.0,  # two epochs leave no time to overfit
        "positions": "sinusoidal",  # the paper's, to look at
    },
    "train": {"max_tokens_per_batch": 512, "validations": 6, "sample_size": 100},
}
TESTS = {"grammar": "grammar.test.tsv.gz", "hand-written": "handwritten.test.tsv"}
SENTENCES = (
    "Jane visite l'Afrique en septembre.",
    "J'ai grandi en France, mais maintenant j'habite à Boston. Je parle couramment français.",
    "L'animal n'a pas traversé la rue parce qu'il était trop fatigué.",
    "L'animal n'a pas traversé la rue parce qu'elle était trop large.",
    "La clé des grandes portes est petite.",
)


def demo(out: Path, minutes: float, console: Console) -> None:
    """Train (or go on, or reuse what is there), score, translate, and show the way inside."""
    if not (out / "bundle").is_dir():
        outcome = _train(out, minutes, console)
        if outcome.stopped_by is not None:
            console.print("Stopped and saved. The same command goes on.")
            return
    else:
        console.print(f"{out} holds a finished demo: reusing it. Remove the directory to train again.")
    translator = load_for_files(out)
    for name, file in TESTS.items():
        pairs = list(read_tsv(sample_file(file)))
        hypotheses = [t.text for t in translator.translate([p.src for p in pairs])]
        scores = evaluate(hypotheses, [[p.tgt for p in pairs]], metrics=("bleu", "chrf"))
        console.print(f"\nTest set, {name} part ({len(pairs):,} sentences)", style="bold", highlight=False)
        console.print(scores.table(), markup=False, highlight=False, soft_wrap=True)
    console.print("\nTranslations", style="bold")
    for translation in translator.translate(list(SENTENCES)):
        console.print(
            f"  {translation.src}\n  → {translation.text}", markup=False, highlight=False, soft_wrap=True
        )
    page = out / "attention.html"
    inspection = explain.inspect(out, SENTENCES[3])
    explain.write_page(inspection, page)
    console.print("\nWhat the model looked at (cross-attention, last layer)", style="bold")
    console.print(
        explain.heatmap(inspection, "cross", None, None), markup=False, highlight=False, soft_wrap=True
    )
    console.print(
        f"\nEvery layer and head: open {page.resolve().as_uri()}\n\n"
        f"Next:\n"
        f"  crosslight translate {out}                  type French, read English (Ctrl-D ends)\n"
        f'  crosslight inspect {out} "Le chat dort." -o page.html\n'
        f"  crosslight train --src my.fr --tgt my.en --minutes 30 -o runs/mine\n"
        f"  crosslight get fr-en                        open corpora to train on",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _train(out: Path, minutes: float, console: Console) -> Outcome:
    tree = merge(tomllib.loads(preset_text("tiny")), SETTINGS, {"train": {"minutes": minutes}})
    return begin_or_go_on(out, lambda: (run_config(tree, "the demo"), []), console)
