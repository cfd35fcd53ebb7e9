package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.account.Weight;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.AdapterInfo;
import io.llamanode.service.contract.model.ModelInspection;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.service.contract.task.TaskEstimate;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.term.LateTerm;
import io.llamanode.term.PlainTerms;
import io.llamanode.term.Terms;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns what the service answers into the terms of docs/protocol.md, sections 1 and 3 to 6. Texts
 * become UTF-8 binaries, enumerations atoms; optional keys without a value are left out.
 */
public final class ReplyEncoder {
    /** The reply {@code ok}. */
    public static final OtpErlangAtom OK = Terms.atom("ok");
    /** The reply {@code pong}. */
    public static final OtpErlangAtom PONG = Terms.atom("pong");

    private static final OtpErlangAtom LLAMA_NODE = Terms.atom("llama_node");
    private static final OtpErlangAtom ENDED = Terms.atom("llama_node_ended");
    private static final OtpErlangAtom PROGRESS = Terms.atom("llama_node_progress");
    private static final OtpErlangAtom CHUNK = Terms.atom("chunk");
    private static final OtpErlangAtom PASSIVE = Terms.atom("passive");
    private static final OtpErlangAtom REASONING = Terms.atom("reasoning");
    private static final OtpErlangAtom TOOL_CALL = Terms.atom("tool_call");
    private static final OtpErlangAtom DONE = Terms.atom("done");
    private static final OtpErlangAtom ERROR = Terms.atom("error");
    private static final OtpErlangAtom CONTENT = Terms.atom("content");
    private static final OtpErlangAtom INDEX = Terms.atom("index");

    /** Of the keys of a result and what is short in it. */
    private static final long RESULT_BYTES = 600;
    /** Of a failure besides its message. */
    private static final long FAILURE_BYTES = 64;
    /** Of a character, at most. */
    private static final long UTF8_BYTES = 3;
    /** Of the map of a token and its probability. */
    private static final long LOGPROB_BYTES = 96;
    /** Of a keyword, its place and why it was ignored. */
    private static final long IGNORED_BYTES = 256;
    /** Of a float in a list of the external term format. */
    private static final long LISTED_FLOAT_BYTES = 9;
    /** Of the map of a document and its score. */
    private static final long RANK_BYTES = 40;

    private static final int INTEGER_BYTES = 5;
    private static final int PIECE_BYTES = 32;

    private ReplyEncoder() {}

    /**
     * Answers with a term.
     *
     * @param value what the request asked for
     * @return {@code {ok, Value}}
     */
    public static OtpErlangTuple ok(OtpErlangObject value) {
        return Terms.tuple(OK, value);
    }

    /**
     * Answers with the id of what was made.
     *
     * @param id of a session or task
     * @return {@code {ok, Id}}
     */
    public static OtpErlangTuple ok(long id) {
        return ok(new OtpErlangLong(id));
    }

    /**
     * Answers with a text in UTF-8.
     *
     * @param text text
     * @return {@code {ok, Binary}}
     */
    public static OtpErlangObject ok(String text) {
        return LateTerm.of(text, whole -> ok(Terms.text(whole)), text.length());
    }

    /**
     * Answers {@code tokenize}.
     *
     * @param tokens token ids
     * @return {@code {ok, [Token]}}
     */
    public static OtpErlangObject ok(int[] tokens) {
        return LateTerm.of(tokens, ReplyEncoder::list, (long) INTEGER_BYTES * tokens.length);
    }

    private static OtpErlangTuple list(int[] tokens) {
        OtpErlangObject[] elements = new OtpErlangObject[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            elements[i] = new OtpErlangLong(tokens[i]);
        }
        return ok(new OtpErlangList(elements));
    }

    /**
     * Answers {@code tokenize} where pieces were asked for.
     *
     * @param tokens tokens and what they stand for
     * @return {@code {ok, [#{id, piece}]}}
     */
    public static OtpErlangObject ok(List<TokenPiece> tokens) {
        return LateTerm.of(tokens, all -> ok(ModelEncoder.pieces(all)), (long) PIECE_BYTES * tokens.size());
    }

    /**
     * Answers {@code list_models}.
     *
     * @param models loaded ones
     * @return {@code {ok, [Model]}} of section 5
     */
    public static OtpErlangTuple models(List<ModelReport> models) {
        return ok(ModelEncoder.models(models));
    }

    /**
     * Answers {@code inspect_model}.
     *
     * @param inspection of a file
     * @return {@code {ok, Map}} of section 5
     */
    public static OtpErlangTuple inspection(ModelInspection inspection) {
        return ok(ModelEncoder.inspection(inspection));
    }

    /**
     * Tells the process that asked for a load how far it has come.
     *
     * @param path of a model being loaded
     * @param fraction from 0 to 1
     * @return {@code {llama_node_progress, Path, Fraction}}
     */
    public static OtpErlangTuple progress(String path, double fraction) {
        return Terms.tuple(PROGRESS, Terms.text(path), new OtpErlangDouble(fraction));
    }

