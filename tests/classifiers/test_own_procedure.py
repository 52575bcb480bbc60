"""A user's procedure: what is wrong with it is said in one sentence that names the method."""

import pickle
from typing import Any

import numpy as np
import pytest

from tests.classifiers import own_procedures
from ulk_tf.classifiers import procedure_class
from ulk_tf.classifiers.own_procedure import OwnProcedure, _instance
from ulk_tf.classifiers.procedure import Change, Samples
from ulk_tf.classifiers.side_procedure import procedure_of
from ulk_tf.errors import UserError
from ulk_tf.settings import presets
from ulk_tf.settings.update_config import UpdateConfig

SHAPE, CLASSES = (4, 4, 1), 3
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, *SHAPE)).astype(np.uint8)
LABELS = RNG.integers(0, CLASSES, 60).astype(np.int32)
HERE = "tests.classifiers.own_procedures"


def procedure(name: str, **flags: Any) -> OwnProcedure:
    party = presets.experiment("li", procedure=f"{HERE}:{name}", **flags).owner
    made = procedure_of(party, SHAPE, CLASSES)
    assert isinstance(made, OwnProcedure)
    return made


def test_a_sound_one_passes_and_computes_what_its_class_does() -> None:
    own = procedure("Softmax")
    own.check(IMAGES, LABELS, UpdateConfig(set_size=1))
    plain, none = own_procedures.Softmax(SHAPE, CLASSES), Samples.none_like(IMAGES)
    weights = own.fit(IMAGES, LABELS, 4)
    np.testing.assert_array_equal(weights[0], plain.fit(IMAGES, LABELS, 4)[0])
    change = Change(Samples(IMAGES[:2], LABELS[:2]), none, none)
    updated = own.update(weights, change, 7)
    np.testing.assert_array_equal(updated[0], plain.update(weights, change, 7)[0])
    answers = own.predict_proba(updated, IMAGES)
    np.testing.assert_array_equal(answers, plain.predict_proba(updated, IMAGES))
    assert pickle.loads(pickle.dumps(own)) == own


ODDITIES = {
    "fit: no tuple": r"a tuple of NumPy arrays.*Received a ndarray",
    "fit: objects": r"an array of object at position 0",
    "fit: lists": r"a list at position 0",
    "fit: NaN": r"NaN or infinity at position 0",
    "fit: text": r"an array of <U1",
    "fit: other seed": r"the same for the same arguments and seed",
    "update: raises": r"KeyError: 'layer' \(own_procedures\.py, line \d+\)",
    "update: in place": r"arguments unchanged\. Received weights changed in place",
    "update: samples in place": r"Received change changed in place",
    "update: nothing": r"Received a NoneType",
    "update: state": r"the same for the same arguments and seed",
    "update: infinite": r"NaN or infinity at position 0",
    "predict_proba: labels": r"floats \[2, 3\] whose rows sum to 1\. Received an array \[2\]",
    "predict_proba: rows": r"Received an array \[1, 3\]",
    "predict_proba: logits": r"Received -.*Apply softmax",
    "predict_proba: doubled": r"Received a sum of 2\.",
    "predict_proba: NaN": r"Received NaN or infinity",
    "predict_proba: whole": r"Received an array of int64",
    "predict_proba: list": r"Received a list",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_what_is_odd_is_said_and_the_method_named(
    oddity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_procedures.Odd, "oddity", oddity)
    _instance.cache_clear()
    method = oddity.partition(":")[0]
    with np.errstate(all="ignore"), pytest.raises(UserError, match=ODDITIES[oddity]) as raised:
        procedure("Odd").check(IMAGES, LABELS, UpdateConfig(set_size=1))
    assert f"{HERE}:Odd.{method} to" in str(raised.value)
    assert "\n" not in str(raised.value)


FAULTS = {
    "Incomplete": r"fit, update and predict_proba\. Received .* without update",
    "Missing": r"module:Class\. Received .*:Missing, which the module has not",
    "no_class": r"which is no class",
    "Wanting": r"keyword arguments, the flags that it reads.*'depth'",
    "Unversioned": r"with a version, such as",
    "Unready": r"OSError: no licence",
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_procedure_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=FAULTS[name]):
        procedure(name).check(IMAGES, LABELS, UpdateConfig(set_size=1))


def test_a_module_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match=r"can be imported\. Received nowhere:P \(ModuleNotFound"):
        procedure_class.class_of("nowhere:P")
    with pytest.raises(UserError, match=r"--procedure=module:Class\. Received 'nowhere'"):
        presets.experiment("li", procedure="nowhere")
    with pytest.raises(UserError, match=r"--shadow_procedure=module:Class"):
        presets.experiment("li", shadow_procedure=":P")


