"""Nothing is named where nothing moved more than the answers' own resolution."""

import json

import numpy as np
import pytest
from scipy.special import softmax

from tests import standins
from tests.blackbox import misbehaving as bad
from tests.standins import run
from ulk_tf.answers.interpret import interpret, interpret_both
from ulk_tf.answers.repeats import FLOAT32_ROUNDING
from ulk_tf.auditing import audit as auditing
from ulk_tf.auditing.report import write_audit
from ulk_tf.auditing.resolution import Resolution, measure
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.recording import Recording
from ulk_tf.files import digest
from ulk_tf.serving.loading import load_attack

EXACT = np.random.default_rng(0).dirichlet(np.ones(standins.CLASSES), standins.PROBES)
NOTHING = "above the answers' own resolution"


@pytest.fixture
def pair(tmp_path):
    def record(before, after, asked=None):
        paths = []
        for name, answers in (("1", before), ("2", after)):
            path = tmp_path / f"{name}.npz"
            told = {} if asked is None else {"asked": asked[len(paths)]}
            Recording(answers, "t", digest(standins.PROBING_SET), (name,), **told).save(path)
            paths.append(str(path))
        return paths

    return record


def saturated(seed):
    random = np.random.default_rng(seed)
    values = random.random((standins.PROBES, standins.CLASSES)) * 1e-31
    values[:, 1] = 1
    return values


