"""Names the model, its tokenizer and its adapter as llama.cpp expects them in GGUF."""

import numpy as np

from . import chatml, gguf

CONTEXT_OF_A_SLOT = 1024


def model_metadata(shape, tokenizer):
    """Metadata of the chat model."""
    return {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "tiny-chat",
        "general.description": "A chat model of about one million parameters, trained on "
                               "text written for llama_node",
        "general.license": "apache-2.0",
        "general.file_type": gguf.u32(1),
        "llama.block_count": gguf.u32(shape.blocks),
        "llama.context_length": gguf.u32(shape.context),
        # What llama_node gives each slot unless told otherwise: room for a chat with tools, whose
        # text past the training length is poor, but no worse than no answer.
        "llama_node.n_ctx": gguf.u32(CONTEXT_OF_A_SLOT),
        "llama.embedding_length": gguf.u32(shape.width),
        "llama.feed_forward_length": gguf.u32(shape.hidden),
        "llama.attention.head_count": gguf.u32(shape.heads),
        "llama.attention.head_count_kv": gguf.u32(shape.heads),
        "llama.attention.layer_norm_rms_epsilon": shape.epsilon,
        "llama.rope.dimension_count": gguf.u32(shape.head_size),
        "llama.rope.freq_base": shape.rope_base,
        "llama.vocab_size": gguf.u32(len(tokenizer)),
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": gguf.array(gguf.STRING, tokenizer.pieces),
        "tokenizer.ggml.scores": gguf.array(gguf.FLOAT32, tokenizer.scores),
        "tokenizer.ggml.token_type": gguf.array(gguf.INT32, tokenizer.kinds),
        "tokenizer.ggml.bos_token_id": gguf.u32(tokenizer.bos),
        "tokenizer.ggml.eos_token_id": gguf.u32(tokenizer.im_end),
        "tokenizer.ggml.eot_token_id": gguf.u32(tokenizer.im_end),
        "tokenizer.ggml.unknown_token_id": gguf.u32(0),
        "tokenizer.ggml.add_space_prefix": False,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.chat_template": chatml.TEMPLATE,
    }


def model_tensors(parameters):
    """Matrices as F16, norm gains as F32."""
    return {name: array.astype("<f2" if array.ndim == 2 else "<f4")
            for name, array in parameters.items()}


def write_model(path, shape, tokenizer, parameters):
    """Writes the chat model."""
    gguf.write(path, model_metadata(shape, tokenizer), model_tensors(parameters))


def write_adapter(path, alpha, factors):
    """Writes a LoRA adapter; factors: matrix name to (a, b), as lora.py trains them."""
    metadata = {
        "general.architecture": "llama",
        "general.type": "adapter",
        "general.name": "tiny-chat-lora",
        "general.license": "apache-2.0",
        "adapter.type": "lora",
        "adapter.lora.alpha": float(alpha),
    }
    tensors = {}
    for name, (a, b) in factors.items():
        tensors[f"{name}.lora_a"] = a.astype("<f4")
        tensors[f"{name}.lora_b"] = b.astype("<f4")
    gguf.write(path, metadata, tensors)


def rounded(parameters):
    """Parameters as the exported file holds them, back in F32."""
    return {name: array.astype(np.float32) for name, array in model_tensors(parameters).items()}
