"""Commands, settings and code that the documents show: they exist, and the code runs."""

import contextlib
import io
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import typer

import crosslight
from crosslight.bundle import Bundle, Facts, save_bundle
from crosslight.cli.main import app
from crosslight.cli.train import assignment
from crosslight.config.architecture import MODEL_CONFIGS
from crosslight.config.load import merge, preset_text, run_config
from crosslight.config.run import RunConfig
from crosslight.corpora.sample import sample_file
from crosslight.models.build import build_model
from crosslight.text.corpus import read_tsv
from crosslight.text.subword import PAD_ID, Subword

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ANY_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
SETTING = re.compile(r"(data|clean|subword|model|train|decode)\.([a-z]\w*)(?: = (.+))?")
OPTION = re.compile(r"(--[a-z][a-z-]*|-[a-z])(?= |$)")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OPTIONS = {name for c in COMMANDS.values() for p in c.params for name in p.opts} | {
    "--debug",
    "--version",
    "--help",
}


def blocks(documents: dict[str, str], language: str) -> list[tuple[str, str]]:
    """(document, text) of every fenced block in a language."""
    return [
        (path, text)
        for path, page in documents.items()
        for tag, text in BLOCK.findall(page)
        if tag == language
    ]


def spans(documents: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (path, span) for path, page in documents.items() for span in SPAN.findall(ANY_BLOCK.sub("", page))
    ]


def commands_of(shell: str) -> Iterator[list[str]]:
    """The simple commands of a script, without redirections.

    >>> list(commands_of("cat a | x --b 'c d' > e && make f  # g"))
    [['cat', 'a'], ['x', '--b', 'c d'], ['make', 'f']]
    """
    for line in shell.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.wordchars += ","  # a shell does not part words there
        words: list[str] = []
        redirected = False
        for word in lexer:
            if set(word) <= set("|&;"):
                yield words
                words = []
            elif set(word) <= set("<>"):
                redirected = True
            elif redirected:
                redirected = False
            else:
                words.append(word)
        if words:
            yield words


def fault(words: list[str], root: Path, *, whole: bool = True) -> str | None:
    """What is wrong with a command of ours; None if nothing, or if it is not ours.

    Args:
        whole: required arguments must be there as well.
    """
    program, *rest = [word for word in words if word not in ("--debug", "...")]
    if program == "make":
        targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
        return next((f"make has no target {t}" for t in rest if "=" not in t and t not in targets), None)
    if Path(program).name != "crosslight" or not rest or rest[0] in OPTIONS:
        return None
    verb, *args = rest
    if verb.isupper():
        return None
    if verb not in COMMANDS:
        return f"there is no command {verb}"
    command = COMMANDS[verb]
    try:
        if whole:
            command.make_context(verb, [*args])
        else:
            command.make_parser(command.context_class(command, info_name=verb)).parse_args([*args])
    except Exception as error:
        said = error.format_message() if hasattr(error, "format_message") else str(error)
        return f"{' '.join(words)}: {said}"
    wishes = [assignment(args[i + 1]) for i, arg in enumerate(args) if arg == "--set"]
    pairs = [args[i + 1] for i, arg in enumerate(args) if arg == "--pairs"]
    run_config(merge({"train": {"minutes": 1}, "data": {"pairs": pairs}}, *wishes), "the document")
    return None


def test_every_command_in_a_code_block_can_be_given(root: Path, documents: dict[str, str]) -> None:
    shells = [(path, words) for path, text in blocks(documents, "sh") for words in commands_of(text)]
    assert sum(words[0] == "crosslight" for _, words in shells) > 20
    faults = [f"{path}: {problem}" for path, words in shells if (problem := fault(words, root))]
    assert not faults, "\n" + "\n".join(faults)


def test_every_command_in_a_sentence_exists(root: Path, documents: dict[str, str]) -> None:
    faults = []
    for path, span in spans(documents):
        if span.startswith(("crosslight ", "make ")):
            problem = fault(shlex.split(span), root, whole=False)
        elif span.startswith("--set "):
            problem = fault(["crosslight", "train", *shlex.split(span)], root)
        elif option := OPTION.match(span):
            problem = None if option[0] in OPTIONS else f"no command has the option {span}"
        else:
            problem = None
        faults += [f"{path}: {problem}"] if problem else []
    assert not faults, "\n" + "\n".join(faults)


