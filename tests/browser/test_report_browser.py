"""The report in a real browser: nothing is an error, and the pointer finds the numbers of the run.

Skipped where Chromium is not installed (`apt-get install chromium`).
"""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from crosslight.report.page import report_page
from crosslight.report.run import read_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
LOOK = ["--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

POINT = """<script>
const plot = document.querySelector(".plot"), box = plot.getBoundingClientRect();
plot.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + box.width * 0.5}));
</script></body>"""


@pytest.mark.slow
def test_the_pointer_finds_the_numbers(tiny_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    rows = [
        {"kind": "valid", "step": 10 * i, "seconds": 60.0 * i, "tokens": i, "loss": 8.0 / i, "chrF": 1.5 * i}
        for i in range(1, 9)
    ]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = tmp_path / "page.html"
    page.write_text(report_page(read_run(run)).replace("</body>", POINT), encoding="utf-8")
    done = subprocess.run(
        [str(CHROMIUM), *OPTIONS, *LOOK, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert 'data-at="step 40 · 4.0 min"' in html.unescape(done.stdout)
    legends = re.findall(r'<p class="legend">(.*?)</p>', done.stdout)
    assert re.findall(r"<b>(.*?)</b>", legends[0]) == ["2"], "8 / 4"
    assert re.findall(r"<b>(.*?)</b>", legends[1]) == ["6"], "1.5 · 4, in the other chart too"
