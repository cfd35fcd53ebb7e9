package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.protocol.launch.ControlEncoder;
import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.AdapterInfo;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInspection;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.MatchReport;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.SchemaReport;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.service.contract.task.TaskEstimate;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.term.Terms;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The records behind the golden terms that the node sends, by name of the vector. */
final class Samples {
    static final Map<String, OtpErlangObject> TERMS = new LinkedHashMap<>();

    private static final long LARGE_ID = 72_057_594_037_927_937L;
    private static final String NODE = "llama_1@localhost";
    private static final String TURTLE = "\uD83D\uDC22";

    private static final Map<String, Setting> SETTINGS = Map.of(
            "n_batch", new Setting(512, Origin.DEFAULT),
            "n_threads", new Setting(4, Origin.AUTO),
            "flash_attn", new Setting(new Setting.Word("auto"), Origin.DEFAULT),
            "template", new Setting("tool_use", Origin.OPTION),
            "temperature", new Setting(0.7, Origin.MODEL),
            "stop", new Setting(List.of("\n\n"), Origin.SESSION),
            "samplers", new Setting(List.of(new Setting.Word("top_k")), Origin.FILE),
            "top_k", new Setting(3, Origin.ENVIRONMENT));

    private Samples() {}

    static {
        replies();
        events();
        for (ErrorCode code : ErrorCode.values()) {
            TERMS.put("error_" + code.wireName(), ReplyEncoder.error(new Failure(code, "why")));
        }
        status();
        frames();
    }

    private static GenerationResult result(FinishReason reason, StoppedBy stoppedBy) {
        return new GenerationResult(
                5,
                "tiny",
                "Hi " + TURTLE,
                reason,
                stoppedBy,
                null,
                -1L,
                new GenerationResult.Usage(12, 3, 4),
                new GenerationResult.Timings(0.25, 10.5, 30, 800, 100, 1_700_000_000_000L, 10.75));
    }

    private static void replies() {
        TERMS.put("reply_ok", ReplyEncoder.OK);
        TERMS.put("reply_pong", ReplyEncoder.PONG);
        TERMS.put("reply_id", ReplyEncoder.ok(LARGE_ID));
        TERMS.put("reply_small_id", ReplyEncoder.ok(1));
        TERMS.put("reply_text", ReplyEncoder.ok("\u03bb"));
        TERMS.put("reply_tokens", ReplyEncoder.ok(new int[] {1, 450, 128_000}));
        TERMS.put("reply_small_tokens", ReplyEncoder.ok(new int[] {72, 105}));
        TERMS.put("reply_no_tokens", ReplyEncoder.ok(new int[0]));
        GenerationResult stop = new GenerationResult(
                LARGE_ID,
                "tiny",
                "",
                FinishReason.STOP,
                StoppedBy.STOP_STRING,
                "END",
                0,
                new GenerationResult.Usage(1, 1, 0),
                new GenerationResult.Timings(0, 0, 0, 0, 0, 0, null));
        result("reply_result", result(FinishReason.STOP, StoppedBy.EOS));
        result("reply_result_stop", stop);
        result("reply_result_length", result(FinishReason.LENGTH, StoppedBy.LIMIT));
        result("reply_result_cancelled", result(FinishReason.CANCELLED, StoppedBy.CONTEXT));
        vectors();
        models();
        result("reply_result_tool_calls", result(FinishReason.TOOL_CALLS, StoppedBy.EOS));
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("city", TURTLE);
        arguments.put("days", 3);
        arguments.put("big", new BigInteger("123456789012345678901234567890"));
        arguments.put("more", Arrays.asList(1.5, true, null, List.of(), Map.of("a", 4_000_000_000L)));
        result(
                "reply_result_calls",
                new GenerationResult(
                        5,
                        "tiny",
                        "",
                        "It rains.",
                        List.of(
                                new GenerationResult.Call("abcdefghi", "get_weather", arguments),
                                new GenerationResult.Call("functions.now:1", "now", Map.of())),
                        FinishReason.TOOL_CALLS,
                        StoppedBy.EOS,
                        null,
                        7L,
                        new GenerationResult.Usage(1, 1, 0),
                        new GenerationResult.Timings(0, 0, 0, 0, 0, 0, null),
                        null,
                        GenerationResult.Structure.NONE));
        result("reply_result_parsed", structured("{\"a\": [1, 2.5, null, true, \"\\u00fc\"]}", FinishReason.STOP));
        result("reply_result_parse_error", structured("{\"a\": 1", FinishReason.STOP));
        result("reply_result_parse_cut", structured("{\"a\": 1", FinishReason.LENGTH));
        result("reply_result_logprobs", logprobs());
        TERMS.put(
                "reply_adapters",
                ReplyEncoder.ok(ReplyEncoder.adapters(List.of(new AdapterInfo("one", "tiny", "/models/a.gguf", 2)))));
        TERMS.put("reply_estimate", ReplyEncoder.ok(ReplyEncoder.estimate(new TaskEstimate(120, 100, 3))));
    }

