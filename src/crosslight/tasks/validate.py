"""How good a model is while it learns, and at the end: loss, BLEU and chrF of the validation set."""

import time
from itertools import islice

import torch

from crosslight.bundle import Bundle
from crosslight.config.run import DecodeConfig
from crosslight.data.batch import Batch
from crosslight.data.stream import Stream
from crosslight.decode.translator import Translator
from crosslight.evaluate import evaluate
from crosslight.models.protocol import Ponders
from crosslight.nn.threads import lone_threads
from crosslight.tasks.prepare import Prepared
from crosslight.text.corpus import Pair
from crosslight.text.subword import EOS_ID
from crosslight.train.objectives import label_smoothed
from crosslight.train.pondering import mean_steps
from crosslight.train.progress import Validation

TOKENS = 4096  # of a batch
N_SAMPLES = 8  # sentences whose translation is kept at every validation
TRIAL_SENTENCES = 32
STEP_BATCHES = 4  # in which the steps of a model that ponders are counted
PARTS = 25  # of the validation set, one of which is scored however little time is left
CAUTION = 0.8  # share of the time left that the next sentences may take


class Validator:
    """Judges a model on the validation set: loss on all of it, BLEU and chrF on a greedy sample."""

    def __init__(self, bundle: Bundle, prepared: Prepared, sample_size: int, threads: int) -> None:
        self._bundle, self._threads = bundle, threads
        self._translator = Translator(bundle, threads=threads)
        self._corpus = prepared.valid
        longest = bundle.config.train.max_length
        self._stream = Stream(
            prepared.valid, bundle.src_subword, bundle.tgt_subword, TOKENS, seed=0, max_length=longest
        )
        self._objective = label_smoothed(0.0)
        self._n_seen = 0
        self.loss_seconds = self.sample_seconds = 0.0  # of the last validation
        self.limit(sample_size)

    def limit(self, sample_size: int, loss_batches: int | None = None) -> None:
        """From now on translate so many sentences a validation, and take the loss of so many batches."""
        self._sample = self.sample(sample_size)
        self.sample_size = len(self._sample)
        self._loss_batches = loss_batches

    def sample(self, size: int) -> list[Pair]:
        """So many pairs at most, from all over the validation set."""
        rows = range(0, len(self._corpus), max(1, len(self._corpus) // max(1, size)))
        return [self._corpus.pair(i) for i in rows[:size]]

    def n_batches(self) -> int:
        """Of the whole validation set."""
        return sum(1 for _ in self._stream.one_epoch())

    def trial(self) -> tuple[float, float]:
        """Seconds for the loss of a batch, and for a sentence translated greedily.

        Translations are cut off at the length of their source: a model that has not learned yet
        does not know when to stop.
        """
        self.loss(1)
        start = time.perf_counter()
        self.loss(1)
        loss_seconds = time.perf_counter() - start
        rows = range(min(TRIAL_SENTENCES, len(self._corpus)))
        srcs = [[*row.tolist(), EOS_ID] for row in self._corpus.src_ids.rows(rows)]
        start = time.perf_counter()
        self._translator.search(srcs, DecodeConfig(beam=1, max_extra=1))
        return loss_seconds, (time.perf_counter() - start) / len(srcs)

    def loss(self, n_batches: int | None = None) -> float:
        """Mean cross-entropy of a target token in nats, without smoothing."""
        device = next(self._bundle.model.parameters()).device

        @torch.inference_mode()
        def judge(batch: Batch) -> tuple[float, int]:
            loss = self._objective(self._bundle.model, batch.to(device))
            return float(loss.total), loss.n_tokens

        batches = islice(self._stream.one_epoch(), n_batches or self._loss_batches)
        with lone_threads(self._threads) as pool:
            totals, counts = zip(*pool.map(judge, batches), strict=True)
        return float(sum(totals) / sum(counts))

    def steps(self) -> dict[str, float]:
        """How many steps a token takes on average, where the model decides that."""
        model = self._bundle.model
        if not isinstance(model, Ponders):
            return {}
        device = next(model.parameters()).device
        with torch.inference_mode():
            counts = [
                mean_steps(model, batch.to(device))
                for batch in islice(self._stream.one_epoch(), STEP_BATCHES)
            ]
        totals, tokens = zip(*counts, strict=True)
        return {"steps per token": sum(totals) / sum(tokens)}

    def chrf(self) -> float:
        """chrF of the sample, translated greedily."""
        return self._translated()[1]["chrF"]

    def _translated(self) -> tuple[list[str], dict[str, float]]:
        hypotheses = [t.text for t in self._translator.translate([p.src for p in self._sample], beam=1)]
        scores = evaluate(hypotheses, [[p.tgt for p in self._sample]], metrics=("bleu", "chrf"))
        return hypotheses, {s.name: s.value for s in scores.scores}

    def __call__(self) -> Validation:
        """The validation that the training loop asks for; another sample sentence each time."""
        start = time.perf_counter()
        hypotheses, scores = self._translated()
        middle = time.perf_counter()
        loss = self.loss()
        self.sample_seconds, self.loss_seconds = middle - start, time.perf_counter() - middle
        shown = self._n_seen * 7 % len(self._sample)
        self._n_seen += 1
        texts = [(p.src, p.tgt, text) for p, text in zip(self._sample, hypotheses, strict=True)]
        return Validation(
            loss,
            scores | self.steps(),
            texts[shown],
            tuple(texts[:: -(-len(texts) // N_SAMPLES)]),
        )

    def final_scores(self, deadline: float | None = None) -> dict[str, str]:
        """BLEU and chrF of the validation set under the bundle's own search, with signatures.

        Args:
            deadline: the moment (of `time.monotonic`) until which there is time. A part of the set that is
                spread over it evenly is scored in any case, and then as much as will fit.
        """
        n_pairs = len(self._corpus)
        order = [i for part in range(PARTS) for i in range(part, n_pairs, PARTS)]
        least = n_pairs if deadline is None else -(-n_pairs // PARTS)
        pairs: list[Pair] = []
        hypotheses: list[str] = []
        start, size = time.monotonic(), least
        while size >= min(least, n_pairs - len(pairs)) > 0:
            new = [self._corpus.pair(i) for i in order[len(pairs) : len(pairs) + size]]
            hypotheses += [t.text for t in self._translator.translate([p.src for p in new])]
            pairs += new
            now = time.monotonic()
            size = int(CAUTION * ((deadline or now) - now) / (now - start) * len(pairs))
        scores = evaluate(hypotheses, [[p.tgt for p in pairs]], metrics=("bleu", "chrf"))
        said = f"{n_pairs:,}" if len(pairs) == n_pairs else f"{len(pairs):,} of {n_pairs:,}"
        return {
            f"{s.name} (validation, {said} pairs)": f"{s.value:.1f} `{s.signature}`" for s in scores.scores
        }
