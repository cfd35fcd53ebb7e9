package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.IntList;
import org.jspecify.annotations.Nullable;

/**
 * How far a request has come. It goes with the request from slot to slot, so that whatever became of the cells in the KV
 * cache, the request can go on: they are computed anew from its text.
 */
final class Progress {
    final GenerationRequest request;
    /** What its sequence is to hold: the prompt and what was sampled, without what shifts dropped. */
    final IntList text = new IntList();
    /** Sampled tokens, without an end-of-generation token. */
    final IntList completion = new IntList();
    /** Prompt tokens that were cached before it began to evaluate them in its first slot. */
    int reused;
    /** Tokens sampled since it got the slot that it has. */
    int turnTokens;
    /** When it was first seen to have sampled any of them. */
    private long turnBegan;

    private boolean turnTimed;
    /** For spans: the text, or {@code null} since it changed. */
    private int @Nullable [] evaluated;

    Progress(GenerationRequest request) {
        this.request = request;
        text.addAll(request.prompt(), 0, request.prompt().length);
        evaluated = request.prompt();
    }

    /** {@return the text, not to be changed} */
    int[] evaluated() {
        if (evaluated == null) {
            evaluated = text.toArray();
        }
        return evaluated;
    }

    void sampled(int token) {
        text.add(token);
        completion.add(token);
        turnTokens++;
        evaluated = null;
    }

    void dropped(int from, int to) {
        text.remove(from, to);
        evaluated = null;
    }

    int last() {
        return text.get(text.size() - 1);
    }

    void beginTurn() {
        turnTokens = 0;
        turnTimed = false;
    }

    /** {@return how long it has been generating in its slot; the time counts from its first token there} */
    long turnNanos(long now) {
        if (turnTokens == 0) {
            return 0;
        }
        if (!turnTimed) {
            turnTimed = true;
            turnBegan = now;
        }
        return now - turnBegan;
    }
}
