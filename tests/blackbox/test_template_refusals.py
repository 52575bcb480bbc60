"""Templates, paths and flags that cannot be used, and answers in which there are no scores."""

import numpy as np
import pytest

from tests.blackbox.other_servers import Anything
from tests.blackbox.test_endpoint import HASTY, box
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import open_target
from ulk_tf.blackbox.protocols.paths import AnswerPath
from ulk_tf.blackbox.protocols.protocol import NotSpoken
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1)).astype(np.uint8)
NAMES = ("ant", "bee", "cat", "dog")


BAD_TEMPLATES = {
    "no JSON": ("{", "file with JSON"),
    "no place": ({"x": 1}, "Received none in"),
    "two kinds": (["{{samples}}", "{{sample}}"], "sample and samples together"),
    "unknown": ({"x": "{{image}}"}, "{{image}}"),
    "in a text": ({"x": "a {{sample}}"}, "a {{sample}}"),
    "each outside of a list": ({"x": "{{each}}"}, "outside of any"),
    "NaN": ('{"x": NaN, "y": "{{samples}}"}', "no JSON"),
    "deep": ("[" * 100_000, "file with JSON"),
    "too deep": ("[" * 99 + '"{{samples}}"' + "]" * 99, "at most 64 lists"),
    "large": ("[" + " " * 2**20 + "]", "at most 1048576 bytes"),
}


@pytest.mark.parametrize("fault", BAD_TEMPLATES)
def test_templates_that_cannot_be_used(fault, template):
    content, message = BAD_TEMPLATES[fault]
    with Anything(None) as server, pytest.raises(UserError, match=message) as caught:
        box(server.url, request=template(content))
    assert server.requests == []
    assert "\n" not in str(caught.value)


WRONG = {
    "no such key": ({"b": 1}, "a.s", r"--answer=a.s .*Received keys 'b' in the answer.*--answer"),
    "no list": ({"a": {"s": 1}}, "a[*].s", "Received keys 's' at a"),
    "too short": ({"a": []}, "a[0]", "a list of 0 at a"),
    "nothing": ({"a": []}, "a", "scores at a .*nothing there"),
    "null": ({"a": None}, "a", "nothing there"),
    "a number": ({"a": 3}, "a", "a JSON number there"),
    "text": ({"a": "cat"}, "a", "'cat' there"),
    "an error": ({"error": "no cats"}, "a", r"keys 'error' in the answer \(no cats\)"),
    "other labels": ({"a": [[{"label": "elk", "score": 1.0}]] * 10}, "a", "'elk'.*--class_names"),
    "past the labels": (
        {"a": [[{"label": "cat", "score": 0.9}, {"label": "dog", "score": 0.1}]] * 10},
        "a[*][*].score",
        r"leaves out 'label' beside 'score'. Give --answer=a\[\*\]\.",
    ),
    "the top label alone": (
        {"a": [{"label": "cat", "score": 0.9}] * 10},
        "a[*].score",
        "leaves out",
    ),
    "other labels alone": ({"a": ["elk"] * 10}, "a", "labels only.*--class_names"),
    "NaN as text": ({"a": [["NaN", 1.0]] * 10}, "a", "NaN or infinity in 10 of 10"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_paths_that_yield_no_scores(fault, template):
    content, path, message = WRONG[fault]
    request = template({"x": "{{samples}}"})
    with (
        Anything(lambda *_: (200, content)) as server,
        pytest.raises(UserError, match=message) as caught,
    ):
        box(server.url, HASTY, class_names=NAMES, request=request, answer=path).posteriors(SAMPLES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["a..b", "a[", "a[x]", "[*", "a b[]", '["a'])
def test_no_path(path):
    with pytest.raises(UserError, match="--answer=path"):
        Asking(answer=path)


def test_paths_lead_where_python_would():
    content = {"a": [{"b": {"c": [1, 2]}}, {"b": {"c": [3, 4]}}], "*": 5}
    for text, wanted in {
        "a[*].b.c[-1]": [2, 4],
        "a.1.b.c": [3, 4],
        "a.*.b.c": [[1, 2], [3, 4]],
        '["*"]': 5,
        "$": content,
    }.items():
        assert AnswerPath.parse(text).find(content) == wanted
    with pytest.raises(NotSpoken):
        AnswerPath.parse("a[2]").find(content)


def test_flags_that_do_not_go_together(template):
    request = template({"x": "{{samples}}"})
    url = "http://127.0.0.1:9/v1/models/m"
    for asking, message in (
        ({"answer": "a"}, "--answer goes with --request"),
        ({"request": request, "protocol": "mlflow"}, "it with --protocol=mlflow"),
        ({"protocol": "template"}, "--request=template.json for --protocol=template"),
        ({"request": request, "signature": "s"}, "Leave --signature out"),
        ({"request": f"{request}.missing"}, "file with JSON"),
    ):
        with pytest.raises(UserError, match=message):
            box(url, **asking)
    with pytest.raises(UserError, match=r"a URL for --request.*Leave --request out"):
        open_target(lambda samples: samples, Asking(request=request))
    with pytest.raises(UserError, match=r"--protocol to be one of tf-serving.*Did you mean mlflow"):
        Asking(protocol="mlflw")
