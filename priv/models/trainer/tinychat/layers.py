"""The layers of a llama block: each forward pass with its hand-written backward pass.

Every function is pure. Activations are arrays whose last axis is the feature
axis; weight matrices are stored (outputs, inputs), the row order of GGUF.
A backward function takes the gradient of the output first, then what its
forward function saw.
"""

import numpy as np

MASKED = np.float32(-1e9)


def linear(x, weight):
    """x (..., inputs) times weight (outputs, inputs) gives (..., outputs)."""
    return x @ weight.T


def linear_backward(dy, x, weight):
    """Returns the gradients of x and of the weight."""
    flat_dy = dy.reshape(-1, dy.shape[-1])
    flat_x = x.reshape(-1, x.shape[-1])
    return dy @ weight, flat_dy.T @ flat_x


def rms_norm(x, gain, epsilon):
    """Scales each feature vector to root mean square one; returns (y, inverse)."""
    inverse = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon)
    return x * inverse * gain, inverse


def rms_norm_backward(dy, x, gain, inverse):
    """Returns the gradients of x and of the gain."""
    normed = x * inverse
    dgain = (dy * normed).reshape(-1, x.shape[-1]).sum(axis=0)
    dnormed = dy * gain
    projection = np.mean(dnormed * normed, axis=-1, keepdims=True)
    return inverse * (dnormed - normed * projection), dgain


def rope_tables(length, head_size, base):
    """Cosines and sines (length, head_size / 2) of every position and pair."""
    frequency = base ** (-np.arange(0, head_size, 2) / head_size)
    angle = np.arange(length)[:, None] * frequency[None, :]
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def rope(x, cos, sin):
    """Rotates neighbouring pairs (0,1), (2,3), ... of x (..., head_size).

    This is the layout that llama.cpp calls LLAMA_ROPE_TYPE_NORM and uses for
    the architecture "llama", so exported query and key matrices need no
    permutation. cos and sin broadcast against x's pairs.
    """
    even, odd = x[..., 0::2], x[..., 1::2]
    y = np.empty_like(x)
    y[..., 0::2] = even * cos - odd * sin
    y[..., 1::2] = even * sin + odd * cos
    return y


def rope_backward(dy, cos, sin):
    """The inverse rotation: rotations are orthogonal."""
    return rope(dy, cos, -sin)


def attention(q, k, v, mask):
    """Scaled dot-product attention over (..., length, head_size).

    mask broadcasts to (..., length, length) and is added to the scores.
    Returns (output, probabilities).
    """
    scale = attention_scale(q)
    scores = (q * scale) @ np.swapaxes(k, -1, -2)
    scores += mask
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores @ v, scores


def attention_backward(dy, q, k, v, probabilities):
    """Returns the gradients of q, k and v."""
    scale = attention_scale(q)
    dv = np.swapaxes(probabilities, -1, -2) @ dy
    dscores = dy @ np.swapaxes(v, -1, -2)
    # sum_j p_ij dp_ij equals dy_i . y_i, which is cheaper over features
    # than over positions.
    dscores -= np.sum(dy * (probabilities @ v), axis=-1, keepdims=True)
    dscores *= probabilities
    dq = (dscores @ k) * scale
    dk = np.swapaxes(dscores, -1, -2) @ q * scale
    return dq, dk, dv


def attention_scale(q):
    """The attention scale, in the precision of q."""
    return q.dtype.type(1.0 / np.sqrt(q.shape[-1]))


def swiglu(gate, up):
    """silu(gate) * up; returns (y, sigmoid of the gate)."""
    sigmoid = 1.0 / (1.0 + np.exp(-gate))
    return gate * sigmoid * up, sigmoid


def swiglu_backward(dy, gate, up, sigmoid):
    """Returns the gradients of gate and up."""
    silu = gate * sigmoid
    dgate = dy * up * (sigmoid + silu * (1.0 - sigmoid))
    return dgate, dy * silu


def cross_entropy(logits, targets, weights):
    """Weighted mean of the negative log likelihood over (rows, vocabulary).

    Returns (loss, gradient of the logits). The divisor is the sum of the
    weights, so the caller decides what a unit of loss is.
    """
    rows = np.arange(len(targets))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponential = np.exp(shifted)
    total = exponential.sum(axis=-1, keepdims=True)
    share = (weights / weights.sum()).astype(logits.dtype)
    losses = np.log(total[:, 0]) - shifted[rows, targets]
    dlogits = exponential / total
    dlogits[rows, targets] -= 1.0
    dlogits *= share[:, None]
    return float(np.dot(share, losses)), dlogits
