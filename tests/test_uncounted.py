"""The tracer is set aside for Keras' own classes, and back for classes of others."""

import sys

import pytest

from tests import uncounted


class Theirs:
    """As if it were Keras' own."""

    __module__ = "keras.layers"

    def __init__(self, *inner: "Theirs") -> None:
        self.inner = inner

    def call(self, seen: list[object]) -> None:
        """Note by what it is traced, then call what is within."""
        seen.append(sys.gettrace())
        for one in self.inner:
            one.call(seen)


class Ours(Theirs):
    __module__ = __name__


def ignore(*_: object) -> None:
    """Trace nothing."""


def refuse(*_: object) -> None:
    raise KeyError


@pytest.mark.parametrize("tracer", [ignore, None])
def test_what_is_traced(monkeypatch: pytest.MonkeyPatch, tracer: object) -> None:
    monkeypatch.setattr(Theirs, "call", Theirs.call)
    uncounted.spare(Theirs, "call")
    before, seen = sys.gettrace(), []
    uncounted.with_tracer(tracer, Theirs(Ours(Theirs()), Theirs()).call, seen)
    assert seen == [None, tracer, None, None]
    assert sys.gettrace() is before
    with pytest.raises(KeyError):
        uncounted.with_tracer(tracer, refuse)
    assert sys.gettrace() is before
