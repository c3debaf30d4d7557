"""What reaches the models from the text of a file, and what is refused before."""

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import ScenarioError
from optimizer.scenario.yaml import decode, read, scalar, write


def findings(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as refused:
        read(text, "s.yaml")
    return [(f.where, f.what) for f in refused.value.findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", Decimal("1e-4")),
        ("12.50", Decimal("12.50")),
        ("5000.0", Decimal("5000.0")),
        (".5", Decimal("0.5")),
        ("120000", 120000),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("true", True),
        ("FALSE", False),
        ("no", "no"),
        ("yes", "yes"),
        ("off", "off"),
        ("21:00-09:00", "21:00-09:00"),
        ("12:30", "12:30"),
        ("2026-11-23", "2026-11-23"),
        ("1_000", "1_000"),
        ("0..1", "0..1"),
        ("~", None),
        (".inf", float("inf")),
    ],
)
def test_plain_words_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = read(f"key: {text}", "s.yaml").data["key"]
    assert found == value
    assert type(found) is type(value)
    assert scalar(text) == value


def test_quoted_words_stay_text() -> None:
    assert read("a: '7'\nb: \"true\"\nc: |\n  1\n", "s.yaml").data == {"a": "7", "b": "true", "c": "1\n"}


def test_keys_are_text_as_written() -> None:
    assert read("007: a\ntrue: b\n1.50: c", "s.yaml").data == {"007": "a", "true": "b", "1.50": "c"}


def test_every_key_and_value_has_its_line_and_column() -> None:
    found = read("version: 1\nrules:\n  - {name: a, at_most: 3}\n  - name: b\n    at_most: 4\n", "s.yaml")
    assert found.keys["version",] == (1, 1)
    assert found.values["version",] == (1, 10)
    assert found.values["rules", 0] == (3, 5)
    assert found.keys["rules", 0, "at_most"] == (3, 15)
    assert found.values["rules", 1, "at_most"] == (5, 14)


def test_tags_anchors_aliases_and_repeated_keys_are_refused_all_at_once() -> None:
    text = "a: !!python/object:os.system x\nb: &anchor [1]\nc: *anchor\na: 2\n? [d]\n: 3\n"
    assert findings(text) == [
        ("s.yaml, line 1, column 4", "a tag (tag:yaml.org,2002:python/object:os.system)"),
        ("s.yaml, line 2, column 4", "an anchor (&anchor)"),
        ("s.yaml, line 3, column 4", "an alias (*anchor)"),
        ("s.yaml, line 4, column 1", "the key 'a' stands here twice (first in line 1)"),
        ("s.yaml, line 5, column 3", "a key that is not text"),
    ]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "s.yaml", "the file is empty"),
        ("# only a comment\n", "s.yaml", "the file is empty"),
        ("- a\n- b\n", "s.yaml, line 1, column 1", "the file holds a list, not keys with values"),
        ("just text", "s.yaml, line 1, column 1", "the file holds text, not keys with values"),
        ("a: 1\n---\nb: 2\n", "s.yaml, line 2, column 1", "a second document"),
        ("%YAML 1.1\n---\na: no\n", "s.yaml, line 2, column 1", "the file says that it is YAML 1.1"),
        ("a: b: c", "s.yaml, line 1, column 5", "this is not YAML: mapping values are not allowed here"),
        ("a: 1\nb: \x07", "s.yaml, line 2, column 4", "a control character"),
        ("a: " + "9" * 2_000, "s.yaml, line 1, column 4", "a number with more than a thousand digits"),
        ("<<: {a: 1}\n<<: {b: 1}", "s.yaml, line 2, column 1", "the key '<<' stands here twice (first in line 1)"),
    ],
)
def test_what_is_no_scenario_file_is_refused_with_its_place(text: str, where: str, what: str) -> None:
    assert findings(text) == [(where, what)]


def test_a_tab_gets_advice() -> None:
    with pytest.raises(ScenarioError, match="Maybe indent with blanks instead of tabs"):
        read("a:\n\t- b", "s.yaml")


@pytest.mark.parametrize("text", ["a: " + "[" * 3_000, "- " * 3_000, "a: " + "{b: " * 3_000], ids=["[", "-", "{"])
def test_deep_nesting_is_refused_quickly(text: str) -> None:
    begin = time.process_time()
    assert findings(text)
    assert time.process_time() - begin < 3


def test_alias_bombs_are_refused_unexpanded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    assert len(findings(bomb)) == 9 + 16


def test_a_file_is_utf_8_with_or_without_a_byte_order_mark() -> None:
    assert decode("naïve: ✓".encode(), "s.yaml") == "naïve: ✓"
    assert decode(b"\xef\xbb\xbfa: 1", "s.yaml") == "a: 1"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("a: 1".encode("utf-16"), "s.yaml: the file is in UTF-16"),
        ("a: 1\nb: é".encode("latin-1"), "s.yaml, line 2, column 4: byte 0xe9 is not UTF-8"),
        (b"a" * 1_000_001, "the file has 1,000,001 bytes"),
    ],
)
def test_other_encodings_and_huge_files_are_refused(raw: bytes, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        decode(raw, "s.yaml")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12) | st.sampled_from(
    [
        "no",
        "1e-4",
        "2026-11-23",
        "~",
        "null",
        "'",
        '"',
        "#",
        "a: b",
        "- a",
        "*a",
        "&a",
        "!a",
        "0x1",
        "1_0",
        ".5",
        "%",
        "@",
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | TEXTS | st.decimals(allow_nan=False, allow_infinity=False, places=4)
)
DATA = st.dictionaries(
    TEXTS,
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(DATA)
def test_what_is_written_reads_back_unchanged_and_writes_the_same_bytes(data: dict[str, object]) -> None:
    text = write(data)
    assert read(text, "s.yaml").data == data
    assert write(read(text, "s.yaml").data) == text
