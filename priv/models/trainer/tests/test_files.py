"""GGUF written and read again, Erlang terms, and the shape of both exports."""

import pathlib
import tempfile
import unittest

import numpy as np

from tinychat import eterm, evaluate, export, gguf, lora
from tinychat.model import Shape, Transformer, initial_parameters
from tinychat.tokenizer import Tokenizer


class Files(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "file"

    def test_values_and_tensors_come_back(self):
        metadata = {"s": "\u00e9", "b": True, "f": 0.5, "u": gguf.u32(7),
                    "a": gguf.array(gguf.STRING, ["x", ""]),
                    "i": gguf.array(gguf.INT32, [-1, 2])}
        tensors = {"m": np.arange(6, dtype="<f2").reshape(2, 3), "v": np.ones(5, "<f4")}
        gguf.write(self.path, metadata, tensors)
        values, read = gguf.read(self.path)
        self.assertEqual(values, {"s": "\u00e9", "b": True, "f": 0.5, "u": 7,
                                  "a": ["x", ""], "i": [-1, 2]})
        for name, tensor in tensors.items():
            np.testing.assert_array_equal(read[name], tensor)
            self.assertEqual(read[name].dtype, tensor.dtype)

    def test_damaged_files_are_refused(self):
        gguf.write(self.path, {"s": "text"}, {})
        whole = self.path.read_bytes()
        for damaged in (b"FUGG" + whole[4:], whole[:30]):
            self.path.write_bytes(damaged)
            with self.assertRaises(ValueError):
                gguf.read(self.path)

    def test_a_model_comes_back_and_computes_the_same(self):
        tokenizer = Tokenizer(["ab", "abc"])
        shape = Shape(len(tokenizer), context=16, width=8, blocks=1, heads=2, hidden=8)
        parameters = initial_parameters(shape, np.random.default_rng(1))
        export.write_model(self.path, shape, tokenizer, parameters)
        shape_read, tokenizer_read, read = evaluate.load(self.path)
        # F32 keeps the stated epsilon only to seven digits.
        self.assertAlmostEqual(shape_read.epsilon, shape.epsilon, 10)
        self.assertEqual(tokenizer_read.pieces, tokenizer.pieces)
        tokens = np.array([tokenizer.encode("abcab")])
        places = np.arange(tokens.shape[1])[None], np.zeros_like(tokens)
        np.testing.assert_allclose(
            Transformer(shape_read, read).logits(tokens, *places),
            Transformer(shape, export.rounded(parameters)).logits(tokens, *places), rtol=1e-4)

    def test_adapter_tensors_have_the_shapes_of_llama_cpp(self):
        shape = Shape(300, context=16, width=8, blocks=1, heads=2, hidden=12)
        factors = lora.initial_factors(shape, 2, np.random.default_rng(1))
        export.write_adapter(self.path, 4.0, factors)
        metadata, tensors = gguf.read(self.path)
        self.assertEqual((metadata["general.type"], metadata["adapter.type"]), ("adapter", "lora"))
        # NumPy shapes are GGUF dimensions reversed: a is [inputs, rank], b is [rank, outputs].
        self.assertEqual(tensors["blk.0.ffn_down.weight.lora_a"].shape, (2, 12))
        self.assertEqual(tensors["blk.0.ffn_down.weight.lora_b"].shape, (8, 2))

    def test_erlang_terms(self):
        self.path.write_text('%% note\n{<<"a \\"b\\"\\n">>, [<<"\u00e9"/utf8>>, {}]}.\n<<"x">>.\n',
                             encoding="utf-8")
        self.assertEqual(eterm.consult(self.path), [('a "b"\n', ["\u00e9", ()]), "x"])
        self.path.write_text("{atom}.", encoding="utf-8")
        with self.assertRaisesRegex(ValueError, "cannot read"):
            eterm.consult(self.path)


if __name__ == "__main__":
    unittest.main()
