"""Any server that takes and answers JSON, by a template of the request and a path to the scores."""

import re
from typing import Any

from ulk_tf.blackbox.labelled import label_and_score
from ulk_tf.blackbox.protocols.paths import AnswerPath
from ulk_tf.blackbox.protocols.protocol import Choices, NotSpoken, ServingProtocol, kind_of
from ulk_tf.blackbox.protocols.request_template import RequestTemplate
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.reasons import one_line


class Template(ServingProtocol):
    """A server described by `--request` and `--answer`; see `ServingProtocol`."""

    name = "template"
    form = "any URL with --request=template.json"
    pattern = re.compile(r"(?!)")

    def __init__(self, path: str, who: str, choices: Choices) -> None:
        super().__init__(path, who, choices)
        if choices.request is None:
            raise UserError("--request=template.json for --protocol=template", "none")
        self._template = RequestTemplate.load(choices.request)
        self._answer = AnswerPath.parse(choices.answer or "")

    def batch(self, samples: Array) -> int | None:
        """One sample where the template has a place for one; see `ServingProtocol`."""
        return 1 if self._template.single else None

    def request(self, samples: Array) -> Any:
        """Fill in the template; see `ServingProtocol`."""
        return self._template.fill(samples)

    def read(self, content: Any, rows: int) -> tuple[Any, str]:
        """Follow the path to the scores; see `ServingProtocol`."""
        found = self._answer.find(content)
        if not isinstance(found, list | dict) or not found:
            what = one_line(repr(found), 60) if isinstance(found, str) else kind_of(found)
            where = self._answer.text or "the whole answer"
            empty = found in ([], {}, None)
            raise NotSpoken(
                f"scores at {where}",
                "nothing there" if empty else f"{what} there",
            )
        return (_as_one_row(found) if self._template.single else found), ""


def _as_one_row(found: Any) -> Any:
    """The scores of one sample as a list of one row, however deep they lie."""
    if isinstance(found, dict):
        return [found]
    row = len(found) == 1 and (
        isinstance(found[0], list)
        or (isinstance(found[0], dict) and label_and_score(found[0]) is None)
    )
    return found if row else [found]
