"""A certificate that no authority signed: what to do is said, and works."""

import shutil
import ssl
import subprocess

import pytest

from tests.blackbox import misbehaving as bad
from tests.blackbox.test_endpoint import SAMPLES, box
from ulk_tf.errors import UserError

OPENSSL = shutil.which("openssl")


@pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificate")
def test_a_self_signed_certificate(tmp_path, monkeypatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = bad.Server()
    server.encrypt(context)
    with server:
        url = f"https://localhost:{server.port}{bad.PATH}"
        with pytest.raises(UserError, match=r"self.signed.*SSL_CERT_FILE"):
            box(url).posteriors(SAMPLES)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert box(url).posteriors(SAMPLES).shape == (40, 4)
        with pytest.raises(UserError, match="a server that answers"):
            box(url.replace("https", "http")).posteriors(SAMPLES)
