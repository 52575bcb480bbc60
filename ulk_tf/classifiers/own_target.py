"""A target of a user's own, named by module:function: imported, called and checked."""

import inspect
from collections.abc import Callable

import keras
import numpy as np

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.following import of_classes
from ulk_tf.classifiers.refusals import differing, refuse_unfollowed
from ulk_tf.errors import UserError
from ulk_tf.reasons import reason

# How far from 1 the sum of a row may be; in half precision each value is rounded by itself.
_CLOSE = {"float64": 1e-3, "float32": 1e-3, "float16": 2**-8, "bfloat16": 2**-5}
_NO_LOGITS = (
    "Where it answers logits, end it with keras.layers.Softmax(), and leave from_logits out of "
    "the loss that it is compiled with."
)
_ONE_OUTPUT = "Return keras.Model(model.inputs, <the output with the posteriors>)."


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
        raise UserError(
            "--target=module:function that can be imported", f"{path} ({reason(error)})"
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
    # One sigmoid unit tells two classes.
    columns = {classes, 1} if classes == 2 else {classes}
    shown = getattr(model, "output_shape", None)
    if shown is not None and shown not in [(None, count) for count in columns]:
        raise no_target(classes, shown, _ONE_OUTPUT if isinstance(shown, list | dict) else "")
    inputs = getattr(model, "inputs", None) or ()
    if len(inputs) > 1:
        raise UserError(
            "--target to build a keras.Model of one input, the samples",
            f"{name} with {len(inputs)}: {', '.join(str(one.name) for one in inputs)}",
            "Wrap it: keras.Model(samples, model([samples, ...])), with the others made from the "
            "samples or constant.",
        )
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
        taken = f"samples of shape {inputs[0].shape[1:]}" if inputs else f"others ({reason(error)})"
        raise UserError(
            f"a target that takes samples of shape {shape}",
            f"{name}, which takes {taken}",
            f"Begin it with keras.Input({shape}), and keras.layers.Reshape where it needs another.",
        ) from error
    if not hasattr(raw, "shape"):
        raise no_target(classes, f"{name} with a {type(raw).__name__} as output")
    if tuple(raw.shape) not in {(2, count) for count in columns}:
        raise no_target(classes, f"{name} with output {(None, *raw.shape[1:])}")
    kind = keras.backend.standardize_dtype(raw.dtype)
    answers = np.asarray(of_classes(raw)).astype(np.float32)
    sums = answers.sum(-1)
    close = _CLOSE.get(kind, 0)
    if not close or answers.min() < 0 or np.abs(sums - 1).max() > close:
        raise UserError(
            "--target to answer posteriors: floats, each row a softmax that sums to 1",
            f"{name}, whose answer is {kind} with rows that sum to {sums.tolist()}",
            _NO_LOGITS if close else "",
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
