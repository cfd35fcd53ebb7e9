package io.llamanode.service.prompt;

import io.llamanode.chat.tools.AnswerParser;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.AnswerEvent;
import io.llamanode.service.contract.task.TaskEvent;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the text of one answer, tells its parts as events, and has the whole in the end.
 *
 * <p>For one thread at a time: the engine's loop.
 */
public final class AnswerCollector {
    private final @Nullable AnswerParser parser;
    private final Consumer<TaskEvent> events;
    private final StringBuilder text = new StringBuilder();

    /**
     * Collects one answer; another answer needs another collector.
     *
     * @param reader {@code null} if the answer is nothing but content
     * @param events told of the parts
     */
    public AnswerCollector(@Nullable AnswerReader reader, Consumer<TaskEvent> events) {
        this.parser = reader == null ? null : reader.parser();
        this.events = events;
    }

    /**
     * Takes the next text of the answer. What is sure by then is told at once; a beginning of a marker is held back.
     *
     * @param more whole code points, which follow what was taken before
     */
    public void take(String more) {
        if (parser == null) {
            text.append(more);
            events.accept(new TaskEvent.Chunk(more));
        } else {
            tell(parser.push(more));
        }
    }

    /** {@return the whole answer} */
    public Answer finish() {
        if (parser == null) {
            return new Answer(text.toString(), null, List.of());
        }
        tell(parser.finish());
        return parser.answer();
    }

    private void tell(List<AnswerEvent> parts) {
        for (AnswerEvent part : parts) {
            events.accept(
                    switch (part) {
                        case AnswerEvent.Content(String content) -> new TaskEvent.Chunk(content);
                        case AnswerEvent.Reasoning(String content) -> new TaskEvent.Reasoning(content);
                        case AnswerEvent.Call(int index, String id, String name, String delta) ->
                            new TaskEvent.ToolCall(index, id, name, delta);
                    });
        }
    }
}
