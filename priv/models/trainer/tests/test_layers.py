"""Every backward pass against finite differences, and what the layers promise."""

import unittest

import numpy as np

from tests.numeric import gradient
from tinychat import layers


class Backward(unittest.TestCase):
    """A random projection of the output makes a scalar out of every layer."""

    def setUp(self):
        self.rng = np.random.default_rng(7)

    def normal(self, *shape):
        return self.rng.standard_normal(shape)

    def check(self, forward, inputs, written):
        projection = self.normal(*forward().shape)
        for array, given in zip(inputs, written(projection)):
            expected = gradient(lambda: float((forward() * projection).sum()), array)
            np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-7)

    def test_linear(self):
        x, weight = self.normal(2, 3, 4), self.normal(5, 4)
        self.check(lambda: layers.linear(x, weight), (x, weight),
                   lambda dy: layers.linear_backward(dy, x, weight))

    def test_rms_norm(self):
        x, gain = self.normal(2, 3, 6), self.normal(6)
        self.check(lambda: layers.rms_norm(x, gain, 1e-5)[0], (x, gain),
                   lambda dy: layers.rms_norm_backward(
                       dy, x, gain, layers.rms_norm(x, gain, 1e-5)[1]))

    def test_rope(self):
        x = self.normal(2, 3, 5, 8)
        cos, sin = (table.astype(np.float64) for table in layers.rope_tables(5, 8, 100.0))
        self.check(lambda: layers.rope(x, cos, sin), (x,),
                   lambda dy: (layers.rope_backward(dy, cos, sin),))

    def test_attention(self):
        q, k, v = (self.normal(2, 2, 4, 3) for _ in range(3))
        mask = np.where(np.tri(4, dtype=bool), 0.0, -1e9)
        self.check(lambda: layers.attention(q, k, v, mask)[0], (q, k, v),
                   lambda dy: layers.attention_backward(
                       dy, q, k, v, layers.attention(q, k, v, mask)[1]))

    def test_swiglu(self):
        gate, up = self.normal(2, 5), self.normal(2, 5)
        self.check(lambda: layers.swiglu(gate, up)[0], (gate, up),
                   lambda dy: layers.swiglu_backward(
                       dy, gate, up, layers.swiglu(gate, up)[1]))

    def test_cross_entropy(self):
        logits = self.normal(4, 6)
        targets, weights = np.array([0, 5, 2, 2]), np.array([1.0, 0.1, 2.0, 0.5])
        _, given = layers.cross_entropy(logits, targets, weights)
        expected = gradient(
            lambda: layers.cross_entropy(logits, targets, weights)[0], logits)
        np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-8)


class Promises(unittest.TestCase):

    def test_rope_turns_neighbouring_pairs(self):
        cos, sin = layers.rope_tables(2, 4, 10000.0)
        turned = layers.rope(np.array([1.0, 0.0, 0.0, 0.0]), cos[1], sin[1])
        np.testing.assert_allclose(turned, [np.cos(1.0), np.sin(1.0), 0.0, 0.0], atol=1e-7)

    def test_attention_sees_no_future(self):
        rng = np.random.default_rng(3)
        q, k, v = (rng.standard_normal((4, 3)) for _ in range(3))
        mask = np.where(np.tri(4, dtype=bool), 0.0, -1e9)
        before, _ = layers.attention(q, k, v, mask)
        k[3] += 1.0
        v[3] -= 1.0
        after, _ = layers.attention(q, k, v, mask)
        np.testing.assert_array_equal(before[:3], after[:3])
        self.assertFalse(np.allclose(before[3], after[3]))


if __name__ == "__main__":
    unittest.main()
