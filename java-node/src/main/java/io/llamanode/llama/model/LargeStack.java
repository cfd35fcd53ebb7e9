package io.llamanode.llama.model;

import io.llamanode.llama.VocabType;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Runs tokenization where the stack is deep enough: {@code std::regex}, which splits the words of byte pair
 * encodings, recurses for every character of a word and would overflow the stack of an ordinary thread.
 */
final class LargeStack {

    private static final int SAFE_BYTES = 1024;
    private static final long STACK_PER_BYTE = 1024;
    private static final long MAX_STACK = 8L << 30; // Reserved, not touched, unless a word is that long.

    private LargeStack() {}

    static <T> T call(int textBytes, VocabType type, Supplier<T> body) {
        if (type != VocabType.BPE || textBytes <= SAFE_BYTES) {
            return body.get();
        }
        FutureTask<T> task = new FutureTask<>(body::get);
        long stack = Math.min(MAX_STACK, (1L << 20) + textBytes * STACK_PER_BYTE);
        Thread thread = new Thread(null, task, "tokenizer", stack);
        thread.start();
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException r ? r : new CompletionException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while a text was tokenized", e);
        }
    }
}
