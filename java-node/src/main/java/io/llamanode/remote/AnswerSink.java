package io.llamanode.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.remote.answer.AnswerAssembly;
import io.llamanode.remote.answer.AnswerFault;
import io.llamanode.remote.answer.Piece;
import io.llamanode.remote.answer.PieceReader;
import io.llamanode.remote.answer.ServerError;
import io.llamanode.service.contract.task.TaskEvent;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Takes the bytes of one answer, and tells a listener. For one thread at a time. */
abstract sealed class AnswerSink {
    /** Of a value that comes whole, such as the vectors of many texts; bytes. */
    private static final int LARGEST_VALUE = 64 << 20;
    /** Characters take two bytes each while they are collected, and an event besides. */
    private static final int PART = 64;

    private static final int CHARACTER = 3;

    final RemoteListener listener;
    private final PieceReader reader;
    private boolean done;

    private AnswerSink(RemoteListener listener, int longest) {
        this.listener = listener;
        this.reader = new PieceReader(this::take, longest);
    }

    static AnswerSink of(RemoteRequest request, RemoteListener listener) {
        return request.isText() ? new Text(listener) : new Value(listener);
    }

    void push(ByteBuffer bytes) {
        reader.push(bytes);
    }

    int longest() {
        return reader.longest();
    }

    /** @throws AnswerFault if the body ended in the middle of something, or held nothing */
    void end() {
        reader.finish();
        if (!isComplete()) {
            throw new AnswerFault(
                    reader.stray().isEmpty()
                            ? "the server's answer ended before it was complete"
                            : "the server's answer is none that is known: " + reader.stray());
        }
    }

    private void take(Piece piece) {
        switch (piece) {
            case Piece.Done() -> done = true;
            case Piece.Json json -> value(json);
        }
    }

    /** {@return whether the server has said that nothing more comes} */
    boolean isDone() {
        return isComplete() && (done || isWhole());
    }

    abstract void value(Piece.Json json);

    /** {@return whether nothing follows in an answer that is complete} */
    abstract boolean isWhole();

    /** {@return whether the whole answer is there, whatever the server may add} */
    abstract boolean isComplete();

    /** Tells the listener the whole answer. */
    abstract void tell(RemoteListener.Times times);

    void hold(long bytes) {
        if (!listener.holds(bytes)) {
            throw new AnswerFault("the answer takes more of the node's memory than it may have");
        }
    }

    private static final class Text extends AnswerSink {
        /** A line, its text, and what is made of it, each take about as much. */
        private static final long TIMES = 4;
        /** Nothing is held for what is as short. */
        private static final int SHORT = 64 << 10;

        private final AnswerAssembly assembly;
        private int longest = SHORT;

        Text(RemoteListener listener) {
            super(listener, PieceReader.LONGEST_LINE);
            this.assembly = new AnswerAssembly(this::part, this::hold);
        }

        @Override
        void push(ByteBuffer bytes) {
            super.push(bytes);
            if (longest() > longest) {
                hold(TIMES * (longest() - longest));
                longest = longest();
            }
        }

        private void part(TaskEvent part) {
            hold(PART
                    + CHARACTER
                            * switch (part) {
                                case TaskEvent.Chunk(String text) -> (long) text.length();
                                case TaskEvent.Reasoning(String text) -> text.length();
                                case TaskEvent.ToolCall call -> call.delta().length();
                                case TaskEvent.Done _, TaskEvent.Failed _ -> 0;
                            });
            listener.part(part);
        }

        @Override
        void value(Piece.Json json) {
            assembly.take(json);
        }

        @Override
        boolean isComplete() {
            return assembly.isComplete();
        }

        @Override
        boolean isWhole() {
            return assembly.isWhole();
        }

        @Override
        void tell(RemoteListener.Times times) {
            listener.finished(assembly.finish(), times);
        }
    }

    private static final class Value extends AnswerSink {
        private @Nullable JsonNode value;

        Value(RemoteListener listener) {
            super(listener, LARGEST_VALUE);
        }

        @Override
        void push(ByteBuffer bytes) {
            hold((long) CHARACTER * bytes.remaining());
            super.push(bytes);
        }

        @Override
        void value(Piece.Json json) {
            String error = ServerError.message(json.value(), json.error());
            if (error != null) {
                throw new AnswerFault("the server says: " + error);
            }
            value = json.value();
        }

        @Override
        boolean isComplete() {
            return value != null;
        }

        @Override
        boolean isWhole() {
            return true;
        }

        @Override
        void tell(RemoteListener.Times times) {
            if (value != null) {
                listener.finished(value, times);
            }
        }
    }
}
