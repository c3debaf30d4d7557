"""The page in a real browser, on a phone's width."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from optimizer.report import render
from tests.report.fakes import plan

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE = 360
MEASURE = """
<iframe id="page" style="width: {width}px; height: 800px; border: 0" srcdoc="{page}"></iframe>
<script>
  addEventListener("load", () => {{
    const inside = document.getElementById("page").contentDocument.documentElement;
    document.title = "width " + inside.scrollWidth;
  }});
</script>
"""


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_page_does_not_scroll_sideways_on_a_phone(tmp_path: Path) -> None:
    frame = tmp_path / "frame.html"
    frame.write_text(MEASURE.format(width=PHONE, page=html.escape(render(plan()))), "utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]
    done = subprocess.run([*command, frame.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    width = re.search(r"width (\d+)", done.stdout.split("</title>")[0])
    assert width
    assert int(width[1]) <= PHONE
