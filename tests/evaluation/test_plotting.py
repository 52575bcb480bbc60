"""Pictures need no backend of the user's."""

import os
import subprocess
import sys

import pytest

CODE = """
import os, sys
from pathlib import Path
import numpy as np
from ulk_tf.evaluation import charts, sample_pictures
from ulk_tf.auditing import pictures
pictures.tiles(Path(sys.argv[1]), np.ones((1, 4, 4, 1)))
print(os.environ.get("MPLBACKEND"))
"""


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("module://matplotlib_inline.backend_inline", marks=pytest.mark.slow),
        pytest.param("TkAgg", marks=pytest.mark.slow),
        "nonsense",
    ],
)
def test_the_user_s_backend_is_left_alone(backend, tmp_path):
    picture = tmp_path / "p.png"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(picture)],
        env={**os.environ, "MPLBACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == backend
    assert picture.read_bytes().startswith(b"\x89PNG")
