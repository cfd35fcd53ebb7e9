package io.llamanode.service;

import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.EngineSnapshot.SlotState;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.gguf.ResidentSize;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.service.prompt.InForce;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** Puts status reports together, without the service's lock but for a session's. */
final class StatusReport {
    private static final ResidentSize RESIDENT = new ResidentSize();

    private StatusReport() {}

    static NodeStatus node(
            NodeStatus.Memory memory,
            NodeStatus.Account account,
            NodeStatus.State state,
            long uptimeMs,
            NodeStatus.Library library,
            Map<Long, Session> sessions,
            Collection<ServedModel> models,
            Tasks.Totals totals) {
        List<NodeStatus.Model> reports = new ArrayList<>();
        long[] sums = new long[5];
        StepTimes spent = StepTimes.NONE;
        int running = 0;
        for (ServedModel served : models) {
            EngineSnapshot snapshot = served.snapshot();
            NodeStatus.Model report = model(served, snapshot, sessions);
            reports.add(report);
            running += (int) report.slots().stream()
                    .filter(slot -> slot.state() != NodeStatus.SlotState.IDLE)
                    .count();
            sums[0] += snapshot.promptTokens();
            sums[1] += snapshot.cachedTokens();
            sums[2] += snapshot.completionTokens();
            sums[3] += snapshot.decodeCalls();
            sums[4] += snapshot.contextShifts();
            StepTimes times = snapshot.times();
            spent = spent.plus(times.schedule(), times.decode(), times.sample(), times.output());
        }
        NodeStatus.Counters counters = new NodeStatus.Counters(
                totals.created(),
                totals.done(),
                totals.failed(),
                totals.cancelled(),
                sums[0],
                sums[1],
                sums[2],
                sums[3],
                milliseconds(spent.schedule()),
                milliseconds(spent.decode()),
                milliseconds(spent.sample()),
                milliseconds(spent.output()),
                sums[4]);
        return new NodeStatus(
                state,
                version(),
                uptimeMs,
                library,
                sessions.size(),
                Math.max(0, totals.running() - running),
                running,
                totals.kept(),
                reports,
                counters,
                memory,
                account);
    }

    private static long milliseconds(long nanos) {
        return nanos / 1_000_000;
    }

    private static NodeStatus.Model model(ServedModel served, EngineSnapshot snapshot, Map<Long, Session> sessions) {
        ModelWork model = served.work;
        ModelInfo info = model.info();
        List<NodeStatus.Slot> slots = new ArrayList<>();
        for (SlotState slot : snapshot.slots()) {
            slots.add(new NodeStatus.Slot(
                    slot.id(),
                    switch (slot.phase()) {
                        case IDLE -> NodeStatus.SlotState.IDLE;
                        case PREFILL -> NodeStatus.SlotState.PREFILL;
                        case DECODE -> NodeStatus.SlotState.DECODE;
                    },
                    sessions.containsKey(slot.cacheKey()) ? slot.cacheKey() : null,
                    slot.requestId() == 0 ? null : slot.requestId(),
                    slot.cachedTokens(),
                    info.nCtx()));
        }
        return new NodeStatus.Model(
                info.id(),
                info.path(),
                info.architecture(),
                info.description(),
                info.nParams(),
                info.sizeBytes(),
                info.nCtx(),
                info.nCtxTrain(),
                model.vocabularySize() == null ? 0 : model.vocabularySize(),
                info.nParallel(),
                info.maxQueue(),
                snapshot.waiting(),
                slots,
                cache(model, slots),
                served.settings(),
                model.server());
    }

    /** A cell that several slots share counts for each of them, but no more than all there are. */
    private static NodeStatus.@Nullable Cache cache(ModelWork model, List<NodeStatus.Slot> slots) {
        Long each = model.cacheBytesPerToken();
        if (each == null) {
            return null;
        }
        long cells = 0;
        long used = 0;
        for (NodeStatus.Slot slot : slots) {
            cells += slot.nCtx();
            used += Math.min(slot.cachedTokens(), slot.nCtx());
        }
        return new NodeStatus.Cache(cells, used, cells * each, used * each);
    }

    /**
     * With the lock.
     *
     * @param isOf whether a task is one of the session's
     */
    static SessionInfo session(Session session, LongPredicate isOf) {
        SlotState slot = slotOf(session);
        int running = (int) session.model.snapshot().slots().stream()
                .mapToLong(SlotState::requestId)
                .filter(isOf)
                .count();
        Long perToken = session.model.work.cacheBytesPerToken();
        int cached = slot == null ? 0 : slot.cachedTokens();
        return new SessionInfo(
                session.id,
                session.model.id(),
                session.owner,
                (System.nanoTime() - session.created) / 1_000_000,
                session.transcript.messages().size(),
                perToken == null ? null : (Integer) session.transcript.tokens().length,
                perToken == null ? null : (Integer) cached,
                perToken == null ? null : (Long) (cached * perToken),
                slot == null ? null : slot.id(),
                running,
                session.tasks().size() - running,
                session.tasksDone,
                session.promptTokens,
                session.completionTokens,
                session.config.systemPrompt() != null,
                InForce.of(
                        session.given, session.config, session.model.settings(), session.model.work.sendsDefaults()));
    }

    /** {@return the slot that holds the session's cache, or {@code null}} */
    private static @Nullable SlotState slotOf(Session session) {
        for (SlotState slot : session.model.snapshot().slots()) {
            if (slot.cacheKey() == session.cacheKey() && slot.cacheKey() != 0) {
                return slot;
            }
        }
        return null;
    }

    /** {@return the version in the jar's manifest, or "development" where classes run from a folder} */
    static String version() {
        String version = StatusReport.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** @param growth bytes by which the heap has grown, or {@code null} if nobody looks */
    static NodeStatus.Account account(MemoryAccount.Balance balance, @Nullable Long growth) {
        return new NodeStatus.Account(
                balance.capacity(),
                balance.held(),
                growth,
                named(balance.kinds()),
                named(balance.refused()),
                balance.largest().stream()
                        .map(held -> new NodeStatus.Holder(held.owner().toString(), held.bytes()))
                        .toList());
    }

    private static Map<String, Long> named(Map<MemoryAccount.Kind, Long> numbers) {
        Map<String, Long> named = new LinkedHashMap<>();
        for (MemoryAccount.Kind kind : MemoryAccount.Kind.values()) {
            named.put(kind.name().toLowerCase(Locale.ROOT), numbers.getOrDefault(kind, 0L));
        }
        return named;
    }

    static NodeStatus.Memory memory() {
        Runtime runtime = Runtime.getRuntime();
        return new NodeStatus.Memory(
                RESIDENT.bytes(), runtime.totalMemory() - runtime.freeMemory(), runtime.maxMemory());
    }
}
