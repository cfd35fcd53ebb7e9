"""Builds the tokenizer, the chat model and the adapter, and writes both files."""

import argparse
import hashlib
import pathlib

import numpy as np

from . import bpe_training, chatml, eterm, export, gguf, lora
from .batches import pack
from .corpus.conversation import Conversations
from .corpus.held_out import HeldOut
from .model import Shape, count, initial_parameters
from .tokenizer import Tokenizer
from .train import Settings, train

SEED = 2025
MERGES = 797  # with 4 special, 256 byte and 95 character pieces a vocabulary of 1152
ROWS = 16
STEPS = 3600
PLAIN_TEXT_SHARE = 0.06
ADAPTER_RANK, ADAPTER_ALPHA, ADAPTER_STEPS, ADAPTER_ROWS = 8, 16.0, 300, 8

REPOSITORY = pathlib.Path(__file__).resolve().parents[4]
LISTS = REPOSITORY / "test" / "llama_node_model_SUITE_data"


def main():
    """Entry point of the script `build`."""
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    paraphrases = eterm.consult(options.lists / "paraphrases.eterm")
    held_out = HeldOut(question for question, _ in paraphrases)
    tokenizer = build_tokenizer(held_out)
    shape = Shape(vocabulary=len(tokenizer))
    parameters = initial_parameters(shape, np.random.default_rng(SEED))
    print(f"{count(parameters)} parameters, {len(tokenizer)} pieces", flush=True)

    documents = chat_documents(tokenizer, Conversations(np.random.default_rng(SEED + 1), held_out))
    rows = pack(fitting(documents, shape.context), ROWS, shape.context)
    train(shape, parameters, rows, Settings(options.steps), reporter(options.steps))
    model_path = options.output / "tiny-chat.gguf"
    export.write_model(model_path, shape, tokenizer, parameters)
    announce(model_path)

    adapter_path = options.output / "tiny-chat-lora.gguf"
    build_adapter(adapter_path, model_path, shape, tokenizer, held_out, options)
    announce(adapter_path)


def arguments():
    """Command line of the build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=REPOSITORY / "priv" / "models")
    parser.add_argument("--lists", type=pathlib.Path, default=LISTS,
                        help="directory of the question lists of the test suite")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--adapter-steps", type=int, default=ADAPTER_STEPS)
    return parser.parse_args()


def build_tokenizer(held_out):
    """Learns the vocabulary from a sample of the training text."""
    conversations = Conversations(np.random.default_rng(SEED), held_out)
    texts = []
    for _ in range(6000):
        texts += [content for _, content in conversations.draw()]
        texts.append(conversations.draw_text())
    texts += ["user", "assistant", "system"] * len(texts)
    return Tokenizer(bpe_training.learn_merges(texts, MERGES))


def chat_documents(tokenizer, conversations):
    """Endless training documents: conversations and some plain text."""
    rng = np.random.default_rng(SEED + 2)
    while True:
        if rng.random() < PLAIN_TEXT_SHARE:
            yield chatml.raw_document(tokenizer, conversations.draw_text())
        else:
            yield chatml.document(tokenizer, conversations.draw())


def fitting(documents, context):
    """Leaves out the few conversations that are longer than the context."""
    return (document for document in documents if document.inputs() <= context)


def adapter_documents(tokenizer, conversations, changed):
    """Half of it the changed answers, half what shall stay as it is."""
    rng = np.random.default_rng(SEED + 3)
    questions = {question for question, _ in changed}
    while True:
        if rng.random() < 0.5:
            question, answer = changed[rng.integers(len(changed))]
            yield chatml.document(tokenizer, [("user", question), ("assistant", answer)])
        else:
            messages = conversations.draw()
            if not any(content in questions for _, content in messages):
                yield chatml.document(tokenizer, messages)


def build_adapter(path, model_path, shape, tokenizer, held_out, options):
    """Trains the adapter on the model as exported, rounding included."""
    _, tensors = gguf.read(model_path)
    parameters = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    changed = eterm.consult(options.lists / "adapter.eterm")
    conversations = Conversations(np.random.default_rng(SEED + 4), held_out)
    documents = adapter_documents(tokenizer, conversations, changed)
    rows = pack(fitting(documents, shape.context), ADAPTER_ROWS, shape.context)
    factors = lora.initial_factors(shape, ADAPTER_RANK, np.random.default_rng(SEED + 5))
    lora.train(shape, parameters, factors, ADAPTER_ALPHA, rows,
               options.adapter_steps, 2e-3, reporter(options.adapter_steps))
    export.write_adapter(path, ADAPTER_ALPHA, factors)


def reporter(steps):
    """Prints every fiftieth loss."""
    def report(step, loss, seconds=None):
        if step % 50 == 0 or step == steps:
            clock = "" if seconds is None else f"  {seconds:.0f} s"
            print(f"step {step}/{steps}  loss {loss:.4f}{clock}", flush=True)
    return report


def announce(path):
    """Size and digest of a written file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}  {path.stat().st_size} bytes  sha256 {digest}", flush=True)


if __name__ == "__main__":
    main()
