"""Results of a run, schema 2: reading results.json, whatever version of it, and writing it.

| key | content |
|---|---|
| schema_version | 2 |
| attack, dataset | names |
| config | the experiment, nested as in `Experiment` |
| environment | versions of packages; accuracies of the base models |
| procedures | how each side trains and updates its classifiers, in words |
| export | folder of the exported attack; empty until it is there |
| timing | by stage: `seconds`, `estimated`, `reused` if found on disk, `parts` of the corpus |
| held_out | the attack on held-out shadow updates; see `evaluation.seen` |
| warnings | sentences that a reader has to see |
| doubts | those of them after which the figures prove nothing; all of them where left out |
| metrics | estimates by name |
| baselines | estimates by `<metric>:<baseline>` |
| gains | of the attack over each baseline, by the same names |
| published | figures to set beside, by metric |
| knowledge | of the adversary, where a base model is a file; see `evaluation.knowledge` |

An estimate is `mean`, `low`, `high` (95% interval) and `n`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.evaluation.schema_one import upgraded
from ulk_tf.files import read_json, write_json

SCHEMA_VERSION = 2
KEYS: dict[str, type] = {
    "attack": str,
    "dataset": str,
    "config": dict,
    "environment": dict,
    "timing": dict,
    "procedures": dict,
    "export": str,
    "held_out": dict,
    "warnings": list,
    "doubts": list,
    "metrics": dict,
    "baselines": dict,
    "gains": dict,
    "published": dict,
}
# Keys that earlier files may lack, with what stands for them.
LATER: dict[str, Any] = {"knowledge": {}}
Results = dict[str, Any]


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """Write results.json, whole or not at all.

    Args:
        path: path of the file.
        results: every key of the table above but for the schema version; those of `LATER` may be
            missing.
    """
    known = {key: results[key] for key in KEYS}
    later = {key: results.get(key, default) for key, default in LATER.items()}
    write_json(path, {"schema_version": SCHEMA_VERSION} | known | later)


def read_results(path: Path) -> Results:
    """Read results.json; one of schema 1 is upgraded.

    Args:
        path: path of the file.

    Raises:
        UserError: it is missing, damaged, or of another schema.
    """
    found = read_json(path)
    version = found.get("schema_version") if isinstance(found, dict) else None
    if version == 1:
        try:
            found = {"schema_version": SCHEMA_VERSION} | upgraded(found)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UserError(
                "a results.json of schema 1 as ulk_tf wrote it",
                f"{path} ({type(error).__name__}: {error})",
                "Run the attack again.",
            ) from error
    elif version != SCHEMA_VERSION:
        raise UserError(
            f"results of schema version {SCHEMA_VERSION} or 1",
            f"{version} in {path}",
            "Run the attack again.",
        )
    found.setdefault("doubts", found.get("warnings"))
    wrong = [key for key, kind in KEYS.items() if not isinstance(found.get(key), kind)]
    if wrong:
        raise UserError(
            f"results with {', '.join(KEYS)}",
            f"{path} without a readable {', '.join(wrong)}",
            "Run the attack again.",
        )
    return LATER | dict(found)
