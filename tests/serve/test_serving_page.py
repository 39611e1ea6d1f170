"""docs/serving.md: every curl line answers what stands below it; the limits are those of the program."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from crosslight.serve.settings import Limits

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```sh\n(curl .*?)^```\n(?:```json\n(.*?)^```)?", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not there")
@pytest.mark.parametrize(("line", "answer"), SHOWN, ids=range(len(SHOWN)))
def test_what_is_shown_is_answered(real, line, answer):
    own = line.replace("localhost:5000", f"127.0.0.1:{real.port}").replace("curl -s", "curl -s -m 100 --fail")
    done = subprocess.run(["bash", "-c", own], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if answer:
        assert found == json.loads(answer)


def test_lines_are_read():
    """A checker that reads nothing finds nothing."""
    assert len(SHOWN) == 5
    assert sum(bool(answer) for _, answer in SHOWN) == 3


def test_the_limits_are_those_of_the_program():
    rows = re.findall(r"^\| `(\w+)` \| ([\d,.]+) \| (.+) \|$", PAGE, re.MULTILINE)
    fields = Limits.model_fields
    assert [(name, float(value.replace(",", "")), text) for name, value, text in rows] == [
        (name, float(field.default), field.description) for name, field in fields.items()
    ]
