"""`crosslight score`, and the options of `translate` that only torch knows."""

import subprocess
import sys

import pytest

SRC, REF = "Un chat dort.\n\nOù est la gare ?\n", "A cat sleeps.\n\nWhere is the station?\n"


def test_score_prints_a_number_for_every_line(command, tiny_run, tmp_path):
    (tmp_path / "a.fr").write_text(SRC)
    (tmp_path / "a.en").write_text(REF)
    result = command("score", tiny_run, "--src", tmp_path / "a.fr", "--ref", tmp_path / "a.en", "--tokens")
    assert result.code == 0, result.err
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert len(lines) == 3
    for total, each in lines:
        values = [float(value) for value in each.split(" ")]
        assert float(total) == pytest.approx(sum(values), abs=1e-2)
        assert all(value <= 0 for value in values)
    piped = command("score", tiny_run, "--src", "-", "--ref", tmp_path / "a.en", stdin=SRC.encode())
    assert [float(line) for line in piped.out.splitlines()] == [float(total) for total, _ in lines]
    (tmp_path / "a.en").write_text("one\n")
    assert command("score", tiny_run, "--src", tmp_path / "a.fr", "--ref", tmp_path / "a.en").code == 2


def test_translate_with_terms_and_partners(command, tiny_run, tmp_path):
    (tmp_path / "terms.tsv").write_text("# mine\nchat\tcat|cats\nchien\t!the\n")
    (tmp_path / "in.fr").write_text("Un chat dort.\nUn chien.\n")
    arguments = ["translate", tiny_run, "-i", tmp_path / "in.fr", "--terms", tmp_path / "terms.tsv"]
    result = command(*arguments, "--with", tiny_run)
    assert result.code == 0, result.err
    first, second = result.out.splitlines()
    assert "cat" in first or "terms not met in 1 line(s): 1 (cat|cats)" in result.err
    assert " the " not in f" {second} "


def test_a_lost_number_is_told_of(command, tiny_run):
    """The untrained model writes no digits."""
    result = command("translate", tiny_run, stdin=b"Un chat.\n12 chats et {nom}.\n")
    assert not {"12", "{nom}"} & set(result.out.split())
    assert "numbers, addresses or placeholders lost in 1 line(s): 2 (12, {nom})\n" in result.err


@pytest.mark.parametrize("line", ["chat", "chat\t", "\tcat", "chat\tcat\nchat\t!cat"])
def test_terms_that_cannot_be(command, tiny_run, tmp_path, line):
    (tmp_path / "terms.tsv").write_text(line + "\n")
    result = command("translate", tiny_run, "--terms", tmp_path / "terms.tsv", stdin=b"un chat\n")
    assert result.code == 2
    assert "term" in result.err


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (["--set", "min_length=9", "--set", "max_length=3"], "min_length = 9 is above max_length = 3"),
        (["--set", "beams=2"], "did you mean beam?"),
        (["--set", "decode.beam=2", "--n-best", "3"], "n_best is 3, but a beam of 2"),  # as `train` names it
        (["--beam", "2", "--n-best", "3"], "n_best is 3, but a beam of 2"),
        (["--with", "nowhere", "--engine", "ctranslate2"], "searches with one model"),
    ],
)
def test_settings_that_cannot_be(command, tiny_run, setting, message):
    result = command("translate", tiny_run, *setting, stdin=b"un chat\n")
    assert result.code == 2
    assert message in result.err


@pytest.mark.parametrize("engine", ["torch", "auto"])
def test_a_wider_beam_than_the_bundle_s_is_told_of_once(command, tiny_run, engine):
    """The bundle's beam is 4."""
    options = ["translate", tiny_run, "--engine", engine, "--scores"]
    text = b"Un chat.\n\nUn chien.\n"
    silent, told = (
        command(*options, "--n-best", "4", stdin=text),
        command(*options, "--n-best", "6", stdin=text),
    )
    assert "beam" not in silent.err
    assert told.err.count("beam: 6 instead of 4, for 6 translations of each line\n") == 1
    given = command(*options, "--n-best", "6", "--beam", "6", stdin=text)
    assert "beam" not in given.err
    assert given.out == told.out
    assert len(told.out.splitlines()) == 18


def test_a_pipe_is_answered_before_the_next_line(command, tiny_run, tmp_path):
    """Whoever waits for each answer gets it; and the answers are those for a file."""
    lines = ["Un chat dort.", "", "Où est la gare ?"]
    (tmp_path / "in.fr").write_text("\n".join(lines) + "\n")
    expected = command("translate", tiny_run, "-i", tmp_path / "in.fr", "--engine", "torch").out.splitlines()
    program = [sys.executable, "-c", "from crosslight.cli.main import main; main()"]
    with subprocess.Popen(
        [*program, "translate", str(tiny_run), "--engine", "torch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        for line, answer in zip(lines, expected, strict=True):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == answer + "\n"  # would wait for ever
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_given_beginning(command, tiny_run):
    result = command("translate", tiny_run, "--prefix", "The c", stdin=SRC.encode())
    assert result.code == 0, result.err
    first, empty, last = result.out.splitlines()
    assert first.startswith("The c")
    assert last.startswith("The c")
    assert not empty
    assert command("translate", tiny_run, "--prefix", "a\nb", stdin=b"un\n").code == 2


def test_alternatives(command, tiny_run):
    result = command("alternatives", tiny_run, "Un chat dort.", "--after", "The", "-n", "3")
    assert result.code == 0, result.err
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert len(rows) == 3
    assert [float(row[0]) for row in rows] == sorted((float(row[0]) for row in rows), reverse=True)
    assert all(text.startswith(f"The {word}".strip()) for _, word, text in rows)
    result = command("alternatives", tiny_run, "Un chat dort.\nUn chien dort.")
    assert result.code == 2
    assert "has 2 sentences" in result.err
