"""The command line: what it says of itself, and every verb from end to end on a toy."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crosslight import __version__
from crosslight.cli.train import assignment
from crosslight.config.load import merge, preset_names, preset_text, run_config, to_toml
from crosslight.config.run import RunConfig
from crosslight.errors import ConfigError

VERBS = [
    "demo",
    "train",
    "translate",
    "alternatives",
    "evaluate",
    "align",
    "calibrate",
    "compare",
    "compare-architectures",
    "contrast",
    "distill",
    "export",
    "import",
    "score",
    "tune",
    "report",
    "inspect",
    "get",
    "configs",
    "doctor",
]
CONFIGS = Path(__file__).resolve().parents[2] / "src" / "crosslight" / "configs"
# The untrained model of these tests loses numbers, and now and then writes one piece for ever; that is said.
SAID = r"engine: .+\n(numbers, addresses or placeholders lost in .+\n)?(output runs in a circle in .+\n)?"
PROGRAM = [sys.executable, "-c", "from crosslight.cli.main import main; main()"]


def test_help_lists_every_verb(command):
    result = command("--help")
    assert result.code == 0
    for verb in VERBS:
        assert re.search(rf"\b{verb}\b", result.out), verb
    assert command().out.strip() == result.out.strip()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(command, verb):
    result = command(verb, "--help")
    assert result.code == 0
    assert f"crosslight {verb}" in result.out
    assert result.err == ""


def test_version(command):
    assert command("--version").out == f"crosslight {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["configs", "all"]])
def test_no_torch_for_a_word_of_help(arguments):
    code = (
        "import sys; from crosslight.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print('torch' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("False False\n")


# ---- settings


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_config_is_valid_and_listed(command, path):
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    length = {} if {"steps", "minutes"} & tree["train"].keys() else {"train": {"minutes": 1}}
    assert run_config(merge(tree, length), path.stem)
    assert path.stem in preset_names()
    assert command("configs", path.stem).out == path.read_text(encoding="utf-8")
    assert f"\n{path.stem}: " in "\n" + command("configs").out


def test_the_paper_is_the_base_model(command):
    assert command("configs", "paper").out == preset_text("base")


def test_all_settings_print_as_a_valid_config(command):
    printed = command("configs", "all").out
    assert run_config(tomllib.loads(printed), "print") == RunConfig()
    for section in RunConfig.model_fields:
        for key in type(getattr(RunConfig(), section)).model_fields:
            assert re.search(rf"^(# )?{key} =", printed, re.MULTILINE), key


@pytest.mark.parametrize(
    "tree",
    [
        {"train": {"steps": 7, "epsilon": 1e-9, "learning_rate": 1e22, "patience": 3}},
        {
            "data": {
                "pairs": ("a\tb.tsv", 'c"\\d\n.tsv', "é\x7f\x00😀.tsv"),
                "copies": (1, 2, 3),
                "license": "CC0 #1",
            }
        },
        {"model": {"norm": "pre", "positions": "learned"}, "subword": {"joint": True, "sampling": 0.1}},
    ],
)
def test_printed_settings_read_back_equal(tree):
    config = run_config(tree, "the test")
    for comments in (False, True):
        assert run_config(tomllib.loads(to_toml(config, comments)), "print") == config


def test_an_unknown_config(command):
    result = command("configs", "smal")
    assert result.code == 2
    assert "no preset is called 'smal'" in result.err
    assert (
        "choose one of tiny, small, small-fast, strong, base, big, rnn, rnn-plain, conv, universal, paper"
        in result.err
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=3", 3),
        ("a.b=x y", "x y"),
        ("a.b=", ""),
        ('a.b=["x"]', ["x"]),
        ("a.b=c=d", "c=d"),
        ("a.b=1e-4", 1e-4),
    ],
)
def test_one_setting_on_the_command_line(text, value):
    assert assignment(text) == {"a": {"b": value}}


@pytest.mark.parametrize("text", ["a.b", "b=3", "a.b.c=3"])
def test_what_is_no_setting(text):
    with pytest.raises(ConfigError, match=r"is not section\.key=value"):
        assignment(text)


# ---- train


def test_a_run_explains_itself(tiny_run):
    names = {path.name for path in tiny_run.iterdir()} - {"tensorboard"}  # where that is installed
    assert names == {
        *("config.toml", "environment.json", "recipe.json", "metrics.jsonl", "samples.jsonl", "log.txt"),
        *("report.html", "data", "checkpoints", "bundle", ".lock"),
    }
    config = run_config(tomllib.loads((tiny_run / "config.toml").read_text()), "run")
    assert (config.train.steps, config.train.minutes, config.model.d_model) == (30, None, 32)
    assert json.loads((tiny_run / "environment.json").read_text())["threads"] == 1


def test_metrics_are_json_lines_with_rising_steps(tiny_run):
    rows = [json.loads(line) for line in (tiny_run / "metrics.jsonl").read_text().splitlines()]
    steps = [row["step"] for row in rows]
    assert steps == sorted(steps)
    valid = [row for row in rows if row["kind"] == "valid"]
    assert [row["step"] for row in valid] == [8, 15, 23, 30]
    assert all(row["loss"] > 0 and row["BLEU"] >= 0 and row["tokens"] > 0 for row in valid)


def test_without_a_terminal_progress_is_plain_lines(command, toy, tmp_path, monkeypatch):
    monkeypatch.setattr("crosslight.train.progress.PLAIN_SECONDS", -1)
    result = command(*toy.train(tmp_path / "run", "--steps", "5"))
    assert result.code == 0
    assert result.out == ""
    assert not re.search("[\x1b\r]", result.err)
    line = r"^ {0,2}\d+%  step 5 · epoch 1 · loss \d\.\d{3} · [\d,]+ tokens/s · \S+ left$"
    assert re.search(line, result.err, re.MULTILINE)
    assert re.search(r"step 1 · epoch 1 · loss \d\.\d{3} · – tokens/s · – left$", result.err, re.MULTILINE)
    logged = (tmp_path / "run" / "log.txt").read_text(encoding="utf-8")
    assert re.search(line, logged, re.MULTILINE)
    assert all(text in result.err for text in logged.splitlines())
    assert f"crosslight translate {tmp_path / 'run'} 'A sentence.'\n" in result.err


def test_the_corpus_chooses_the_preset(command, toy, tmp_path):
    """And a time that is over before the first step is no training."""
    result = command("train", "--pairs", toy.pairs, "--minutes", "0.0001", "-o", tmp_path / "r")
    assert re.search(r"300 pairs, \d% of them seen in 0.0001 minutes: preset tiny", result.err)
    assert "batches of 512 tokens: 0 updates\n" in result.err
    assert "dropout 0, because no pair is seen twice" in result.err
    config = tomllib.loads((tmp_path / "r" / "config.toml").read_text())
    assert (config["model"]["dropout"], config["subword"]["sampling"]) == (0.0, 0.0)
    assert config["train"]["max_tokens_per_batch"] == 512
    assert result.code == 2
    assert "0.0001 minutes are too few: preparing took" in result.err
    assert not (tmp_path / "r" / "bundle").exists()
    assert command("train", "--resume", tmp_path / "r", "--steps", "1").code == 0


# ---- translate


def translated(command, run: Path, text: str | bytes, *options: str) -> list[str]:
    result = command("translate", run, *options, stdin=text if isinstance(text, bytes) else text.encode())
    assert result.code == 0, result.err
    assert re.fullmatch(SAID, result.err)
    assert result.out.endswith("\n") or not text
    return result.out.split("\n")[:-1]


def test_empty_lines_stay_empty_lines(command, tiny_run):
    lines = translated(command, tiny_run, "\nUn chat.\n\n \nUn chien.\n\n")
    assert len(lines) == 6
    assert [bool(line.strip()) for line in lines] == [False, True, False, False, True, False]
    assert translated(command, tiny_run, "") == []


@pytest.mark.parametrize(
    "line",
    [
        "Un chat. " * 12_000,
        "a" * 5_000,
        "un\x00\x01\x07\x1b[31mdeux\x1c\x1d\x1e\x7f\x85trois\x0b\x0cquatre",
        "😀👩‍👩‍👧🇫🇷 é́ ﷽",
        "日本語のテキスト。 עברית العربية Ελληνικά",
        "un\u2028deux\u2029trois",
        "un\rdeux\r",
        "\ufeffun",
        "\t un  deux \t",
        "▁un <s> </s> <0x0A>",
    ],
    ids=["long", "one-word", "control", "emoji", "scripts", "separators", "cr", "bom", "blanks", "signs"],
)
def test_a_line_is_one_line(command, tiny_run, line):
    lines = translated(command, tiny_run, f"Un chat.\n{line}\nUn chien.\n", "--beam", "1")
    assert len(lines) == 3
    assert lines[1].strip()
    assert [lines[0], lines[2]] == translated(command, tiny_run, "Un chat.\nUn chien.\n", "--beam", "1")


def test_line_ends_of_windows_and_none(command, tiny_run):
    unix = translated(command, tiny_run, "Un chat.\nUn chien.\n")
    assert translated(command, tiny_run, "Un chat.\r\nUn chien.\r\n") == unix
    assert translated(command, tiny_run, "Un chat.\nUn chien.") == unix


def test_a_model_that_writes_line_breaks_cannot(tiny_run, monkeypatch):
    """The bytes of a line break are pieces like others; a model under training may well prefer them."""
    import crosslight

    translator = crosslight.load(tiny_run)
    subword = translator.bundle.tgt_subword
    breaks = [i for i in range(subword.vocab_size) if subword.pieces([i])[0] in ("<0x0A>", "<0x0D>")]
    assert len(breaks) == 2
    decode = translator.bundle.model.decode

    def prefers_breaks(tokens, state):
        logits, state = decode(tokens, state)
        logits[:, :, breaks] += 50
        return logits, state

    monkeypatch.setattr(translator.bundle.model, "decode", prefers_breaks)
    for beam in (1, 3):
        (translation,) = translator.translate(["Un chat."], beam=beam)
        assert translation.text
        assert not set("\r\n") & set(translation.text)


def test_files_in_and_out(command, tiny_run, tmp_path):
    (tmp_path / "in.fr").write_bytes(b"Un chat.\nUn chien.\n")
    result = command("translate", tiny_run, "-i", tmp_path / "in.fr", "-o", tmp_path / "out.en")
    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(SAID, result.err)
    written = (tmp_path / "out.en").read_bytes().decode()
    assert written.split("\n")[:-1] == translated(command, tiny_run, "Un chat.\nUn chien.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.fr", "out.en"]


def test_an_output_that_is_a_link_stays_one(command, tiny_run, tmp_path):
    (tmp_path / "real.en").write_text("old")
    (tmp_path / "link.en").symlink_to(tmp_path / "real.en")
    assert command("translate", tiny_run, "-o", tmp_path / "link.en", stdin=b"un\n").code == 0
    assert (tmp_path / "link.en").is_symlink()
    assert (tmp_path / "real.en").read_text().count("\n") == 1


def test_several_translations_of_a_line(command, tiny_run):
    text = "Un chat.\n\nUn chien. Un chat. " + "Il dort. " * 40 + "\n"
    lines = translated(command, tiny_run, text, "--n-best", "3", "--scores")
    assert len(lines) == 9
    scores = [float(line.split("\t")[0]) for line in lines[:3]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(lines[:3])) == 3
    assert lines[3] == "0.0000\t"
    assert lines[4:6] == ["", ""]
    assert lines[6]
    assert lines[7:9] == ["", ""]
    assert [line.split("\t")[1] for line in lines[0:9:3]] == translated(command, tiny_run, text)


def test_a_pipe_whose_reader_leaves(tiny_run, tmp_path):
    (tmp_path / "in.fr").write_text("Un chat.\n" * 30_000)
    command = [*PROGRAM, "translate", str(tiny_run), "-i", str(tmp_path / "in.fr"), "--beam", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 0
    assert process.stderr.read().startswith(b"engine: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_an_output_that_fills_up(tiny_run):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "translate", str(tiny_run)],
            input=b"un\n",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"standard output could not be written: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


# ---- evaluate and inspect


def test_evaluate_a_bundle_and_its_saved_translations_alike(command, tiny_run, toy, tmp_path):
    columns = [line.split("\t") for line in toy.pairs.read_text(encoding="utf-8").splitlines()[:20]]
    for i, name in enumerate(("test.fr", "test.en")):
        (tmp_path / name).write_text("".join(f"{column[i]}\n" for column in columns), encoding="utf-8")
    src, ref, saved = tmp_path / "test.fr", tmp_path / "test.en", tmp_path / "saved.en"
    by_bundle = command("evaluate", tiny_run, "--src", src, "--ref", ref, "--save", saved, "--json")
    by_file = command("evaluate", "--hyp", saved, "--ref", ref, "--json")
    assert by_bundle.code == by_file.code == 0
    found = json.loads(by_bundle.out)
    loss = found.pop("loss")
    assert loss["perplexity"] == pytest.approx(2.718281828 ** loss["loss"])
    assert (loss["label_smoothing"], loss["pairs_left_out"]) == ("off", 0)
    assert found == json.loads(by_file.out)
    assert json.loads(by_file.out)["chrF"]["value"] > 0
    assert saved.read_text(encoding="utf-8").split("\n")[:-1] == translated(
        command, tiny_run, src.read_bytes()
    )
    perfect = command("evaluate", "--hyp", ref, "--ref", ref)
    assert re.match(r"BLEU +100\.00  nrefs:1\|case:mixed\|", perfect.out)


def test_evaluate_with_several_references(command, tmp_path):
    (tmp_path / "out.en").write_text("a small cat sleeps here\na dog\n")
    (tmp_path / "test.refs.tsv").write_text("un\tno\ta small cat sleeps here\ndeux\ta dog\n")
    result = command("evaluate", "--hyp", tmp_path / "out.en", "--ref", tmp_path / "test.refs.tsv", "--json")
    assert json.loads(result.out)["TER"]["value"] == 0


def test_inspect_writes_all_views_as_json(command, tiny_run, tmp_path):
    file = tmp_path / "inside.json"
    result = command("inspect", tiny_run, "Un chat dort.", "--json", file)
    assert result.code == 0, result.err
    assert f"wrote {file}" in result.err
    views = json.loads(file.read_text(encoding="utf-8"))
    assert views["sentence"]["source"] == "Un chat dort."
    text = command("translate", tiny_run, "Un chat dort.").out.rstrip("\n")
    assert views["search"]["results"][0]["text"] == views["sentence"]["translation"] == text
    assert len(views["tour"]["steps"]) == 10


def test_inspect_shows_and_writes_a_page(command, tiny_run, tmp_path):
    page = tmp_path / "page.html"
    result = command("inspect", tiny_run, "Un chat dort.", "-o", page)
    assert result.code == 0
    assert result.out.strip()
    assert f"wrote {page}" in result.err
    assert "<html" in page.read_text(encoding="utf-8")


def test_doctor(command, monkeypatch):
    monkeypatch.setattr("crosslight.tasks.doctor._training_rate", lambda threads: 1234.0)
    result = command("doctor")
    assert result.code in (0, 1)
    assert f"crosslight {__version__}" in result.out
    assert "1,234 target tokens/s" in result.out