    /**
     * Answers with a failure.
     *
     * @param failure why
     * @return {@code {error, {Code, Message}}}
     */
    public static OtpErlangTuple error(Failure failure) {
        return Terms.tuple(ERROR, failure(failure));
    }

    /**
     * Encodes the second element of every {@code error}.
     *
     * @param failure why
     * @return {@code {Code, Message}}: an atom of the table of errors, and a binary
     */
    public static OtpErlangTuple failure(Failure failure) {
        return Terms.tuple(Terms.atom(failure.code().wireName()), Terms.text(failure.message()));
    }

    /**
     * Tells a part of a streamed answer.
     *
     * @param taskId whose event it is
     * @param part of an answer
     * @param index of a chunk or of reasoning: 0, 1, 2, ... without gaps, each kind apart
     * @return {@code {llama_node, TaskId, Event}}
     * @throws IllegalArgumentException if the event is terminal
     */
    public static OtpErlangTuple part(long taskId, TaskEvent part, int index) {
        return event(
                taskId,
                switch (part) {
                    // Tens of thousands a second: no builder here.
                    case TaskEvent.Chunk(String content) ->
                        Terms.tuple(
                                CHUNK, new OtpErlangMap(new OtpErlangObject[] {CONTENT, INDEX}, new OtpErlangObject[] {
                                    Terms.text(content), new OtpErlangLong(index)
                                }));
                    case TaskEvent.Reasoning(String content) ->
                        Terms.tuple(
                                REASONING,
                                Terms.map()
                                        .put("content", content)
                                        .put("index", index)
                                        .build());
                    case TaskEvent.ToolCall(int call, String id, String name, String delta) ->
                        Terms.tuple(
                                TOOL_CALL,
                                Terms.map()
                                        .put("index", call)
                                        .put("id", id)
                                        .put("name", name)
                                        .put("delta", delta)
                                        .build());
                    case TaskEvent.Done _, TaskEvent.Failed _ -> throw new IllegalArgumentException("terminal");
                });
    }

    /**
     * Ends a stream whose task has a result.
     *
     * @param taskId whose event it is
     * @param result what it gave
     * @return its terminal event {@code {llama_node, TaskId, {done, Result}}}
     */
    public static OtpErlangTuple done(long taskId, TaskResult result) {
        return event(taskId, Terms.tuple(DONE, result(result)));
    }

    /**
     * Answers with what a task gave.
     *
     * @param result of a task
     * @return {@code {ok, Result}}
     */
    public static OtpErlangTuple answer(TaskResult result) {
        return ok(result(result));
    }

    /**
     * About the bytes of a failure's term, told without looking at it.
     *
     * @param failure any
     * @return bytes
     */
    public static long weight(Failure failure) {
        return FAILURE_BYTES + UTF8_BYTES * failure.message().length();
    }

    /**
     * About the bytes of a result's term, told without looking at all of it.
     *
     * @param result of a task
     * @return bytes
     */
    public static long weight(TaskResult result) {
        return RESULT_BYTES
                + switch (result) {
                    case GenerationResult generated ->
                        UTF8_BYTES
                                        * ((generated.isParsed() ? 2L : 1)
                                                        * generated.content().length()
                                                + length(generated.reasoning()))
                                + IGNORED_BYTES
                                        * generated.structure().ignored().size()
                                + Weight.of(generated.structure().check())
                                + generated.toolCalls().stream()
                                        .mapToLong(Weight::of)
                                        .sum()
                                + LOGPROB_BYTES * count(generated.logprobs());
                    case EmbeddingResult embedding ->
                        embedding.encoding().bytes(LISTED_FLOAT_BYTES)
                                * embedding.vectors().stream()
                                        .mapToLong(vector -> vector.length)
                                        .sum();
                    case RankingResult ranking -> RANK_BYTES * ranking.best().size();
                };
    }

    private static long length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    /** Every token has as many likely ones as the first. */
    private static long count(@Nullable List<GenerationResult.Logprob> logprobs) {
        return logprobs == null || logprobs.isEmpty()
                ? 0
                : (long) logprobs.size() * (1 + logprobs.getFirst().top().size());
    }

    /**
     * Ends a stream whose task has none.
     *
     * @param taskId whose event it is
     * @param failure why it gave nothing
     * @return its terminal event {@code {llama_node, TaskId, {error, Error}}}
     */
    public static OtpErlangTuple failed(long taskId, Failure failure) {
        return event(taskId, error(failure));
    }

    private static OtpErlangTuple event(long taskId, OtpErlangObject body) {
        return Terms.tuple(LLAMA_NODE, new OtpErlangLong(taskId), body);
    }

