"""The schedule, the clipping and the first step of AdamW."""

import unittest

import numpy as np

from tinychat import optimizer


class Optimizer(unittest.TestCase):

    def test_schedule_rises_then_falls(self):
        rates = [optimizer.learning_rate(step, 100, 1.0, 10) for step in range(100)]
        self.assertEqual(rates[9], 1.0)
        self.assertEqual(rates[:10], sorted(rates[:10]))
        self.assertEqual(rates[10:], sorted(rates[10:], reverse=True))
        self.assertLess(rates[-1], 0.03)

    def test_clip_keeps_the_direction(self):
        gradients = {"a": np.array([3.0]), "b": np.array([4.0])}
        self.assertEqual(optimizer.clip(gradients, 1.0), 5.0)
        np.testing.assert_allclose([gradients["a"][0], gradients["b"][0]], [0.6, 0.8])

    def test_first_step_has_the_length_of_the_rate(self):
        parameters = {"gain": np.ones(2), "matrix": np.ones((1, 2))}
        gradients = {"gain": np.array([5.0, -0.1]), "matrix": np.zeros((1, 2))}
        optimizer.AdamW(parameters, decay=0.5).update(parameters, gradients, 0.1)
        np.testing.assert_allclose(parameters["gain"], [0.9, 1.1], rtol=1e-6)
        # Without a gradient only the decay moves a matrix.
        np.testing.assert_allclose(parameters["matrix"], 0.95)


if __name__ == "__main__":
    unittest.main()
