"""Scores of a bundle on Multi30k en→de test_2016_flickr, in the published metric and in an honest one.

    python -m bench.multi30k BUNDLE [BUNDLE ...] --data DIR [--out docs/results/NAME]
    python -m bench.multi30k BUNDLE --data DIR --test val --alpha 1.2    # to choose by

Several bundles translate together, as an ensemble; with --reverse one of the other direction chooses among
what they find.

* Tokenized, lower-cased BLEU, as the published 41.02 is counted: output and reference normalized and
  tokenized as Moses does (sacremoses), lower-cased, BLEU-4 without further tokenization. The reference is
  the data set's own tokenized file; how many of its lines our tokenization reproduces from the raw
  ones is printed, since the output goes through the same.
* sacreBLEU (13a, cased) and chrF on the raw text.

DIR holds the test's .en and .de, and tok_lc/ with its tokenized .de. Needs: pip install sacremoses.
"""

import argparse
import json
import random
from pathlib import Path

from sacrebleu.metrics import BLEU
from sacremoses import MosesPunctNormalizer, MosesTokenizer

import crosslight
from crosslight.decode.reverse import WEIGHT
from crosslight.evaluate import evaluate

N_BOOTSTRAP = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("bundles", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="write NAME.json and NAME.de here")
    parser.add_argument("--test", default="test_2016_flickr", help="the name of a set in DIR")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--alpha", type=float, help="length penalty; as the first bundle says unless given")
    parser.add_argument("--reverse", type=Path, help="a bundle from German to English")
    parser.add_argument("--reverse-weight", type=float, default=WEIGHT)
    options = parser.parse_args()
    srcs, refs, tokenized = (
        lines(options.data / name)
        for name in (f"{options.test}.en", f"{options.test}.de", f"tok_lc/{options.test}.de")
    )
    first, *partners = options.bundles
    translator = crosslight.load(
        first, partners=partners, reverse=options.reverse, reverse_weight=options.reverse_weight
    )
    wishes = {} if options.alpha is None else {"alpha": options.alpha}
    outputs = [t.text for t in translator.translate(srcs, beam=options.beam, **wishes)]
    same = sum(a == b for a, b in zip(moses(refs), tokenized, strict=True))
    published = BLEU(tokenize="none", force=True)
    hypotheses = moses(outputs)
    score = published.corpus_score(hypotheses, [tokenized])
    honest = evaluate(outputs, [refs], metrics=("bleu", "chrf"))
    result = {
        "tokenized_lowercased_bleu": round(score.score, 2),
        "detail": str(score),
        "interval_95": interval(hypotheses, tokenized),
        "signature": str(published.get_signature()) + "|lower-cased and tokenized by sacremoses",
        "reference_lines_reproduced": same,
        **{s.name: {"value": round(s.value, 2), "signature": s.signature} for s in honest.scores},
        "beam": options.beam,
        "alpha": translator.bundle.config.decode.alpha if options.alpha is None else options.alpha,
        "bundles": len(options.bundles),
        "reverse_weight": options.reverse_weight if options.reverse else None,
    }
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
        options.out.with_suffix(".de").write_text("\n".join(outputs) + "\n", encoding="utf-8")


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def moses(texts: list[str]) -> list[str]:
    """Normalized, tokenized, lower-cased: what normalize-punctuation, tokenizer -l de and lowercase give."""
    normalizer, tokenizer = MosesPunctNormalizer("de"), MosesTokenizer("de")
    return [tokenizer.tokenize(normalizer.normalize(text), return_str=True).lower() for text in texts]


def interval(hypotheses: list[str], references: list[str]) -> list[float]:
    """95 % bootstrap interval of BLEU over sentences."""
    chance, bleu = random.Random(1), BLEU(tokenize="none", force=True)
    n = len(hypotheses)
    scores = []
    for _ in range(N_BOOTSTRAP):
        rows = chance.choices(range(n), k=n)
        scores.append(bleu.corpus_score([hypotheses[i] for i in rows], [[references[i] for i in rows]]).score)
    scores.sort()
    return [round(scores[int(N_BOOTSTRAP * share)], 2) for share in (0.025, 0.975)]


if __name__ == "__main__":
    main()
