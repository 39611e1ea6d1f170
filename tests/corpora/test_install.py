"""From an archive to two aligned files: what is made, what is refused, what is left alone."""

import bz2
import errno
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from crosslight.corpora import disk
from crosslight.corpora import install as installing
from crosslight.corpora.catalog import Corpus, find_corpus
from crosslight.corpora.install import install
from crosslight.corpora.languages import parse_pair
from crosslight.errors import DownloadError

ZIP = "/OPUS-Tatoeba/v2023-04-12/moses/en-fr.txt.zip"
FRENCH = "Le chat dort.\nIl pleut.\nÇa va ?\n"
ENGLISH = "The cat sleeps.\nIt rains.\nHow are you?\n"


def corpus(server, pair="fr-en", name="Tatoeba") -> Corpus:
    places = {"opus_url": f"{server.url}/opusapi/", "tatoeba_url": f"{server.url}/exports"}
    return find_corpus(parse_pair(pair), name, **places)


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_two_files_license_and_sums(opus, folder: Path):
    done = install(corpus(opus), folder)
    assert (done.src, done.tgt) == (folder / "Tatoeba.fr-en.fr", folder / "Tatoeba.fr-en.en")
    assert done.src.read_text(encoding="utf-8") == FRENCH
    assert done.tgt.read_text(encoding="utf-8") == ENGLISH
    assert (done.n_pairs, done.was_there) == (3, False)
    terms = done.license.read_text(encoding="utf-8")
    for part in (
        "license: CC BY 2.0 FR",
        f"from: {opus.url}{ZIP}",
        "==> LICENSE <==\nCC-BY 2.0 FR",
        "==> README",
    ):
        assert part in terms
    assert left(folder) == {f"Tatoeba.fr-en.{end}" for end in ("fr", "en", "LICENSE.txt", "sha256")}, (
        "no archive and no part is left"
    )