def test_every_setting_named_exists(documents: dict[str, str]) -> None:
    named = [(path, match) for path, span in spans(documents) if (match := SETTING.fullmatch(span))]
    assert len(named) > 20
    for path, match in named:
        section: Any = RunConfig.model_fields[match[1]].annotation
        kinds = MODEL_CONFIGS.values() if match[1] == "model" else [section]
        assert any(match[2] in kind.model_fields for kind in kinds), f"{path}: {match[0]}"


def test_every_settings_file_shown_lies_over_the_base_preset(documents: dict[str, str]) -> None:
    shown = blocks(documents, "toml")
    assert shown
    for path, text in shown:
        run_config(merge(tomllib.loads(preset_text("base")), tomllib.loads(text)), path)


def test_the_version_is_the_same_everywhere(root: Path) -> None:
    citation = (root / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {crosslight.__version__}\n" in citation
    assert f"## [{crosslight.__version__}]" in (root / "CHANGELOG.md").read_text("utf-8")


def test_public_names_in_the_readme(documents: dict[str, str]) -> None:
    sentence = re.search(r"Public names: (.*?)\.\n", documents["README.md"], re.DOTALL)
    assert sentence
    assert set(SPAN.findall(sentence[1])) == set(crosslight.__all__) - {"__version__"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run whose model has learned nothing, and a test set."""
    directory = tmp_path_factory.mktemp("reader")
    pairs = list(read_tsv(sample_file("handwritten.test.tsv")))[:40]
    subword = Subword.train([side for pair in pairs for side in (pair.src, pair.tgt)], 400)
    shape = {"d_model": 16, "d_ff": 16, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1}
    config = run_config({"model": shape, "decode": {"max_extra": 4}}, "the test")
    torch.manual_seed(0)
    model = build_model(config.model, subword.vocab_size, subword.vocab_size, PAD_ID)
    facts = Facts("fr", "en", n_pairs=1, longest_src=64, sentences_per_line=1.0, steps=1, minutes=0.1)
    save_bundle(Bundle(config, subword, subword, model, facts), directory / "runs" / "demo" / "bundle")
    for name, sides in (("test.fr", [p.src for p in pairs[:3]]), ("test.en", [p.tgt for p in pairs[:3]])):
        (directory / name).write_text("".join(f"{side}\n" for side in sides), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def printed(documents: dict[str, str], place: Path) -> dict[str, str]:
    """All Python that is shown, and what it prints in that directory."""
    outputs = {}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with contextlib.chdir(place):
        for path, text in blocks(documents, "python"):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, path, "exec"), {"__name__": "shown"})
            outputs[text] = out.getvalue()
    torch.set_num_threads(threads)
    return outputs


def test_all_python_shown_runs(printed: dict[str, str]) -> None:
    assert len(printed) > 4
    for text, output in printed.items():
        assert output, f"prints nothing:\n{text}"


def test_the_training_step_shown_learns(printed: dict[str, str]) -> None:
    (output,) = [output for text, output in printed.items() if "training_step(" in text]
    losses = [float(line.split()[1]) for line in output.splitlines()]
    assert len(losses) >= 5
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize(
    ("shell", "problem"),
    [
        ("make nothing", "make has no target nothing"),
        ("crosslight fly", "there is no command fly"),
        ("crosslight train --nothing 3", "nothing"),
        ("crosslight train --minutes soon", "minutes"),
        ("echo x | crosslight translate", "bundle"),
        ("crosslight align runs/mine more", "more"),
    ],
)
def test_a_fault_is_found(root: Path, shell: str, problem: str) -> None:
    (found,) = [f for words in commands_of(shell) if (f := fault(words, root))]
    assert problem in found.lower()


def test_a_wrong_setting_is_found(root: Path) -> None:
    with pytest.raises(crosslight.CrosslightError, match="unknown key"):
        fault(["crosslight", "train", "--set", "model.dropuot=0.1"], root)
