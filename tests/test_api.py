"""`import ulk_tf`: light, and every documented example is true."""

import doctest
import inspect
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier

import ulk_tf
from ulk_tf import result
from ulk_tf.corpus import executors
from ulk_tf.errors import UserError

PUBLIC = [name for name in ulk_tf.__all__ if name != "defences"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `run`'s example has run."""
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def names(home: Path) -> dict[str, Any]:
    """Names that examples use: one attack, trained by the example of `run`, for all of them."""
    given: dict[str, Any] = {"runs": str(home / "runs"), "exports": str(home / "exported")}
    with pytest.MonkeyPatch.context() as patch:
        # Workers have tests of their own.
        patch.setitem(executors.EXECUTORS, "processes", executors.Inline)
        assert examples_of(ulk_tf.run, given) >= 1
    given["trained"] = given.pop("result")
    exported = home / "exported" / "digits_li"
    return given | {"folder": given["trained"].folder, "exported": str(exported)}


def examples_of(thing: Any, names: dict[str, Any]) -> int:
    """Run the examples of a docstring, which add to `names`; how many there were."""
    found = doctest.DocTestFinder(recurse=False).find(
        thing, thing.__name__, globs=vars(sys.modules[thing.__module__]) | names
    )
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in found:
        before = dict(test.globs)
        assert runner.run(test, clear_globs=False).failed == 0
        names |= {name: one for name, one in test.globs.items() if before.get(name) is not one}
    return sum(len(test.examples) for test in found)


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example_that_is_true(name: str, names: dict[str, Any]) -> None:
    # The example of `run` has made the names.
    assert name == "run" or examples_of(getattr(ulk_tf, name), dict(names)) >= 1


@pytest.mark.slow
def test_a_leak_has_no_truth_value(names: dict[str, Any]) -> None:
    assert examples_of(result.Leak, dict(names)) >= 2


def test_public_names_are_there_and_described() -> None:
    assert set(ulk_tf.__all__) <= set(dir(ulk_tf))
    for name in ulk_tf.__all__:
        assert inspect.getdoc(getattr(ulk_tf, name)), name
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        ulk_tf.trian  # noqa: B018


def test_the_import_is_light() -> None:
    code = (
        "import sys, ulk_tf; ulk_tf.UserError, ulk_tf.Result, ulk_tf.Experiment, ulk_tf.defences; "
        "ulk_tf.Limit, ulk_tf.Procedure, ulk_tf.Change, ulk_tf.Samples, ulk_tf.SklearnProcedure; "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_result_is_read_where_it_lies(names: dict[str, Any]) -> None:
    trained = names["trained"]
    again = ulk_tf.Result.load(names["folder"])
    assert again == ulk_tf.Result.load(names["folder"] / "results.json") == trained
    assert again.leaks(over="most_frequent_label") == "shown"
    for key in again.gains:
        metric, _, baseline = key.partition(":")
        assert again.leaks(over=baseline, metric=metric) in ("shown", "not shown", "undecided")
    assert "accuracy" in again.summary() and "shuffled" in again.summary()
    with pytest.raises(UserError, match="a metric and baseline of accuracy:"):
        again.leaks(over="nobody")
    with pytest.raises(TypeError, match="shown, not shown or undecided"):
        bool(again.leaks())


def test_the_attack_of_a_result_predicts(names: dict[str, Any]) -> None:
    attack = names["trained"].attack()
    rng = np.random.default_rng(0)
    before, after = rng.dirichlet(np.ones(10), (2, 5, 100)).astype(np.float32)
    probabilities = attack.predict_proba(before, after)
    assert probabilities.shape == (5, 10)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(
        attack.predict(before, after), attack.classes_[probabilities.argmax(1)]
    )


@pytest.mark.slow
def test_arrays_and_functions_of_a_script_without_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import random\n"
        "import keras, numpy as np\n"
        "import ulk_tf\n"
        "digits = ulk_tf.load_dataset('digits')\n"
        "def classifier(shape, classes):\n"
        "    return keras.Sequential([keras.Input(shape), keras.layers.Rescaling(1 / 255),\n"
        "        keras.layers.Flatten(), keras.layers.Dense(classes, 'softmax')])\n"
        "keras.config.set_dtype_policy('mixed_bfloat16')\n"
        "random.seed(3); np.random.seed(3)\n"
        "drawn = random.random(), np.random.rand()\n"
        "random.seed(3); np.random.seed(3)\n"
        "result = ulk_tf.run('li', dataset=(digits.samples, digits.labels), target=classifier,\n"
        "    preset='quick', training_updates=40, epochs=1, base_epochs=3, workers=2)\n"
        "assert (random.random(), np.random.rand()) == drawn\n"
        "assert keras.config.dtype_policy().name == 'mixed_bfloat16'\n"
        "import pathlib\n"
        "pathlib.Path('summary').write_text(result.summary())\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(ulk_tf.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "" and "accuracy" in (tmp_path / "summary").read_text()
    assert (tmp_path / "exported" / "own_li" / "1" / "saved_model.pb").is_file()


class Linear(ulk_tf.SklearnProcedure):
    def estimator(self) -> Any:
        return SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.1)


@pytest.mark.slow
def test_a_run_with_a_class_of_a_function(tmp_path: Path) -> None:
    class Here(Linear):
        pass

    flags = {"training_updates": 60, "target_updates": 20, "runs_dir": str(tmp_path / "runs")}
    flags |= {"export_dir": str(tmp_path / "exported"), "preset": "quick"}
    result = ulk_tf.run("li", procedure=Here, shadow_procedure=Linear, **flags)
    assert result.metrics["accuracy"]["n"] == 60
    with pytest.raises(UserError, match="Received --base_epochs"):
        ulk_tf.run("li", procedure=Linear, base_epochs=3, **flags)
    with pytest.raises(UserError, match="Received --target"):
        ulk_tf.run("li", procedure=Linear, target="mlp", **flags)


def test_mistakes_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    state = random.getstate()
    wrong: list[dict[str, Any]] = [
        {"dataset": "no_such.npz"},
        {"dataset": (np.zeros((5, 4)), np.zeros(4, int))},
        {"dataset": 3},
        {"preset": "fast"},
        {"target": "no_zoo"},
        {"target": lambda shape, classes: None},
        {"base_epochs": -1},
    ]
    for flags in wrong:
        with pytest.raises(UserError):
            ulk_tf.run("li", **flags)
    with pytest.raises(UserError, match="an attack of li, ssr, lde, msr"):
        ulk_tf.run("mia")
    with pytest.raises(TypeError, match="no config field named base_epoch"):
        ulk_tf.run("li", base_epoch=3)
    assert not list(tmp_path.iterdir()) and random.getstate() == state
