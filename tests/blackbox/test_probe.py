"""Probing goes on where it stopped, keeps its budget, and leaves no secret behind."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from ulk_tf.answers.repeats import places_again
from ulk_tf.blackbox import endpoint
from ulk_tf.blackbox import probe as probing
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.exchange import Patience
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (100, 3, 3, 1)).astype(np.uint8)


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.delenv("ULK_TF_TOKEN", raising=False)
    quick = Patience(attempts=2, pause=0.01, longest_pause=0.02)
    monkeypatch.setattr(endpoint, "Patience", lambda: quick)


def probe(url, out, **asking):
    return probing.probe(url, SAMPLES, bad.CLASSES, Asking(**asking), out=out)


def failing_from(first, last=10**6):
    """503 from query `first` to `last`, both counted from 1."""

    @bad.raw
    def predict(server, handler, body):
        if first <= server.predicts <= last:
            bad.send(handler, 503, {"error": "busy"})
        else:
            samples = json.loads(body)["instances"]
            bad.send(handler, 200, {"predictions": bad.posteriors(samples).tolist()})

    return predict


def test_a_recording(tmp_path):
    out = tmp_path / "new" / "before.npz"
    with bad.Server() as server:
        recording, found = probe(server.url + "/", out, batch=30)
        assert server.predicts == 4 + 2
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-6)
    kept = Recording.load(out)
    np.testing.assert_array_equal(kept.answers, recording.answers)
    assert kept.target == server.url
    assert kept.versions == ("3",)
    np.testing.assert_array_equal(kept.again, kept.answers[places_again(100, 60)])
    assert kept.queries == 160
    assert kept.started <= kept.finished
    assert [path.name for path in out.parent.iterdir()] == ["before.npz"]


def test_a_failure_loses_nothing_and_the_next_run_goes_on(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server(failing_from(3, 4)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, out, batch=20)
        assert not out.exists()
        partial = Recording.load(tmp_path / "before.partial.npz")
        assert len(partial.answers) == 40
        recording, found = probe(server.url, out, batch=20)
        sent = [len(json.loads(body)["instances"]) for body in server.bodies]
    assert sum(sent) == 100 + 2 * 20 + 40  # what was sent in vain, and the first batches twice
    assert recording.queries == 180
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["before.npz"]


def test_a_kill_loses_at_most_one_batch(tmp_path):
    out = tmp_path / "before.npz"
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from tests.blackbox.test_probe import SAMPLES, Asking, bad, probing\n"
        "probing.probe(sys.argv[1], SAMPLES, bad.CLASSES, Asking(batch=5), out=Path(sys.argv[2]))"
    )
    with bad.Server(bad.slow(0.3)) as server:
        command = [sys.executable, "-c", code, server.url, str(out)]
        child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while server.predicts < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        kept = len(Recording.load(tmp_path / "before.partial.npz").answers)
        assert kept >= 10
        server.predict = lambda _, samples: bad.posteriors(samples).tolist()
        server.bodies.clear()
        _, found = probe(server.url, out)
        assert sum(len(json.loads(body)["instances"]) for body in server.bodies) == 100 - kept + 32
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-6)


def test_the_budget_holds_over_runs(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server() as server:
        with pytest.raises(UserError, match=r"--max_queries=70, of which 70 are spent"):
            probe(server.url, out, batch=32, max_queries=70)
        assert [len(json.loads(body)["instances"]) for body in server.bodies] == [32, 32, 6]
        with pytest.raises(UserError, match="of which 70 are spent"):
            probe(server.url, out, max_queries=70)
        assert server.predicts == 3
        recording, _ = probe(server.url, out, max_queries=100)
    assert recording.queries == 100


def test_another_version_at_the_resumption_is_the_end(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server(failing_from(2)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, out)
        server.version = "4"
        server.predict = lambda _, samples: bad.posteriors(samples).tolist()
        with pytest.raises(UserError, match=r"version 3 .* version 4 half-way"):
            probe(server.url, out)
    assert len(Recording.load(tmp_path / "before.partial.npz").answers) == 32


def test_another_target_or_probing_set_is_not_mixed_in(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server(failing_from(2)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, out)
        with pytest.raises(UserError, match="go on with target"):
            probe(server.url + "/versions/3", out)
        with pytest.raises(UserError, match="go on with probing_set"):
            probing.probe(server.url, SAMPLES[::-1], bad.CLASSES, out=out)


def test_nothing_is_asked_when_out_cannot_be_written(tmp_path):
    (tmp_path / "done.npz").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    with bad.Server() as server:
        for out in ("done.npz", "answers.txt", "file/before.npz"):
            with pytest.raises(UserError, match="--out"):
                probe(server.url, tmp_path / out)
        with pytest.raises(UserError, match="--batch"):
            probe(server.url, tmp_path / "a.npz", batch=0)
        assert server.requests == []


def test_wrong_classes_and_late_nonsense_keep_what_was_good(tmp_path):
    cut = pytest.raises(UserError, match=r"shape \[32, 10\].*top 4 classes")
    with bad.Server() as server, cut:
        probing.probe(server.url, SAMPLES, 10, out=tmp_path / "a.npz")
    calls = itertools.count()

    def later(_, samples):
        return (bad.posteriors(samples) * (1.5 if next(calls) else 1)).tolist()

    with bad.Server(later) as server, pytest.raises(UserError, match="sum to"):
        probe(server.url, tmp_path / "b.npz")
    partial = Recording.load(tmp_path / "b.partial.npz")
    assert (len(partial.answers), partial.queries) == (32, 64)


def test_logits_are_said_and_kept_raw(tmp_path):
    with bad.Server(lambda _, s: np.log(bad.posteriors(s)).tolist()) as server:
        recording, found = probe(server.url, tmp_path / "a.npz")
    assert found.kind == "logits"
    assert recording.answers.max() < 0
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-5)


def test_the_token_is_in_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ULK_TF_TOKEN", "s3cret")
    with bad.Server(failing_from(3, 4)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, tmp_path / "a.npz")
        files = {path: path.read_bytes() for path in tmp_path.iterdir()}
        probe(server.url, tmp_path / "a.npz")
        files |= {path: path.read_bytes() for path in tmp_path.iterdir()}
        assert all("s3cret" in sent["Authorization"] for sent in server.headers)
    assert len(files) == 2
    assert not any(b"s3cret" in content for content in files.values())
    assert "s3cret" not in "".join(capsys.readouterr())


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
