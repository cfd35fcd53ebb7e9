"""Turns conversations into tokens the way the chat template does."""

from .batches import Document

USER_WEIGHT = 0.1  # predicting questions teaches the language, answering is the aim

TEMPLATE = (
    "{%- for message in messages -%}\n"
    "    {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}\n"
    "{%- endfor -%}\n"
    "{%- if add_generation_prompt -%}\n"
    "    {{- '<|im_start|>assistant\\n' -}}\n"
    "{%- endif -%}\n")


def prompt(tokenizer, messages):
    """Tokens of (role, content) messages with the header of an answer, after bos."""
    tokens = [tokenizer.bos]
    for role, content in messages:
        tokens += _message(tokenizer, role, content)
    return tokens + _header(tokenizer, "assistant")


def document(tokenizer, messages):
    """A training document: full loss on what the assistant says, little on the rest."""
    tokens, weights = [tokenizer.bos], [0.0]
    for role, content in messages:
        header = _header(tokenizer, role)
        body = tokenizer.encode(content) + [tokenizer.im_end]
        end = tokenizer.encode("\n")
        weight = 1.0 if role == "assistant" else USER_WEIGHT
        tokens += header + body + end
        weights += [0.0] * len(header) + [weight] * len(body) + [0.0] * len(end)
    return Document(tokens, weights)


def raw_document(tokenizer, text):
    """Plain text for completion without a chat, ended by the end-of-turn token."""
    body = tokenizer.encode(text) + [tokenizer.im_end]
    return Document([tokenizer.bos] + body, [0.0] + [1.0] * len(body))


def _header(tokenizer, role):
    return [tokenizer.im_start] + tokenizer.encode(role + "\n")


def _message(tokenizer, role, content):
    return (_header(tokenizer, role) + tokenizer.encode(content)
            + [tokenizer.im_end] + tokenizer.encode("\n"))
