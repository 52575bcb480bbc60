"""Tokens stay secret, redirects are refused, addresses that would leak are no addresses."""

import pytest

from tests.blackbox import misbehaving as bad
from tests.blackbox.test_endpoint import SAMPLES, box
from ulk_tf.blackbox.endpoint import Endpoint
from ulk_tf.errors import UserError


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_to_elsewhere_are_refused(status, monkeypatch):
    monkeypatch.setenv("ULK_TF_TOKEN", "s3cret")
    with bad.Server() as elsewhere:
        moved = bad.says(b"", status, [("Location", elsewhere.url + "?s3cret")])
        asked = pytest.raises(UserError, match="a redirect to http")
        with bad.Server(moved) as server, asked as caught:
            box(server.url).posteriors(SAMPLES)
        assert elsewhere.requests == []
    assert "s3cret" not in str(caught.value)


def test_the_token_goes_into_the_header_and_nowhere_else(monkeypatch, capsys):
    monkeypatch.setenv("ULK_TF_TOKEN", "s3cret")
    echo = bad.raw(
        lambda _, handler, __: bad.send(
            handler, 401, {"error": f"bad {handler.headers['Authorization']}"}
        )
    )
    with bad.Server(echo) as server:
        with pytest.raises(UserError, match=r"bad Bearer \[token\]") as caught:
            box(server.url).posteriors(SAMPLES)
        assert "ULK_TF_TOKEN" in str(caught.value)
        assert all(sent["Authorization"] == "Bearer s3cret" for sent in server.headers)
    assert "s3cret" not in str(caught.value) + "".join(capsys.readouterr())


def test_without_a_token_there_is_no_header():
    with bad.Server() as server:
        box(server.url).posteriors(SAMPLES)
        assert not any("Authorization" in sent for sent in server.headers)


@pytest.mark.parametrize("token", ["line\nbreak", "ümlaut"])
def test_a_token_that_cannot_be_sent_is_not_shown(token, monkeypatch):
    monkeypatch.setenv("ULK_TF_TOKEN", token)
    with pytest.raises(UserError) as caught:
        box("http://localhost/v1/models/m")
    assert token not in str(caught.value)


def test_an_unencrypted_token_is_said(monkeypatch, capsys):
    monkeypatch.setenv("ULK_TF_TOKEN", "s3cret")
    Endpoint("http://example.org/v1/models/m")
    assert "unencrypted" in capsys.readouterr().err
    Endpoint("https://example.org/v1/models/m")
    Endpoint("http://127.0.0.1/v1/models/m")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret@host/v1/models/m",
        "http://host/v1/models/m?key=s3cret",
        "http://host/v1/models/m#s3cret",
        "ftp://host/v1/models/m",
        "http://host:port/v1/models/m",
        "http://host/",
        "http:///v1/models/m",
    ],
)
def test_urls_that_cannot_be_used(url):
    with pytest.raises(UserError) as caught:
        box(url)
    assert "s3cret" not in str(caught.value)
