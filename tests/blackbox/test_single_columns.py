"""Answers of one column: labels are rows of 0 and 1, and a class of two stands in its place."""

import numpy as np
import pytest

from tests.answers.samples import dirichlet
from ulk_tf.answers.interpret import interpret
from ulk_tf.blackbox.open import open_target
from ulk_tf.blackbox.recording import Recording
from ulk_tf.blackbox.single_columns import LABELS_NOTE, both_classes, one_hot
from ulk_tf.errors import UserError

NAMES = ["cat", "dog", "bird"]
LABELS = np.array([2, 0, 1, 1, 0])
ROWS = np.eye(3)[LABELS]


class Table:
    """Stand-in for a table of pandas, which has these two."""

    def __init__(self, columns):
        self.columns, self._columns = [*columns], columns

    def to_numpy(self):
        return np.stack([*self._columns.values()], axis=1)


FORMS = {
    "numbers": LABELS,
    "a column of numbers": LABELS[:, None],
    "floats": LABELS.astype(float),
    "names": [NAMES[label] for label in LABELS],
    "text of numbers": [str(label) for label in LABELS],
    "bytes": np.array([NAMES[label].encode() for label in LABELS]),
    "an output": {"label": LABELS.tolist()},
    "an output of names": [{"class": NAMES[label]} for label in LABELS],
}


@pytest.mark.parametrize("form", FORMS)
def test_labels_of_the_attack_s_classes(form):
    target = open_target(lambda _: FORMS[form], class_names=NAMES)
    np.testing.assert_array_equal(target.posteriors(np.zeros((5, 2), np.uint8)), ROWS)
    assert LABELS_NOTE in target.notes
    assert interpret(ROWS).kind == "labels"


OTHERS = {
    "a number too large": [0, 1, 3, 1, 0],
    "a number below 0": [0, 1, -1, 1, 0],
    "another name": ["cat", "dog", "elk", "cat", "cat"],
    "true and false": [True, False, True, True, False],
}


@pytest.mark.parametrize("form", OTHERS)
def test_labels_of_other_classes_are_refused(form):
    with pytest.raises(UserError, match=r"labels only|type bool"):
        open_target(lambda _: OTHERS[form], class_names=NAMES).posteriors(np.zeros((5, 2), "u1"))


def test_numbers_that_are_no_labels():
    assert one_hot([0.5, 0.2], 2, NAMES) is None
    assert one_hot(np.ones((2, 1)), 2, NAMES[:2]) is None  # a saturated sigmoid
    assert one_hot(LABELS, 5, ()) is None
    assert one_hot(ROWS, 5, NAMES) is None


@pytest.mark.parametrize("name", ["labels.csv", "labels.npy", "labels.npz"])
def test_recorded_labels(tmp_path, name):
    path = tmp_path / name
    if path.suffix == ".csv":
        path.write_text("label\n" + "".join(f"{label}\n" for label in LABELS))
    else:
        (np.save if path.suffix == ".npy" else np.savez)(path, LABELS)
    found = Recording.load(path, None, NAMES)
    np.testing.assert_array_equal(found.answers, ROWS)
    assert LABELS_NOTE in found.notes


SURE = dirichlet(0, 0.5, 40, 2)
UNITS = {
    "posteriors": lambda own: own,
    "percent": lambda own: 100 * own,
    "logits": lambda own: np.log(own) - np.log1p(-own),
}


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("unit", UNITS)
def test_one_column_of_two_under_its_name(tmp_path, place, unit):
    own = UNITS[unit](SURE[:, place].clip(1e-6, 1 - 1e-6))
    name = ["cat", "dog"][place]
    answers = {
        "an output": {name: own},
        "rows": [{name: one} for one in own.tolist()],
        "rows below a name": {"probabilities": [{name: one} for one in own.tolist()]},
        "a table": Table({name: own}),
    }
    for answer in answers.values():
        target = open_target(lambda _, answer=answer: answer, class_names=NAMES[:2])
        found = target.posteriors(np.zeros((40, 2), np.uint8))
        np.testing.assert_allclose(found, SURE, atol=2e-6)
    path = tmp_path / "one.csv"
    path.write_text(f"{name}\n" + "".join(f"{one!r}\n" for one in own.tolist()))
    read = interpret(Recording.load(path, None, NAMES[:2]).answers, 2)
    np.testing.assert_allclose(read.posteriors, SURE, atol=2e-6)


@pytest.mark.parametrize("name", ["p_cat", "prob_cat", "cat_score", "P(cat)", "Cat probability"])
def test_the_name_of_a_class_among_other_words(name):
    np.testing.assert_allclose(both_classes(SURE[:, 0], 40, name, NAMES[:2]), SURE)


def test_percent_that_may_be_logits_are_refused():
    """Numbers without a name are refused for the same reason."""
    with pytest.raises(UserError, match="let the target answer a hundredth"):
        both_classes(SURE[:, 0] * 20, 40, "cat", NAMES[:2])
    whole = both_classes(np.arange(0, 101), 101, "cat", NAMES[:2])
    np.testing.assert_array_equal(whole[:, 1], 100 - np.arange(0, 101))


def test_classes_that_are_counted_from_1_are_refused():
    assert one_hot(np.tile([1, 2], 10), 20, NAMES) is None
    assert one_hot(np.tile([1, 2], 10), 20, ["1", "2", "3"]) is not None


@pytest.mark.parametrize("name", ["score", "0", "1", "output_0", "cat_or_dog", "fat_cat_model"])
def test_another_name_tells_no_class(name):
    assert both_classes(SURE[:, 0], 40, name, NAMES[:2]) is None
    assert both_classes(SURE[:, 0], 40, name, ["0", "1"]) is None
    assert both_classes(SURE[:, 0], 40, "cat", NAMES) is None
