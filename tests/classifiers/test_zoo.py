"""Target classifiers: raw samples in, posteriors out, and what cannot be one is refused."""

from pathlib import Path

import keras
import numpy as np
import pytest

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.chain import as_chain
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.errors import UserError
from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.update_config import UpdateConfig

OWN = "tests.classifiers.own_targets"


@pytest.mark.parametrize(
    ("name", "shape", "weights"),
    [
        # 1*10*25+10 + 10*20*25+20 + 320*50+50 + 50*10+10: the paper's MNIST target.
        ("mnist_cnn", (28, 28, 1), 21_840),
        # LeNet-5 for three channels.
        ("lenet", (32, 32, 3), 62_006),
        ("cnn32", (32, 32, 3), 814_122),
        ("digits_cnn", (8, 8, 1), 21_546),
        ("mlp", (7,), 9_930),
        ("mlp", (3, 4, 3), 13_642),
    ],
)
def test_raw_samples_in_posteriors_out(name: str, shape: tuple[int, ...], weights: int) -> None:
    keras.utils.set_random_seed(0)
    model = zoo.build(name, shape, 10)
    assert model.name == name and model.count_params() == weights
    samples = np.random.default_rng(0).integers(0, 256, (4, *shape), dtype=np.uint8)
    answers = np.asarray(model(samples))
    assert answers.shape == (4, 10) and answers.dtype == np.float32
    np.testing.assert_allclose(answers.sum(1), 1, rtol=1e-5)
    # Raw pixels are scaled inside: unscaled ones would leave one class with all.
    assert answers.max() < 0.999 or len(shape) == 1
    assert as_chain(model), "a classifier of the zoo takes the special path"


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ((8, 8, 1), "digits_cnn"),
        ((4, 4, 3), "digits_cnn"),
        ((3, 8, 1), "mlp"),
        ((28, 28, 1), "mnist_cnn"),
        ((28, 28, 3), "lenet"),
        ((32, 32, 3), "lenet"),
        ((32, 32, 1), "lenet"),
        ((168,), "mlp"),
    ],
)
def test_the_shape_chooses(shape: tuple[int, ...], name: str) -> None:
    assert zoo.choose("auto", shape) == name
    assert zoo.choose("cnn32", shape) == "cnn32"
    assert zoo.build("auto", shape, 4).output_shape == (None, 4)


def test_each_feature_of_a_vector_is_normalised_by_itself() -> None:
    rng = np.random.default_rng(0)
    scales = np.array([1e-3, 1, 1e6], np.float32)
    vectors = (rng.normal(size=(50, 3)) * scales + 5 * scales).astype(np.float32)
    keras.utils.set_random_seed(0)
    model = zoo.build("mlp", (3,), 4, (vectors.mean(0), vectors.std(0)))
    assert as_chain(model) is not None
    plain = zoo.build("mlp", (3,), 4)
    plain.set_weights(model.get_weights())
    normal = (vectors - vectors.mean(0)) / vectors.std(0)
    np.testing.assert_allclose(model(vectors), plain(normal), atol=1e-5)
    # Every feature counts about as much, whatever its unit.
    moved = [np.abs(model(vectors + step) - model(vectors)).mean() for step in np.diag(scales)]
    assert min(moved) > max(moved) / 10


def test_a_target_of_the_users_own() -> None:
    assert zoo.build(f"{OWN}:residual", (8, 8, 1), 10).output_shape == (None, 10)
    assert zoo.build(f"{OWN}:any_arguments", (8, 8, 1), 10).output_shape == (None, 10)


def test_one_sigmoid_unit_tells_two_classes() -> None:
    model = zoo.build(f"{OWN}:unit", (8, 8, 1), 2)
    procedure = KerasProcedure(f"{OWN}:unit", TrainingConfig(), UpdateConfig(), (8, 8, 1), 2)
    samples = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype=np.uint8)
    second = np.asarray(model(samples))
    answers = procedure.predict_proba(tuple(model.get_weights()), samples)
    np.testing.assert_allclose(answers, np.concatenate([1 - second, second], 1), atol=1e-6)


@pytest.mark.parametrize("name", ["program", "half"])
def test_classes_and_precisions_of_the_users_own(name: str) -> None:
    model = zoo.build(f"{OWN}:{name}", (8, 8, 1), 10)
    probes = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype=np.uint8)
    answers = UpdateEngine(model, UpdateConfig(), probes).before(model.get_weights())
    assert answers.shape == (5, 10) and answers.dtype == np.float32
    np.testing.assert_allclose(answers.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("resnet", r"auto, mnist_cnn, .* or module:function\. Received 'resnet'"),
        ("mnist_cnn", r"takes samples of shape \(8, 8, 1\)\. Received mnist_cnn"),
        ("no_such_module:f", "can be imported.*ModuleNotFoundError"),
        (":f", "can be imported"),
        (f"{OWN}:", "can be imported"),
        (f"{OWN}:no_such_function", "can be imported.*AttributeError"),
        (f"{OWN}:NUMBER", r"a function of \(sample shape, classes\)"),
        (f"{OWN}:one_argument", r"a function of \(sample shape, classes\)"),
        (f"{OWN}:unbuilt", r"output \(None, 10\)\. Received Sequential"),
        (f"{OWN}:uncalled", r"Received Program, which is not built\. Call the model once"),
        (f"{OWN}:nothing", r"output \(None, 10\)\. Received NoneType"),
        (f"{OWN}:other_classes", r"output \(None, 10\)\. Received \(None, 11\)"),
        (
            f"{OWN}:other_shape",
            r"samples of shape \(8, 8, 1\)\. Received .*, which takes samples of shape \(3,\)\. "
            r"Begin it with keras\.Input\(\(8, 8, 1\)\)",
        ),
        (f"{OWN}:logits", r"a softmax that sums to 1.*end it with keras\.layers\.Softmax\(\)"),
        (f"{OWN}:sigmoid", "each row a softmax that sums to 1"),
        (f"{OWN}:unit", r"output \(None, 10\)\. Received \(None, 1\)"),
        (f"{OWN}:two_inputs", r"one input, the samples\. Received .* with 2: picture, mask\. Wrap"),
        (f"{OWN}:two_outputs", r"output \(None, 10\)\. Received \[.*Return keras\.Model\(model"),
    ],
)
def test_what_is_no_target(target: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        zoo.build(target, (8, 8, 1), 10)


def test_a_module_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ulk_broken.py").write_text("def f(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"can be imported.*SyntaxError"):
        zoo.build("ulk_broken:f", (8, 8, 1), 10)
