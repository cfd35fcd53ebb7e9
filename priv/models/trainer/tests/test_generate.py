"""Generation ends where it must and follows the scores."""

import unittest

import numpy as np

from tinychat import generate
from tinychat.model import Shape, Transformer, initial_parameters
from tinychat.tokenizer import Tokenizer


class Generation(unittest.TestCase):

    def setUp(self):
        self.tokenizer = Tokenizer(["ab"])
        self.shape = Shape(len(self.tokenizer), context=12, width=8, blocks=1, heads=2, hidden=8)
        self.parameters = initial_parameters(self.shape, np.random.default_rng(6))
        self.transformer = Transformer(self.shape, self.parameters)

    def test_prompts_of_different_length_do_not_disturb_each_other(self):
        prompts = [self.tokenizer.encode("abc"), self.tokenizer.encode("c ab 1 ab")]
        together = generate.answers(self.transformer, self.tokenizer, prompts)
        alone = [generate.answers(self.transformer, self.tokenizer, [p])[0] for p in prompts]
        self.assertEqual(together, alone)

    def test_the_end_of_turn_token_ends_an_answer(self):
        embedding = self.parameters["token_embd.weight"]
        prompt = self.tokenizer.encode("abc")
        states, _ = self.transformer.hidden(*generate.right_padded([prompt]))
        # Along the last state itself: no other token can score as high.
        embedding[self.tokenizer.im_end] = 100.0 * states[0, -1]
        self.assertEqual(generate.answers(self.transformer, self.tokenizer, [prompt]), [""])

    def test_the_context_ends_an_answer(self):
        self.parameters["token_embd.weight"][self.tokenizer.im_end] = 0.0
        letters = self.tokenizer.encode("aaaa")
        self.parameters["token_embd.weight"][letters[0]] *= 50.0
        (answer,) = generate.answers(self.transformer, self.tokenizer, [letters])
        self.assertEqual(len(self.tokenizer.encode(answer)), self.shape.context - len(letters))

    def test_a_seed_repeats_a_draw(self):
        prompts = [self.tokenizer.encode("abc")] * 3
        first, second = (generate.answers(self.transformer, self.tokenizer, prompts, 1.0, seed=4)
                         for _ in range(2))
        self.assertEqual(first, second)
        self.assertGreater(len(set(first)), 1)


if __name__ == "__main__":
    unittest.main()
