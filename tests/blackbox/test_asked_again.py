"""Some samples are asked again, by which noise and versions that take turns are noticed."""

import json

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from tests.blackbox.probes import failing_from, hasty, probe
from ulk_tf.answers.repeats import places_again
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError

__all__ = ["hasty"]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"batch": 3}, [3] * 33 + [1] + [3] * 12),
        ({"batch": 100}, [100, 100]),
        ({"batch": 64, "max_queries": 163}, [64, 36]),
        ({"batch": 50, "repeat": 2}, [50] * 4),
    ],
)
def test_some_samples_are_asked_again_in_batches_as_large(asked, sent, tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server() as server:
        recording, found = probe(server.url, out, **asked)
        assert [len(json.loads(body)["instances"]) for body in server.bodies] == sent
    assert recording.asked_once == (asked.get("max_queries") == 163)
    assert found.noise == 0
    loaded = Recording.load(out)
    assert loaded.asked_once == recording.asked_once
    assert loaded.queries == sum(sent)
    again, _ = probe(str(out), tmp_path / "again.npz")
    assert again.asked_once, "a recording repeats itself"


def test_noise_that_keeps_sums_is_noticed(tmp_path, capsys):
    random = np.random.default_rng(0)

    def served(_, samples):
        exact = np.asarray(bad.posteriors(samples))
        noisy = (exact + random.normal(0, 0.01, exact.shape)).clip(0)
        return (noisy / noisy.sum(1, keepdims=True)).tolist()

    with bad.Server(served) as server:
        _, found = probe(server.url, tmp_path / "before.npz")
    assert 0.003 < found.noise < 0.02
    assert "answers the same sample differently each time" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["503", "another version", "fewer rows"])
def test_what_goes_wrong_when_asking_again_is_told_and_no_failure(kind, tmp_path, capsys):
    out = tmp_path / "before.npz"

    def served(server, samples):
        if len(server.bodies) > 4 and kind == "another version":
            server.version = "4"
        answers = bad.posteriors(samples).tolist()
        return answers[1:] if len(server.bodies) > 4 else answers

    with bad.Server(failing_from(5) if kind == "503" else served) as server:
        recording, _ = probe(server.url, out)
    loaded = Recording.load(out)
    assert len(loaded.answers) == 100 and loaded.asked_once
    assert loaded.queries == recording.queries > 100
    assert "could not be asked again, which would show noise. Expected" in loaded.notes[-1]
    assert "could not be asked again" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["before.npz"]


def test_samples_of_every_batch_are_asked_again_in_another_order(tmp_path):
    """A cache on the way may know the request."""
    with bad.Server() as server:
        recording, _ = probe(server.url, tmp_path / "before.npz", batch=30)
        sent = [json.loads(body)["instances"] for body in server.bodies]
    first = [sample for batch in sent[:4] for sample in batch]
    some = [first[place] for place in places_again(100, 60)][::-1]
    assert sent[4:] == [some[:30], some[30:]]
    np.testing.assert_array_equal(recording.again, recording.answers[places_again(100, 60)])


def test_two_versions_that_take_turns_are_noticed(tmp_path):
    """A load balancer in the middle of a roll-out: each request reaches the other version."""

    def served(server, samples):
        exact = np.asarray(bad.posteriors(samples))
        other = np.roll(exact, 1, axis=1) * 0.1 + exact * 0.9
        return (other if len(server.bodies) % 2 else exact).tolist()

    with bad.Server(served) as server:
        _, found = probe(server.url, tmp_path / "before.npz")
    assert found.spread > 0.01 and "replaced between two queries" in found.notes[-1]


def test_what_was_asked_again_before_schema_3_is_not_read(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server() as server:
        probe(server.url, out)
    arrays = dict(np.load(out))
    told = json.loads(str(arrays["recording"])) | {"schema_version": 2}
    np.savez(out, **(arrays | {"recording": np.array(json.dumps(told))}))
    assert Recording.load(out).asked_once


DAMAGED = [
    np.zeros((2, 2)),
    np.full((2, 3), np.nan),
    np.array(["a"]),
    np.zeros((0, 3)),
    np.full((101, 3), 1 / 3),
]


@pytest.mark.parametrize("again", DAMAGED, ids=lambda again: str(again.shape))
def test_further_answers_of_a_damaged_file_are_refused(again, tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server() as server:
        probe(server.url, out)
    np.savez(out, **(dict(np.load(out)) | {"again": again}))
    with pytest.raises(UserError):
        Recording.load(out)