    /** The only token is the first byte of a character; an alternative is a control token. */
    private static GenerationResult logprobs() {
        byte[] half = {(byte) 0xf0};
        List<GenerationResult.Logprob> top = List.of(
                new GenerationResult.Logprob(2, new byte[0], -0.25f, List.of()),
                new GenerationResult.Logprob(243, half, -1.5f, List.of()));
        return new GenerationResult(
                5,
                "tiny",
                "",
                null,
                List.of(),
                FinishReason.LENGTH,
                StoppedBy.LIMIT,
                null,
                0L,
                new GenerationResult.Usage(1, 1, 0),
                new GenerationResult.Timings(0, 0, 0, 0, 0, 0, null),
                List.of(new GenerationResult.Logprob(243, half, -1.5f, top)),
                GenerationResult.Structure.NONE);
    }

    /** A text that is to be read as JSON, of a schema that was not honoured as a whole. */
    private static GenerationResult structured(String content, FinishReason reason) {
        return new GenerationResult(
                5,
                "tiny",
                content,
                null,
                List.of(),
                reason,
                reason == FinishReason.STOP ? StoppedBy.EOS : StoppedBy.LIMIT,
                null,
                0L,
                new GenerationResult.Usage(1, 1, 0),
                new GenerationResult.Timings(0, 0, 0, 0, 0, 0, null),
                null,
                new GenerationResult.Structure(
                        true,
                        List.of(new GenerationResult.IgnoredKeyword(
                                "/properties/a", "uniqueItems", "it can not be written as rules"))));
    }

    private static void models() {
        TERMS.put(
                "reply_pieces",
                ReplyEncoder.ok(List.of(
                        new TokenPiece(1, "<s>".getBytes(StandardCharsets.UTF_8)),
                        new TokenPiece(200, new byte[] {(byte) 240}))));
        ModelHeader tiny = new ModelHeader(
                "/models/tiny.gguf",
                "llama",
                "Tiny",
                1_100_048_384L,
                "Q8_0",
                1_170_000_000L,
                1_170_001_000L,
                4096,
                2048,
                22,
                32_000,
                "{{ messages }}",
                EnumSet.of(Capability.COMPLETION, Capability.CHAT, Capability.EMBEDDING, Capability.TOKENIZE));
        TERMS.put(
                "reply_models",
                ReplyEncoder.models(
                        List.of(new ModelReport("tiny", true, tiny, 2048, 4, 1024, 2, 7, 5000, 10L, SETTINGS, null))));
        ModelHeader bert = new ModelHeader(
                "/models/bert.gguf",
                "bert",
                null,
                0,
                null,
                0,
                1000,
                512,
                384,
                12,
                30_522,
                null,
                EnumSet.of(Capability.TOKENIZE));
        TERMS.put("reply_inspection", ReplyEncoder.inspection(new ModelInspection(bert, 0L, null)));
        TERMS.put("reply_match", ConstraintEncoder.match(new MatchReport(true, true, 4, 3)));
        TERMS.put("reply_no_match", ConstraintEncoder.match(new MatchReport(false, false, 300, 299)));
        TERMS.put("reply_schema_honoured", ConstraintEncoder.schema(new SchemaReport(List.of())));
        TERMS.put(
                "reply_schema_not_honoured",
                ConstraintEncoder.schema(new SchemaReport(
                        List.of(new SchemaReport.Problem("/items", "uniqueItems", "#/items/uniqueItems: no")))));
        TERMS.put("reply_progress", ReplyEncoder.progress("/models/tiny.gguf", 0.5));
    }