def test_sums_can_be_checked_with_the_usual_tool(opus, folder: Path):
    install(corpus(opus), folder)
    done = subprocess.run(
        ["sha256sum", "-c", "Tatoeba.fr-en.sha256"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Tatoeba.fr-en.fr: OK\nTatoeba.fr-en.en: OK\n"
    record = (folder / "Tatoeba.fr-en.sha256").read_text()
    assert hashlib.sha256(opus.files[ZIP]).hexdigest() in record


def test_the_other_direction_is_the_same_archive(opus, folder: Path):
    there, back = install(corpus(opus, "fr-en"), folder), install(corpus(opus, "en-fr"), folder)
    assert back.src.name == "Tatoeba.en-fr.en"
    assert back.src.read_bytes() == there.tgt.read_bytes()
    assert back.tgt.read_bytes() == there.src.read_bytes()


def test_asking_twice_downloads_once(opus, folder: Path):
    first, second = install(corpus(opus), folder), install(corpus(opus), folder)
    assert opus.asked().count(ZIP) == 1
    assert second.was_there
    assert (second.src, second.tgt, second.n_pairs) == (first.src, first.tgt, first.n_pairs)


def test_a_newer_version_replaces_an_untouched_older_one(opus, folder: Path, make_zip):
    install(corpus(opus), folder)
    entry = json.loads(opus.files["/opusapi/"])["corpora"][1]
    entry |= {"version": "v2024-01-01", "url": f"{opus.url}/new.zip"}
    opus.put("/opusapi/", json.dumps({"corpora": [entry]}).encode())
    opus.put("/new.zip", make_zip({"T.en-fr.en": "new\n", "T.en-fr.fr": "neuf\n"}))
    assert install(corpus(opus), folder).src.read_text() == "neuf\n"


def test_what_somebody_changed_is_not_overwritten(opus, folder: Path):
    done = install(corpus(opus), folder)
    done.src.write_text("mine\n")
    with pytest.raises(
        DownloadError, match=r"Tatoeba\.fr-en\.fr is there already and is not what a download left"
    ):
        install(corpus(opus), folder)
    assert done.src.read_text() == "mine\n"


def test_a_version_whose_archive_changed_is_refused(opus, folder: Path, make_zip):
    done = install(corpus(opus), folder)
    done.src.unlink()
    opus.put(ZIP, make_zip({"T.en-fr.en": "forged\n", "T.en-fr.fr": "faux\n"}), '"v2"')
    with pytest.raises(DownloadError, match=r"en-fr\.txt\.zip has the sha256 .*; expected") as caught:
        install(corpus(opus), folder)
    assert ".sha256" in caught.value.cure
    (folder / "Tatoeba.fr-en.sha256").unlink()
    done.tgt.unlink()
    assert install(corpus(opus), folder).tgt.read_text() == "forged\n"


def test_a_cut_download_goes_on(opus, folder: Path):
    opus_list = corpus(opus)
    opus.cut_after = 100
    with pytest.raises(DownloadError, match="stopped after 100 of"):
        install(opus_list, folder)
    assert install(opus_list, folder).n_pairs == 3
    assert "bytes=100-" in opus.ranges_asked()


@pytest.mark.parametrize("name", ["../evil.en-fr.fr", "a/../../x", "/etc/x", "C:\\x", "..\\x", "\\x"])
def test_members_that_leave_the_folder_are_refused(opus, folder: Path, make_zip, name):
    opus.put(ZIP, make_zip({"T.en-fr.en": "a\n", "T.en-fr.fr": "b\n", name: "evil\n"}))
    with pytest.raises(DownloadError, match="which leaves the folder it is unpacked in"):
        install(corpus(opus), folder)
    assert left(folder) == set()
    assert {path.name for path in folder.parent.iterdir()} == {"data"}


def test_unequal_line_counts(opus, folder: Path, make_zip):
    opus.put(ZIP, make_zip({"T.en-fr.en": "a\nb\n", "T.en-fr.fr": "a\n"}))
    with pytest.raises(DownloadError, match=r"not aligned: T\.en-fr\.fr has 1 lines, T\.en-fr\.en has 2"):
        install(corpus(opus), folder)
    assert left(folder) == set()


def test_only_newlines_end_lines(opus, folder: Path, make_zip):
    opus.put(ZIP, make_zip({"T.en-fr.en": "a\u2028\x85\x0c\rb\nlast", "T.en-fr.fr": "a\nlast\n"}))
    assert install(corpus(opus), folder).n_pairs == 2


@pytest.mark.parametrize(
    ("members", "count"),
    [({"README": "x"}, 0), ({"A.en-fr.fr": "x\n", "B.en-fr.fr": "x\n", "A.en-fr.en": "x\n"}, 2)],
)
def test_sides_that_cannot_be_told(opus, folder: Path, make_zip, members, count):
    opus.put(ZIP, make_zip(members))
    with pytest.raises(DownloadError, match=rf"has {count} members that end in \.fr-en\.fr or \.en-fr\.fr"):
        install(corpus(opus), folder)


def damaged(content: bytes) -> bytes:
    """The same archive with one byte of its longest text turned over: only the sum inside can tell."""
    at = content.index(b"Tatoeba.en-fr.en") + 25
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


@pytest.mark.parametrize("spoil", [lambda zipped: b"<html>busy</html>", lambda zipped: zipped[:-30], damaged])
def test_a_damaged_archive_is_refused_and_not_kept(opus, folder: Path, moses_zip, spoil):
    opus.put(ZIP, spoil(moses_zip))
    with pytest.raises(DownloadError, match=r"en-fr\.txt\.zip is not a whole zip archive"):
        install(corpus(opus), folder)
    assert left(folder) == set()
    opus.put(ZIP, moses_zip)
    assert install(corpus(opus), folder).n_pairs == 3


def test_full_disk_while_unpacking_keeps_the_archive(opus, folder: Path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(installing, "_unpack", full)
        with pytest.raises(DownloadError, match="the disk is full"):
            install(corpus(opus), folder)
    assert left(folder) == {"Tatoeba.fr-en.v2023-04-12.en-fr.txt.zip"}
    assert install(corpus(opus), folder).n_pairs == 3
    assert opus.asked().count(ZIP) == 1


def test_both_files_or_none(folder: Path):
    def write_half():
        with disk.appearing_together(folder / "a", folder / "b") as (a, _):
            a.write(b"half")
            raise ZeroDivisionError

    folder.mkdir()
    with pytest.raises(ZeroDivisionError):
        write_half()
    assert left(folder) == set()


def test_tatoeba_export_is_joined_by_its_links(opus, folder: Path):
    done = install(corpus(opus, name="Tatoeba-export"), folder)
    assert done.src.read_text(encoding="utf-8").splitlines() == ["Salut.", "Salut.", "Ça va ?"]
    assert done.tgt.read_text(encoding="utf-8").splitlines() == ["Hi.", "Hello.", "How are you?"]
    assert done.n_pairs == 3, "a link to a deleted sentence makes no pair"
    assert "tatoeba.org by its contributors" in done.license.read_text()
    assert left(folder) == {f"Tatoeba-export.fr-en.{end}" for end in ("fr", "en", "LICENSE.txt", "sha256")}


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (bz2.compress(b"11\t99\n"), "links no sentences"),
        (bz2.compress(b"11\t21\n")[:-4], "not a whole bzip2 file"),
        (b"<html>", "not a whole bzip2 file"),
        (bz2.compress(b"11\t21\nhello\n"), r"line 2 is b'hello\\n'; expected 2 columns"),
    ],
)
def test_export_that_is_damaged(opus, folder: Path, links, message):
    opus.put("/exports/fra/fra-eng_links.tsv.bz2", links)
    with pytest.raises(DownloadError, match=message):
        install(corpus(opus, name="Tatoeba-export"), folder)
    assert left(folder) == set()
