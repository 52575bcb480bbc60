"""Templates of requests: a JSON document with places for the samples."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ulk_tf.blackbox.encoding import png
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.reasons import one_line

MAX_BYTES = 2**20
MAX_DEPTH = 64
PLACE = re.compile(r"\{\{ *(?P<what>samples|sample|each)(?::(?P<how>flat|png))? *\}\}")
FORM = (
    'a string "{{samples}}" (the batch), "{{sample}}" (one sample a request) or "{{each}}" (its '
    "list item is repeated for each sample), with :flat or :png where wanted"
)


@dataclass(frozen=True)
class RequestTemplate:
    """A template.

    Attributes:
        content: the JSON value, with its places.
        what: samples, sample or each.
    """

    content: Any
    what: str

    @property
    def single(self) -> bool:
        """Tell whether a request holds one sample."""
        return self.what == "sample"

    @classmethod
    def load(cls, file: str) -> "RequestTemplate":
        """Read a template.

        Args:
            file: JSON; a leading ~ is the home directory.

        Raises:
            UserError: it cannot be read, or has no place for samples.
        """
        path = Path(file).expanduser()
        try:
            if path.stat().st_size > MAX_BYTES:
                raise UserError(f"a --request of at most {MAX_BYTES} bytes", str(path))
            content = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse)
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(
                "--request to be a file with JSON", f"{path} ({one_line(str(error))})"
            ) from error
        found = list(_places(content))
        kinds = {what for what, _ in found}
        if len(kinds) != 1:
            told = "none" if not kinds else f"{' and '.join(sorted(kinds))} together"
            raise UserError(f"--request with {FORM}", f"{told} in {path}")
        if "each" in kinds and not all(inside for _, inside in found):
            raise UserError('"{{each}}" in an item of a list', f"one outside of any in {path}")
        return cls(content, kinds.pop())

    def fill(self, samples: Array) -> Any:
        """Make the JSON value of a request.

        Args:
            samples: [n, ...]; one where `single`.

        Raises:
            UserError: samples that are no images, for `:png`.
        """
        return _filled(self.content, samples, None)


def _places(content: Any, inside: bool = False, depth: int = 0) -> Iterator[tuple[str, bool]]:
    """Yield what each place asks for, and whether it is in an item of a list.

    Raises:
        UserError: a string with braces that are no place, or a document that is too deep.
    """
    if depth > MAX_DEPTH:
        raise UserError(f"a --request at most {MAX_DEPTH} lists and objects deep", "a deeper one")
    if isinstance(content, list):
        for item in content:
            yield from _places(item, True, depth + 1)
    elif isinstance(content, dict):
        for value in content.values():
            yield from _places(value, inside, depth + 1)
    elif isinstance(content, str) and "{{" in content:
        found = PLACE.search(content)
        whole = found is not None and found[0] == content.strip()
        # A file may stand in a longer text, such as data:image/png;base64,{{sample:png}}.
        if found is None or not (whole or (found["how"] == "png" and found["what"] != "samples")):
            raise UserError(f"--request with {FORM}", one_line(repr(content), 60))
        yield found["what"], inside


def _filled(content: Any, samples: Array, one: Array | None) -> Any:
    """Fill in all places.

    Args:
        content: a part of the template.
        samples: samples of the request.
        one: the sample of the list item that is repeated.
    """
    if isinstance(content, list):
        filled = []
        for item in content:
            if one is None and _has_each(item):
                filled += [_filled(item, samples, sample) for sample in samples]
            else:
                filled.append(_filled(item, samples, one))
        return filled
    if isinstance(content, dict):
        return {key: _filled(value, samples, one) for key, value in content.items()}
    found = PLACE.search(content) if isinstance(content, str) else None
    if found is None:
        return content
    if found["what"] == "samples":
        return [_encoded(sample, found["how"]) for sample in samples]
    value = _encoded(samples[0] if one is None else one, found["how"])
    if found["how"] == "png":
        return content[: found.start()] + value + content[found.end() :]
    return value


def _has_each(item: Any) -> bool:
    """Tell whether an item holds {{each}} outside of any further list."""
    if isinstance(item, dict):
        return any(_has_each(value) for value in item.values())
    found = PLACE.search(item) if isinstance(item, str) else None
    return found is not None and found["what"] == "each"


def _encoded(sample: Array, how: str | None) -> Any:
    if how == "png":
        return base64.b64encode(png(sample)).decode()
    return (sample.ravel() if how == "flat" else sample).tolist()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant}, which is no JSON")