def test_flags_that_the_constructor_names_are_given_to_it() -> None:
    one, other = (procedure("Reading", update_epochs=n, update_learning_rate=0.5) for n in (1, 2))
    assert one.settings == (("update_learning_rate", 0.5), ("update_epochs", 1))
    assert one.reads("update_epochs") and not one.reads("base_epochs") and one.reads("set_size")
    assert one.architecture != other.architecture
    weights, none = one.fit(IMAGES, LABELS, 1), Samples.none_like(IMAGES)
    change = Change(Samples(IMAGES[:1], LABELS[:1]), none, none)
    once = one.update(weights, change, 0)
    np.testing.assert_array_equal(
        one.update(once, change, 0)[0], other.update(weights, change, 0)[0]
    )


OWN = f"{HERE}:Softmax"
READING = f"{HERE}:Reading"


@pytest.mark.parametrize(
    ("given", "owner", "adversary", "refused"),
    [
        (["base_epochs"], OWN, OWN, "--base_epochs"),
        (["shadow_target"], OWN, OWN, "--shadow_target"),
        (["update_learning_rate"], READING, READING, ""),
        (["base_epochs"], OWN, None, ""),  # the adversary assumes it
        (["base_epochs", "shadow_base_epochs"], OWN, None, "--base_epochs"),
        (["target"], None, OWN, ""),
        (["shadow_compiled"], None, OWN, "--shadow_compiled"),
        (["update_epochs", "shadow_update_epochs"], READING, OWN, "--shadow_update_epochs"),
        (["target", "base_batch"], None, None, ""),
        (["set_size", "label_skew"], OWN, OWN, ""),
    ],
)
def test_a_flag_that_nobody_reads_is_refused(
    given: list[str], owner: str | None, adversary: str | None, refused: str
) -> None:
    flags = dict.fromkeys(given, 1)
    if not refused:
        procedure_class.refuse_unread(flags, owner, adversary, "shadow_")
        return
    with pytest.raises(UserError, match=rf"Received {refused}\."):
        procedure_class.refuse_unread(flags, owner, adversary, "shadow_")


def test_a_class_that_cannot_be_imported_has_a_name_of_this_process() -> None:
    class Here(own_procedures.Softmax):
        pass

    name = procedure_class.give(Here)
    assert procedure_class.is_local(name) and procedure_class.class_of(name) is Here
    assert procedure_class.give(own_procedures.Softmax) == OWN
    with pytest.raises(UserError, match=r"as a class.*Received 3"):
        procedure_class.give(3)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"this process has.*inline"):
        procedure_class.class_of("given:Nobody-0")


@pytest.mark.parametrize("method", ["unlearning_by_fine_tuning", "retraining", "fine_tuning"])
def test_it_is_checked_with_what_its_updates_hold(
    method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def update(self: Any, weights: Any, change: Change, seed: int) -> Any:
        seen.append((len(change.added), len(change.removed), len(change.kept)))
        return (weights[0].copy(),)

    monkeypatch.setattr(own_procedures.Softmax, "update", update)
    procedure("Softmax").check(IMAGES, LABELS, UpdateConfig(set_size=2, update_method=method))
    wanted = {"retraining": (2, 0, 3), "fine_tuning": (2, 0, 0)}.get(method, (0, 2, 3))
    assert seen == [wanted] * 2
