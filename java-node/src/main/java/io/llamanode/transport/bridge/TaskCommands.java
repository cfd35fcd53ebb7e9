package io.llamanode.transport.bridge;

import io.llamanode.protocol.JsonForm;
import io.llamanode.protocol.LineInput;
import io.llamanode.protocol.LineInput.Kind;
import io.llamanode.protocol.Request;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenPiece;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The tasks and sessions of a connection. Its thread waits for what it asks, and writes the answers. */
final class TaskCommands {
    private static final Failure UNREAD =
            new Failure(ErrorCode.SERVER_BUSY, "the stream was cancelled because its tokens were not read");

    private final LlamaService service;
    private final BridgeClient client;
    private final LineWriter out;
    private final Choice choice;
    private final int maxQueuedChars;
    /** Streams of all connections by their tasks, as long as lines of theirs are to come. */
    private final Map<Long, TokenQueue> streams;
    /** Whether nobody looks for the client's end. */
    private final BooleanSupplier blind;

    TaskCommands(
            LlamaService service,
            BridgeClient client,
            LineWriter out,
            Choice choice,
            int maxQueuedChars,
            Map<Long, TokenQueue> streams,
            BooleanSupplier blind) {
        this.service = service;
        this.client = client;
        this.out = out;
        this.choice = choice;
        this.maxQueuedChars = maxQueuedChars;
        this.streams = streams;
        this.blind = blind;
    }

    void run(Kind kind, String text) throws IOException, InterruptedException {
        LineInput read = read(kind, text);
        if (!kind.writes()) {
            refuseStream(read, kind + " has nothing to stream");
            out.write(Replies.ok(kind == Kind.EMBED ? "Embedding completed" : "Ranking completed", vectors(read)));
        } else if (!Boolean.TRUE.equals(read.stream())) {
            finish(kind, submit(read.input(), false));
        } else if (kind == Kind.INFER) {
            stream(read.input());
        } else {
            refuseStream(read, "only INFER and INFER_STREAM stream");
        }
    }

    /**
     * Begins what {@link #finish} waits for, on the thread that reads: it is prepared while the one that waits is woken.
     *
     * @return {@code null} if there is nothing of this kind to begin
     * @throws FailureException if it is refused
     */
    Command.@Nullable Begun begin(Command.Run command) {
        Kind kind = command.kind();
        if (!kind.writes()) {
            return null;
        }
        LineInput read = read(kind, command.input());
        return Boolean.TRUE.equals(read.stream()) ? null : new Command.Begun(kind, submit(read.input(), false));
    }

    /** Answers with the result of a task once it has ended. */
    void finish(Kind kind, TokenQueue task) throws IOException, InterruptedException {
        Map<String, Object> result = result(follow(task, false));
        boolean plain = kind == Kind.INFER || kind == Kind.COMPLETE;
        out.write(plain ? Replies.text(result) : Replies.ok("Inference completed", result));
    }

    /** Its tokens are written as they come. */
    void stream(String text) throws IOException, InterruptedException {
        LineInput read;
        try {
            read = read(Kind.INFER, text);
            if (Boolean.FALSE.equals(read.stream())) {
                throw FailureException.invalid(
                        "stream: is false, and INFER_STREAM sends tokens; leave it out, or use INFER");
            }
        } catch (FailureException e) {
            out.write(Replies.lastError(e.failure()));
            return;
        }
        stream(read.input());
    }

    private void stream(TaskInput input) throws IOException, InterruptedException {
        byte[] last;
        try {
            last = Replies.lastOk(result(follow(submit(input, true), true)));
        } catch (FailureException e) {
            last = Replies.lastError(e.failure());
        }
        out.write(last);
    }

    private LineInput read(Kind kind, String text) {
        return LineInput.task(kind, text, kind.writes() && inSession() ? null : choice.model(), this::chats);
    }

    private boolean inSession() {
        return choice.session() != 0;
    }

    private boolean chats() {
        return inSession()
                ? service.sessions().chats(choice.session())
                : service.models().chats(choice.model());
    }

    private static void refuseStream(LineInput read, String why) {
        if (Boolean.TRUE.equals(read.stream())) {
            throw FailureException.invalid("stream: " + why);
        }
    }

    private static Map<String, Object> result(TokenQueue.Item.End end) {
        if (end.lost()) {
            throw UNREAD.asException();
        }
        return switch (end.event()) {
            case TaskEvent.Done(TaskResult result, long _) -> JsonForm.result(result);
            case TaskEvent.Failed(Failure failure) -> throw failure.asException();
            case TaskEvent.Chunk _, TaskEvent.Reasoning _, TaskEvent.ToolCall _ ->
                throw new IllegalStateException("no end: " + end.event());
        };
    }

