"""The same checks over the real export of every attack, on images and on vectors."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from sklearn.cluster import KMeans

from tests.conformance.conftest import CLUSTERED, TRAIN, loaded
from ulk_tf.attacks.reconstruction import to_be_clustered
from ulk_tf.evaluation.metrics import matched_mse
from ulk_tf.files import load_npz
from ulk_tf.serving import conformance, warmup
from ulk_tf.serving.graph import Graph

pytestmark = pytest.mark.slow

IMAGES, VECTORS = ([(name, kind) for name in TRAIN] for kind in ("images", "vectors"))
every_export = pytest.mark.parametrize(
    "case", [pytest.param(one, id="-".join(one)) for one in (*IMAGES, *VECTORS)], indirect=True
)
OUTPUTS = {
    "li": {"label_probabilities": {"images": (10,), "vectors": (10,)}},
    "lde": {"label_distribution": {"images": (10,), "vectors": (10,)}},
    "ssr": {"sample": {"images": (8, 8, 1), "vectors": (48,)}},
    "msr": {
        "samples": {"images": (10, 8, 8, 1), "vectors": (10, 48)},
        "centroids": {"images": (10, 8, 8, 1), "vectors": (10, 48)},
    },
}
FRESH = """
import sys, json, numpy as np
from ulk_tf.serving.loading import load_attack
given, answers = np.load(sys.argv[2]), {}
for number, path in enumerate(json.loads(sys.argv[1])):
    attack = load_attack(path)
    names = [name for name in given if name.startswith(f"{number}:")]
    inputs = {name.partition(":")[2]: given[name] for name in names}
    for signature in attack.metadata["signatures"]:
        for label, value in attack.run(**inputs, signature=signature).items():
            answers[f"{path}:{signature}:{label}"] = value
np.savez(sys.argv[3], **answers)
"""


@pytest.fixture
def case(request, cases):
    return cases(*request.param)


def in_memory(case, signature="serving_default"):
    """What the attack that was trained answers, as a graph: eager calls round otherwise."""
    tensors = {name: tf.constant(value) for name, value in case.inputs.items()}
    found = tf.function(case.attack.signatures[signature].function)(**tensors)
    return {name: value.numpy() for name, value in found.items()}


@every_export
def test_tf_serving_will_run_it(case):
    """The C++ loader is among the checks, with numerics equal to Keras's."""
    assert conformance.check(case.path) == []


@every_export
def test_names_and_shapes(case, request):
    kind = request.node.callspec.id.partition("-")[2]
    graph = Graph(case.path)
    seeded = {"seeds"} if case.attack.name == "msr" else set()
    for signature in graph.signatures.values():
        assert set(signature.inputs) == {"before", "after"} | seeded
    found = {
        name: tensor.shape[1:]
        for name, tensor in graph.signatures["serving_default"].outputs.items()
    }
    assert found == {name: shape[kind] for name, shape in OUTPUTS[case.attack.name].items()}
    assert ("raw_samples" in graph.signatures) == (case.attack.name == "msr")
    told = json.loads((case.path / "assets.extra" / "ulk.json").read_text())
    assert told["attack"] == case.attack.name
    assert len(told["class_names"]) == 10
    replayed = {request.signature for request in warmup.read(case.path / warmup.FILE)}
    assert replayed == set(graph.signatures)


@pytest.fixture(scope="module", params=[IMAGES, VECTORS])
def fresh(request, cases, tmp_path_factory):
    """Exports, and their answers when they are loaded in one new process."""
    folder = tmp_path_factory.mktemp("fresh")
    every = [cases(*names) for names in request.param]
    given = {
        f"{number}:{name}": value
        for number, case in enumerate(every)
        for name, value in case.inputs.items()
    }
    np.savez(folder / "in.npz", **given)
    paths = json.dumps([str(case.path) for case in every])
    arguments = [paths, str(folder / "in.npz"), str(folder / "out.npz")]
    subprocess.run([sys.executable, "-c", FRESH, *arguments], check=True)
    return every, load_npz(folder / "out.npz")


def test_a_fresh_process_answers_what_the_attack_in_memory_does(fresh):
    every, answers = fresh
    for case in every:
        for signature in case.attack.signatures:
            for label, wanted in in_memory(case, signature).items():
                found = answers[f"{case.path}:{signature}:{label}"]
                np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@every_export
def test_a_batch_and_its_rows_one_by_one_agree(case):
    attack = loaded(case.path)
    for signature in case.attack.signatures:
        several = attack.run(**case.inputs, signature=signature)
        for row in range(3):
            one = {name: value[row : row + 1] for name, value in case.inputs.items()}
            for label, value in attack.run(**one, signature=signature).items():
                np.testing.assert_allclose(value[0], several[label][row], rtol=1e-5, atol=1e-5)


@every_export
def test_answers_are_what_they_are_called(case):
    for label, value in loaded(case.path).run(**case.inputs).items():
        assert 0 <= value.min() <= value.max() <= 1
        if label.startswith("label"):
            np.testing.assert_allclose(value.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("case", IMAGES, ids="-".join, indirect=True)
def test_an_existing_version_is_never_overwritten(case):
    kept = {path: path.read_bytes() for path in case.path.rglob("*") if path.is_file()}
    again = case.export()
    assert again.parent == case.path.parent
    assert int(again.name) > int(case.path.name)
    assert {path: path.read_bytes() for path in kept} == kept


def _inertia(rows, centroids):
    return ((rows[:, None] - centroids) ** 2).sum(-1).min(1).sum()


def _matched_error(rows, centroids):
    rng = np.random.default_rng(0)
    sets = [rows[rng.choice(len(rows), len(centroids), replace=False)] for _ in range(200)]
    return np.mean([matched_mse(one, centroids) for one in sets])


def _clustered(case):
    """What was generated for each of three updates, and what the export made of it."""
    answers = loaded(case.path).run(**case.inputs)
    (gan,) = case.attack.models
    for row in range(3):
        pair = {name: case.inputs[name][row : row + 1] for name in ("before", "after")}
        seed = tf.constant(case.inputs["seeds"][row : row + 1])
        rows = to_be_clustered(
            gan, {name: tf.constant(value) for name, value in pair.items()}, seed, CLUSTERED
        ).numpy()
        centroids, central = (
            answers[name][row].reshape(len(answers[name][row]), -1)
            for name in ("centroids", "samples")
        )
        apart = ((rows[:, None] - central) ** 2).sum(-1)
        assert apart.min(0).max() < 1e-8  # each is one of the generated samples
        yield rows, centroids


@pytest.mark.parametrize("case", [("msr", "vectors")], ids="-".join, indirect=True)
def test_k_means_in_the_graph_is_as_good_as_scikit_learn_s(case):
    for rows, centroids in _clustered(case):
        theirs = KMeans(len(centroids), n_init=4, random_state=0).fit(rows)
        assert _inertia(rows, centroids) <= 1.02 * theirs.inertia_


@pytest.mark.parametrize("case", [("msr", "images")], ids="-".join, indirect=True)
def test_matched_centroids_in_the_graph_are_nearer_to_sets_than_k_means(case):
    for rows, centroids in _clustered(case):
        theirs = KMeans(len(centroids), n_init=4, random_state=0).fit(rows).cluster_centers_
        assert _matched_error(rows, centroids) < 0.99 * _matched_error(rows, theirs)
