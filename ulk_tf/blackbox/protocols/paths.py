"""Paths into JSON: `predictions[*].scores`, `result[0]["class scores"]`."""

import json
import re
from dataclasses import dataclass
from typing import Any

from ulk_tf.blackbox.labelled import label_and_score
from ulk_tf.blackbox.protocols.protocol import NotSpoken, kind_of
from ulk_tf.errors import UserError

STEP = re.compile(
    r"\.?(?P<key>[^.\[\]\"'\s]+)|\[(?P<index>-?\d{1,9})\]|(?P<all>\[\*\])"
    r"|\[(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'[^']*')\]"
)
ALL = object()


@dataclass(frozen=True)
class AnswerPath:
    """A path to the scores in an answer.

    Attributes:
        text: as the user gave it.
        steps: keys of objects, places in lists, and `ALL`.
    """

    text: str
    steps: tuple[Any, ...]

    @classmethod
    def parse(cls, text: str) -> "AnswerPath":
        """Parse a path; an empty one is the whole answer.

        Args:
            text: keys separated by dots, [0] for a place in a list, [*] for each of its items,
                ["key"] for a key with dots or spaces; a $ in front may be there.

        Raises:
            UserError: it is no such path.
        """
        rest, steps = text.strip().removeprefix("$"), []
        while rest:
            found = STEP.match(rest)
            if found is None:
                raise UserError("--answer=path.to.scores[*].inside", repr(text))
            rest = rest[found.end() :]
            if found["key"]:
                steps.append(ALL if found["key"] == "*" else found["key"])
            elif found["index"]:
                steps.append(int(found["index"]))
            elif found["all"]:
                steps.append(ALL)
            else:
                steps.append(_unquoted(found["quoted"]))
        return cls(text.strip(), tuple(steps))

    def find(self, content: Any) -> Any:
        """Follow the path into a JSON value.

        Args:
            content: the answer.

        Raises:
            NotSpoken: it does not lead anywhere.
            UserError: it leads past the names of the classes.
        """
        return self._follow(content, 0)

    def _follow(self, content: Any, place: int) -> Any:
        if place == len(self.steps):
            return content
        step = self.steps[place]
        if isinstance(step, str) and step.isdecimal() and isinstance(content, list):
            step = int(step[:9])
        if step is ALL and isinstance(content, list):
            return [self._follow(item, place + 1) for item in content]
        if isinstance(step, str) and isinstance(content, dict) and step in content:
            self._check_names(content, place)
            return self._follow(content[step], place + 1)
        if isinstance(step, int) and isinstance(content, list):
            if -len(content) <= step < len(content):
                return self._follow(content[step], place + 1)
            raise NotSpoken(f"--answer={self.text}", f"a list of {len(content)} {self._at(place)}")
        raise NotSpoken(f"--answer={self.text}", f"{kind_of(content)} {self._at(place)}")

    def _check_names(self, content: dict[str, Any], place: int) -> None:
        """Refuse a path to bare scores that have the names of their classes beside them."""
        last = place + 1 == len(self.steps) and place > 0 and self.steps[place - 1] is ALL
        pair = label_and_score(content) if last else None
        if pair is not None and pair[1] == self.steps[place]:
            above = re.sub(r"\[\*\][^*]*$", "", self.text)
            raise UserError(
                "--answer that leads to scores together with the names of their classes",
                f"--answer={self.text}, which leaves out {pair[0]!r} beside {pair[1]!r}",
                f"Give --answer={above}." if above else "Leave --answer out.",
            )

    def _at(self, place: int) -> str:
        """Name the part of the path that leads to where it ends."""
        told = ""
        for step in self.steps[:place]:
            part = "[*]" if step is ALL else f"[{step}]" if isinstance(step, int) else f".{step}"
            told += part
        return f"at {told.removeprefix('.')}" if told else "in the answer"


def check_path(text: str) -> None:
    """Raise `UserError` where a text is no path."""
    AnswerPath.parse(text)


def _unquoted(key: str) -> str:
    try:
        return str(json.loads(key)) if key[0] == '"' else key[1:-1]
    except ValueError:
        return key[1:-1]