    private TokenQueue submit(TaskInput input, boolean write) {
        // What is not written does not wait for the client either.
        TokenQueue tokens = new TokenQueue(
                write ? maxQueuedChars : Integer.MAX_VALUE,
                task -> service.cancelTask(task, new Awaited<>()),
                write ? () -> true : () -> out.isWatched(blind.getAsBoolean()));
        Reply<Long> made = new Reply<>() {
            @Override
            public void ok(@Nullable Long task) {
                tokens.begun(Objects.requireNonNull(task));
            }

            @Override
            public void failed(Failure failure) {
                tokens.refused(failure);
            }
        };
        if (inSession()) {
            service.stream(client, client, tokens, choice.session(), input, made);
        } else {
            service.runStream(client, input, tokens, made);
        }
        return tokens;
    }

    /** Waits for a task's end. Tokens that are not written are occasions to see whether the client is still there. */
    private TokenQueue.Item.End follow(TokenQueue tokens, boolean write) throws IOException, InterruptedException {
        long task = 0;
        out.beginWait();
        try {
            while (true) {
                switch (tokens.next()) {
                    case TokenQueue.Item.Begun(long id) -> {
                        task = id;
                        if (write) {
                            streams.put(task, tokens);
                            out.write(Replies.begun(task));
                        }
                    }
                    case TokenQueue.Item.Token(String text) when write -> out.write(Replies.token(text));
                    case TokenQueue.Item.Token _ -> out.goesOn();
                    case TokenQueue.Item.End end -> {
                        return end;
                    }
                }
            }
        } finally {
            streams.remove(task);
            out.endWait();
        }
    }

    private Map<String, Object> vectors(LineInput read) {
        Awaited<TaskResult> result = new Awaited<>();
        service.run(client, read.input(), result);
        return JsonForm.result(wait(result));
    }

    private <T> T wait(Awaited<T> answer) {
        out.beginWait();
        try {
            return Objects.requireNonNull(answer.get());
        } finally {
            out.endWait();
        }
    }

    void tokenize(String text) throws IOException {
        Request.Tokenize read = LineInput.tokenize(text, choice.model());
        Map<String, Object> data = new LinkedHashMap<>();
        if (read.withPieces()) {
            Awaited<List<TokenPiece>> pieces = new Awaited<>();
            service.models().pieces(client, read.text(), pieces);
            List<TokenPiece> all = wait(pieces);
            data.put("tokens", JsonForm.pieces(all));
            data.put("count", all.size());
        } else {
            Awaited<int[]> tokens = new Awaited<>();
            service.models().tokenize(client, read.text(), tokens);
            int[] ids = wait(tokens);
            data.put("tokens", ids);
            data.put("count", ids.length);
        }
        out.write(Replies.ok("Text tokenized", data));
    }

    void start(Kind kind, String text) throws IOException {
        LineInput read = read(kind, text);
        refuseStream(read, "START keeps its result for RESULT; use INFER_STREAM");
        Awaited<Long> made = new Awaited<>();
        if (kind.writes() && inSession()) {
            service.createTask(client, choice.session(), read.input(), made);
        } else {
            service.createTask(client, read.input(), made);
        }
        out.write(Replies.started(wait(made)));
    }

    void result(long task, long timeoutMs) throws IOException {
        Awaited<TaskResult> result = new Awaited<>();
        service.getResult(client, task, timeoutMs, result);
        TaskResult known = wait(result);
        String message = switch (known) {
            case EmbeddingResult _ -> "Embedding completed";
            case RankingResult _ -> "Ranking completed";
            default -> "Inference completed";
        };
        out.write(Replies.ok(message, JsonForm.result(known)));
    }

    /** Returns once the task holds no slot, though text of it may still have waited for a client. For any thread. */
    void cancel(long task) throws IOException {
        Awaited<Void> done = new Awaited<>();
        service.cancelTask(task, done);
        TokenQueue stream = streams.get(task);
        if (stream != null) {
            stream.cancelled();
        }
        try {
            done.get();
        } catch (FailureException e) {
            if (stream == null) {
                out.write(Replies.notCancelled(task, e.failure()));
                return;
            }
        }
        out.write(Replies.cancelled(task));
    }

    void open(String config) throws IOException {
        long session = service.sessions().create(client, LineInput.session(config, choice.model()));
        choice.useSession(session);
        out.write(Replies.ok("Session opened", Map.of("session_id", session)));
    }

    void use(long session) throws IOException {
        if (session == 0) {
            choice.useSession(0);
            out.write(Replies.ok("No session in use"));
            return;
        }
        service.sessions().info(session);
        choice.useSession(session);
        out.write(Replies.ok("Session in use", Map.of("session_id", session)));
    }

    void close(long named) throws IOException {
        long session = named == 0 ? choice.session() : named;
        if (session == 0) {
            throw FailureException.invalid("SESSION CLOSE takes a session id, since none is in use");
        }
        Awaited<Void> closed = new Awaited<>();
        service.sessions().close(session, closed);
        closed.get();
        choice.closed(session);
        out.write(Replies.ok("Session closed", Map.of("session_id", session)));
    }
}
