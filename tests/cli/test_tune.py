"""`crosslight tune`: the choice is in the table, in the bundle, and what translating again gives."""

import re
import shutil

from crosslight.bundle import load_bundle


def test_the_choice_is_stored_and_nothing_else_changes(command, tiny_run, tmp_path):
    shutil.copytree(tiny_run / "bundle", tmp_path / "bundle")
    (tmp_path / "bundle" / "README.md").write_text("mine")
    before = load_bundle(tmp_path / "bundle")
    result = command("tune", tmp_path / "bundle", "--minutes", "0.01")
    assert result.code == 0, result.err
    chosen = re.search(r"chosen: beam = (\d+), penalty = (\w+), alpha = ([\d.]+)", result.out)
    assert chosen
    assert result.out.count("*") == 1
    after = load_bundle(tmp_path / "bundle")
    decode = after.config.decode
    assert (str(decode.beam), decode.penalty, str(decode.alpha)) == chosen.groups()
    rest = {"decode": before.config.decode}
    assert after.config.model_copy(update=rest) == before.config
    assert (tmp_path / "bundle" / "README.md").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle"]


def test_one_file_alone(command, tiny_run):
    result = command("tune", tiny_run, "--src", "a.fr")
    assert result.code == 2
    assert "--src and --ref come together" in result.err
