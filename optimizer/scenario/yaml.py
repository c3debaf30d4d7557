"""YAML 1.2 in and out: plain data, with the line and column of every key and value.

The text is read as events, and nothing else: no tags, no anchors, no aliases, no key twice, bounded size and depth.
Plain words become null, booleans or numbers by the core schema of YAML 1.2.2 (section 10.3.2) alone: ``no``, ``21:00``
and ``2026-11-23`` stay text. A number with a point or an exponent becomes a :class:`~decimal.Decimal`, exactly as
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter

from optimizer.errors import Finding, ScenarioError, cut

LARGEST = 1_000_000
"""Most bytes of a scenario file."""
DEEPEST = 20
"""Deepest nesting of a scenario file."""

Step = str | int
Path = tuple[Step, ...]
"""Keys and list positions from the top."""
Position = tuple[int, int]
"""Line and column, from 1."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 1_000
_LONGEST_PLAIN = 30


@dataclass(frozen=True)
class Document:
    """What a file says.

    Parameters
    ----------
    data : dict
        Mappings, lists, text, numbers, booleans and None. Never changed.
    keys, values : dict
        Where each key and each value stands, by path. Empty for data that was not read from text.
    """

    data: dict[str, Any]
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)


def decode(raw: bytes, file: str) -> str:
    """Return the text of a file that must be UTF-8 (a byte order mark is skipped).

    Raises
    ------
    ScenarioError
        Too large, or in another encoding.
    """
    if len(raw) > LARGEST:
        raise ScenarioError(
            f"the file has {len(raw):,} bytes, more than {LARGEST:,}", where=file, fix="put long lists into a table"
        )
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        if raw.startswith(mark):
            raise ScenarioError("the file is in UTF-16", where=file, fix="save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise ScenarioError(
            f"byte 0x{raw[error.start]:02x} is not UTF-8",
            where=f"{file}, line {line}, column {column}",
            fix="save it as UTF-8 (it may be in Latin-1 or Windows-1252)",
        ) from None


def read(text: str, file: str) -> Document:
    """Read the text of a scenario file.

    Raises
    ------
    ScenarioError
        Everything that is refused, at once; after an error of syntax nothing more is read.
    """
    if len(text) > LARGEST:
        raise ScenarioError(f"more than {LARGEST:,} characters", where=file, fix="put long lists into a table")
    reader = _Reader(file)
    try:
        data = reader.document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reader.refuse((mark.line + 1, mark.column + 1), f"this is not YAML: {error.problem}", _yaml_fix(error.problem))
        data = {}
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        reader.refuse((line, column), "a control character", "delete it and type the text again")
        data = {}
    except YAMLError as error:
        raise ScenarioError(
            f"this is not YAML: {cut(error)}", where=file, fix="check quotes, brackets and indentation"
        ) from None
    if reader.findings:
        raise ScenarioError(reader.findings)
    return Document(data, reader.keys, reader.values)


def scalar(text: str) -> Any:
    """Return what a plain word means.

    Raises
    ------
    ValueError
        A number with more than a thousand digits.
    """
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _NO_NUMBER.fullmatch(text):
        return float(text.replace(".", "", 1))
    if not (_WHOLE.fullmatch(text) or _DECIMAL.fullmatch(text)):
        return text
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number with more than a thousand digits\nMaybe put it in quotes")
    return int(text, 0 if text[:2] in ("0o", "0x") else 10) if _WHOLE.fullmatch(text) else Decimal(text)


def _yaml_fix(problem: str | None) -> str:
    problem = problem or ""
    if "mapping values" in problem:
        return "put the text in quotes: it has a colon and a blank in it"
    if "\\t" in problem:
        return "indent with blanks instead of tabs"
    if "end of stream" in problem or "expected ','" in problem:
        return "a quote or a bracket is not closed"
    return "put the text in quotes, or check the indentation"


