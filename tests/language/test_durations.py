from decimal import Decimal

import pytest
from pydantic import BaseModel

from optimizer.language.durations import Duration, Window


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("7 days", Window("", days=7)),
        ("1 day", Window("", days=1)),
        ("1 days", Window("", days=1)),
        ("2 weeks", Window("", days=14)),
        ("2.0 days", Window("", days=2)),
        ("24 hours", Window("", seconds=86_400)),
        ("1.5 hours", Window("", seconds=5_400)),
        ("90 minutes", Window("", seconds=5_400)),
        ("30 seconds", Window("", seconds=30)),
        ("calendar day", Window("", calendar="day")),
        ("calendar week", Window("", calendar="week")),
        ("calendar month", Window("", calendar="month")),
        ("ever", Window("", ever=True)),
    ],
)
def test_a_window_is_days_or_seconds_or_calendar_or_ever(text: str, window: Window) -> None:
    assert Window.parse(text) == window
    assert str(Window.parse(text)) == text


def test_windows_are_equal_when_they_mean_the_same_but_a_day_is_not_24_hours() -> None:
    assert Window.parse("1 week") == Window.parse("7 days")
    assert Window.parse("1 day") != Window.parse("24 hours")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 days", "it must be longer than nothing"),
        ("-3 days", "it must be longer than nothing"),
        ("7 dys", "unknown unit 'dys' in '7 dys'\nMaybe 'days'"),
        ("7 Days", "unknown unit 'Days' in '7 Days'\nMaybe 'days'"),
        ("1 month", "Maybe 'calendar month'"),
        ("7", "'7' has no unit\nMaybe '7 days'"),
        ("1.5 days", "a window has whole days"),
        ("0.5 weeks", "a window has whole days"),
        ("0.5 seconds", "a window has whole seconds"),
        ("calendar year", "unknown window 'calendar year'"),
        ("calendar weeks", "Maybe calendar week"),
        ("40000 days", "longer than a hundred years\nMaybe 'ever'"),
        ("1e3 days", "'1e3 days' is not a duration"),
        ("", "'' is not a duration"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        Window.parse(text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30 minutes", "1800"), ("2 days", "172800"), ("0.1 seconds", "0.1"), ("1.5 hours", "5400")]
)
def test_a_duration_is_exact_seconds(text: str, seconds: str) -> None:
    assert Duration.parse(text).seconds == Decimal(seconds)


@pytest.mark.parametrize("text", ["ever", "calendar month", "0 seconds", "soon", "5"])
def test_a_duration_is_a_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="Maybe"):
        Duration.parse(text)


class Model(BaseModel):
    within: Window
    time_limit: Duration


def test_pydantic_reads_them_from_text_and_writes_them_as_written() -> None:
    model = Model.model_validate({"within": "2 weeks", "time_limit": "5 minutes"})
    assert (model.within.days, model.time_limit.seconds) == (14, 300)
    assert model.model_dump(mode="json") == {"within": "2 weeks", "time_limit": "5 minutes"}
    assert Model.model_validate(model.model_dump()) == model


@pytest.mark.parametrize("value", [True, None, ["7 days"], {"days": 7}])
def test_pydantic_refuses_what_is_no_text(value: object) -> None:
    with pytest.raises(ValueError, match="a duration is text"):
        Model.model_validate({"within": value, "time_limit": "1 day"})


def test_a_bare_number_lacks_its_unit() -> None:
    with pytest.raises(ValueError, match="'7' has no unit"):
        Model.model_validate({"within": 7, "time_limit": "1 day"})


def test_a_bare_length_of_time_may_be_meant_in_several_units() -> None:
    with pytest.raises(ValueError, match="'1' has no unit\nMaybe '1 second' or '1 minute' or '1 day'"):
        Duration.parse("1")
