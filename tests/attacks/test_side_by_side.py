"""Trainings side by side: both results, at the same time, and an end together."""

import itertools
import threading

import pytest

from ulk_tf.attacks.side_by_side import StopTogether, side_by_side


def test_both_results_come_of_calls_at_the_same_time() -> None:
    meet = threading.Barrier(2, timeout=20)
    # One after the other would never meet.
    assert side_by_side(lambda: (meet.wait(), "a")[1], lambda: (meet.wait(), "b")[1]) == ("a", "b")


def test_an_error_of_either_is_raised() -> None:
    def fails() -> None:
        raise ZeroDivisionError

    for pair in ((fails, int), (int, fails)):
        with pytest.raises(ZeroDivisionError):
            side_by_side(*pair)


@pytest.mark.parametrize("interrupted", [KeyboardInterrupt, ValueError])
def test_an_interruption_ends_the_training_beside(interrupted: type[BaseException]) -> None:
    started, ended = threading.Event(), threading.Event()

    def trains() -> None:
        stop = StopTogether()
        try:
            for batch in itertools.count():
                started.set()
                stop.on_train_batch_end(batch)
        finally:
            ended.set()

    def fails() -> None:
        assert started.wait(60)
        raise interrupted

    with pytest.raises(interrupted):
        side_by_side(fails, trains)
    assert ended.is_set()


def test_a_training_alone_has_nobody_to_stop_it() -> None:
    StopTogether().on_train_batch_end(0)