    private static void vectors() {
        float[] first = {0.5f, -0.25f};
        float[] second = {1, 0};
        result("reply_embeddings", embeddings(Pooling.MEAN, TaskInput.Encoding.FLOAT, first, second));
        result("reply_embeddings_binary", embeddings(Pooling.CLS, TaskInput.Encoding.BINARY, first));
        result("reply_embeddings_base64", embeddings(Pooling.CLS, TaskInput.Encoding.BASE64, first));
        result(
                "reply_embeddings_of_tokens",
                embeddings(
                        Pooling.NONE, TaskInput.Encoding.FLOAT, new float[] {0.5f, -0.25f, 1, 0}, new float[] {2, 3}));
        result(
                "reply_ranking",
                new RankingResult(
                        5,
                        "tiny",
                        new float[] {-1, -2, 3.5f},
                        List.of(2, 0),
                        new GenerationResult.Usage(7, 0, 0),
                        0,
                        0,
                        0));
    }

    private static EmbeddingResult embeddings(Pooling pooling, TaskInput.Encoding encoding, float[]... vectors) {
        return new EmbeddingResult(
                5,
                "tiny",
                List.of(vectors),
                2,
                pooling,
                encoding,
                new GenerationResult.Usage(7, 0, 0),
                0.25,
                3.5,
                1_700_000_000_000L);
    }

    private static void result(String name, TaskResult result) {
        TERMS.put(name, ReplyEncoder.ok(ReplyEncoder.result(result)));
    }

    private static void events() {
        TERMS.put("event_chunk", ReplyEncoder.part(5, new TaskEvent.Chunk("Hi"), 0));
        TERMS.put("event_chunk_unicode", ReplyEncoder.part(LARGE_ID, new TaskEvent.Chunk(TURTLE), 70_000));
        TERMS.put("event_passive", ReplyEncoder.passive(5));
        TERMS.put("event_reasoning", ReplyEncoder.part(5, new TaskEvent.Reasoning("Hm " + TURTLE), 2));
        TERMS.put("event_tool_call", ReplyEncoder.part(5, new TaskEvent.ToolCall(0, "abcdefghi", "f", "{\"a\": "), 0));
        TERMS.put("event_done", ReplyEncoder.done(5, result(FinishReason.STOP, StoppedBy.EOS)));
        TERMS.put("event_error", ReplyEncoder.failed(5, new Failure(ErrorCode.CANCELLED, "cancelled by cancel_task")));
    }

    private static void status() {
        var model = new NodeStatus.Model(
                "tiny",
                "/models/tiny.gguf",
                "llama",
                "llama 1B Q8_0",
                1_100_048_384L,
                1_170_000_000L,
                2048,
                4096,
                32_000,
                2,
                1024,
                2,
                List.of(
                        new NodeStatus.Slot(0, NodeStatus.SlotState.DECODE, 7L, 8L, 100, 2048),
                        new NodeStatus.Slot(1, NodeStatus.SlotState.PREFILL, 9L, 10L, 1, 2048),
                        new NodeStatus.Slot(2, NodeStatus.SlotState.IDLE, null, null, 0, 2048)),
                new NodeStatus.Cache(6144, 101, 12_582_912, 206_848),
                SETTINGS,
                null);
        status(
                "status_ready",
                new NodeStatus(
                        NodeStatus.State.READY,
                        "0.1.0",
                        5000,
                        new NodeStatus.Library(
                                "llama.cpp", "v0.5.0", "AVX2 = 1", "/opt/libllama.so", "the newest that was found"),
                        1,
                        2,
                        3,
                        4,
                        List.of(model),
                        new NodeStatus.Counters(1, 2, 3, 4, 5, 6, 7, 8, 11, 9, 12, 13, 10),
                        new NodeStatus.Memory(500_000_000, 30_000_000, 268_435_456),
                        new NodeStatus.Account(
                                134_217_728,
                                5000,
                                4900L,
                                counts(1, 2, 3, 4, 5, 6),
                                counts(0, 0, 7, 0, 0, 0),
                                List.of(new NodeStatus.Holder("<a@b.90.1>", 4000)))));
        status("status_starting", empty(NodeStatus.State.STARTING));
        status("status_draining", empty(NodeStatus.State.DRAINING));
        info("session_info", 0, true);
        info("session_info_no_slot", null, false);
    }

