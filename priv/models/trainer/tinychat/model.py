"""The llama transformer: parameters named as in GGUF, forward and backward."""

from dataclasses import asdict, dataclass

import numpy as np

from . import layers


@dataclass(frozen=True)
class Shape:
    """Sizes of the model; the defaults are those of tiny-chat."""

    vocabulary: int
    context: int = 256
    width: int = 128
    blocks: int = 4
    heads: int = 4
    hidden: int = 384
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head_size(self):
        return self.width // self.heads

    def as_dict(self):
        return asdict(self)


MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


def matrix_shape(shape, kind):
    """(outputs, inputs) of one block matrix."""
    if kind in ("ffn_gate", "ffn_up"):
        return shape.hidden, shape.width
    if kind == "ffn_down":
        return shape.width, shape.hidden
    return shape.width, shape.width


def initial_parameters(shape, rng):
    """Normal initial matrices; those that write to the residual stream smaller."""
    def normal(size, deviation):
        return (rng.standard_normal(size) * deviation).astype(np.float32)

    parameters = {"token_embd.weight": normal((shape.vocabulary, shape.width), 0.05)}
    for block in range(shape.blocks):
        for norm in ("attn_norm", "ffn_norm"):
            parameters[f"blk.{block}.{norm}.weight"] = np.ones(shape.width, np.float32)
        for kind in MATRICES:
            outputs, inputs = matrix_shape(shape, kind)
            deviation = inputs ** -0.5
            if kind in ("attn_output", "ffn_down"):
                deviation /= (2 * shape.blocks) ** 0.5
            parameters[f"blk.{block}.{kind}.weight"] = normal((outputs, inputs), deviation)
    parameters["output_norm.weight"] = np.ones(shape.width, np.float32)
    return parameters


def count(parameters):
    """Number of trained scalars."""
    return sum(array.size for array in parameters.values())


def causal_mask(segments, dtype=np.float32):
    """Additive mask (batch, 1, length, length).

    A token sees itself and what precedes it in its own segment; segments
    (batch, length) number the documents packed into a row.
    """
    length = segments.shape[1]
    same = segments[:, :, None] == segments[:, None, :]
    allowed = same & np.tri(length, dtype=bool)
    return np.where(allowed, 0, layers.MASKED).astype(dtype)[:, None]


