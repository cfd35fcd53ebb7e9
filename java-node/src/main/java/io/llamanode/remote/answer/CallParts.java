package io.llamanode.remote.answer;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.service.contract.task.GenerationResult.Call;
import io.llamanode.service.contract.task.TaskEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Puts calls of tools together, which come whole or in fragments. For one thread. */
final class CallParts {
    private static final int MOST = 64;
    /** Bytes of one that is collected. */
    private static final long CHARACTER = 2;

    private static final class Part {
        @Nullable
        String id;

        @Nullable
        String name;

        final StringBuilder arguments = new StringBuilder();
        /** Characters of the arguments that were told. */
        int told;

        boolean announced;
    }

    private final Consumer<TaskEvent> events;
    private final LongConsumer holds;
    private final Map<Integer, Part> parts = new TreeMap<>();

    CallParts(Consumer<TaskEvent> events, LongConsumer holds) {
        this.events = events;
        this.holds = holds;
    }

    /** @param calls an array of calls or of fragments */
    void take(JsonNode calls) {
        int place = 0;
        for (JsonNode call : calls) {
            Integer given = Trees.count(call, "index");
            take(given == null ? place : given, call);
            place++;
        }
    }

    private void take(int index, JsonNode call) {
        if (index >= MOST) {
            throw new AnswerFault("the server's answer has over %d calls".formatted(MOST));
        }
        Part part = parts.computeIfAbsent(index, i -> new Part());
        String id = Trees.text(call, "id");
        if (part.id == null && id != null && !id.isEmpty()) {
            part.id = id;
        }
        JsonNode function = call.path("function");
        String name = Trees.text(function, "name");
        if (name != null && !part.announced) {
            // Not told before it has a name that is no empty one, and told once.
            holds.accept(CHARACTER * name.length());
            part.name = part.name == null ? name : part.name + name;
        }
        JsonNode arguments = function.get("arguments");
        if (arguments != null && !arguments.isNull()) {
            // Some servers give a whole call's arguments as an object.
            String more = arguments.isTextual() ? arguments.textValue() : arguments.toString();
            holds.accept(CHARACTER * more.length());
            part.arguments.append(more);
        }
        if (part.name != null && !part.name.isEmpty()) {
            tell(index, part);
        }
    }

    private void tell(int index, Part part) {
        if (part.id == null) {
            // A result must be able to name its call.
            part.id = "call_" + UUID.randomUUID().toString().replace("-", "");
        }
        int until = part.arguments.length();
        if (until > part.told && Character.isHighSurrogate(part.arguments.charAt(until - 1))) {
            until--;
        }
        if (part.announced && until == part.told) {
            return;
        }
        part.announced = true;
        String delta = part.arguments.substring(part.told, until);
        part.told = until;
        events.accept(new TaskEvent.ToolCall(index, part.id, Objects.requireNonNull(part.name), delta));
    }

    /**
     * {@return the calls, complete}
     *
     * @param cut whether the answer reached a limit, so that a call that is none was cut
     * @throws AnswerFault if one of them has no name, or its arguments are no JSON object
     */
    List<Call> finish(boolean cut) {
        List<Call> calls = new ArrayList<>();
        for (Part part : parts.values()) {
            if (cut && isCut(part)) {
                continue;
            }
            if (part.name == null || part.name.isEmpty()) {
                throw new AnswerFault("the server's answer has a call without a name");
            }
            String text = part.arguments.toString().isBlank() ? "{}" : part.arguments.toString();
            JsonNode arguments = Trees.parse(text);
            if (arguments == null || !arguments.isObject()) {
                throw new AnswerFault("the arguments of the call of '%s' are no JSON object".formatted(part.name));
            }
            if (!Trees.hasFiniteNumbers(arguments)) {
                throw new AnswerFault(
                        "the arguments of the call of '%s' have a number that is too large".formatted(part.name));
            }
            calls.add(new Call(part.id, part.name, Trees.map(arguments)));
        }
        return calls;
    }

    private static boolean isCut(Part part) {
        JsonNode arguments = part.name == null ? null : Trees.parse(part.arguments.toString());
        return arguments == null || !arguments.isObject();
    }
}
