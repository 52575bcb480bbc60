"""Posteriors are found among outputs, and put into the order of the attack's classes."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.blackbox.class_names import are_numbered, reorder
from ulk_tf.blackbox.labelled import in_order
from ulk_tf.blackbox.outputs import by_columns, pick, select
from ulk_tf.errors import UserError

NAMES = ["ant", "bee", "cat", "dog"]


class Table:
    """A data frame as pandas has them."""

    def __init__(self, columns, values):
        self.columns, self._values = columns, np.asarray(values)

    def to_numpy(self):
        return self._values


def posteriors(seed=0, rows=7):
    return np.random.default_rng(seed).dirichlet(np.ones(len(NAMES)), rows)


def ranked(values, kept, names=NAMES):
    order = np.argsort(-values, axis=1)[:, :kept]
    return [[names[i] for i in row] for row in order], np.take_along_axis(values, order, 1)


@given(st.integers(0, 10**6), st.integers(1, 4), st.permutations(NAMES))
def test_sorted_scores_with_names_are_put_back(seed, kept, names):
    values = posteriors(seed)
    labels, scores = ranked(values, kept, names)
    rows = [
        {"classes": one, "scores": two.tolist()} for one, two in zip(labels, scores, strict=True)
    ]
    found, notes = select(rows, len(rows), None, names)
    kept_values = np.where(values >= np.sort(values)[:, -kept][:, None], values, 0)
    np.testing.assert_array_equal(found, kept_values)
    assert "names the classes" in notes[0]


FORMS = {
    "lists of labels and scores": lambda labels, scores: [
        [{"label": name, "score": float(s)} for name, s in zip(*row, strict=True)]
        for row in zip(labels, scores, strict=True)
    ],
    "columns": lambda labels, scores: {"names": labels, "probabilities": scores},
    "bytes": lambda labels, scores: {
        "classes": [[name.encode() for name in row] for row in labels],
        "scores": scores,
    },
    "bytes over REST": lambda labels, scores: [
        {
            "classes": [{"b64": base64.b64encode(name.encode()).decode()} for name in row],
            "scores": row_scores.tolist(),
        }
        for row, row_scores in zip(labels, scores, strict=True)
    ],
    "numbers": lambda labels, scores: {
        "class_ids": [[NAMES.index(name) for name in row] for row in labels],
        "scores": scores,
    },
    "other case": lambda labels, scores: {
        "classes": [[name.upper() for name in row] for row in labels],
        "scores": scores,
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_other_forms_of_the_same(form):
    values = posteriors()
    found, notes = select(FORMS[form](*ranked(values, 4)), len(values), None, NAMES)
    np.testing.assert_array_equal(found, values)
    assert notes


def test_scores_that_cannot_be_put_in_order():
    labels, scores = ranked(posteriors(), 4, ["w", "x", "y", "z"])
    with pytest.raises(UserError, match=r"class names \(ant, bee, cat, dog\)"):
        select({"classes": labels, "scores": scores}, 7, None, NAMES)
    with pytest.raises(UserError, match="fixed order"):
        select({"classes": labels, "scores": scores}, 7, None)


@pytest.mark.parametrize("names", ["wxyz", ["cat", "bee", "ants", "dogs"]])
def test_other_names_in_one_fixed_order_are_refused(names):
    values = posteriors()
    labels = [list(names)] * len(values)
    by_name = {"classes": labels, "scores": values}
    for answer in (by_name, Table(list(names), values)):
        with pytest.raises(UserError, match="attack's class"):
            select(answer, 7, None, NAMES)
    # No order is wrong where nobody knows the classes.
    np.testing.assert_array_equal(select(by_name, 7, None)[0], values)


@pytest.mark.parametrize("names", [[f"p{n}" for n in range(4)], ["class 1", "class 2", "class 3"]])
def test_names_that_only_count_need_not_be_known(names):
    values = posteriors()[:, : len(names)]
    known = ["a b", "c", "d", "e"][: len(names)]
    labels = [list(names)] * len(values)
    by_name = dict(zip(names, values.T.tolist(), strict=True))
    for answer in ({"classes": labels, "scores": values}, Table(names, values), by_name):
        np.testing.assert_array_equal(select(answer, 7, None, known)[0], values)


@pytest.mark.parametrize("separator", [".", "_", "-", ""])
def test_names_as_r_and_python_spell_them(separator):
    values = posteriors()[:, :3]
    known = ["T-shirt/top", "great white", "Bag"]
    spelt = ["great white", "Bag", "T-shirt/top"]
    for mark in " -/":
        spelt = [name.replace(mark, separator or mark) for name in spelt]
    found = reorder(values[:, [1, 2, 0]], spelt, known)
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("names", [["p1", "p3"], ["p2", "p1"], ["p1", "q2"], ["p1", "p"], ["5"]])
def test_names_that_do_not_count_from_0_or_1(names):
    assert not are_numbered(names)


def test_a_class_that_is_named_twice_is_refused():
    labels, scores = ranked(posteriors(), 3)
    labels[4][2] = labels[4][0]
    with pytest.raises(UserError, match="each class once"):
        in_order(labels, scores, NAMES)


def test_classes_that_differ_in_case_only():
    values = posteriors()[:, :3]
    values[:, 2] = 0.9 - values[:, 2]
    found, put = in_order([["B", "b", "A"]] * 7, values, ["A", "B", "b"])
    np.testing.assert_array_equal(found, values[:, [2, 0, 1]])
    assert put
    with pytest.raises(UserError, match="names"):
        in_order([["B", "a", "A"]] * 7, values, ["A", "B", "b"])


def test_a_label_beside_posteriors_is_no_ranking():
    values = posteriors()
    rows = [
        {"label": NAMES[row.argmax()], "confidence": float(row.max()), "probabilities": row}
        for row in values
    ]
    found, notes = select(rows, 7, None, NAMES)
    np.testing.assert_array_equal(found, values)
    assert notes == ()


@pytest.mark.parametrize("order", [NAMES, NAMES[::-1]])
def test_one_output_for_each_class(order):
    values = posteriors()
    columns = {name: values[:, NAMES.index(name)].tolist() for name in order}
    rows = [{name: columns[name][i] for name in order} for i in range(7)]
    table = Table(order, np.stack([columns[name] for name in order], axis=1))
    for answer in (columns, rows, table):
        found, notes = select(answer, 7, None, NAMES)
        np.testing.assert_array_equal(found, values)
        assert bool(notes) == (order is not NAMES)


def test_a_table_with_other_columns_is_taken_as_it_is():
    values = posteriors()
    for columns in ([0, 1, 2, 3], ["p0", "p1", "p2", "p3"]):
        found, notes = select(Table(columns, values), 7, None, NAMES)
        np.testing.assert_array_equal(found, values)
        assert notes == ()


def test_the_only_output_with_a_row_for_each_sample():
    values = posteriors()
    assert select({"a": [0.5], "b": values}, 7, None)[0] is values
    assert pick({"loss": np.float32(3), "p": values}, None, 7) is values
    with pytest.raises(UserError, match="a, b"):
        pick({"a": values, "b": values}, None, 7)


def test_reorder_needs_every_class_once():
    values = posteriors()
    assert reorder(values, ["ant", "ant", "cat", "dog"], NAMES) is None
    assert reorder(values[:, :3], NAMES[:3], NAMES) is None
    assert by_columns(["1", "0", "2", "3"], values, NAMES)[0][0, 0] == values[0, 1]


@pytest.mark.parametrize("keys", [NAMES[::-1], [3, 2, 1, 0]])
def test_scores_by_class_beside_a_label(keys):
    values = posteriors()
    rows = [dict(zip(keys, row[::-1].tolist(), strict=True)) for row in values]
    labels = np.array([NAMES[i] for i in values.argmax(1)])
    for answer in ({"label": labels, "chances": rows}, {"chances": rows}):
        found, notes = select(answer, 7, None, NAMES)
        np.testing.assert_array_equal(found, values)
        assert "by their names" in notes[0]


@pytest.mark.parametrize("form", ["prob_{}", "p.class {}", "{}_score", "a {} b"])
def test_what_all_columns_are_called_counts_for_nothing(form):
    values = posteriors()
    order = [2, 0, 3, 1]
    names = [form.format(NAMES[i]) for i in order]
    np.testing.assert_array_equal(reorder(values[:, order], names, NAMES), values)
    assert reorder(values, [form.format(name) for name in "wxyz"], NAMES) is None
