"""What people get wrong: each fault has exit code 2, says what, what was expected and what to do, and
leaves everything as it was."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder and a digest of its content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def text(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


# ---- the corpus


def test_a_missing_file_and_the_one_that_was_meant(refused, tmp_path):
    text(tmp_path / "train.fr", "Bonjour.")
    message = refused("train", "--src", tmp_path / "trian.fr", "--tgt", tmp_path / "x", "-o", tmp_path / "r")
    assert f"{tmp_path / 'trian.fr'} does not exist" in message
    assert f"did you mean {tmp_path / 'train.fr'}?" in message
    assert not (tmp_path / "r").exists()


def test_no_corpus_at_all(refused, tmp_path):
    assert "no training corpus is given" in refused("train", "-o", tmp_path / "r")


def test_different_numbers_of_lines_and_where_they_part(refused, toy, tmp_path):
    columns = [line.split("\t") for line in toy.pairs.read_text(encoding="utf-8").splitlines()]
    src = text(tmp_path / "a.fr", *(column[0] for column in columns))
    tgt = text(tmp_path / "a.en", *(column[1] for i, column in enumerate(columns, 1) if i != 150))
    message = refused("train", "--src", src, "--tgt", tgt, "-o", tmp_path / "r")
    assert "a.fr has 300 lines" in message
    assert "a.en has 299" in message
    near = [int(number) for number in re.findall(r"line (\d+)", message)]
    assert near, message
    assert all(abs(number - 150) < 25 for number in near), message
    assert not (tmp_path / "r").exists()


def test_bytes_that_are_not_utf8(refused, tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"oui\tyes\ncaf\xe9\tcoffee\n")
    message = refused("train", "--pairs", tmp_path / "a.tsv", "-o", tmp_path / "r")
    assert f"line 2 of {tmp_path / 'a.tsv'} is not UTF-8: byte 0xe9 at byte offset 3" in message
    assert "iconv" in message


def test_an_empty_corpus(refused, tmp_path):
    src, tgt = text(tmp_path / "a.fr"), text(tmp_path / "a.en")
    message = refused("train", "--src", src, "--tgt", tgt, "-o", tmp_path / "r")
    assert "the training corpus is empty" in message
    assert "a.fr" in message
    assert not (tmp_path / "r").exists()


def test_a_corpus_that_cleaning_empties_is_corrected_in_the_same_place(command, refused, toy, tmp_path):
    out = tmp_path / "run"
    bad = text(tmp_path / "same.tsv", *(f"{i} {i}\t{i} {i}" for i in range(50)))
    message = refused("train", "--pairs", bad, "--config", toy.config, "--steps", "2", "-o", out)
    assert "none of the 50 pairs of the training corpus is left after cleaning" in message
    assert "both sides are the same: 50" in message
    assert not out.exists()
    assert command(*toy.train(out, "--steps", "2")).code == 0
    assert (out / "bundle" / "bundle.json").is_file()


def test_an_empty_directory_that_was_there_stays_there(refused, toy, tmp_path):
    bad = text(tmp_path / "same.tsv", *["a\ta"] * 9)
    refused("train", "--pairs", bad, "--config", toy.config, "--steps", "2", "-o", tmp_path / "run")
    (tmp_path / "run").mkdir()
    refused("train", "--pairs", bad, "--config", toy.config, "--steps", "2", "-o", tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_a_validation_set_that_cleaning_empties(refused, toy, tmp_path):
    valid = text(tmp_path / "v.fr", "même")
    message = refused(*toy.train(tmp_path / "r", "--steps", "2"), "--valid-src", valid, "--valid-tgt", valid)
    assert "none of the 1 pairs of the validation set is left after cleaning" in message
    assert not (tmp_path / "r").exists()


def test_sentences_that_are_all_too_long(refused, toy, tmp_path):
    message = refused(*toy.train(tmp_path / "r", "--steps", "2", "--set", "train.max_length=2"))
    assert "train.max_length = 2: all 285 pairs are longer" in message
    assert not (tmp_path / "r").exists()


def test_a_corpus_from_a_pipe(command, toy, tmp_path):
    arguments = ["train", "--pairs", "-", "--config", toy.config, "--steps", "2", "-o", tmp_path / "r"]
    assert command(*arguments, stdin=toy.pairs.read_bytes()).code == 0
    assert (tmp_path / "r" / "bundle" / "bundle.json").is_file()


def test_a_pipe_that_was_killed_leaves_the_place_free(command, toy, tmp_path):
    """What came through a pipe is written down before the run has its settings."""
    (tmp_path / "r" / "data").mkdir(parents=True)
    (tmp_path / "r" / "data" / "pipe-1.tsv").write_bytes(b"un\tone\ndeu")
    arguments = ["train", "--pairs", "-", "--config", toy.config, "--steps", "2", "-o", tmp_path / "r"]
    assert command(*arguments, stdin=toy.pairs.read_bytes()).code == 0
    assert (tmp_path / "r" / "bundle" / "bundle.json").is_file()


# ---- the settings


def test_all_faults_of_the_settings_at_once_and_the_nearest_names(refused, toy, tmp_path):
    config = tmp_path / "mine.toml"
    config.write_text("[model]\ndroput = 0.1\nn_heads = 0\n[trian]\nsteps = 5\n")
    message = refused(
        *("train", "--pairs", toy.pairs, "--config", config, "-o", tmp_path / "r"),
        *("--set", "data.scr=a.fr", "--set", "train.schedule=cosine", "--set", "decode.zzz=1"),
    )
    assert "6 setting(s) cannot be used" in message
    assert "unknown key model.droput: did you mean dropout?" in message
    assert "unknown key trian: did you mean train?" in message
    assert "unknown key data.scr: did you mean src?" in message
    assert "unknown key decode.zzz: known here: beam, alpha, penalty, max_extra, " in message
    assert "model.n_heads = 0: input should be greater than or equal to 1" in message
    assert "train.schedule = 'cosine': input should be 'noam' or 'linear'" in message
    assert str(config) in message
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--set", "model.n_heads=3"], "d_model = 32 is not divisible by n_heads = 3; choose n_heads among"),
        (
            ["--set", "model.d_model=33", "--set", "model.n_heads=3"],
            "heads are 11 wide, but rotary positions",
        ),
        (
            [f"--set=model.{setting}" for setting in ("d_model=33", "n_heads=3", 'positions="sinusoidal"')],
            "d_model = 33 is odd",
        ),
        (["--preset", "hgue"], "no preset is called 'hgue'"),
        (["--steps", "5", "--minutes", "1"], "exactly one of the two"),
        (["--set", "dropout=0.1"], "--set 'dropout=0.1' is not section.key=value"),
        (["--set", "subword.joint=false"], 'tie = "three" shares one table of pieces, but'),
        (["--set", "subword.vocab_size=20"], "vocab_size is 20, but the special ids, the bytes"),
        (
            ["--set", "model.positions=learned", "--set", "model.max_positions=9"],
            "model.max_positions = 9, but sentences of up to train.max_length = 256 tokens",
        ),
        (["--seed", "-1"], "train.seed = -1: input should be greater than or equal to 0"),
        (["--set", "clean.max_ratio=0.5"], "max_ratio is 0.5, expected at least 1"),
    ],
)
def test_settings_that_cannot_be(refused, toy, tmp_path, arguments, expected):
    length = [] if "--minutes" in arguments else ["--steps", "2"]
    assert expected in refused(*toy.train(tmp_path / "r", *length, *arguments))
    assert not (tmp_path / "r").exists()


def test_a_section_that_is_none(refused, toy, tmp_path):
    config = tmp_path / "mine.toml"
    config.write_text("model = 3\n")
    message = refused("train", "--pairs", toy.pairs, "--config", config, "-o", tmp_path / "r")
    assert "model = 3: input should be a valid dictionary" in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[model\n", "is not TOML"),
        (b"[data]\nlicense = '\xff'\n", "is not TOML"),
        (None, "there is no config file"),
        ("folder", "cannot be read"),
    ],
)
def test_a_config_file_that_cannot_be_read(refused, toy, tmp_path, content, expected):
    config = tmp_path / "mine.toml"
    if isinstance(content, bytes):
        config.write_bytes(content)
    elif content:
        config.mkdir()
    message = refused("train", "--pairs", toy.pairs, "--config", config, "-o", tmp_path / "r")
    assert expected in message
    assert str(config) in message


# ---- the place of a run


def test_a_directory_that_holds_another_run(refused, toy, tiny_run):
    before = snapshot(tiny_run)
    message = refused(*toy.train(tiny_run, "--steps", "2"))
    assert f"{tiny_run} already holds a run" in message
    assert f"crosslight train --resume {tiny_run}" in message
    assert snapshot(tiny_run) == before


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_directory_that_holds_other_things(refused, toy, tmp_path, what):
    place = tmp_path / "place"
    if what == "folder":
        place.mkdir()
    text(place / "letter.txt" if what == "folder" else place, "Dear Jane")
    before = snapshot(tmp_path)
    message = refused(*toy.train(place, "--steps", "2"))
    assert f"{place} already exists and holds other things" in message
    assert "--resume" not in message
    assert snapshot(tmp_path) == before


def test_a_place_that_cannot_be_written(refused, toy, tmp_path):
    place = text(tmp_path / "file", "mine") / "below" / "run"
    message = refused(*toy.train(place, "--steps", "2"))
    assert f"{place} could not be written" in message
    assert (tmp_path / "file").read_text() == "mine\n"


def test_resuming_nothing(refused, tmp_path):
    assert f"{tmp_path} holds no run to resume" in refused("train", "--resume", tmp_path)


@pytest.fixture
def run_copy(tiny_run, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


@pytest.mark.parametrize("damage", ["truncated", "altered", "emptied"])
@pytest.mark.parametrize("name", ["last.safetensors", "best.safetensors", "kept-0000000030.safetensors"])
def test_resuming_from_a_damaged_checkpoint(refused, run_copy, name, damage):
    shutil.rmtree(run_copy / "bundle")
    file = run_copy / "checkpoints" / name
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes({"truncated": content[:-1000], "altered": content, "emptied": b""}[damage])
    checkpoints = snapshot(run_copy / "checkpoints")
    message = refused("train", "--resume", run_copy)
    assert str(file) in message
    assert ("is damaged" if damage == "altered" else "cannot be read") in message
    assert f"move {name} away and resume" in message
    assert snapshot(run_copy / "checkpoints") == checkpoints


def test_the_cure_for_a_damaged_checkpoint_is_one(command, run_copy):
    (run_copy / "checkpoints" / "last.safetensors").unlink()
    bundle = snapshot(run_copy / "bundle")["model.safetensors"]
    assert command("train", "--resume", run_copy).code == 0
    assert snapshot(run_copy / "bundle")["model.safetensors"] == bundle


def test_a_checkpoint_of_another_model(refused, run_copy):
    from crosslight.train.checkpoints import _read, _write

    last = run_copy / "checkpoints" / "last.safetensors"
    shutil.rmtree(run_copy / "bundle")
    tensors, header = _read(last)
    _write(last, {name: tensor for name, tensor in tensors.items() if "decoder" not in name}, header)
    assert "last.safetensors does not fit this run" in refused("train", "--resume", run_copy)


@pytest.mark.parametrize("header", [{}, {"ledger": '{"steps": 3}'}])
def test_a_checkpoint_of_another_version(refused, run_copy, header):
    from crosslight.train.checkpoints import _read, _write

    last = run_copy / "checkpoints" / "last.safetensors"
    _write(last, _read(last)[0], header)
    assert "last.safetensors does not say where training stood" in refused("train", "--resume", run_copy)


def test_a_cache_of_other_settings(refused, run_copy):
    """Without a checkpoint nobody knows which of the two is meant."""
    config = run_copy / "config.toml"
    shutil.rmtree(run_copy / "bundle")
    shutil.rmtree(run_copy / "checkpoints")
    config.write_text(config.read_text().replace("vocab_size = 420", "vocab_size = 430"))
    assert "was made with other settings" in refused("train", "--resume", run_copy)


# ---- bundles

BUNDLE_FILES = ["bundle.json", "config.toml", "src.subword", "tgt.subword", "model.safetensors"]


@pytest.mark.parametrize("damage", ["missing", "truncated", "altered"])
@pytest.mark.parametrize("name", BUNDLE_FILES)
def test_a_damaged_bundle(refused, run_copy, name, damage):
    bundle = run_copy / "bundle"
    file = bundle / name
    content = bytearray(file.read_bytes())
    file.unlink()
    if damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "altered":
        content[0 if name == "bundle.json" else len(content) // 2] ^= 2
        file.write_bytes(content)
    message = refused("translate", bundle, stdin=b"Bonjour.\n")
    if name == "bundle.json":
        assert ("it has no bundle.json" if damage == "missing" else "cannot be read") in message
    else:
        assert f"{file} is {'missing' if damage == 'missing' else 'not what was saved'}" in message
    assert "copy the whole bundle directory again" in message or damage == "missing"


def test_a_bundle_whose_card_was_edited_is_whole(command, run_copy):
    (run_copy / "bundle" / "README.md").write_text("mine")
    assert command("translate", run_copy, stdin=b"Bonjour.\n").code == 0
    (run_copy / "bundle" / "README.md").unlink()
    assert command("translate", run_copy, stdin=b"Bonjour.\n").code == 0


def test_a_bundle_of_a_newer_format(refused, run_copy):
    head = run_copy / "bundle" / "bundle.json"
    tree = json.loads(head.read_text()) | {"format": 3, "facts": {"colour": "blue"}}
    head.write_text(json.dumps(tree))
    message = refused("translate", run_copy)
    assert "has format 3, this program reads up to 2" in message
    assert "pip install --upgrade crosslight" in message


def test_weights_that_do_not_fit(refused, run_copy):
    bundle = run_copy / "bundle"
    config = (bundle / "config.toml").read_text().replace("d_ff = 64", "d_ff = 65")
    (bundle / "config.toml").write_text(config)
    head = json.loads((bundle / "bundle.json").read_text())
    head["sha256"]["config.toml"] = hashlib.sha256(config.encode()).hexdigest()
    (bundle / "bundle.json").write_text(json.dumps(head))
    message = refused("translate", run_copy)
    assert "model.safetensors does not fit config.toml" in message
    assert "expected (65, 32)" in message


def test_what_is_no_bundle(refused, run_copy, tmp_path):
    shutil.rmtree(run_copy / "bundle")
    assert f"crosslight train --resume {run_copy}" in refused("translate", run_copy)
    letter = text(tmp_path / "letter.txt", "Dear Jane")
    assert "letter.txt is not a directory, expected a bundle" in refused("translate", letter)
    assert "nowhere is not a directory" in refused("translate", tmp_path / "nowhere")


# ---- using a model


def test_evaluating_files_of_different_length(refused, tiny_run, tmp_path):
    src = text(tmp_path / "a.fr", "un", "deux", "trois")
    ref = text(tmp_path / "a.en", "one", "two")
    table = text(tmp_path / "a.refs.tsv", "un\tone\tan one", "deux\ttwo")
    saved = tmp_path / "saved.en"
    message = refused("evaluate", tiny_run, "--src", src, "--ref", ref, "--save", saved)
    assert "a.fr has 3 lines" in message
    assert "a.en has 2" in message
    assert "a.fr has 3 lines" in refused("evaluate", "--hyp", src, "--ref", ref)
    message = refused("evaluate", tiny_run, "--src", src, "--ref", table, "--save", saved)
    assert f"{src} has 3 lines, {table} has references for 2" in message
    assert not saved.exists()


def test_evaluating_without_enough_to_go_on(refused, tmp_path):
    assert "evaluate needs references" in refused("evaluate", "--hyp", tmp_path / "a")


def test_translations_are_kept_when_they_cannot_be_scored(refused, tiny_run, tmp_path):
    src, saved = text(tmp_path / "a.fr", "un", "deux"), tmp_path / "saved.en"
    message = refused("evaluate", tiny_run, "--src", src, "--ref", src, "--save", saved, "--tokenize", "14a")
    assert "tokenize is '14a'" in message
    assert saved.read_text().count("\n") == 2


@pytest.mark.parametrize("sentence", ["", "  ", "Un chat.\nUn chien.\n", "Un chat dort. " * 99])
def test_inspecting_what_is_not_one_sentence(refused, tiny_run, tmp_path, sentence):
    message = refused("inspect", tiny_run, sentence, "-o", tmp_path / "page.html")
    assert "is not one sentence to look into" in message
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--kind", "self"], "--kind 'self' is no attention"),
        (["--layer", "3"], "--layer 3 does not exist"),
        (["--head", "0"], "--head 0 does not exist"),
    ],
)
def test_inspecting_what_the_model_has_not(refused, tiny_run, arguments, expected):
    assert expected in refused("inspect", tiny_run, "Un chat.", *arguments)


@pytest.mark.parametrize("place", ["nowhere/out.txt", "folder"])
def test_an_output_that_cannot_be_written(command, tiny_run, tmp_path, place):
    (tmp_path / "folder").mkdir()
    target = tmp_path / place
    src = text(tmp_path / "a.fr", "un")
    for arguments in (
        ["translate", tiny_run, "-i", src, "-o", target],
        ["inspect", tiny_run, "Un chat.", "-o", target],
        ["evaluate", tiny_run, "--src", src, "--ref", src, "--save", target],
    ):
        result = command(*arguments)
        assert result.code == 2
        assert f"{target} could not be written" in result.err
        assert "check that the folder exists, may be written, and has space left" in result.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.fr", "folder"]


def test_a_fault_in_the_middle_leaves_the_output_of_before(refused, tiny_run, tmp_path):
    (tmp_path / "a.fr").write_bytes(b"un\n" * 2500 + b"\xff\n")
    out = text(tmp_path / "out.en", "the translation of yesterday")
    assert "line 2501" in refused("translate", tiny_run, "-i", tmp_path / "a.fr", "-o", out)
    assert out.read_text() == "the translation of yesterday\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fr", "out.en"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["--beam", "0"], "beam = 0"), (["--alpha", "-1"], "alpha = -1.0")],
)
def test_a_search_that_cannot_be(refused, tiny_run, arguments, expected):
    assert expected in refused("translate", tiny_run, *arguments, stdin=b"un\n")


def test_a_traceback_comes_with_debug_only(command, tmp_path):
    from crosslight.errors import RunError

    with pytest.raises(RunError, match="holds no run to resume"):
        command("--debug", "train", "--resume", tmp_path)
