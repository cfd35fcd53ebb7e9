"""AdamW with a warm-up and cosine schedule."""

import math

import numpy as np


def learning_rate(step, steps, peak, warmup):
    """Linear from zero over the warm-up, then half a cosine down to 2% of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return peak * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * progress)))


def clip(gradients, limit):
    """Scales all gradients in place to a global norm of at most limit; returns the norm."""
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
    if norm > limit:
        for gradient in gradients.values():
            gradient *= limit / norm
    return norm


class AdamW:
    """Adam with decoupled weight decay on matrices only (norm gains are left alone)."""

    def __init__(self, parameters, decay, beta1=0.9, beta2=0.98, epsilon=1e-8):
        self._decay, self._beta1, self._beta2, self._epsilon = decay, beta1, beta2, epsilon
        self._first = {name: np.zeros_like(a) for name, a in parameters.items()}
        self._second = {name: np.zeros_like(a) for name, a in parameters.items()}
        self._steps = 0

    def update(self, parameters, gradients, rate):
        """One step, in place."""
        self._steps += 1
        unbias1 = 1.0 - self._beta1 ** self._steps
        unbias2 = 1.0 - self._beta2 ** self._steps
        for name, parameter in parameters.items():
            gradient, first, second = gradients[name], self._first[name], self._second[name]
            first += (1.0 - self._beta1) * (gradient - first)
            second += (1.0 - self._beta2) * (gradient * gradient - second)
            if parameter.ndim == 2:
                parameter *= 1.0 - rate * self._decay
            parameter -= rate / unbias1 * first / (np.sqrt(second / unbias2) + self._epsilon)
