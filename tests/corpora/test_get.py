"""`crosslight get` as people call it: what is on stdout, what is on stderr, and what is on the disk."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crosslight.cli import get as command
from crosslight.corpora.catalog import UNKNOWN_LICENSE, Corpus
from crosslight.corpora.languages import parse_pair
from crosslight.errors import DownloadError


@pytest.fixture
def run(opus, monkeypatch, tmp_path: Path):
    """Run the command in an empty folder, against the local server."""
    app = typer.Typer()
    app.command()(command.get)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, places=True):
        urls = ["--url", f"{opus.url}/opusapi/", "--tatoeba-url", f"{opus.url}/exports"] if places else []
        result = CliRunner().invoke(app, [*arguments, *urls])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_alone_it_explains(run, opus):
    result = run(places=False)
    assert "crosslight get fr-en --corpus Tatoeba -o data/" in result.stdout
    assert "license" in result.stdout
    assert opus.requests == []


def test_a_pair_is_listed_for_a_pipe(run):
    rows = [line.split("\t") for line in run("fra-eng").stdout.splitlines()]
    assert rows[0] == ["corpus", "version", "pairs", "download", "license"]
    assert rows[1] == ["Europarl", "v8", "2,051,014", "209.7 MB", "no known copyright restrictions"]
    assert rows[3][:4] == ["Books", "v1", "?", "size unknown"]
    assert len(rows) == 5


def test_a_pair_is_listed_for_people(monkeypatch, capsys):
    corpus = Corpus("Europarl", "v8", parse_pair("fr-en"), "moses", ("x",), UNKNOWN_LICENSE, 5, None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    command._show_list([corpus])
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].split() == ["Europarl", "v8", "?", "5", "B", *UNKNOWN_LICENSE.split()]
    assert "crosslight get fr-en --corpus Europarl" in shown.err


def test_download(run):
    result = run("fr-en", "--corpus", "tatoeba", "-o", "my data")
    assert result.stdout.splitlines() == ["my data/Tatoeba.fr-en.fr", "my data/Tatoeba.fr-en.en"]
    for path in result.stdout.splitlines():
        assert len(Path(path).read_text(encoding="utf-8").splitlines()) == 3
    lines = result.stderr.splitlines()
    assert lines[0] == "Tatoeba v2023-04-12, fr-en, 12.3 kB. License: CC BY 2.0 FR", "before the download"
    assert "3 pairs downloaded; license and notices: my data/Tatoeba.fr-en.LICENSE.txt" in lines
    assert lines[-1] == (
        "next: crosslight train --src 'my data/Tatoeba.fr-en.fr' --tgt 'my data/Tatoeba.fr-en.en'"
    )


def test_progress_is_plain_lines_where_there_is_no_terminal(run, opus):
    result = run("fr-en", "--corpus", "Tatoeba")
    size = len(opus.files["/OPUS-Tatoeba/v2023-04-12/moses/en-fr.txt.zip"])
    assert f"{size} B of {size} B, " in result.stderr
    assert "\x1b" not in result.stderr


def test_a_second_time_nothing_is_downloaded(run):
    first, second = run("fr-en", "-c", "Tatoeba"), run("fr-en", "-c", "Tatoeba")
    assert first.stdout == second.stdout
    assert "3 pairs were there already" in second.stderr


def test_errors_reach_the_caller(run):
    with pytest.raises(DownloadError, match="no corpus 'nothing'"):
        run("fr-en", "--corpus", "nothing")
    with pytest.raises(DownloadError, match="not a language pair"):
        run("french")


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(None, "size unknown"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_288, "12.3 kB"),
     (209_715_200, "209.7 MB"), (3_210_000_000, "3.2 GB"), (5_000_000_000_000, "5000.0 GB")],
)  # fmt: skip
def test_sizes(n_bytes, text):
    assert command._size(n_bytes) == text


def test_torch_is_not_loaded():
    code = "import sys, crosslight.cli.get as g; g.get(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
