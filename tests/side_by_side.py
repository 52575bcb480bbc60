"""How tests are spread over processes: what shares fixtures stays together, the longest first."""

from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
# Longest first, so that no process is left alone with one at the end. Those of one row share what
# is costly to make, and run in one process.
LONGEST = (
    ("conformance",),
    ("attacks/test_learning.py",),
    ("corpus/test_processes.py", "corpus/test_interruptions.py"),
    ("corpus/test_ray.py",),
    ("trainers/test_msr.py",),
    ("reproduction/test_observers.py",),
    ("classifiers/test_engine_is_fit.py",),
    ("classifiers/test_fast_updates.py",),
    ("corpus/test_build.py", "corpus/test_damage.py"),
    ("serving/test_conformance.py",),
    ("attacks/test_clustering.py",),
    ("classifiers/test_fit_updates.py",),
    ("attacks/test_epochs.py",),
    ("test_api.py",),
    ("classifiers/test_keras_state.py",),
    ("evaluation/test_sample_pictures.py",),
    ("attacks/test_feature_cache.py",),
    ("classifiers/test_private.py",),
    ("classifiers/test_update_methods.py",),
    ("trainers",),
    ("corpus/test_faults.py",),
    ("corpus/test_changes.py",),
)


def row_of(path: str) -> int:
    """The row of a file, by its path below the tests; after all rows where it has none."""
    for number, row in enumerate(LONGEST):
        if any(path == name or path.startswith(f"{name}/") for name in row):
            return number
    return len(LONGEST)


def together(nodeid: str) -> str:
    """What runs in one process with a test: its file, or the files of its row."""
    path = nodeid.partition("::")[0]
    below = path.removeprefix(f"{TESTS.name}/")
    row = row_of(below)
    shared = row < len(LONGEST) and LONGEST[row] != (below,)
    return f"row {row}" if shared else path


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first."""
    items.sort(key=lambda item: row_of(item.path.relative_to(TESTS).as_posix()))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole files, in the order they are in."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    if config.option.dist == "loadscope":
        config.option.loadscopereorder = False
        return Together(config, log)
    return None