    /**
     * Tells a consumer that it has got all it asked for, and that more comes only when it asks again.
     *
     * @param taskId a streamed task
     * @return {@code {llama_node, TaskId, passive}}
     */
    public static OtpErlangTuple passive(long taskId) {
        return Terms.tuple(LLAMA_NODE, new OtpErlangLong(taskId), PASSIVE);
    }

    /**
     * Tells the consumer of a stream that its terminal event went to an alias, after everything else was sent.
     *
     * @param alias that the terminal event of a stream was sent to
     * @return {@code {llama_node_ended, Alias}}
     */
    public static OtpErlangTuple ended(OtpErlangRef alias) {
        return Terms.tuple(ENDED, alias);
    }

    /**
     * Encodes what a task gave.
     *
     * @param result of a task
     * @return the map of section 3
     */
    public static OtpErlangMap result(TaskResult result) {
        return switch (result) {
            case GenerationResult generated -> generated(generated);
            case EmbeddingResult embedding -> VectorEncoder.embedding(embedding);
            case RankingResult ranking -> VectorEncoder.ranking(ranking);
        };
    }

    private static OtpErlangMap generated(GenerationResult result) {
        return Parsing.of(result, Terms.map())
                .put("content", result.content())
                .put("reasoning_content", result.reasoning())
                .put("tool_calls", result.toolCalls().isEmpty() ? null : toolCalls(result))
                .put("finish_reason", Terms.atom(result.finishReason()))
                .put("usage", VectorEncoder.usage(result.usage()))
                .put("timings", timings(result.timings()))
                .put("model", result.model())
                .put("task_id", result.taskId())
                .put("seed", result.seed() == null ? null : Terms.unsigned(result.seed()))
                .put("stopped_by", result.stoppedBy() == null ? null : Terms.atom(result.stoppedBy()))
                .put("stop", result.stop())
                .put("logprobs", result.logprobs() == null ? null : logprobs(result.logprobs(), true))
                .build();
    }

    private static OtpErlangMap timings(GenerationResult.Timings timings) {
        return VectorEncoder.times(timings.startedAt(), timings.elapsedMs())
                .put("queue_ms", timings.queueMs())
                .put("prompt_ms", timings.promptMs())
                .put(
                        "first_token_ms",
                        timings.firstTokenMs() == null ? null : new OtpErlangDouble(timings.firstTokenMs()))
                .put("predicted_ms", timings.predictedMs())
                .put("prompt_per_second", timings.promptPerSecond())
                .put("predicted_per_second", timings.predictedPerSecond())
                .build();
    }

    private static OtpErlangList toolCalls(GenerationResult result) {
        return Terms.list(
                result.toolCalls(),
                call -> Terms.map()
                        .put("id", call.id())
                        .put("name", call.name())
                        .put("arguments", PlainTerms.of(call.arguments()))
                        .build());
    }

    /** @param alternatives whether each entry has its own */
    private static OtpErlangList logprobs(List<GenerationResult.Logprob> logprobs, boolean alternatives) {
        OtpErlangObject[] entries = new OtpErlangObject[logprobs.size()];
        for (int i = 0; i < entries.length; i++) {
            GenerationResult.Logprob entry = logprobs.get(i);
            entries[i] = Terms.map()
                    .put("id", entry.id())
                    .put("token", new OtpErlangBinary(entry.token()))
                    .put("logprob", entry.logprob())
                    .put("top_logprobs", alternatives ? logprobs(entry.top(), false) : null)
                    .build();
        }
        return new OtpErlangList(entries);
    }

    /**
     * Encodes the loaded adapters.
     *
     * @param adapters that are loaded
     * @return the list of section 5
     */
    public static OtpErlangList adapters(List<AdapterInfo> adapters) {
        return new OtpErlangList(adapters.stream()
                .map(adapter -> Terms.map()
                        .put("id", adapter.id())
                        .put("model", adapter.model())
                        .put("path", adapter.path())
                        .put("tasks", adapter.tasks())
                        .build())
                .toArray(OtpErlangObject[]::new));
    }

    /**
     * Encodes what a task would cost.
     *
     * @param estimate of a task
     * @return the map of section 3
     */
    public static OtpErlangMap estimate(TaskEstimate estimate) {
        return Terms.map()
                .put("prompt_tokens", estimate.promptTokens())
                .put("cached_tokens", estimate.cachedTokens())
                .put("queue_position", estimate.queuePosition())
                .build();
    }

    /**
     * Encodes a node's state.
     *
     * @param node full name of this node
     * @param status its state
     * @return the map of section 5
     */
    public static OtpErlangMap status(String node, NodeStatus status) {
        return StatusEncoder.status(node, status);
    }

    /**
     * Encodes a session's state.
     *
     * @param info of a session; an owner that is no {@link ProcessOwner} is told by its name
     * @return the map of section 5
     */
    public static OtpErlangMap sessionInfo(SessionInfo info) {
        return StatusEncoder.sessionInfo(info);
    }
}
