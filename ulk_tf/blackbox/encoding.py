"""Images as PNG files, for models that take encoded images."""

import struct
import zlib

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array

COLOUR_TYPES = {1: 0, 3: 2}


def png(image: Array) -> bytes:
    """Encode one image as PNG, without loss.

    Args:
        image: uint8 [height, width, 1 or 3].

    Raises:
        UserError: it is no such image.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in COLOUR_TYPES:
        raise UserError(
            "images of bytes, for the model takes encoded images",
            f"samples of type {image.dtype} and shape {list(image.shape)}",
            "Leave --scale out if it is given.",
        )
    height, width, channels = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    rows = image.reshape(height, -1)
    # Each row begins with the number of its filter: none.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
