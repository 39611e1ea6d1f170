"""What each trained arm makes of the test set, sentence by sentence and joined; kept in its run."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from crosslight.bundle import Bundle, load_bundle
from crosslight.decode.translator import Translator
from crosslight.evaluate.by_length import NUMBERS, join
from crosslight.tasks.architectures.contest import Contest
from crosslight.tasks.files import write_text
from crosslight.text.subword import EOS_ID

KEPT = "compared.json"
WHOLE = "whole"  # the test set as it is
Outputs = dict[str, list[str]]
"""Translations of the whole test set, and of its sentences joined by one, two, ... ("1", "2", ...)."""


def translate_all(
    contest: Contest, srcs: Sequence[str], say: Callable[[str], None]
) -> dict[str, list[Outputs]]:
    """The outputs of every arm, one entry a seed."""
    return {
        arm.name: [_outputs(contest.run(arm, seed), srcs, contest.threads, say) for seed in contest.seeds]
        for arm in contest.arms
    }


def inputs(srcs: Sequence[str]) -> Outputs:
    """What is translated, under the names that the outputs have."""
    return {WHOLE: list(srcs), **{str(n): join(srcs, n) for n in NUMBERS}}


def translated(bundle: Bundle, texts: Sequence[str], threads: int = 1) -> list[str]:
    """Every text as one sentence, however many it holds: nothing is split."""
    translator = Translator(bundle, threads=threads)
    config = translator.settings_for(1, {})
    encoded = bundle.src_subword.encode_batch(list(texts))
    most = translator.most_tokens
    found = translator.search([[*ids[:most], EOS_ID] for ids in encoded], config)
    return [bundle.tgt_subword.decode(best.tokens) for best, *_ in found]


def _outputs(run: Path, srcs: Sequence[str], threads: int, say: Callable[[str], None]) -> Outputs:
    """Translated now, or as it was kept of the same bundle and the same test set."""
    file, head = run / KEPT, (run / "bundle" / "bundle.json").read_bytes()
    mark = hashlib.sha256(head + "\n".join(srcs).encode()).hexdigest()
    if file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["of"] == mark:
            outputs: Outputs = kept["outputs"]
            return outputs
    say(f"translating with {run.name}")
    bundle = load_bundle(run)
    wanted = inputs(srcs)
    outputs = {name: translated(bundle, texts, threads) for name, texts in wanted.items() if name != "1"}
    outputs["1"] = outputs[WHOLE][: len(wanted["1"])]
    write_text(file, json.dumps({"of": mark, "outputs": outputs}, ensure_ascii=False))
    return outputs