CASES = {
    "saturated": (saturated(0), saturated(1), FLOAT32_ROUNDING),
    "the last bit": (
        EXACT.astype("f4").astype(float),
        np.nextafter(EXACT.astype("f4"), np.float32(1)).astype(float),
        FLOAT32_ROUNDING,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_no_finding_below_the_resolution(case, exports, pair, tmp_path, capsys):
    before, after, resolution = CASES[case]
    assert not np.array_equal(before, after)
    paths = pair(before, after)
    attack = f"--attack={exports['li']}"
    assert run("audit", *paths, attack, f"--out={tmp_path / 'out'}") == 0
    said = capsys.readouterr()
    told = json.loads((tmp_path / "out" / "audit.json").read_text())
    page = (tmp_path / "out" / "audit.html").read_text()
    assert told["attacks"] == []
    assert told["resolution"]["resolution"] == pytest.approx(resolution)
    assert told["resolution"]["largest_change"] <= resolution + 2.0**-24
    assert told["movement"]["total_variation_max"] > 0
    for text in (told["verdict"], " ".join(told["warnings"]), said.out.splitlines()[0], said.err):
        assert NOTHING in text
    assert NOTHING in page.replace("&#x27;", "'")
    assert not any(f"class {name}" in said.out for name in ("ant", "bee", "cat"))
    if case == "saturated":
        for text in (said.err, page, " ".join(told["warnings"])):
            assert "All 6 answers are saturated" in text
            assert "--scale=" in text


@pytest.mark.parametrize("moved", [0.001, 0.1])
def test_what_moved_more_is_told(moved, exports, pair):
    after = EXACT.copy()
    after[2, :2] += moved, -moved
    result = auditing.audit(*pair(EXACT, after), [load_attack(exports["li"])])
    assert len(result.findings) == 1
    assert result.verdict.startswith("This update shows")


def test_noise_is_no_movement(exports, pair):
    random = np.random.default_rng(1)
    exact = np.repeat(EXACT, 1, axis=0)
    before, after = (exact + random.normal(0, 1e-3, exact.shape) for _ in range(2))
    result = auditing.audit(*pair(before, after), [load_attack(exports["li"])])
    assert result.findings == ()
    assert NOTHING in result.verdict
    assert result.resolution.noise > 1e-3


@pytest.mark.parametrize("shift", [0.0, 60.0])
@pytest.mark.parametrize("noise", [0.002, 0.05])
def test_repeats_measure_the_spread(shift, noise, exports, tmp_path):
    """A noise of 0.002 on logits, averaged, is no more than arithmetic in few bits makes."""
    random = np.random.default_rng(2)

    def served(server, samples):
        flat = np.asarray(samples, np.float64).reshape(len(samples), -1)
        moved = shift if server.version == "4" else 0.0
        logits = np.stack([flat.mean(1), flat[:, 0], flat[:, -1] + moved], 1) / 40
        logits += random.normal(0, noise, logits.shape)
        return (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).tolist()

    with bad.Server(served) as old, bad.Server(served) as new:
        new.version = "4"
        attack = load_attack(exports["li"])
        once = auditing.audit(old.url, new.url, [attack])
        often = auditing.audit(old.url, new.url, [attack], Asking(repeat=5))
    assert not once.findings  # some samples were asked again
    assert "differently each time" in " ".join(once.warnings)
    assert once.before.recording.queries == 2 * standins.PROBES
    assert bool(often.findings) == (shift and noise == 0.002)
    assert often.resolution.exceeded == bool(shift)
    assert often.resolution.spread > 1e-4
    assert often.before.recording.queries == 5 * standins.PROBES


@pytest.mark.parametrize("form", ["float16", "rounded logits"])
def test_small_changes_of_unevenly_rounded_answers_are_told(form):
    """Their coarsest step is that of the largest numbers; smaller ones are told more finely."""

    def answers(values):
        return np.log(values).round(1) if form == "rounded logits" else values.astype("f2")

    before = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 100).clip(1e-4) + 1e-4
    before /= before.sum(1, keepdims=True)
    moved = np.where(before < 0.01, before * 1.2, before)
    moved /= moved.sum(1, keepdims=True)
    found = measure(*(interpret(np.asarray(answers(one), float)) for one in (before, moved)))
    assert 0 < found.moved < found.rounding or form == "float16"
    assert found.exceeded
    same = interpret(np.asarray(answers(before), float))
    assert not measure(same, same).exceeded


def test_parts_of_the_resolution():
    exact = interpret(EXACT)
    assert measure(exact, exact) == Resolution(moved=0.0)
    coarse = measure(interpret(EXACT.round(2)), interpret(EXACT.round(3)))
    assert (coarse.rounding, coarse.value) == (0.01, 0.01)
    assert not coarse.exceeded
    assert Resolution(2 * FLOAT32_ROUNDING).exceeded
    assert not Resolution(FLOAT32_ROUNDING).exceeded


UNITS = {
    "logits": lambda logits, posteriors: logits,
    "to base 2": lambda logits, posteriors: np.log2(posteriors),
    "to base 10": lambda logits, posteriors: np.log10(posteriors),
    "negative": lambda logits, posteriors: -np.log(posteriors),
    "odds": lambda logits, posteriors: posteriors / (1 - posteriors),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("repeats", [1, 2])
def test_logits_that_moved_unseen_are_told_in_one_unit(unit, repeats):
    """Posteriors lie next to 0 and 1, whatever they are told in."""
    random = np.random.default_rng(0)
    before = random.normal(0, 0.3, (30, 4))
    before[np.arange(30), random.integers(0, 4, 30)] += 25
    after = before + random.normal(0, 0.05, before.shape)
    told = [UNITS[unit](one, softmax(one, axis=1)) for one in (before, after)]
    found = measure(*interpret_both(*(np.stack([one] * repeats) for one in told)))
    apart = after - before
    moved = np.abs(apart - apart.mean(axis=1, keepdims=True)).max()
    assert not found.exceeded
    assert found.logits == pytest.approx(moved, rel=1e-3)


def test_repeats_of_rounded_answers_that_differ_are_no_movement():
    """A target whose last digit is chance, asked ten times in each version."""
    random = np.random.default_rng(0)
    exact = random.dirichlet(np.full(10, 0.3), 100)
    jittered = [
        np.stack([(exact + random.normal(0, 1e-6, exact.shape)).round(3) for _ in range(10)])
        for _ in range(2)
    ]
    found = measure(*map(interpret, jittered))
    assert found.spread > 0 and found.moved > FLOAT32_ROUNDING
    assert not found.exceeded


def test_versions_that_round_otherwise_differ_by_that():
    exact = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 100)
    digits = np.array([[float(f"{one:.3g}") for one in row] for row in exact])
    for before, after in ((exact.round(3), digits), (exact.round(3), exact.round(2))):
        found = measure(interpret(before), interpret(after))
        assert found.moved > FLOAT32_ROUNDING and not found.exceeded


def test_versions_that_were_asked_differently(exports, pair):
    unit = Asking(scale="unit").as_told()
    paths = pair(EXACT, EXACT[::-1], (Asking().as_told(), unit))
    result = auditing.audit(*paths, [load_attack(exports["li"])])
    assert "--scale=stored before, --scale=unit after" in " ".join(result.warnings)
    same = auditing.audit(*pair(EXACT, EXACT[::-1], (unit, unit)), [load_attack(exports["li"])])
    assert "asked differently" not in " ".join(same.warnings)


def test_every_warning_stands_in_all_three_places(exports, pair, tmp_path, capsys):
    paths = pair(EXACT.round(3), np.log(EXACT[::-1]), ({}, {}))
    assert run("audit", *paths, f"--attack={exports['li']}", f"--out={tmp_path / 'o'}") == 0
    said = capsys.readouterr()
    told = json.loads((tmp_path / "o" / "audit.json").read_text())
    page = (tmp_path / "o" / "audit.html").read_text()
    assert len(told["warnings"]) >= 3
    for warning in told["warnings"]:
        assert f"note: {warning}" in said.err
        assert warning.replace("'", "&#x27;").replace(">", "&gt;") in page
    assert said.out.splitlines()[0] == told["verdict"]
    assert page.index(told["verdict"]) < page.index(told["warnings"][0])


def test_sorted_answers_are_audited_by_class(exports, tmp_path):
    result = write_audit(
        tmp_path,
        auditing.audit(f"{__name__}:first", f"{__name__}:second", [load_attack(exports["li"])]),
    )
    assert "put in the order" in result.read_text()


def first(samples):
    order = np.argsort(-EXACT[: len(samples)], axis=1)
    names = np.array(["ant", "bee", "cat"])[order]
    return {"classes": names, "scores": np.take_along_axis(EXACT[: len(samples)], order, 1)}


def second(samples):
    return EXACT[: len(samples)][::-1]
