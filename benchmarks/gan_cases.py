"""Benchmark of BM-GAN training at the paper's width, in updating sets a second."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from typing import Any

from benchmarks.alternating import Contender, peak_mib
from benchmarks.settings import Settings

SETS = 24  # updating sets in one run: two to four seconds of work
SET_SIZE, PROBES, CLASSES, VALUES, GENERATED = 100, 100, 10, 784, 100
WIDTH, NOISE, CODE, HIDDEN = 2048, 50, 50, 256
ONE, FOUR = "1 set a step", "4 sets a step"


@dataclass(frozen=True)
class GanCase:
    """Case: the same networks, losses and optimizers in TensorFlow and in PyTorch."""

    group = "bm_gan"
    pairs = (
        (f"ours, {ONE}", f"torch, {ONE}"),
        (f"ours, {FOUR}", f"torch, {FOUR}"),
        (f"ours, {FOUR}", f"torch, {ONE}"),
        (f"ours, {ONE}", f"torch with fused Adam, {ONE}"),
        (f"ours, {FOUR}", f"torch with fused Adam, {FOUR}"),
        (f"ours in bfloat16, {ONE}", f"torch, {ONE}"),
        (f"ours in bfloat16, {FOUR}", f"torch, {FOUR}"),
        (f"ours in bfloat16, {FOUR}", f"torch, {ONE}"),
    )

    @property
    def named(self) -> dict[str, Any]:
        """Name the case."""
        return {"width": WIDTH}

    @contextmanager
    def contenders(self, settings: Settings) -> Iterator[list[Contender]]:
        """Yield the contenders, with one process for each framework."""
        spawn, threads = get_context("spawn"), settings.threads
        sets = settings.some(SETS, at_least=4)
        with (
            ProcessPoolExecutor(1, spawn, _start_ours, (threads,)) as ours,
            ProcessPoolExecutor(1, spawn, _start_torch, (threads,)) as theirs,
        ):
            yield [
                Contender(
                    f"{name}, {steps}",
                    sets,
                    lambda pool=pool, run=run, own=own: pool.submit(run, sets, own).result(),
                )
                for own, steps in ((1, ONE), (4, FOUR))
                for name, pool, run in (
                    ("ours", ours, partial(_run_ours, precision="float32")),
                    ("torch", theirs, partial(_run_torch, fused=False)),
                    ("ours in bfloat16", ours, partial(_run_ours, precision="mixed_bfloat16")),
                    ("torch with fused Adam", theirs, partial(_run_torch, fused=True)),
                )
            ]


def _start_ours(threads: int | None) -> None:
    from ulk_tf.quiet import silenced  # noqa: PLC0415

    with silenced():
        import tensorflow as tf  # noqa: PLC0415 - with its messages suppressed

        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.zeros(1)


def _start_torch(threads: int | None) -> None:
    import torch  # noqa: PLC0415 - only the twins need it

    if threads:
        torch.set_num_threads(threads)


def _run_ours(sets: int, own: int, precision: str) -> float | None:
    _ours(sets, own, precision)()
    return peak_mib()


@cache
def _ours(sets: int, own: int, precision: str) -> Callable[[], object]:
    from benchmarks.our_bm_gan import (  # noqa: PLC0415
        compiled,
        paper_config,
        random_corpus,
        training_batches,
    )

    config = paper_config(
        sets_per_step=own, precision=precision, samples_per_set=GENERATED, generator_width=WIDTH
    )
    corpus = random_corpus(64, SET_SIZE, PROBES)
    steps = max(sets // own, 1)
    gan = compiled(config, corpus, steps=steps)
    data = training_batches(config, corpus)
    return partial(gan.fit, data, steps_per_epoch=steps, epochs=1, verbose=0, shuffle=False)


def _run_torch(sets: int, own: int, fused: bool) -> float | None:
    _torch(sets, own, fused)()
    return peak_mib()


@cache
def _torch(sets: int, own: int, fused: bool) -> Callable[[], None]:
    import torch  # noqa: PLC0415

    from benchmarks.torch_bm_gan import TorchBMGAN  # noqa: PLC0415

    gan = TorchBMGAN(
        features=PROBES * CLASSES,
        hidden=HIDDEN,
        dropout=0.5,
        code=CODE,
        noise=NOISE,
        width=WIDTH,
        values=VALUES,
        scale=0.1,
        adversarial_weight=1.0,
        fused=fused,
    )
    posteriors = torch.rand(2, own, PROBES, CLASSES).softmax(-1)
    real = torch.rand(own, SET_SIZE, VALUES)

    def run() -> None:
        for _ in range(max(sets // own, 1)):
            gan.step(*posteriors, real, torch.randn(own, GENERATED, NOISE))

    return run
