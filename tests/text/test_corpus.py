"""Files to pairs: the newline rule, damage, and two files of different length."""

import gzip
import io
import lzma
import os
import random
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.errors import CorpusError
from crosslight.text import corpus
from crosslight.text.corpus import (
    Pair,
    check_parallel,
    read_lines,
    read_pairs,
    read_parallel,
    read_tsv,
    sample_lines,
)


def write(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# --- lines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\f", "\v", "\r", "\x1c", "\x1e", "\0", "\x07"])
def test_only_line_feeds_end_a_line(tmp_path: Path, sign: str) -> None:
    path = write(tmp_path / "a", f"one{sign}two\nthree{sign}\r\n{sign}four")
    assert list(read_lines(path)) == [f"one{sign}two", f"three{sign}", f"{sign}four"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ("", []),
        ("\n", [""]),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\n", ["a", ""]),
        ("a\r\nb\n", ["a", "b"]),
        ("a\r\r\nb\r", ["a\r", "b\r"]),
        ("\ufeffa\n\ufeffb", ["a", "\ufeffb"]),
        ("  a \t\n", ["  a \t"]),
    ],
)
def test_line_ends(tmp_path: Path, data: str, lines: list[str]) -> None:
    assert list(read_lines(write(tmp_path / "a", data))) == lines


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))))
def test_written_lines_come_back(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    lines = ["first", *lines]  # a file that begins with U+FEFF begins with a byte order mark
    path = tmp_path_factory.mktemp("lines") / "a"
    assert list(read_lines(write(path, "".join(f"{line}\n" for line in lines)))) == lines
    assert list(read_lines(write(path, "\r\n".join(lines) + "\r\n"))) == lines


def test_compressed_files_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = "été\nhiver\n".encode()
    plain, gz, xz = (
        write(tmp_path / name, packed)
        for name, packed in [("a", data), ("a.gz", gzip.compress(data)), ("a.xz", lzma.compress(data))]
    )
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))
    for source in (plain, str(gz), xz, "-"):
        assert list(read_lines(source)) == ["été", "hiver"]


def test_reading_needs_no_more_memory_for_more_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "a sentence of some length\n" * 200_000)
    tracemalloc.start()
    assert sum(1 for _ in read_lines(path)) == 200_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000  # the file has 5 million bytes


# --- lines that cannot be read ----------------------------------------------------------------


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path / "latin", "ok\naé".encode("latin1"))
    with pytest.raises(
        CorpusError, match=r"line 2 of .*latin is not UTF-8: byte 0xe9 at byte offset 1"
    ) as error:
        list(read_lines(path))
    assert "iconv -f latin1 -t utf-8" in error.value.cure
    # An encoded surrogate is no UTF-8 either.
    with pytest.raises(CorpusError, match="0xed at byte offset 0"):
        list(read_lines(write(tmp_path / "cesu", b"\xed\xa0\x80")))


def test_utf16_is_recognized_for_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="0xff") as error:
        list(read_lines(write(tmp_path / "a", "hello\n".encode("utf-16"))))
    assert "iconv -f utf-16" in error.value.cure


def test_an_endless_line_is_refused_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "MAX_LINE_BYTES", 10)
    assert list(read_lines(write(tmp_path / "a", "123456789\n" + "1234567890"))) == [
        "123456789",
        "1234567890",
    ]
    with pytest.raises(CorpusError, match=r"line 2 of .* is longer than 10 bytes"):
        list(read_lines(write(tmp_path / "a", "1\n" + "x" * 99)))


def test_a_missing_file_suggests_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "train.en.gz", b"")
    with pytest.raises(CorpusError, match=r"train\.en does not exist") as error:
        list(read_lines(tmp_path / "train.en"))
    assert error.value.cure == f"did you mean {tmp_path / 'train.en.gz'}?"
    with pytest.raises(CorpusError) as error:
        list(read_lines(tmp_path / "xyz"))
    assert "similar name" in error.value.cure
    with pytest.raises(CorpusError) as error:
        list(read_lines(tmp_path / "nowhere" / "a"))
    assert f"the folder {tmp_path / 'nowhere'} does not exist" in error.value.cure


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is a folder, expected a text file"):
        list(read_lines(tmp_path))


TEXT = b"".join(b"line %d\n" % i for i in range(1000))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("cut.gz", gzip.compress(TEXT)[:-100]),
        ("cut.xz", lzma.compress(TEXT)[:-100]),
        ("plain.gz", TEXT),
        ("plain.xz", TEXT),
        ("flipped.gz", gzip.compress(TEXT)[:200] + b"\xff" * 50 + gzip.compress(TEXT)[250:]),
    ],
)
def test_a_damaged_archive(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(CorpusError, match=f"{name} is damaged or not a"):
        list(read_lines(write(tmp_path / name, data)))


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "a", "x")
    monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, who may read everything
    with pytest.raises(CorpusError, match="a cannot be read: Permission denied"):
        list(read_lines(path))


# --- two files --------------------------------------------------------------------------------