class Transformer:
    """A view of parameters that can run forward and backward.

    The output matrix is the token embedding (tied), which llama.cpp assumes
    when a file has no output.weight.
    """

    def __init__(self, shape, parameters):
        self.shape = shape
        self.parameters = parameters
        self._cos, self._sin = layers.rope_tables(
            shape.context, shape.head_size, shape.rope_base)

    def hidden(self, tokens, positions, segments):
        """Final normed states (batch, length, width) and the tape for backward."""
        p, shape = self.parameters, self.shape
        x = p["token_embd.weight"][tokens]
        rotation = (self._cos[positions][:, None].astype(x.dtype),
                    self._sin[positions][:, None].astype(x.dtype))
        mask = causal_mask(segments, x.dtype)
        tape = {"tokens": tokens, "rotation": rotation, "blocks": []}
        for block in range(shape.blocks):
            x, saved = self._block(x, f"blk.{block}.", rotation, mask)
            tape["blocks"].append(saved)
        y, inverse = layers.rms_norm(x, p["output_norm.weight"], shape.epsilon)
        tape["last"] = (x, inverse)
        return y, tape

    def logits(self, tokens, positions, segments):
        """Scores of the next token (batch, length, vocabulary)."""
        states, _ = self.hidden(tokens, positions, segments)
        return layers.linear(states, self.parameters["token_embd.weight"])

    def loss_and_gradients(self, batch):
        """Weighted cross entropy of a batch, and a gradient for every parameter."""
        states, tape = self.hidden(batch.tokens, batch.positions, batch.segments)
        embedding = self.parameters["token_embd.weight"]
        # Only positions that carry loss need the large product with the vocabulary.
        scored = batch.weights > 0
        chosen = states[scored]
        loss, dlogits = layers.cross_entropy(
            layers.linear(chosen, embedding), batch.targets[scored], batch.weights[scored])
        dchosen, dhead = layers.linear_backward(dlogits, chosen, embedding)
        dstates = np.zeros_like(states)
        dstates[scored] = dchosen
        gradients = self._backward(dstates, tape)
        gradients["token_embd.weight"] += dhead
        return loss, gradients

    def _heads(self, x):
        """(batch, length, width) to (batch, heads, length, head_size), contiguous."""
        batch, length, _ = x.shape
        split = x.reshape(batch, length, self.shape.heads, self.shape.head_size)
        return np.ascontiguousarray(split.transpose(0, 2, 1, 3))

    @staticmethod
    def _merge(x):
        """The inverse of _heads."""
        batch, heads, length, size = x.shape
        return x.transpose(0, 2, 1, 3).reshape(batch, length, heads * size)

    def _block(self, x, name, rotation, mask):
        p, epsilon = self.parameters, self.shape.epsilon
        a, a_inverse = layers.rms_norm(x, p[name + "attn_norm.weight"], epsilon)
        q = layers.rope(self._heads(layers.linear(a, p[name + "attn_q.weight"])), *rotation)
        k = layers.rope(self._heads(layers.linear(a, p[name + "attn_k.weight"])), *rotation)
        v = self._heads(layers.linear(a, p[name + "attn_v.weight"]))
        mixed, probabilities = layers.attention(q, k, v, mask)
        mixed = self._merge(mixed)
        middle = x + layers.linear(mixed, p[name + "attn_output.weight"])

        f, f_inverse = layers.rms_norm(middle, p[name + "ffn_norm.weight"], epsilon)
        gate = layers.linear(f, p[name + "ffn_gate.weight"])
        up = layers.linear(f, p[name + "ffn_up.weight"])
        inner, sigmoid = layers.swiglu(gate, up)
        y = middle + layers.linear(inner, p[name + "ffn_down.weight"])
        saved = (x, a, a_inverse, q, k, v, probabilities, mixed,
                 middle, f, f_inverse, gate, up, sigmoid, inner)
        return y, saved

    def _block_backward(self, dy, name, saved, rotation, gradients):
        p = self.parameters
        (x, a, a_inverse, q, k, v, probabilities, mixed,
         middle, f, f_inverse, gate, up, sigmoid, inner) = saved

        def through(kind, d, source):
            full = f"{name}{kind}.weight"
            dsource, gradients[full] = layers.linear_backward(d, source, p[full])
            return dsource

        dgate, dup = layers.swiglu_backward(through("ffn_down", dy, inner), gate, up, sigmoid)
        df = through("ffn_gate", dgate, f)
        df += through("ffn_up", dup, f)
        dmiddle, gradients[name + "ffn_norm.weight"] = layers.rms_norm_backward(
            df, middle, p[name + "ffn_norm.weight"], f_inverse)
        dmiddle += dy

        dmixed = self._heads(through("attn_output", dmiddle, mixed))
        dq, dk, dv = layers.attention_backward(dmixed, q, k, v, probabilities)
        da = through("attn_q", self._merge(layers.rope_backward(dq, *rotation)), a)
        da += through("attn_k", self._merge(layers.rope_backward(dk, *rotation)), a)
        da += through("attn_v", self._merge(dv), a)
        dx, gradients[name + "attn_norm.weight"] = layers.rms_norm_backward(
            da, x, p[name + "attn_norm.weight"], a_inverse)
        dx += dmiddle
        return dx

    def _backward(self, dstates, tape):
        p, gradients = self.parameters, {}
        x, inverse = tape["last"]
        dx, gradients["output_norm.weight"] = layers.rms_norm_backward(
            dstates, x, p["output_norm.weight"], inverse)
        for block in reversed(range(self.shape.blocks)):
            dx = self._block_backward(
                dx, f"blk.{block}.", tape["blocks"][block], tape["rotation"], gradients)
        dembedding = np.zeros_like(p["token_embd.weight"])
        np.add.at(dembedding, tape["tokens"].ravel(), dx.reshape(-1, dx.shape[-1]))
        gradients["token_embd.weight"] = dembedding
        return gradients