    private static NodeStatus empty(NodeStatus.State state) {
        return new NodeStatus(
                state,
                "0.1.0",
                0,
                new NodeStatus.Library("", "", ""),
                0,
                0,
                0,
                0,
                List.of(),
                new NodeStatus.Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                new NodeStatus.Memory(0, 0, 0),
                new NodeStatus.Account(0, 0, null, counts(0, 0, 0, 0, 0, 0), counts(0, 0, 0, 0, 0, 0), List.of()));
    }

    private static Map<String, Long> counts(
            long call, long session, long task, long stream, long result, long transport) {
        return Map.of(
                "call",
                call,
                "session",
                session,
                "task",
                task,
                "stream",
                stream,
                "result",
                result,
                "transport",
                transport);
    }

    private static void status(String name, NodeStatus status) {
        TERMS.put(name, ReplyEncoder.ok(ReplyEncoder.status(NODE, status)));
    }

    private static void info(String name, Integer slot, boolean systemPrompt) {
        var owner = new ProcessOwner(new OtpErlangPid("a@b", 90, 1, 1_700_000_000));
        TERMS.put(
                name,
                ReplyEncoder.ok(ReplyEncoder.sessionInfo(new SessionInfo(
                        7,
                        "tiny",
                        owner,
                        1500,
                        3,
                        120,
                        100,
                        204_800L,
                        slot,
                        1,
                        0,
                        2,
                        300,
                        60,
                        systemPrompt,
                        SETTINGS))));
    }

    private static void frames() {
        TERMS.put("frame_log_debug", ControlEncoder.log(LogLevel.DEBUG, "io.llamanode.engine", "a step"));
        TERMS.put("frame_log_info", ControlEncoder.log(LogLevel.INFO, "io.llamanode", "\u03bb"));
        TERMS.put("frame_log_warning", ControlEncoder.log(LogLevel.WARNING, "io.llamanode", "two\nlines"));
        TERMS.put("frame_log_error", ControlEncoder.log(LogLevel.ERROR, "", "bad"));
        TERMS.put("frame_progress", ControlEncoder.progress("/models/tiny.gguf", 0.5));
        TERMS.put("frame_ready", ControlEncoder.ready(NODE, 4242, "0.1.0", List.of("tiny", "other")));
        TERMS.put("frame_ready_no_models", ControlEncoder.ready(NODE, 1, "0.1.0", List.of()));
        OtpErlangPid process = new OtpErlangPid("a@b", 90, 1, 1_700_000_000);
        TERMS.put("frame_send", PortFrames.send(process, ReplyEncoder.part(5, new TaskEvent.Chunk("Hi"), 0)));
        OtpErlangRef alias = new OtpErlangRef(90, "a@b", new int[] {1, 2, 3}, 1_700_000_000);
        TERMS.put("frame_send_to_alias", PortFrames.send(alias, Terms.tuple(alias, ReplyEncoder.PONG)));
        TERMS.put("frame_monitor", PortFrames.monitor(1, process));
        TERMS.put("frame_demonitor", PortFrames.demonitor(1));
        TERMS.put(
                "frame_checked",
                ControlEncoder.checked(List.of(
                        new ControlEncoder.Checked("model /m.gguf", true, ""),
                        new ControlEncoder.Checked(
                                "server http://127.0.0.1:1", false, "model_load_failed: connection refused"))));
        TERMS.put(
                "frame_failed",
                ControlEncoder.failed(new Failure(ErrorCode.MODEL_LOAD_FAILED, "/models/tiny.gguf: not a GGUF file")));
    }
}