class _Reader:
    """Builds plain data from events, and notes all that is refused."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Path, Position] = {}
        self.values: dict[Path, Position] = {}
        self.findings: list[Finding] = []

    def refuse(self, at: Position, what: str, fix: str = "") -> None:
        self.findings.append(Finding("scenario", f"{self.file}, line {at[0]}, column {at[1]}", what, fix))

    def document(self, events: Iterator[Any]) -> dict[str, Any]:
        found: Any = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(_at(event), "a second document", "keep one scenario per file")
                    break
                if event.version not in (None, (1, 2)):
                    self.refuse(_at(event), "the file says that it is YAML 1.1", "leave out the %YAML line")
            elif isinstance(event, MappingStartEvent):
                found = self.node(event, events, ())
            elif isinstance(event, ScalarEvent | SequenceStartEvent | AliasEvent):
                kind = "a list" if isinstance(event, SequenceStartEvent) else "text"
                self.refuse(_at(event), f"the file holds {kind}, not keys with values", "start with 'version: 1'")
                return {}
        if found is None and not self.findings:
            raise ScenarioError("the file is empty", where=self.file, fix="contactopt init writes one to start from")
        return found or {}

    def node(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        self.values[path] = _at(event)
        if isinstance(event, AliasEvent):
            self.refuse(_at(event), f"an alias (*{event.anchor})", "write the value out")
            return None
        if event.tag is not None:
            self.refuse(_at(event), f"a tag ({cut(event.tag)})", "write the value without it")
        if event.anchor is not None:
            self.refuse(_at(event), f"an anchor (&{event.anchor})", "write the value out where it is needed")
        if isinstance(event, ScalarEvent):
            return self.scalar(event)
        if len(path) >= DEEPEST:
            self.refuse(_at(event), f"nested deeper than {DEEPEST}", "a bracket is not closed")
            raise ScenarioError(self.findings)
        return self.mapping(events, path) if isinstance(event, MappingStartEvent) else self.sequence(events, path)

    def scalar(self, event: ScalarEvent) -> Any:
        if event.style is not None:
            return event.value
        try:
            return scalar(event.value)
        except ValueError as error:
            self.refuse(_at(event), *str(error).split("\nMaybe "))
            return None

    def sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        out: list[Any] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            out.append(self.node(event, events, (*path, len(out))))
        return out

    def mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            # A key is text as written, even where a value would be a number or a boolean.
            key = event.value if isinstance(event, ScalarEvent) else ""
            inner = (*path, key)
            if not isinstance(event, ScalarEvent):
                self.refuse(_at(event), "a key that is not text", "put it in quotes")
                self.node(event, events, inner)
            elif event.tag is not None or event.anchor is not None:
                self.refuse(_at(event), "a tag or an anchor on a key", "write the key alone")
            elif key in out:
                first = self.keys[inner][0]
                self.refuse(_at(event), f"the key '{cut(key)}' stands here twice (first in line {first})", "delete one")
            else:
                self.keys[inner] = _at(event)
            out[key] = self.node(next(events), events, inner)
        return out


def _at(event: Any) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1


class _Representer(SafeRepresenter):  # type: ignore[misc]
    """Leaves text bare only where it reads back as text."""

    def text(self, text: str) -> Any:
        try:
            plain = scalar(text) is text
        except ValueError:
            plain = False
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else "'")

    def decimal(self, number: Decimal) -> Any:
        short = not number or abs(number.adjusted()) <= _LONGEST_PLAIN
        return self.represent_scalar("tag:yaml.org,2002:float", f"{number:f}" if short else str(number))


_Representer.add_representer(str, _Representer.text)
_Representer.add_representer(Decimal, _Representer.decimal)


def write(data: Any) -> str:
    """Write plain data as YAML: the same data, the same bytes; :func:`read` returns it unchanged."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = 2**30
    out = StringIO()
    yaml.dump(data, out)
    return out.getvalue()
