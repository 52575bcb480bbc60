"""Knowledge of the adversary of a base model that is a file, or that she asked, in words.

| adversary | has | learns from |
|---|---|---|
| outsider | data like the owner's | shadow models that she trained in the image of the target |
| one who extracts | the target's answers before any update | shadow models trained on them |
| insider | the very base model | simulated updates of it, with samples of her own |
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ulk_tf.settings.experiment import Experiment

if TYPE_CHECKING:
    from ulk_tf.corpus.build import Corpus


def knowledge(experiment: Experiment, corpus: "Corpus") -> dict[str, Any]:
    """Describe what the adversary knows of the owner's base model.

    Args:
        experiment: all settings.
        corpus: corpora of both sides.

    Returns:
        `insider` (bool), and `sentences` for reports; empty if both sides trained their base
        models on true labels.
    """
    owner, adversary = experiment.owner.model.base_model, experiment.adversary.model.base_model
    queries = experiment.probing.extraction_queries
    if owner is None and adversary is None and queries is None:
        return {}
    sentences = []
    if owner is not None:
        sentences.append(
            f"The owner's base model is {Path(owner).name}. It is the only target, so intervals "
            "cover updates of this base model and say nothing of others."
        )
    probes, updates = len(corpus.probing_set), len(corpus.updates["shadow"])
    if corpus.insider:
        sentences.append(
            "The adversary is an insider: she has this very base model, and the attack was trained "
            f"on {updates:,} simulated updates of it, with other samples than those it was scored "
            f"on. She is the strongest adversary built here, with {probes:,} probes; what she "
            "infers is no bound on what another attack may infer."
        )
    elif queries is not None:
        sentences.append(_extraction(queries, experiment.attacked_apart))
    elif adversary is not None:
        sentences.append(f"The adversary's shadow model is one, {Path(adversary).name}.")
    else:
        sentences.append(
            "The adversary is an outsider: she has not this base model, only shadow models that "
            f"she trained in its image ({experiment.counts.training_bases})."
        )
    return {"insider": corpus.insider, "sentences": sentences}


def _extraction(queries: int, targets: int) -> str:
    """Describe the queries of an adversary who extracts one or several targets."""
    asked = f"about {queries:,} samples before any update, and trained her shadow models on its"
    if targets > 1:
        return (
            f"The adversary asked each of {targets} targets {asked} answers: each target has an "
            "attack of its own, scores are of all of them, and pictures of the first."
        )
    return (
        f"The adversary asked the target {asked} answers. It is the only target, so intervals "
        "cover updates of it and say nothing of others."
    )


def sentences(results: Mapping[str, Any]) -> list[str]:
    """Return the sentences of `knowledge` that results or an export's metadata hold."""
    return list((results.get("knowledge") or {}).get("sentences") or ())


def is_insider(results: Mapping[str, Any]) -> bool:
    """Return True if results or an export's metadata are of an insider."""
    return bool((results.get("knowledge") or {}).get("insider"))
