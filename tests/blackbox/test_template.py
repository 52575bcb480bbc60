"""Any other server, by a template of the request and a path to the scores."""

import base64
import io
import json

import numpy as np
import pytest
from matplotlib.image import imread

from tests.blackbox import misbehaving as bad
from tests.blackbox.other_servers import Anything
from tests.blackbox.test_endpoint import box
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.probe import probe
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1)).astype(np.uint8)
P = bad.posteriors(SAMPLES)
WANTED = P.astype(np.float32)
NAMES = ("ant", "bee", "cat", "dog")


def image(text):
    return np.rint(imread(io.BytesIO(base64.b64decode(text.partition(",")[2] or text))) * 255)


# A template, the samples in a request made from it, and how many requests ten samples take.
TEMPLATES = {
    "the batch": ({"data": {"x": "{{samples}}"}, "n": 3}, lambda b: b["data"]["x"], 1),
    "flat": ({"x": "{{ samples:flat }}"}, lambda b: np.reshape(b["x"], (-1, 4, 4, 1)), 1),
    "the whole document": ("{{samples}}", lambda b: b, 1),
    "one by one": ({"x": ["{{sample}}"]}, lambda b: b["x"], 10),
    "one by one, flat": ({"x": "{{sample:flat}}"}, lambda b: np.reshape(b["x"], (1, 4, 4, 1)), 10),
    "each": (
        {"rows": [{"a": {"x": "{{each}}"}, "id": "é"}]},
        lambda b: [row["a"]["x"] for row in b["rows"]],
        1,
    ),
    "each in a list of lists": ({"rows": [["{{each}}"]]}, lambda b: b["rows"][0], 1),
    "images": ({"images": "{{samples:png}}"}, lambda b: [image(t) for t in b["images"]], 1),
    "an image": (
        {"image": {"url": "data:image/png;base64,{{sample:png}}"}},
        lambda b: [image(b["image"]["url"])],
        10,
    ),
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_templates(kind, template):
    content, samples, requests = TEMPLATES[kind]

    def answer(_, body):
        return 200, {"p": bad.posteriors(samples(body)).tolist()}

    asking = {"request": template(json.dumps(content)), "answer": "p"}
    with Anything(answer) as server:
        target = box(server.url, **asking)
        np.testing.assert_allclose(target.posteriors(SAMPLES), WANTED, rtol=1e-6)
        assert server.requests == ["/score"] * requests
    assert target.queries == 10


def scored(row, **more):
    order = np.argsort(-row)
    return [{"label": NAMES[i].upper(), "score": float(row[i])} | more for i in order]


# Answers to a batch, and the path to their scores.
ANSWERS = {
    "rows": (lambda p: {"a": {"b": p.tolist()}}, "a.b"),
    "rows below a list": (lambda p: {"a": [{"b": p.tolist()}]}, "$.a[0].b"),
    "each row": (lambda p: {"a": [{"s": row} for row in p.tolist()]}, "a[*].s"),
    "odd keys": (lambda p: {"a.b": {"c d": p.tolist()}}, "[\"a.b\"]['c d']"),
    "the whole answer": (lambda p: p.tolist(), None),
    "sorted labels": (lambda p: [scored(row) for row in p], None),
    "labels with more fields": (lambda p: {"a": [scored(row, id="x", rank=1) for row in p]}, "a"),
    "labels in an object": (lambda p: {"a": [{"l": scored(row)} for row in p]}, "a[*].l"),
    "names to scores": (
        lambda p: [dict(zip(NAMES[::-1], row[::-1], strict=True)) for row in p.tolist()],
        None,
    ),
    "names to scores, without zeros": (
        lambda p: [
            {NAMES[i]: row[i] for i in np.argsort(-row)[: 4 - n % 2]} for n, row in enumerate(p)
        ],
        None,
    ),
    "labels without zeros": (
        lambda p: {"a": [scored(row)[: 4 - n % 2] for n, row in enumerate(p)]},
        "a",
    ),
    "class numbers": (
        lambda p: [[{"class": int(i), "prob": row[i]} for i in np.argsort(-row)] for row in p],
        None,
    ),
}


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("kind", ANSWERS)
def test_answers(kind, single, template):
    make, path = ANSWERS[kind]
    p = P.copy()
    if "zeros" in kind:
        p[1::2] = np.where(p[1::2] == p[1::2].min(1, keepdims=True), 0, p[1::2])
    rows = {tuple(np.ravel(sample)): row for sample, row in zip(SAMPLES.tolist(), p, strict=True)}

    def answer(_, body):
        given = [body["x"]] if single else body["x"]
        found = make(np.array([rows[tuple(np.ravel(one))] for one in given]))
        return 200, json.loads(json.dumps(found, default=float))

    content = {"x": "{{sample}}" if single else "{{samples}}"}
    with Anything(answer) as server:
        target = box(server.url, class_names=NAMES, request=template(content), answer=path)
        found = target.ask(SAMPLES).values
    np.testing.assert_allclose(found, p, rtol=1e-6)


@pytest.mark.parametrize("path", ["", "p", "r[0].p"])
def test_one_row_without_a_batch(path, template):
    def answer(_, body):
        row = bad.posteriors([body["x"]])[0].tolist()
        return 200, {"": row, "p": {"p": row}, "r[0].p": {"r": [{"p": row}]}}[path]

    with Anything(answer) as server:
        request = template({"x": "{{sample}}"})
        target = box(server.url, request=request, answer=path or None)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)


def test_the_target_s_own_names_and_what_a_recording_remembers(template, tmp_path):
    other = ("Ameise", "Biene", "Katze", "Hund")

    def answer(_, body):
        found = bad.posteriors(body["x"])
        return 200, [dict(zip(other[::-1], row[::-1], strict=True)) for row in found.tolist()]

    request = template({"key": "s3cret", "x": "{{samples}}"})
    with Anything(answer) as server:
        asking = Asking(request=request, class_names=", ".join(other))
        recording, found = probe(server.url, SAMPLES, NAMES, asking, out=tmp_path / "a.npz")
        with pytest.raises(UserError, match=r"4 different names.*The attack's are ant, bee"):
            probe(server.url, SAMPLES, NAMES, Asking(request=request, class_names="a,b,b,c"))
    np.testing.assert_array_equal(found.posteriors, WANTED)
    assert recording.asked["request"].startswith("template.json ")
    assert b"s3cret" not in (tmp_path / "a.npz").read_bytes()
