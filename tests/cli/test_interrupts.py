"""Signals: first a request, then an order."""

from __future__ import annotations

import os
import signal
import time

import pytest

from optimizer.cli import interrupts
from optimizer.cli.interrupts import Interrupts


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "PATIENCE", 0.15)


def send(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def wait() -> None:
    time.sleep(0.3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_only_asks(number: signal.Signals) -> None:
    with Interrupts(keep=False) as signals:
        assert not signals.asked
        send(number)
        assert signals.asked


def test_second_signal_ends_at_once() -> None:
    with Interrupts(keep=False):
        send()
        with pytest.raises(KeyboardInterrupt):
            send()


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("keep", [True, False])
def test_a_request_that_nobody_heeds_becomes_an_order(keep: bool) -> None:
    with Interrupts(keep=keep):
        send()
        with pytest.raises(KeyboardInterrupt):
            wait()


@pytest.mark.usefixtures("_impatient")
def test_a_plan_to_be_kept_has_time_once_the_solver_is_at_work() -> None:
    with Interrupts(keep=True) as signals:
        signals.solving = True
        send()
        wait()


@pytest.mark.usefixtures("_impatient")
def test_a_plan_to_be_discarded_has_no_time() -> None:
    with Interrupts(keep=False) as signals:
        signals.solving = True
        send()
        with pytest.raises(KeyboardInterrupt):
            wait()


@pytest.mark.usefixtures("_impatient")
def test_handlers_and_timer_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    with Interrupts(keep=False):
        send()
    wait()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)] == before
