"""Defended answers: by hand, update by update; shards stay raw, and a defence costs no update."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.conftest import Asked
from tests.corpus.settings import built, contents, designs
from ulk_tf.answers.form import EXACT, Form
from ulk_tf.answers.interpret import interpret
from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.blackbox.probe import record
from ulk_tf.chance import Chance
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.defended import FIRST_DRAWING, _own_form
from ulk_tf.corpus.redrawn import DRAWINGS, shifted
from ulk_tf.data.splits import ROLES
from ulk_tf.defences import parse
from ulk_tf.errors import UserError


@pytest.mark.parametrize(
    "text", ["round:2", "noise:0.01", "top_k:2,sticky_noise:0.1", "threshold:0.1"]
)
def test_every_answer_is_defended_as_by_hand(home: Path, asked: Asked, text: str) -> None:
    plain, seen = built(home), built(home, defence=text)
    assert asked.look() == (0, 0)
    samples = [int(digest, 16) for digest in designs(home)[0].probe_digests]
    for number, role in enumerate(ROLES):
        own, raw = seen.updates[role], plain.updates[role]
        counts = dict.fromkeys(np.unique(raw.base), 0)
        by_hand: list[list[np.ndarray]] = [[], []]
        for row, base in enumerate(raw.base):
            key = (number, int(base), counts[base])
            counts[base] += 1
            asked_twice = (own.by_update or counts[base] == 1, True)
            answers = raw.before[base], raw.after[row]
            for look in (0, 1):
                if asked_twice[look]:
                    drawing = FIRST_DRAWING[role]
                    chance = Chance(0, (*key, look), samples, drawing=drawing)
                    by_hand[look].append(parse(text)(answers[look], chance))
        before, after = own.pair(np.arange(len(raw.base)))
        first = slice(None) if own.by_update else np.unique(raw.base, return_index=True)[1]
        for found, expected in zip((before[first], after), by_hand, strict=True):
            by_probe = interpret(np.concatenate(expected), 10).posteriors
            np.testing.assert_array_equal(np.concatenate(found), by_probe)
    assert seen.key != plain.key
    assert own.by_update == (text == "noise:0.01")


def test_redrawn_answers_are_shifted_alike_before_and_after(home: Path) -> None:
    raw, seen = (built(home, defence=text).updates["shadow"] for text in (None, "round:2"))
    samples = [int(digest, 16) for digest in designs(home)[0].probe_digests]
    number, first = ROLES.index("shadow"), FIRST_DRAWING["shadow"]
    rows = np.arange(len(raw))
    assert len(seen.redrawn) == DRAWINGS - 1
    for drawing, redrawn in enumerate(seen.redrawn, first + 1):
        told = redrawn.pair(rows)
        for row in (0, len(raw) - 1):  # of both base models
            base = int(raw.base[row])
            key = (0, 24, number, base, drawing)
            for look, exact in enumerate((raw.before[base], raw.after[row])):
                chance = Chance(0, (number, base, 0, look), samples, drawing=drawing)
                by_hand = parse("round:2")(shifted(exact, key), chance)
                expected = interpret(by_hand, 10).posteriors
                np.testing.assert_array_equal(told[look][row], expected)


def test_who_asks_several_times_averages_the_noise(home: Path) -> None:
    once, often = (built(home, defence="noise:0.01", repeat=repeat) for repeat in (1, 8))
    plain = built(home)
    samples = [int(digest, 16) for digest in designs(home)[0].probe_digests]
    raw = plain.updates["target"].after[3]
    chain, key = parse("noise:0.01"), (ROLES.index("target"), 0, 3, 1)
    answers = [chain(raw, Chance(0, key, samples, repeat)) for repeat in range(8)]
    expected = interpret(np.stack(answers), 10).posteriors
    np.testing.assert_array_equal(often.updates["target"].after[3], expected)
    # The first answer is the one that a client who asks once receives.
    np.testing.assert_array_equal(
        once.updates["target"].after[3], interpret(answers[0], 10).posteriors
    )
    error = [
        np.abs(one.updates["target"].after - plain.updates["target"].after) for one in (once, often)
    ]
    assert error[1].mean() < 0.5 * error[0].mean()
    assert once.key != often.key
    # She knows the noise that she trains for, also where clipping hides it.
    forms = [one.updates["shadow"].form for one in (once, often)]
    assert [form.noise for form in forms] == pytest.approx([0.01, 0.01 / 8**0.5])


def test_a_defended_black_box_answers_what_attacks_are_trained_on(home: Path) -> None:
    """A target behind the defence, probed as an audit does, equals the corpus to the bit."""
    text = "temperature:2,round:3"
    seen = built(home, defence=text)
    design = designs(home)[1]
    weights = seen.bases[BaseId("target", 0)].weights

    def served(samples: np.ndarray) -> np.ndarray:
        exact = design.procedure.predict_proba(weights, samples)
        return parse(text)(exact, Chance(7))

    recorded, classes = record(served, seen.probing_set, 10)
    answers = interpret(recorded.answers, classes)
    np.testing.assert_array_equal(answers.posteriors, seen.updates["target"].before[0])
    assert Form.of((answers,), (recorded.answers,)) == seen.updates["target"].form


def test_a_naive_adversary_trains_on_exact_answers(home: Path) -> None:
    before = contents(home)
    plain, naive = built(home), built(home, defence="round:1", shadow_defence=None)
    np.testing.assert_array_equal(naive.updates["shadow"].after, plain.updates["shadow"].after)
    rounded = np.round(plain.updates["target"].after.astype(np.float64), 1)
    np.testing.assert_array_equal(naive.updates["target"].after, rounded.astype(np.float32))
    assert contents(home) == before


def test_more_classes_than_the_target_tells_apart(home: Path) -> None:
    with pytest.raises(UserError, match="K up to 10 classes"):
        built(home, defence="top_k:11")


def test_a_classifier_that_answers_0_by_itself_has_the_form_that_an_audit_finds(
    home: Path, tmp_path: Path
) -> None:
    assert {one.form for one in built(home).updates.values()} == {EXACT}
    own = {"procedure": "tests.classifiers.own_procedures:Censoring", "n_probes": 40}
    found = built(tmp_path, **own).updates
    assert {one.form for one in found.values()} == {Form("censored")}
    before = np.asarray(found["target"].before[0], np.float64)
    assert Form.of((interpret(before),), (before,)) == Form("censored")


def test_a_classifier_in_half_precision_has_the_form_that_an_audit_finds(home: Path) -> None:
    updates = built(home).updates["shadow"]
    halves = [parse("logit_bits:8")(one, Chance(0)).astype(np.float32) for one in updates.before]
    found = _own_form(replace(updates, before=np.stack(halves)))
    assert found.kind == "rounded logits" and found.defence == "logit_bits:8"
    assert _own_form(updates) == EXACT


def test_a_defence_that_hides_every_update_is_said_before_training(home: Path) -> None:
    updates = built(home, defence="round:0").updates["shadow"]
    with pytest.raises(UserError, match=r"Received 80 after which every answer .* is the same"):
        build_encoder(updates, "by_class", 8, 0.0, 0)
