package io.llamanode.service;

import io.llamanode.account.Portions;
import io.llamanode.account.Weight;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.service.prompt.AnswerCollector;
import io.llamanode.service.prompt.AnswerReader;
import io.llamanode.service.prompt.PreparedPrompt;
import io.llamanode.service.prompt.Transcript;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears the engine of one task, on its loop thread: what it says goes to the sink, the end to {@link Tasks}. A result of very many
 * parts is put together by another thread, as the engine's other requests wait for this one.
 */
final class TaskListener implements GenerationListener {
    private static final byte[] NO_BYTES = new byte[0];

    /** Of a prompt's tokens, as long as it has a slot: what it is to hold, what is computed of that, what is cached. */
    private static final int SLOT_COPIES = 3;

    private final Task task;
    private final PreparedPrompt prepared;
    private final long seed;
    private final Tasks tasks;
    private final @Nullable AnswerReader reader;
    private final AnswerCollector answer;
    private final Portions portions;

    /** @param seed that is sampled with */
    TaskListener(Task task, PreparedPrompt prepared, long seed, Tasks tasks) {
        this.task = task;
        this.prepared = prepared;
        this.seed = seed;
        this.tasks = tasks;
        this.portions = new Portions(task.holding);
        this.reader = prepared.reader();
        this.answer = new AnswerCollector(reader, event -> {
            if (task.sink != null) {
                task.sink.accept(task.id, event);
            }
        });
    }

    @Override
    public void begins() {
        task.holding.set(task.holding.bytes() + SLOT_COPIES * Weight.of(prepared.tokens()));
    }

    @Override
    public void text(String text) {
        answer.take(text);
    }

    @Override
    public boolean holds(long bytes) {
        return portions.take(bytes);
    }

    @Override
    public byte[] spelling(int token) {
        return reader == null ? NO_BYTES : reader.spellings().getOrDefault(token, NO_BYTES);
    }

    @Override
    public void finished(Outcome outcome) {
        List<Probabilities.Entry> entries = outcome.probabilities();
        // Every token has as many likely ones as the first.
        long parts = entries.isEmpty()
                ? 0
                : (long) entries.size() * (1 + entries.getFirst().top().size());
        tasks.assemble(task, parts, () -> assemble(outcome));
    }

    private void assemble(Outcome outcome) {
        Answer whole = answer.finish();
        Transcript transcript = task.isChat
                ? Transcript.answered(
                        prepared, whole, outcome, task.model.loaded().vocabulary())
                : null;
        tasks.finished(task, ResultAssembly.of(task, seed, whole, outcome), transcript);
    }

    @Override
    public void failed(FailureKind kind, String message) {
        tasks.failed(task, kind, message);
    }
}
