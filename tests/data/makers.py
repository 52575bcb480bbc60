"""Data sets of TFDS that are made here, one for each strange thing that a data set can be."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 5, 4, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 1, 0, 1, 0, 0])


def features(**changed: Any) -> tfds.features.FeaturesDict:
    image = tfds.features.Image(shape=(5, 4, 3))
    label = tfds.features.ClassLabel(names=["cat", "dog"])
    named = {"image": image, "label": label} | changed
    return tfds.features.FeaturesDict({name: kind for name, kind in named.items() if kind})


class Maker(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A data set made from the arrays above; subclasses say what is strange about them."""

    VERSION = tfds.core.Version("1.0.0")
    FEATURES = features()
    URLS: tuple[str, ...] = ()

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(builder=self, features=self.FEATURES)

    @property
    def url_infos(self) -> Any:
        return dict.fromkeys(self.URLS)

    def _split_generators(self, manager: Any) -> dict[str, Iterator[Any]]:
        return {"test": self._examples(5, 7), "train": self._examples(0, 5)}

    def _examples(self, start: int, stop: int) -> Iterator[Any]:
        for row in range(start, stop):
            yield row, {"image": IMAGES[row], "label": LABELS[row]}

    _generate_examples = _examples


class UlkPets(Maker):
    """Nothing strange."""


class UlkServed(Maker):
    """Has files on a server."""

    URLS = ("https://data.invalid/pets.zip",)


class UlkBreaking(Maker):
    """Fails half-way."""

    def _examples(self, start: int, stop: int) -> Iterator[Any]:
        yield start, {"image": IMAGES[start], "label": LABELS[start]}
        raise OSError("the connection broke")


class UlkUnequal(Maker):
    """Images of many sizes."""

    FEATURES = features(image=tfds.features.Image(shape=(None, None, 3)))


class UlkUnlabelled(Maker):
    """No label."""

    FEATURES = features(label=None)


class UlkText(Maker):
    """No image."""

    FEATURES = features(image=tfds.features.Text())


class UlkWide(Maker):
    """16 bits in each channel."""

    FEATURES = features(image=tfds.features.Image(shape=(5, 4, 1), dtype=np.uint16))


class UlkOther(Maker):
    """Neither a train nor a test split."""

    def _split_generators(self, manager: Any) -> dict[str, Iterator[Any]]:
        return {"validation": self._examples(0, 5)}
