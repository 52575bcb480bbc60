"""Warm-up records: requests that TF Serving replays while it loads a model.

The server reads `assets.extra/tf_serving_warmup_requests`, a TFRecord file of PredictionLog
messages (https://www.tensorflow.org/tfx/serving/saved_model_warmup). The few fields that are
needed are declared here with the server's own names and numbers, so that no extra package is
needed to write or to check them.
"""

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message,
    message_factory,
)

from ulk_tf.errors import UserError
from ulk_tf.files import Array

FILE = Path("assets.extra") / "tf_serving_warmup_requests"
MAX_RECORDS = 1000  # the server refuses a file with more
MAX_BYTES = 256 * 2**20  # of a file, and of one array: a short record can declare a huge array


@dataclass(frozen=True)
class Request:
    """Request to a served model.

    Attributes:
        signature: name of the signature.
        inputs: arrays by input name.
        model: name of the model; the server ignores it during a warm-up.
    """

    signature: str
    inputs: Mapping[str, Array]
    model: str = ""


def write(path: Path, requests: list[Request]) -> None:
    """Write `requests` to `path` as a warm-up file."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in requests:
            log = _classes()["PredictionLog"]()
            prediction = log.predict_log.request
            prediction.model_spec.name = request.model
            prediction.model_spec.signature_name = request.signature
            for name, value in request.inputs.items():
                prediction.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString(deterministic=True))


def read(path: Path) -> Iterator[Request]:
    """Yield the requests of a warm-up file.

    Raises:
        UserError: the file is damaged, or a record is not a PredictionLog of a predict request.
    """
    wanted = "a TFRecord file of PredictionLog messages with predict requests"
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{wanted} of at most {MAX_BYTES} bytes", f"{path}")
    try:
        for index, record in enumerate(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()):
            log = _classes()["PredictionLog"].FromString(record)
            if not log.HasField("predict_log"):
                raise UserError(wanted, f"{path} with no predict request in record {index}")
            sent = log.predict_log.request
            yield Request(
                signature=sent.model_spec.signature_name or "serving_default",
                inputs={name: _array(value) for name, value in sent.inputs.items()},
                model=sent.model_spec.name,
            )
    except (tf.errors.OpError, message.DecodeError, TypeError, ValueError) as error:
        raise UserError(wanted, f"{path} ({type(error).__name__})") from error


def example_posteriors(shape: tuple[int, ...], seed: int) -> tuple[Array, Array]:
    """Make up posteriors before and after an update, for warm-up and for checks.

    Args:
        shape: [batch, probes, classes].
        seed: of the made-up numbers.

    Returns:
        Posteriors before and after, float32 of `shape`; rows sum to 1.
    """
    random = np.random.default_rng(seed)
    logits = random.normal(scale=2.0, size=shape)
    moved = logits + random.normal(scale=0.1, size=shape)
    first, second = (np.exp(x) / np.exp(x).sum(-1, keepdims=True) for x in (logits, moved))
    return first.astype(np.float32), second.astype(np.float32)


def _array(sent: Any) -> Array:
    count = math.prod(size.size for size in sent.tensor_shape.dim)
    if not 0 <= count * tf.as_dtype(sent.dtype).size <= MAX_BYTES:
        raise ValueError("an array that is too large")
    array: Array = tf.make_ndarray(sent)
    return array


@functools.cache
def _classes() -> dict[str, Any]:
    """Build the message classes by name; their encoding is that of tensorflow_serving.apis."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="ulk_tf/warmup.proto",
        package="ulk_tf.warmup",
        syntax="proto3",
        dependency=["tensorflow/core/framework/tensor.proto"],
    )

    def declare(name: str, *fields: tuple[str, int, str | None]) -> Any:
        made = file.message_type.add(name=name)
        for label, number, kind in fields:
            added = made.field.add(name=label, number=number, label=field.LABEL_OPTIONAL)
            added.type = field.TYPE_STRING if kind is None else field.TYPE_MESSAGE
            if kind is not None:
                added.type_name = kind
        return made

    declare("ModelSpec", ("name", 1, None), ("signature_name", 3, None))
    request = declare(
        "PredictRequest",
        ("model_spec", 1, ".ulk_tf.warmup.ModelSpec"),
        ("inputs", 2, ".ulk_tf.warmup.PredictRequest.InputsEntry"),
    )
    request.field[1].label = field.LABEL_REPEATED
    entry = request.nested_type.add(name="InputsEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=field.LABEL_OPTIONAL, type=field.TYPE_STRING)
    entry.field.add(
        name="value",
        number=2,
        label=field.LABEL_OPTIONAL,
        type=field.TYPE_MESSAGE,
        type_name=".tensorflow.TensorProto",
    )
    declare("PredictLog", ("request", 1, ".ulk_tf.warmup.PredictRequest"))
    declare("PredictionLog", ("predict_log", 6, ".ulk_tf.warmup.PredictLog"))
    # TensorFlow registers its tensor message in the default pool. Our package name differs from
    # that of tensorflow-serving-api, so that both can be imported in one process.
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    types = pool.FindFileByName(file.name).message_types_by_name
    return {name: message_factory.GetMessageClass(kind) for name, kind in types.items()}
