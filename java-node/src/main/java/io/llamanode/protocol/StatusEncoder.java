package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBoolean;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.term.Terms;
import java.util.Map;
import java.util.Objects;

/** The maps of docs/protocol.md, section 5. */
final class StatusEncoder {
    private StatusEncoder() {}

    private static OtpErlangMap library(NodeStatus.Library library) {
        var map = Terms.map()
                .put("name", library.name())
                .put("version", library.version())
                .put("build", library.build());
        String path = library.path();
        if (path != null) {
            map.put("path", path);
        }
        return library.why().isEmpty()
                ? map.build()
                : map.put("chosen", library.why()).build();
    }

    static OtpErlangMap status(String node, NodeStatus status) {
        NodeStatus.Library library = status.library();
        NodeStatus.Memory memory = status.memory();
        return Terms.map()
                .put("state", Terms.atom(status.state()))
                .put("node", new OtpErlangAtom(node))
                .put("version", status.version())
                .put("uptime_ms", status.uptimeMs())
                .put("library", library(library))
                .put("sessions", status.sessions())
                .put("tasks_waiting", status.tasksWaiting())
                .put("tasks_running", status.tasksRunning())
                .put("results_kept", status.resultsKept())
                .put("models", Terms.list(status.models(), StatusEncoder::model))
                .put("counters", counters(status.counters()))
                .put(
                        "memory",
                        Terms.map()
                                .put("rss_bytes", memory.rssBytes())
                                .put("heap_used_bytes", memory.heapUsedBytes())
                                .put("heap_max_bytes", memory.heapMaxBytes())
                                .build())
                .put("account", account(status.account()))
                .build();
    }

    private static OtpErlangMap account(NodeStatus.Account account) {
        return Terms.map()
                .put("capacity_bytes", account.capacityBytes())
                .put("held_bytes", account.heldBytes())
                .put("heap_growth_bytes", account.heapGrowthBytes())
                .put("held", numbers(account.held()))
                .put("refused", numbers(account.refused()))
                .put(
                        "largest",
                        Terms.list(
                                account.largest(),
                                holder -> Terms.map()
                                        .put("owner", holder.owner())
                                        .put("bytes", holder.bytes())
                                        .build()))
                .build();
    }

    private static OtpErlangMap numbers(Map<String, Long> numbers) {
        var map = Terms.map();
        numbers.forEach((key, number) -> map.put(key, number));
        return map.build();
    }

    private static OtpErlangMap model(NodeStatus.Model model) {
        if (model.server() != null) {
            return SettingEncoder.put(ModelEncoder.server(model.server()), model.settings())
                    .put("id", model.id())
                    .put("n_ctx", model.server().nCtx())
                    .put("n_parallel", model.nParallel())
                    .put("max_queue", model.maxQueue())
                    .put("queued", model.queued())
                    .put("slots", Terms.list(model.slots(), StatusEncoder::serverSlot))
                    .build();
        }
        NodeStatus.Cache cache = Objects.requireNonNull(model.cache());
        return SettingEncoder.put(Terms.map(), model.settings())
                .put("id", model.id())
                .put("path", model.path())
                .put("architecture", model.architecture())
                .put("description", model.description())
                .put("n_params", model.nParams())
                .put("size_bytes", model.sizeBytes())
                .put("n_ctx", model.nCtx())
                .put("n_ctx_train", model.nCtxTrain())
                .put("n_vocab", model.nVocab())
                .put("n_parallel", model.nParallel())
                .put("max_queue", model.maxQueue())
                .put("queued", model.queued())
                .put("slots", Terms.list(model.slots(), StatusEncoder::slot))
                .put(
                        "kv_cache",
                        Terms.map()
                                .put("cells", cache.cells())
                                .put("used_cells", cache.usedCells())
                                .put("bytes", cache.bytes())
                                .put("used_bytes", cache.usedBytes())
                                .build())
                .build();
    }

    private static OtpErlangMap slot(NodeStatus.Slot slot) {
        return Terms.map()
                .put("id", slot.id())
                .put("state", Terms.atom(slot.state()))
                .put("session_id", slot.sessionId())
                .put("task_id", slot.taskId())
                .put("cached_tokens", slot.cachedTokens())
                .put("n_ctx", slot.nCtx())
                .build();
    }

    /** Of a slot of a server, whose cache nobody looks into. */
    private static OtpErlangMap serverSlot(NodeStatus.Slot slot) {
        return Terms.map()
                .put("id", slot.id())
                .put("state", Terms.atom(slot.state()))
                .put("session_id", slot.sessionId())
                .put("task_id", slot.taskId())
                .build();
    }

    private static OtpErlangMap counters(NodeStatus.Counters counters) {
        return Terms.map()
                .put("tasks_created", counters.tasksCreated())
                .put("tasks_done", counters.tasksDone())
                .put("tasks_failed", counters.tasksFailed())
                .put("tasks_cancelled", counters.tasksCancelled())
                .put("prompt_tokens", counters.promptTokens())
                .put("cached_tokens", counters.cachedTokens())
                .put("completion_tokens", counters.completionTokens())
                .put("decode_calls", counters.decodeCalls())
                .put("schedule_ms", counters.scheduleMs())
                .put("decode_ms", counters.decodeMs())
                .put("sample_ms", counters.sampleMs())
                .put("output_ms", counters.outputMs())
                .put("context_shifts", counters.contextShifts())
                .build();
    }

    static OtpErlangMap sessionInfo(SessionInfo info) {
        return Terms.map()
                .put("id", info.id())
                .put("model", info.model())
                .put("owner", owner(info.owner()))
                .put("created_ms_ago", info.createdMsAgo())
                .put("messages", info.messages())
                .put("transcript_tokens", info.transcriptTokens())
                .put("cached_tokens", info.cachedTokens())
                .put("cache_bytes", info.cacheBytes())
                .put("slot", info.slot())
                .put("tasks_running", info.tasksRunning())
                .put("tasks_waiting", info.tasksWaiting())
                .put("tasks_done", info.tasksDone())
                .put("prompt_tokens", info.promptTokens())
                .put("completion_tokens", info.completionTokens())
                .put("system_prompt", new OtpErlangBoolean(info.systemPrompt()))
                .put("config", SettingEncoder.map(info.config()))
                .build();
    }

    /** A client of the line bridge is no process, and has a name for people only. */
    private static OtpErlangObject owner(Owner owner) {
        return owner instanceof ProcessOwner(var pid) ? pid : Terms.text(owner.toString());
    }
}
