"""Low-rank adapters: trained on top of a finished model that stays as it is."""

import numpy as np

from . import optimizer
from .model import Transformer

TARGETS = ("attn_q", "attn_v", "attn_output", "ffn_down")


def initial_factors(shape, rank, rng):
    """a (rank, inputs) random, b (outputs, rank) zero: at first nothing changes."""
    width = {"ffn_down": shape.hidden}
    factors = {}
    for block in range(shape.blocks):
        for kind in TARGETS:
            inputs = width.get(kind, shape.width)
            a = (rng.standard_normal((rank, inputs)) * inputs ** -0.5).astype(np.float32)
            factors[f"blk.{block}.{kind}.weight"] = (a, np.zeros((shape.width, rank), np.float32))
    return factors


def merged(parameters, factors, alpha):
    """Parameters with W + alpha / rank * b a in place of W."""
    result = dict(parameters)
    for name, (a, b) in factors.items():
        result[name] = parameters[name] + np.float32(alpha / len(a)) * (b @ a)
    return result


def factor_gradients(gradients, factors, alpha):
    """Gradients of both factors, from that of the merged matrix."""
    result = {}
    for name, (a, b) in factors.items():
        scaled = np.float32(alpha / len(a)) * gradients[name]
        result[name + ".a"] = b.T @ scaled
        result[name + ".b"] = scaled @ a.T
    return result


def train(shape, parameters, factors, alpha, batches, steps, peak, report):
    """Trains the factors in place on the batches."""
    flat = {}
    for name, (a, b) in factors.items():
        flat[name + ".a"], flat[name + ".b"] = a, b
    adam = optimizer.AdamW(flat, decay=0.0)
    for step in range(steps):
        transformer = Transformer(shape, merged(parameters, factors, alpha))
        loss, gradients = transformer.loss_and_gradients(next(batches))
        small = factor_gradients(gradients, factors, alpha)
        optimizer.clip(small, 1.0)
        adam.update(flat, small, optimizer.learning_rate(step, steps, peak, 20))
        report(step + 1, loss)
