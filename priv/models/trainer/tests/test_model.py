"""The whole transformer: its gradients, its packing, its adapter, its repeatability."""

import unittest

import numpy as np

from tests.numeric import gradient
from tinychat import lora
from tinychat.batches import Document, build, pack
from tinychat.model import Shape, Transformer, initial_parameters
from tinychat.train import Settings, train

SHAPE = Shape(vocabulary=11, context=8, width=8, blocks=2, heads=2, hidden=6)


def small_parameters(dtype=np.float64):
    parameters = initial_parameters(SHAPE, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    # Larger than at the start of a training, so that no gradient drowns in rounding.
    return {name: (array + 0.3 * rng.standard_normal(array.shape)).astype(dtype)
            for name, array in parameters.items()}


def small_batch():
    first = Document([1, 2, 3, 4], [0.0, 0.1, 1.0, 1.0])
    second = Document([5, 6, 7, 8, 9], [0.0, 0.0, 1.0, 0.5, 1.0])
    third = Document([10, 1, 10, 2], [0.0, 1.0, 1.0, 1.0])
    return build([[first, second], [third]], SHAPE.context)


class Gradients(unittest.TestCase):

    def test_every_parameter(self):
        parameters = small_parameters()
        transformer, batch = Transformer(SHAPE, parameters), small_batch()
        _, gradients = transformer.loss_and_gradients(batch)
        self.assertEqual(set(gradients), set(parameters))
        for name, array in parameters.items():
            with self.subTest(name):
                expected = gradient(
                    lambda: transformer.loss_and_gradients(batch)[0], array)
                np.testing.assert_allclose(gradients[name], expected, rtol=2e-4, atol=1e-7)

    def test_adapter_factors(self):
        parameters, alpha = small_parameters(), 3.0
        rng = np.random.default_rng(4)
        factors = {name: (a.astype(np.float64), rng.standard_normal(b.shape))
                   for name, (a, b) in lora.initial_factors(SHAPE, 2, rng).items()}
        batch = small_batch()

        def run():
            merged = lora.merged(parameters, factors, alpha)
            return Transformer(SHAPE, merged).loss_and_gradients(batch)

        given = lora.factor_gradients(run()[1], factors, alpha)
        for name in ("blk.0.attn_q.weight", "blk.1.ffn_down.weight"):
            for part, array in zip((".a", ".b"), factors[name]):
                with self.subTest(name + part):
                    expected = gradient(lambda: run()[0], array)
                    np.testing.assert_allclose(given[name + part], expected, rtol=2e-3, atol=1e-7)


class Packing(unittest.TestCase):

    def test_neighbours_in_a_row_do_not_see_each_other(self):
        transformer = Transformer(SHAPE, small_parameters())
        first = Document([1, 2, 3, 4], [0.0] * 4)
        second = Document([5, 6, 7, 8], [0.0] * 4)
        together = build([[first, second]], SHAPE.context)
        alone = build([[second]], SHAPE.context)
        packed = transformer.logits(together.tokens, together.positions, together.segments)
        single = transformer.logits(alone.tokens, alone.positions, alone.segments)
        np.testing.assert_allclose(packed[0, 3:6], single[0, :3])

    def test_targets_stay_inside_a_document(self):
        batch = small_batch()
        np.testing.assert_array_equal(batch.tokens[0], [1, 2, 3, 5, 6, 7, 8, 0])
        np.testing.assert_array_equal(batch.targets[0], [2, 3, 4, 6, 7, 8, 9, 0])
        np.testing.assert_array_equal(batch.positions[0], [0, 1, 2, 0, 1, 2, 3, 0])

    def test_nothing_is_lost_between_batches(self):
        documents = [Document([i] * 4, [0.0] + [1.0] * 3) for i in range(1, 8)]
        batches = list(pack(iter(documents), 2, SHAPE.context))
        seen = sorted({int(t) for batch in batches for t in batch.tokens.ravel()} - {0})
        # The last, unfinished batch is never given out: the source never ends.
        self.assertEqual(seen, [1, 2, 3, 4])

    def test_a_document_longer_than_a_row_is_refused(self):
        with self.assertRaisesRegex(ValueError, "document of 10 tokens"):
            next(pack(iter([Document([1] * 10, [1.0] * 10)]), 2, SHAPE.context))


class Training(unittest.TestCase):

    def run_once(self):
        losses = []
        parameters = initial_parameters(SHAPE, np.random.default_rng(1))
        rng = np.random.default_rng(5)

        def documents():
            while True:
                start = int(rng.integers(1, 8))
                yield Document([start, start + 1, start + 2, start + 3], [0.0, 1.0, 1.0, 1.0])

        train(SHAPE, parameters, pack(documents(), 4, SHAPE.context),
              Settings(60, peak=2e-2, warmup=5), lambda step, loss, seconds: losses.append(loss))
        return losses, parameters

    def test_learns_to_count_and_does_so_again(self):
        losses, parameters = self.run_once()
        self.assertLess(losses[-1], 0.2 * losses[0])
        again, same = self.run_once()
        self.assertEqual(losses, again)
        for name, array in parameters.items():
            np.testing.assert_array_equal(array, same[name])


if __name__ == "__main__":
    unittest.main()
