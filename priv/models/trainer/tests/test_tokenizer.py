"""Round trips, byte fallback, and the order of merges."""

import unittest

from tinychat import chatml
from tinychat.bpe_training import learn_merges
from tinychat.tokenizer import Kind, Tokenizer

TEXT = ["the llama eats the grass", "the slot and the token", "a llama, a slot!"] * 3


class Vocabulary(unittest.TestCase):

    def setUp(self):
        self.tokenizer = Tokenizer(learn_merges(TEXT, 20))

    def test_round_trips(self):
        for text in ("the llama", "  two  spaces ", "a\nb\tc", "na\u00efve \U0001f999 \u3053",
                     "", "UPPER 123 + 4 = ?", "\u0000\u007f", "<|im_end|>"):
            with self.subTest(text):
                self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text)), text)

    def test_unknown_characters_become_their_bytes(self):
        pieces = [self.tokenizer.pieces[i] for i in self.tokenizer.encode("\u00e9\n")]
        self.assertEqual(pieces, ["<0xC3>", "<0xA9>", "<0x0A>"])

    def test_text_never_becomes_a_control_token(self):
        kinds = {self.tokenizer.kinds[i] for i in self.tokenizer.encode("<s><|im_start|><unk>")}
        self.assertEqual(kinds, {Kind.NORMAL})

    def test_best_score_merges_first(self):
        tokenizer = Tokenizer(["bc", "ab", "abc"])
        encoded = [tokenizer.pieces[i] for i in tokenizer.encode("abc ab aabc")]
        self.assertEqual(encoded, ["abc", "\u2581", "ab", "\u2581", "a", "abc"])

    def test_leftmost_of_equals_merges_first(self):
        tokenizer = Tokenizer(["aa"])
        self.assertEqual([tokenizer.pieces[i] for i in tokenizer.encode("aaa")], ["aa", "a"])

    def test_merges_stay_inside_words(self):
        for piece in learn_merges(["a. a. a. a. b1 b1 b1"] * 9 + TEXT, 20):
            self.assertRegex(piece, "^\u2581?[A-Za-z]+$")

    def test_too_little_text_is_refused(self):
        with self.assertRaisesRegex(ValueError, "merges"):
            learn_merges(["ab"], 2)


class Chat(unittest.TestCase):

    def setUp(self):
        self.tokenizer = Tokenizer(learn_merges(TEXT, 20))

    def test_a_document_begins_with_its_prompt(self):
        messages = [("system", "s"), ("user", "the slot"), ("assistant", "a llama")]
        document = chatml.document(self.tokenizer, messages)
        prompt = chatml.prompt(self.tokenizer, messages[:2])
        self.assertEqual(document.tokens[:len(prompt)], prompt)

    def test_loss_is_on_the_answer_and_its_end(self):
        document = chatml.document(self.tokenizer, [("user", "the"), ("assistant", "slot")])
        full = [t for t, w in zip(document.tokens, document.weights) if w == 1.0]
        self.assertEqual(full, self.tokenizer.encode("slot") + [self.tokenizer.im_end])


if __name__ == "__main__":
    unittest.main()
