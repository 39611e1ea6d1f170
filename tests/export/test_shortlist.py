"""The lexical shortlist: what CTranslate2 makes of the file is what we say, and bad ones are refused."""

import json

import pytest

from crosslight.bundle import load_bundle
from crosslight.decode.searcher import Searcher
from crosslight.decode.translator import Translator
from crosslight.errors import ExportError
from crosslight.export.ctranslate2 import CTranslate2Engine, convert
from crosslight.export.shortlist import FILE, Shortlist, learn_shortlist, read_vmap, write_vmap
from crosslight.tasks import shortlist as task
from crosslight.text.corpus import Pair
from crosslight.text.subword import EOS_ID, SPECIAL_IDS


@pytest.fixture(scope="module")
def bundle(make_bundle):
    return make_bundle()


def greedy(searcher, config, src):
    return searcher.search([src], config.model_copy(update={"beam": 1}))[0][0].tokens


def test_the_engine_searches_among_our_candidates(bundle, pairs, tmp_path):
    """Against torch with every other piece banned, sentence by sentence."""
    shortlist = learn_shortlist(bundle.src_subword, bundle.tgt_subword, pairs, frequent=5, best=4)
    convert(bundle, tmp_path)
    write_vmap(shortlist, bundle.src_subword, bundle.tgt_subword, tmp_path)
    free, bound = Searcher(bundle), Searcher(bundle)
    banned = free.banned
    engine = CTranslate2Engine(tmp_path, bundle, banned, use_shortlist=True)
    n_bound = 0
    for pair in pairs[:20]:
        src = [*bundle.src_subword.encode(pair.src), EOS_ID]
        kept = shortlist.candidates([src])
        assert len(kept) < bundle.tgt_subword.vocab_size
        bound.banned = (*banned, *sorted(set(range(bundle.tgt_subword.vocab_size)) - kept))
        limit = len(src) - 1 + bundle.config.decode.max_extra
        found = engine.search([src], [limit], 1)[0][0].tokens[:limit]
        assert found == greedy(bound, bundle.config.decode, src)
        n_bound += found != greedy(free, bundle.config.decode, src)
    assert n_bound > 5, "the list made no difference, so nothing was shown"


def test_a_batch_shares_its_candidates(bundle, pairs):
    shortlist = learn_shortlist(bundle.src_subword, bundle.tgt_subword, pairs)
    one, two = (bundle.src_subword.encode(pair.src) for pair in pairs[:2])
    assert shortlist.candidates([one, two]) == shortlist.candidates([one]) | shortlist.candidates([two])


def test_translations_and_copies_are_in_the_list(subword):
    pairs = [Pair("le chat", "the cat"), Pair("le chien", "the dog"), Pair("chat", "cat")] * 20
    shortlist = learn_shortlist(subword, subword, pairs, frequent=1, best=3)
    assert set(subword.encode("cat")) <= shortlist.candidates([subword.encode("chat")])
    for text in ("Zurich 1848", "🐈"):
        ids = subword.encode(text)
        assert set(ids) <= shortlist.candidates([ids])
    assert len(shortlist.always) == 1


def test_the_file(subword, tmp_path):
    a, b, c = (subword.encode(letter)[-1] for letter in "abc")
    write_vmap(Shortlist((c,), {a: (b, c), b: ()}), subword, subword, tmp_path)
    piece = dict(zip((a, b, c), subword.pieces([a, b, c]), strict=True))
    expected = f"\t{piece[c]}\n{piece[a]}\t{piece[b]} {piece[c]}\n"
    assert (tmp_path / FILE).read_text(encoding="utf-8") == expected


def test_the_file_read_again(subword, pairs, tmp_path):
    shortlist = learn_shortlist(subword, subword, pairs, frequent=5, best=4)
    write_vmap(shortlist, subword, subword, tmp_path)
    again = read_vmap(tmp_path / FILE, subword, subword)
    assert again.always == shortlist.always
    assert again.of == {i: found for i, found in shortlist.of.items() if found}
    (tmp_path / FILE).write_text("no such piece\t▁a\n", encoding="utf-8")
    with pytest.raises(ExportError, match="no such piece"):
        read_vmap(tmp_path / FILE, subword, subword)


def test_export_writes_it_and_says_what_it_is_worth(command, tiny_run, toy, tmp_path, monkeypatch):
    """Of a model whose chrF is 2 and says nothing."""
    monkeypatch.setattr(task, "MAY_LOSE", 100)
    result = command("export", tiny_run, "-o", tmp_path / "out", "--shortlist", toy.pairs)
    assert result.code == 0, result.err
    said = json.loads((tmp_path / "out" / "certificate.json").read_text(encoding="utf-8"))["shortlist"]
    assert said["bytes"] == (tmp_path / "out" / FILE).stat().st_size
    assert 0 < said["vocabulary_kept"]["sentence"] <= said["vocabulary_kept"]["batch"] <= 1
    assert said["chrf"].keys() == {"with", "without"}
    assert "of the vocabulary in a batch" in result.out


def test_how_much_chrf_may_be_lost(bundle, pairs, tmp_path, monkeypatch):
    chrf = {"without": 50.0, "with": 49.71}
    monkeypatch.setattr(task, "judged", lambda *_: {"chrf": dict(chrf)})
    arguments = (Translator(bundle), tmp_path, Shortlist((9,), {}), pairs[:1], {})
    assert task.add_shortlist(*arguments)["shortlist"]["chrf"] == chrf
    chrf["with"] = 49.69
    with pytest.raises(ExportError, match=r"falls from 50\.00 to 49\.69, at most 0\.3"):
        task.add_shortlist(*arguments)


def test_a_list_that_costs_quality_is_refused(command, tiny_run, tmp_path):
    """References are the model's own outputs, and the list comes from a pair of other pieces."""
    bundle = load_bundle(tiny_run)
    own = Translator(bundle).translate([pair.src for pair in bundle.validation])
    lines = [f"{t.src}\t{t.text}\n" for t in own if t.text.strip()]
    assert lines
    (tmp_path / "own.tsv").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "other.tsv").write_text("@\t@\n", encoding="utf-8")
    options = ("--sample", tmp_path / "own.tsv", "--shortlist", tmp_path / "other.tsv")
    result = command("export", tiny_run, "-o", tmp_path / "out", *options)
    assert result.code == 2
    assert "with the shortlist chrF falls from" in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "huggingface", "--shortlist", "a"], "huggingface knows no shortlist"),
        (["--shortlist", "a", "--shortlist", "b", "--shortlist", "c"], "names 3 files"),
        (["--shortlist", "nothing.tsv"], "does not exist"),
        (["--sample", "lines.txt", "--shortlist", "own.tsv"], "judged by references"),
        (["--shortlist", "blank.tsv"], "has no sentence pair"),
    ],
)
def test_what_cannot_be(command, tiny_run, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.txt").write_text("Le chat dort.\n", encoding="utf-8")
    (tmp_path / "own.tsv").write_text("Le chat dort.\tThe cat sleeps.\n", encoding="utf-8")
    (tmp_path / "blank.tsv").write_text(" \t \n", encoding="utf-8")
    result = command("export", tiny_run, "-o", tmp_path / "out", *options)
    assert result.code == 2
    assert said in result.err
    assert not (tmp_path / "out").exists()


def test_special_pieces_are_never_a_key(subword, pairs):
    shortlist = learn_shortlist(subword, subword, pairs)
    assert not set(shortlist.of) & set(SPECIAL_IDS)
