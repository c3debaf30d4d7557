from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

from optimizer.language.limits import ColumnLimit, Limit, Number, Share, TableLimit, Unsigned, Whole
from optimizer.language.ranges import Range
from optimizer.language.sizes import parse_size


class Model(BaseModel):
    limit: Limit = Decimal(0)
    number: Number = Decimal(0)
    unsigned: Unsigned = Decimal(0)
    share: Share = Decimal(0)
    whole: Whole = 0
    expect: Range = Range()


def errors(**values: object) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        Model.model_validate(values)
    return [e["msg"] for e in refused.value.errors()]


@pytest.mark.parametrize(
    ("value", "number"), [(0.1, "0.1"), (1e-4, "0.0001"), (12.50, "12.5"), ("12.50", "12.50"), (5000.0, "5000.0")]
)
def test_a_number_is_the_decimal_that_was_written(value: object, number: str) -> None:
    assert str(Model.model_validate({"number": value}).number + 0) == number
    assert Model.model_validate({"limit": value}).limit == Decimal(number)


@pytest.mark.parametrize("value", [True, None, float("nan"), float("inf"), "NaN", "-Infinity", "many", "1e400", [3]])
def test_what_is_no_finite_number_is_refused_with_one_error(value: object) -> None:
    assert len(errors(number=value)) == 1
    assert len(errors(limit=value)) == 1


def test_a_limit_is_chosen_by_its_shape() -> None:
    table = Model.model_validate({"limit": {"table": "limits.csv", "column": "most", "default": 0}}).limit
    assert table == TableLimit(table="limits.csv", column="most", default=Decimal(0))
    assert Model.model_validate({"limit": {"column": "cap"}}).limit == ColumnLimit(column="cap")


@pytest.mark.parametrize("value", [{"table": "a.csv", "colum": "x"}, {"colum": "x"}, {"table": "a.csv"}, {}])
def test_a_limit_that_lacks_keys_is_told_only_of_them(value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Model.model_validate({"limit": value})
    assert {e["type"] for e in refused.value.errors()} <= {"missing", "extra_forbidden"}
    assert {e["loc"][-1] for e in refused.value.errors()} <= {"table", "column", "colum"}


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert Model.model_validate({"whole": 5000.0}).whole == 5000
    assert "is not a whole number" in errors(whole=1.5)[0]


def test_a_share_in_per_cent_is_refused_with_the_share_that_was_meant() -> None:
    assert errors(share=5)[0].endswith("Maybe 0.05, if per cent are meant")
    assert len(errors(share=-0.1)) == 1


def test_unsigned_refuses_negative_numbers() -> None:
    assert "is negative" in errors(unsigned=-1)[0]


@pytest.mark.parametrize(
    ("text", "low", "high"), [("0..1", 0, 1), ("0..", 0, None), ("..100", None, 100), ("any", None, None)]
)
def test_ranges_are_closed_or_open_ended(text: str, low: int | None, high: int | None) -> None:
    found = Model.model_validate({"expect": text}).expect
    assert (found.low, found.high, str(found)) == (low, high, text)


@pytest.mark.parametrize("text", ["1..0", "..", "0-1", "a..b", ""])
def test_empty_and_unreadable_ranges_are_refused(text: str) -> None:
    assert len(errors(expect=text)) == 1


@pytest.mark.parametrize(
    ("value", "size"), [("16 GB", 16 * 10**9), ("1.5 GiB", 3 * 2**29), ("512MB", 512 * 10**6), (4096, 4096)]
)
def test_sizes_are_bytes(value: object, size: int) -> None:
    assert parse_size(value) == size


@pytest.mark.parametrize(
    ("value", "message"),
    [("16 gb", "Maybe 'GB'"), ("16", "is not a size"), ("0 GB", "more than nothing"), (True, "is not a size")],
)
def test_what_is_no_size_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_size(value)
