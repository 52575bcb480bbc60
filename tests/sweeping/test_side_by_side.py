"""Two sweeps of one attack at once, which share what is measured."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sweeping.conftest import ENTRY, FEW, flags, run
from ulk_tf.attacks.fit import TRAINING_STATE
from ulk_tf.preflight import Loaded
from ulk_tf.sweeping import sweep


def test_sweeps_side_by_side_measure_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes: list[Path] = []

    def slowly(one: Any, loaded: Loaded, home: Path, seed: int) -> Any:
        assert (home / "LOCK").is_file()
        homes.append(home)
        (home / TRAINING_STATE).mkdir()
        time.sleep(0.2)
        return ENTRY

    monkeypatch.setattr(sweep, "measure", slowly)
    with ThreadPoolExecutor(2) as pool:
        ended = pool.map(lambda few: run(few, False, flags(tmp_path)), (FEW, FEW[::-1]))
    assert [*ended] == [0, 0]
    assert len(homes) == len({*homes}) == 5  # the plain one, two settings, two other seeds
    assert not [home for home in homes if {path.name for path in home.iterdir()} != {"LOCK"}]
