"""The training loop."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import optimizer
from .model import Transformer

WORKERS = 2


@dataclass(frozen=True)
class Settings:
    """What the loop needs to know; the defaults train tiny-chat."""

    steps: int
    peak: float = 4e-3
    warmup: int = 100
    decay: float = 0.1
    clip: float = 1.0


def train(shape, parameters, batches, settings, report):
    """Changes the parameters in place; report(step, loss, seconds) hears of every step.

    The rows of a batch are shared out to two threads. Each thread computes
    alone (one BLAS thread) and the gradients are added in a fixed order, so
    the result does not depend on which of them is faster.
    """
    adam = optimizer.AdamW(parameters, settings.decay)
    transformer = Transformer(shape, parameters)
    start = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as workers:
        for step in range(settings.steps):
            parts = next(batches).split(WORKERS)
            results = list(workers.map(transformer.loss_and_gradients, parts))
            gradients = mean_gradients([gradients for _, gradients in results])
            optimizer.clip(gradients, settings.clip)
            rate = optimizer.learning_rate(
                step, settings.steps, settings.peak, settings.warmup)
            adam.update(parameters, gradients, rate)
            loss = sum(loss for loss, _ in results) / len(results)
            report(step + 1, loss, time.monotonic() - start)


def mean_gradients(parts):
    """The mean of equally weighted gradients, summed in the order given."""
    return {name: sum((part[name] for part in parts[1:]), parts[0][name]) / len(parts)
            for name in parts[0]}
