"""A target of a user's own, named by module:function: imported, called and checked."""

import inspect
from collections.abc import Callable

import keras
import numpy as np

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.refusals import differing, refuse_unfollowed
from ulk_tf.errors import UserError

# How far from 1 the sum of a row may be; in half precision each value is rounded by itself.
_CLOSE = {"float64": 1e-3, "float32": 1e-3, "float16": 2**-8, "bfloat16": 2**-5}


def imported(path: str) -> Callable[[tuple[int, ...], int], keras.Model]:
    """Import the function of module:function; it is called under its own module's settings.

    Args:
        path: as a flag has it.

    Raises:
        UserError: it cannot be imported, or does not take shape and classes.
    """
    module, _, name = path.partition(":")
    try:
        builder = getattr(keras_state.import_module(module), name)
    except Exception as error:  # a module of the user's raises what it likes
        reason = f"{type(error).__name__}: {error}"
        raise UserError(
            "--target=module:function that can be imported", f"{path} ({reason})"
        ) from error
    try:
        inspect.signature(builder).bind((), 0)
    except (TypeError, ValueError) as error:
        raise UserError("--target to be a function of (sample shape, classes)", path) from error

    def build_it(shape: tuple[int, ...], classes: int) -> keras.Model:
        with keras_state.of_module(module):
            model = builder(shape, classes)
        if isinstance(model, keras.Model):
            keras_state.remember(model, module)
        return model

    return build_it


def check(name: str, model: keras.Model, shape: tuple[int, ...], classes: int) -> None:
    """Raise `UserError` unless a user's model answers posteriors and its updates can be followed.

    Args:
        name: name of the target, for messages.
        model: what the user's function returned.
        shape: shape of one sample.
        classes: number of classes.
    """
    if not model.built:
        raise no_target(
            classes,
            f"{type(model).__name__}, which is not built",
            "Call the model once, on keras.Input(shape) or on samples, before it is returned.",
        )
    shown = getattr(model, "output_shape", None)
    if shown not in (None, (None, classes)):
        raise no_target(classes, shown)
    kinds = {str(variable.dtype) for variable in model.weights}
    if "bfloat16" in kinds:
        raise UserError(
            "--target with weights that NumPy's files can hold: float16, float32 or float64",
            f"{name}, whose weights are bfloat16",
            'Use the dtype policy "mixed_bfloat16".',
        )
    samples = np.random.default_rng(0).uniform(0, 255, (2, *shape)).astype(np.float32)
    try:
        with keras_state.as_made(model):
            raw = model(samples, training=False)
    except Exception as error:  # Keras and TensorFlow raise what they like at other shapes
        if (refused := differing(model)) is not None:
            raise refused from error
        raise UserError(
            f"a target that takes samples of shape {shape}", f"{name}, which takes others"
        ) from error
    if not hasattr(raw, "shape"):
        raise no_target(classes, f"{name} with a {type(raw).__name__} as output")
    if tuple(raw.shape) != (2, classes):
        raise no_target(classes, f"{name} with output {(None, *raw.shape[1:])}")
    kind = keras.backend.standardize_dtype(raw.dtype)
    answers = np.asarray(raw).astype(np.float32)
    sums = answers.sum(-1)
    close = _CLOSE.get(kind, 0)
    if not close or answers.min() < 0 or np.abs(sums - 1).max() > close:
        raise UserError(
            "--target to answer posteriors: floats, each row a softmax that sums to 1",
            f"{name}, whose answer is {kind} with rows that sum to {sums.tolist()}",
        )
    refuse_unfollowed(model, shape)


def no_target(classes: int, received: object, remedy: str = "") -> UserError:
    """Make the error of a function that returned something else.

    Args:
        classes: number of classes of the data set.
        received: what it returned.
        remedy: sentence on what to do.
    """
    wanted = f"--target to build a keras.Model with output (None, {classes})"
    return UserError(wanted, received, remedy)
