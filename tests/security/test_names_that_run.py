"""Names that a spreadsheet, a browser or a terminal would run are shown, and run nowhere."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from tests.bad_inputs.kit import HEADER, Bad
from tests.nights import Call

FORMULA = '=HYPERLINK("http://x";"y")'
SCRIPT = "<script>alert(1)</script>"
CODES = "\x1b[2J\x1b[31mred"


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def night_of(folder: Path, name: str) -> None:
    rows = f"C1,{quoted(name)},email,2026-11-23,0.5,10,1\nC2,{quoted(name)},sms,2026-11-24,0.25,20,0.5\n"
    rules = "- {name: each, total: contacts, for_each: offer, at_most: 9}\n- {name: few, distinct: offer, at_most: 3}"
    Bad("", 0, (), rules=rules, files={"candidates.csv": HEADER + rows}).write(folder)


def test_no_table_for_people_begins_a_cell_with_a_formula(night: Path, contactopt: Call) -> None:
    night_of(night, FORMULA)
    assert contactopt("run", "scenario.yaml", "--out", "plan").code == 5
    assert contactopt("deliver", "plan", "--by", "offer", "--out", "lists").code == 0
    tables = [*(night / "plan").glob("*.csv"), *(night / "lists").glob("*.csv")]
    assert len(tables) == 4
    seen = 0
    for path in tables:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for cell in (cell for row in csv.reader(file) for cell in row):
                seen += "HYPERLINK" in cell
                assert not re.match(r"[=+@\t\r]|-(?![\d.])", cell), (path, cell)
    assert seen >= 2


def test_a_script_in_a_name_stays_text_on_every_page(night: Path, contactopt: Call) -> None:
    night_of(night, SCRIPT)
    assert contactopt("run", "scenario.yaml", "--out", "plan").code == 5
    assert contactopt("compare", "plan", "plan", "--html", "compare.html").code == 0
    for page in ("plan/report.html", "compare.html"):
        text = (night / page).read_text()
        assert SCRIPT not in text
        assert "alert(1)" in text


def test_a_name_commands_no_terminal(night: Path, contactopt: Call) -> None:
    night_of(night, CODES)
    assert contactopt("run", "scenario.yaml", "--out", "plan").code == 5
    for asked in (
        ("run", "scenario.yaml", "--out", "plan"),
        ("audit", "plan"),
        ("compare", "plan", "plan"),
        ("explain", "plan", "--customer", "C1"),
        ("explain", "plan", "--offer", CODES),
        ("deliver", "plan", "--by", "offer", "--out", "lists"),
    ):
        shown = contactopt(*asked)
        assert shown.code in (0, 5), shown.err
        assert "\x1b[2J" not in shown.out + shown.err, asked
