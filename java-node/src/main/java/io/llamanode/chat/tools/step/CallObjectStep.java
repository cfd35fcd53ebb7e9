package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.text.JsonText;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that holds a call: a name, arguments and perhaps an id under any of their usual keys, directly or
 * under {@code function} or {@code tool_call}. Other keys are read over.
 */
public final class CallObjectStep implements Step {
    private static final Set<String> NAMES = Set.of("name", "tool_name", "function_name");
    private static final Set<String> ARGUMENTS = Set.of("arguments", "parameters", "args", "input");
    private static final Set<String> IDS = Set.of("id", "tool_call_id", "call_id");
    private static final Set<String> NESTED = Set.of("function", "tool_call");
    private static final int LONGEST_KEY = 256;

    private enum State {
        OPEN,
        FIRST_KEY,
        KEY,
        COLON,
        VALUE,
        AFTER
    }

    /** Whether keys that no call has are a fault: what is not marked as a call may be any JSON. */
    private final boolean strict;

    private final StringBuilder text = new StringBuilder();
    private State state = State.OPEN;
    private @Nullable Step part;
    private @Nullable String key;

    /**
     * Starts to read an object.
     *
     * @param strict whether keys that no call has are a fault
     */
    public CallObjectStep(boolean strict) {
        this.strict = strict;
    }

    @Override
    public Status advance(Input in, Call call) {
        while (true) {
            if (part == null) {
                in.skipSpace();
                if (in.isEmpty()) {
                    return in.ended() ? Status.BAD : Status.MORE;
                }
            }
            switch (state) {
                case OPEN -> {
                    if (in.next() != '{') {
                        return Status.BAD;
                    }
                    state = State.FIRST_KEY;
                }
                case FIRST_KEY, KEY, VALUE -> {
                    Status status = part(in, call);
                    if (status != Status.DONE) {
                        return status;
                    }
                }
                case COLON -> {
                    if (in.next() != ':') {
                        return Status.BAD;
                    }
                    state = State.VALUE;
                }
                case AFTER -> {
                    char c = in.next();
                    if (c == '}') {
                        return call.name() == null ? Status.BAD : Status.DONE;
                    }
                    if (c != ',') {
                        return Status.BAD;
                    }
                    state = State.KEY;
                }
            }
        }
    }

    /** Reads a key or a value. */
    private Status part(Input in, Call call) {
        if (part == null) {
            if (state == State.FIRST_KEY && in.peek() == '}') {
                return Status.BAD;
            }
            if (state != State.VALUE && in.peek() != '"') {
                return Status.BAD;
            }
            text.setLength(0);
            part = state == State.VALUE ? value(in) : new JsonValueStep((c, piece) -> text.append(piece));
        }
        Status status = part.advance(in, call);
        if (status != Status.DONE) {
            return state != State.VALUE && text.length() > LONGEST_KEY ? Status.BAD : status;
        }
        part = null;
        return state == State.VALUE ? taken(call) : keyTaken();
    }

    private Status keyTaken() {
        key = JsonText.string(text.toString());
        if (key == null || strict && !isKnown(key)) {
            return Status.BAD;
        }
        state = State.COLON;
        return Status.DONE;
    }

    static boolean isKnown(String key) {
        return NAMES.contains(key)
                || ARGUMENTS.contains(key)
                || IDS.contains(key)
                || NESTED.contains(key)
                || key.equals("type");
    }

    private Step value(Input in) {
        if (NESTED.contains(key) && in.peek() == '{') {
            return new CallObjectStep(strict);
        }
        if (ARGUMENTS.contains(key)) {
            return JsonValueStep.arguments();
        }
        return new JsonValueStep((c, piece) -> text.append(piece));
    }

    private Status taken(Call call) {
        state = State.AFTER;
        // {"function": "name"} is a form of its own.
        boolean names = NAMES.contains(key) || NESTED.contains(key) && !text.isEmpty();
        if (names) {
            String name = JsonText.string(text.toString());
            if (name == null || !call.name(name)) {
                return Status.BAD;
            }
            call.tell();
        } else if (IDS.contains(key)) {
            String id = JsonText.string(text.toString());
            call.id(id != null ? id : text.toString());
        }
        return Status.DONE;
    }
}
