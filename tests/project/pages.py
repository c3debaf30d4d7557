"""Pages that are run: their commands and their Python, held against what they say is shown.

A shell block (``console``) holds commands after ``$``, each followed by what it shows; a ``python`` block may be
followed by a ``text`` block of what it prints; a notebook's cells show their last expression. All of a page runs in one
empty folder. To write into pages what they show now, and then to read the difference::

    python -m tests.project.pages docs/tutorials/*
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.cli import main

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"^```console\n(?P<console>.*?)^```$|^```python\n(?P<code>.*?)^```$(?:\n\n```text\n(?P<text>.*?)^```$)?",
    flags=re.MULTILINE | re.DOTALL,
)
STEP = re.compile(r"^\$ (?P<command>.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", flags=re.MULTILINE)
PLAIN = re.compile(r"contactopt [^|&;<>$`*?\"']*$")
PROGRESS = re.compile(r"^✓ \w+ +[\d.,]+ \w+$|^  \w+: .*\([\d.,]+ \w+\)$")
MEASURED = re.compile(r"\d[\d.,]* +(?:s|ms|min|[KMG]iB)\b|[█░]+")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
LEFT_OUT = "…"
NEAR = 0.01
"""Another processor may stop at another plan within the asked gap, and at other prices."""


class Session:
    """An empty folder in which ``contactopt`` and ``python`` are this checkout's, and one Python that remembers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.environment = environment(folder)

    def shell(self, command: str) -> str:
        """Return what a command writes, talk and data together, less its progress."""
        written = self._contactopt(command) if PLAIN.match(command) else self._shell(command)
        lines = [line.rstrip() for line in written.splitlines() if not PROGRESS.match(line.rstrip())]
        return "\n".join(lines).strip("\n")

    def _shell(self, command: str) -> str:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        ).stdout

    def _contactopt(self, command: str) -> str:
        """Run a command without a shell and a process of its own: a second saved for each."""
        written = io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(written),
            contextlib.redirect_stderr(written),
            contextlib.suppress(SystemExit),
        ):
            main(shlex.split(command)[1:])
        return written.getvalue()

    def python(self, code: str) -> tuple[str, Any]:
        """Return what a block prints, and the value of the expression that it ends with, if it does."""
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        value, printed = None, io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            exec(compile(tree, "<page>", "exec"), self.names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<page>", "eval"), self.names)
        return "\n".join(line.rstrip() for line in printed.getvalue().splitlines()), value


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ``contactopt`` and ``python`` are this checkout's, wherever the tests run."""
    commands = folder / ".bin"
    commands.mkdir()
    for name, line in (
        ("contactopt", f'exec "{sys.executable}" "{ROOT / "cli.py"}" "$@"'),
        ("python", f'exec "{sys.executable}" "$@"'),
    ):
        (commands / name).write_text(f"#!/bin/sh\n{line}\n", "utf-8")
        (commands / name).chmod(0o755)
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}


def agree(shown: str, seen: str) -> bool:
    """Say whether a page's output is what was seen: words to the letter, figures within a hundredth.

    Times, memory and the length of bars are not compared. A line ``…`` of the page stands for any lines.
    """
    pattern = shown.splitlines()
    lines = seen.splitlines()
    if LEFT_OUT not in pattern:
        return len(pattern) == len(lines) and all(map(_agree, pattern, lines))
    cut = pattern.index(LEFT_OUT)
    if not agree("\n".join(pattern[:cut]), "\n".join(lines[:cut])):
        return False
    rest = "\n".join(pattern[cut + 1 :])
    return any(agree(rest, "\n".join(lines[at:])) for at in range(cut, len(lines) + 1))


def _agree(shown: str, seen: str) -> bool:
    shown, seen = (" ".join(MEASURED.sub("~", line).split()) for line in (shown, seen))
    if NUMBER.sub("#", shown) != NUMBER.sub("#", seen):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(seen), strict=True)
    return all(abs(_value(a) - _value(b)) <= max(NEAR * _value(a), _unit(a)) for a, b in pairs)


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def _unit(number: str) -> float:
    """Return half a unit of the last place of a figure with decimals: how far rounding moves it."""
    _, _, decimals = number.partition(".")
    return 0.5 * 10.0 ** -len(decimals) if decimals else 0.0


def replay(page: Path, folder: Path) -> str:
    """Run a page and return its text as it should be: what agrees with what was seen stays as it is."""
    session, text = Session(folder), page.read_text("utf-8")
    if page.suffix == ".ipynb":
        with pd.option_context("display.width", 120, "display.max_columns", 20):  # as wide as in a notebook
            return _notebook(text, session)
    return BLOCK.sub(lambda m: _block(m, session), text)


def _block(match: re.Match[str], session: Session) -> str:
    if match["console"] is not None:
        return f"```console\n{STEP.sub(lambda step: _step(step, session), match['console'])}```"
    printed, _ = session.python(match["code"])
    block = f"```python\n{match['code']}```"
    if match["text"] is None and not printed:
        return block
    kept = _kept((match["text"] or "").rstrip("\n"), printed)
    return f"{block}\n\n```text\n{kept}\n```"


def _step(step: re.Match[str], session: Session) -> str:
    shown = step["shown"].strip("\n")
    kept = _kept(shown, session.shell(step["command"]))
    last = step.end() == len(step.string)
    return f"$ {step['command']}\n" + (f"{kept}\n" if kept else "") + ("" if last else "\n")


def _kept(shown: str, seen: str) -> str:
    return shown if agree(shown, seen) else seen


def _notebook(text: str, session: Session) -> str:
    notebook = json.loads(text)
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    for count, cell in enumerate(cells, start=1):
        cell["execution_count"] = count
        source = "".join(cell["source"])
        printed, value = (session.shell(source[1:]), None) if source.startswith("!") else session.python(source)
        outputs = _outputs(printed, value, count)
        if len(outputs) != len(cell["outputs"]) or not all(map(_same_output, cell["outputs"], outputs)):
            cell["outputs"] = outputs
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _outputs(printed: str, value: Any, count: int) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    if printed:
        outputs.append({"name": "stdout", "output_type": "stream", "text": f"{printed}\n".splitlines(keepends=True)})
    if value is not None:
        data = {"text/plain": repr(value).splitlines(keepends=True)}
        if hasattr(value, "_repr_html_"):
            data["text/html"] = value._repr_html_().splitlines(keepends=True)
        outputs.append({"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"})
    return outputs


def _same_output(shown: dict[str, Any], seen: dict[str, Any]) -> bool:
    if shown["output_type"] != seen["output_type"]:
        return False
    a, b = (one.get("data") or {"text/plain": one["text"]} for one in (shown, seen))
    return a.keys() == b.keys() and all(agree("".join(a[key]), "".join(b[key])) for key in a)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as temporary:
            Path(name).write_text(replay(Path(name), Path(temporary)), "utf-8")