def test_parallel_files(tmp_path: Path) -> None:
    src, tgt = write(tmp_path / "a.fr", "un\u2028\n\ndeux\n"), write(tmp_path / "a.en", "one\nnothing\ntwo")
    pairs = [Pair("un\u2028", "one"), Pair("", "nothing"), Pair("deux", "two")]
    assert list(read_parallel(src, tgt)) == list(read_pairs((src, tgt))) == pairs
    assert check_parallel(src, tgt) == 3


def test_different_lengths_are_an_error_at_the_end_at_the_latest(tmp_path: Path) -> None:
    src, tgt = write(tmp_path / "a.fr", "un\ndeux\n"), write(tmp_path / "a.en", "one\n")
    pairs = read_parallel(src, tgt)
    assert next(pairs) == Pair("un", "one")
    with pytest.raises(CorpusError, match=r"a\.fr has 2 lines, .*a\.en has 1") as error:
        next(pairs)
    assert "They part" not in error.value.message  # two lines are no evidence
    with pytest.raises(CorpusError, match=r"a\.en has 1 lines, .*a\.fr has 2"):
        check_parallel(tgt, src)


def sentences(n: int) -> tuple[list[str], list[str]]:
    """Made-up translations: lengths vary from line to line, and agree to about a fifth."""
    chance = random.Random(7)
    src = [f"{i} " + "x" * int(chance.lognormvariate(3.5, 0.6)) for i in range(n)]
    tgt = [f"{i} " + "y" * round(len(line) * chance.lognormvariate(0.1, 0.2)) for i, line in enumerate(src)]
    return src, tgt


@pytest.mark.parametrize("at", [0, 3, 250, 400, 599])
@pytest.mark.parametrize("n_missing", [1, 5])
@pytest.mark.parametrize("side", ["src", "tgt"])
def test_the_place_where_lines_are_missing_is_found(
    tmp_path: Path, at: int, n_missing: int, side: str
) -> None:
    src, tgt = sentences(600)
    short = src if side == "src" else tgt
    del short[at : at + n_missing]
    files = write(tmp_path / "src", "\n".join(src)), write(tmp_path / "tgt", "\n".join(tgt))
    with pytest.raises(CorpusError, match="They part near line ") as error:
        check_parallel(*files)
    line = int(error.value.message.split("near line ")[1].split(":")[0])
    assert abs(line - (at + 1)) <= 4
    assert "missing on the other side" in error.value.cure


def test_the_first_of_several_gaps_is_found(tmp_path: Path) -> None:
    src, tgt = sentences(900)
    for at in (800, 500, 200):
        del tgt[at]
    files = write(tmp_path / "src", "\n".join(src)), write(tmp_path / "tgt", "\n".join(tgt))
    with pytest.raises(CorpusError, match=r"They part near line (19\d|20\d):"):
        check_parallel(*files)


def test_no_place_is_claimed_without_evidence(tmp_path: Path) -> None:
    src, tgt = sentences(600)
    random.Random(1).shuffle(tgt)
    files = write(tmp_path / "src", "\n".join(src)), write(tmp_path / "tgt", "\n".join(tgt[:-1]))
    with pytest.raises(CorpusError) as error:
        check_parallel(*files)
    assert "They part" not in error.value.message
    assert "align the files" in error.value.cure


def test_standard_input_serves_one_side_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a", "x\n")
    with pytest.raises(CorpusError, match="both sides are '-'"):
        next(read_parallel("-", "-"))
    with pytest.raises(CorpusError, match="standard input cannot be counted first"):
        check_parallel(path, "-")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"y\nz\n")))
    with pytest.raises(CorpusError, match="has 1 lines, standard input has 2"):
        list(read_parallel(path, "-"))


def test_a_named_pipe_is_read_but_never_counted_first(tmp_path: Path) -> None:
    path, pipe = write(tmp_path / "a", "x\n"), tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(CorpusError, match="pipe cannot be counted first"):
        check_parallel(path, pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"y\n",))
    writer.start()
    assert list(read_parallel(path, pipe)) == [Pair("x", "y")]
    writer.join()


# --- one file ---------------------------------------------------------------------------------


def test_tsv_takes_two_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "un\tone\r\ndeux \t two\tCC-BY\t7\n\t\n")
    pairs = [Pair("un", "one"), Pair("deux ", " two"), Pair("", "")]
    assert list(read_tsv(path)) == list(read_pairs(path)) == list(read_pairs(str(path))) == pairs


def test_tsv_without_a_tab(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"line 2 of .*a\.tsv has one column.*: 'deux two'"):
        list(read_tsv(write(tmp_path / "a.tsv", "un\tone\ndeux two\n")))


# --- samples ----------------------------------------------------------------------------------


def test_every_line_is_as_likely_in_a_sample() -> None:
    lines = [str(i) for i in range(1000)]
    samples = [sample_lines(iter(lines), 50, seed) for seed in range(400)]
    assert all(len(set(sample)) == 50 and set(sample) <= set(lines) for sample in samples)
    # The mean of numbers drawn evenly from 0 to 999, within four standard errors.
    chosen = [int(line) for sample in samples for line in sample]
    assert abs(sum(chosen) / len(chosen) - 499.5) < 4 * 288.7 / len(chosen) ** 0.5
    assert samples[3] == sample_lines(lines, 50, 3) != samples[4]
    assert sample_lines(lines, 1000, 0) == sample_lines(lines, 5000, 0) == lines
