"""Tests of black boxes: none sends a token of the user's; templates of requests are files."""

import json

import pytest


@pytest.fixture(autouse=True)
def no_token(monkeypatch):
    monkeypatch.delenv("ULK_TF_TOKEN", raising=False)


@pytest.fixture
def template(tmp_path):
    def write(content):
        path = tmp_path / "template.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write
