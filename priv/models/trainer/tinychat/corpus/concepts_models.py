"""Concepts of language models, llama.cpp, Java and llama_node itself."""

from .kinds import Concept

CONCEPTS = [
    Concept("llama_node",
            "llama_node is a Java node that joins an Erlang cluster and answers messages "
            "with a language model.",
            "llama_node runs llama.cpp in a process of its own, so a crash there never "
            "takes the BEAM down."),
    Concept("a slot",
            "A slot is a place in the batch where one sequence is decoded. Several slots "
            "share every decode step.",
            "Each slot has its own part of the key-value cache. When a task ends, its slot "
            "is free for the next one."),
    Concept("continuous batching",
            "Continuous batching lets new requests join the running batch at every step, "
            "so nobody waits for the slowest."),
    Concept("a session",
            "A session is a conversation that belongs to a process. It ends when you close it "
            "or when its owner dies.",
            "Inside a session you create tasks, one for each request."),
    Concept("a task",
            "A task is one request to the model. It ends with exactly one result or error.",
            "You can wait for a task, stream it or cancel it."),
    Concept("a stream",
            "A stream sends the answer piece by piece to your mailbox, as chunks, "
            "and ends with done or error."),
    Concept("a token",
            "A token is a piece of text, often a part of a word, that a language model reads "
            "or writes in one step.",
            "A short English word is often one token, a long word takes several."),
    Concept("a tokenizer",
            "A tokenizer cuts text into tokens and turns tokens back into text."),
    Concept("a vocabulary",
            "A vocabulary is the list of all tokens that a model knows."),
    Concept("a language model",
            "A language model is a program that predicts the next token of a text.",
            "It learns from many texts and then writes one token after the other."),
    Concept("a neural network",
            "A neural network is a function with many numbers in it that are learned "
            "from examples."),
    Concept("a transformer",
            "A transformer is a neural network that uses attention to look at all "
            "earlier tokens."),
    Concept("attention",
            "Attention lets each token look at earlier tokens and take from them "
            "what it needs."),
    Concept("an embedding",
            "An embedding is a list of numbers that stands for a text. Texts of similar "
            "meaning get similar numbers."),
    Concept("the context window",
            "The context window is the number of tokens that a model can see at once."),
    Concept("temperature",
            "Temperature says how freely the model chooses. At zero it always takes the "
            "most probable token.",
            "A high temperature gives surprising text, and sometimes nonsense."),
    Concept("sampling",
            "Sampling is the choice of the next token from the probabilities that the "
            "model gives."),
    Concept("top-p",
            "Top-p keeps only the most probable tokens whose chances add up to p."),
    Concept("a prompt",
            "A prompt is the text that you give to a model before it starts to write."),
    Concept("a system prompt",
            "A system prompt is a message at the start of a chat that says how the model "
            "should behave."),
    Concept("inference",
            "Inference is the use of a trained model to get an answer."),
    Concept("training",
            "Training changes the numbers in a model until its predictions fit the examples."),
    Concept("quantization",
            "Quantization stores the numbers of a model with fewer bits, so that it needs "
            "less memory."),
    Concept("GGUF",
            "GGUF is the file format of llama.cpp. One file holds the weights, the vocabulary "
            "and the settings."),
    Concept("llama.cpp",
            "llama.cpp is a program in C++ that runs language models on ordinary computers."),
    Concept("a LoRA adapter",
            "A LoRA adapter is a small set of extra weights that changes how a model behaves."),
    Concept("the KV cache",
            "The KV cache keeps the keys and values of earlier tokens, so that they need not "
            "be computed again."),
    Concept("a grammar",
            "A grammar is a set of rules that the output of the model must follow."),
    Concept("a chat template",
            "A chat template turns a list of messages into the prompt that the model "
            "was trained on."),
    Concept("a stop string",
            "A stop string ends the answer as soon as it appears in the text."),
    Concept("a parameter",
            "A parameter is one learned number in a model. I have about one million of them."),
    Concept("Java",
            "Java is a programming language with classes that runs on the Java virtual machine.",
            "Java was made at Sun Microsystems and came out in 1995."),
    Concept("the JVM",
            "The JVM is the Java virtual machine. It runs compiled Java code and collects "
            "its garbage."),
    Concept("a virtual thread",
            "A virtual thread is a cheap Java thread. Thousands of them can wait at the "
            "same time."),
    Concept("JInterface",
            "JInterface is a Java library that lets a Java program talk to Erlang nodes."),
    Concept("garbage collection",
            "Garbage collection frees memory that a program can no longer reach."),
    Concept("Maven", "Maven is a build tool for Java projects."),
    Concept("JSON",
            "JSON is a text format for data, with objects, lists, strings and numbers."),
    Concept("UTF-8",
            "UTF-8 is a way to write every character of the world as one to four bytes."),
    Concept("a computer",
            "A computer is a machine that follows instructions very fast."),
    Concept("a program",
            "A program is a list of instructions for a computer."),
    Concept("a bug",
            "A bug is a mistake in a program."),
    Concept("a function",
            "A function takes arguments and returns a value."),
    Concept("a database",
            "A database stores data so that it can be found again."),
    Concept("open source",
            "Open source means that everybody may read, use and change the code."),
]
