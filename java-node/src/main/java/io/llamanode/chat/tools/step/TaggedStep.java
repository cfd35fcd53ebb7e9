package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.syntax.CallStyle.Tagged;
import io.llamanode.chat.tools.syntax.CallStyle.Values;
import io.llamanode.chat.tools.text.JsonText;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A call whose arguments stand between tags; they become JSON one by one. */
public final class TaggedStep implements Step {
    private static final int LONGEST_NAME = 256;

    private enum State {
        OPEN,
        NAME,
        NEXT,
        KEY,
        ATTRIBUTE,
        VALUE_OPEN,
        VALUE
    }

    private final Tagged tags;
    /** Schemas of the arguments of each tool. */
    private final Map<String, Map<String, Object>> tools;

    private final Set<String> given = new LinkedHashSet<>();
    private State state = State.OPEN;
    private @Nullable ParameterTypes types;

    private @Nullable String key;
    /** Whether the value is a string; {@code null}: its schema, or else its look, decides. */
    private @Nullable Boolean string;

    /**
     * Starts to read a call.
     *
     * @param tags how it is written
     * @param tools schemas of the parameters by name, which tell strings from other values
     */
    public TaggedStep(Tagged tags, Map<String, Map<String, Object>> tools) {
        this.tags = tags;
        this.tools = tools;
    }

    @Override
    public Status advance(Input in, Call call) {
        while (true) {
            Status status = switch (state) {
                case OPEN -> then(State.NAME, Step.sequence(Step.space(), Step.literal(tags.open())), in, call);
                case NAME -> name(in, call);
                case NEXT -> next(in, call);
                case KEY -> upTo(tags.argumentNameEnd(), LONGEST_NAME, in, this::key);
                case ATTRIBUTE -> upTo(">", LONGEST_NAME, in, this::attribute);
                case VALUE_OPEN ->
                    then(State.VALUE, Step.sequence(Step.space(), Step.literal(tags.valueOpen())), in, call);
                case VALUE -> upTo(tags.valueEnd(), Integer.MAX_VALUE, in, text -> value(text, call));
            };
            if (status != Status.DONE || state == State.OPEN) {
                return status;
            }
        }
    }

    /** Steps that only skip and match may start anew whenever more has arrived. */
    private Status then(State next, Step step, Input in, Call call) {
        Status status = step.advance(in, call);
        if (status == Status.DONE) {
            state = next;
        }
        return status;
    }

    /** A name that a line ends may also be ended by what follows it, when there is no argument. */
    private Status name(Input in, Call call) {
        int end = in.find(tags.nameEnd());
        int tag = tags.close().isEmpty() ? in.find("<") : -1;
        boolean early = tag >= 0 && (end < 0 || tag < end);
        if (end < 0 && !early) {
            return in.ended() || in.length() > LONGEST_NAME ? Status.BAD : Status.MORE;
        }
        String name = in.take(early ? tag : end).strip();
        if (!early) {
            in.take(tags.nameEnd().length());
        }
        state = State.NEXT;
        if (!call.name(name)) {
            return Status.BAD;
        }
        call.tell();
        return Status.DONE;
    }

    private Status next(Input in, Call call) {
        in.skipSpace();
        if (in.isEmpty()) {
            return in.ended() && tags.close().isEmpty() ? ended(call) : in.ended() ? Status.BAD : Status.MORE;
        }
        Input.Match argument = in.literal(tags.argument());
        if (argument == Input.Match.YES) {
            state = State.KEY;
            return Status.DONE;
        }
        if (argument == Input.Match.MORE) {
            return Status.MORE;
        }
        if (in.ended() && isCutOff(in)) {
            return Status.BAD;
        }
        return switch (in.literal(tags.close())) {
            case YES -> ended(call);
            case MORE -> Status.MORE;
            case NO -> Status.BAD;
        };
    }

    /** {@return whether the answer ends with the beginning of an argument; its first character may begin any tag} */
    private boolean isCutOff(Input in) {
        return in.length() > 1
                && in.length() < tags.argument().length()
                && in.regionMatches(0, tags.argument(), in.length());
    }

    private Status ended(Call call) {
        call.arguments(given.isEmpty() ? "{}" : "}");
        call.tell();
        state = State.OPEN;
        return Status.DONE;
    }

    private Status upTo(String end, int longest, Input in, Predicate<String> take) {
        int found = in.find(end);
        if (found < 0) {
            return in.ended() || in.length() > longest ? Status.BAD : Status.MORE;
        }
        String text = in.take(found);
        in.take(end.length());
        return take.test(text) ? Status.DONE : Status.BAD;
    }

    private boolean key(String text) {
        key = text.strip();
        string = null;
        state = tags.values() == Values.TYPED
                ? State.ATTRIBUTE
                : tags.valueOpen().isEmpty() ? State.VALUE : State.VALUE_OPEN;
        return !key.isEmpty() && given.add(key);
    }

    private boolean attribute(String text) {
        state = State.VALUE;
        string = text.contains("\"true\"") ? Boolean.TRUE : text.contains("\"false\"") ? Boolean.FALSE : null;
        return true;
    }

    private boolean value(String text, Call call) {
        state = State.NEXT;
        String json = json(text, call);
        if (json == null) {
            return false;
        }
        call.arguments((given.size() == 1 ? "{" : ", ") + JsonText.write(key) + ": " + json);
        call.tell();
        return true;
    }

    private @Nullable String json(String text, Call call) {
        String value = tags.values() == Values.FRAMED ? withoutFrame(text) : text;
        if (string == null) {
            return types(call).json(Objects.requireNonNull(key), value);
        }
        // What is called no string by an attribute must be JSON.
        return string ? JsonText.write(value) : JsonText.isValue(value) ? value.strip() : null;
    }

    /** Templates put a value on lines of its own. */
    private static String withoutFrame(String text) {
        int from = text.startsWith("\n") ? 1 : 0;
        int to = text.endsWith("\n") && text.length() > from ? text.length() - 1 : text.length();
        return text.substring(from, to);
    }

    private ParameterTypes types(Call call) {
        if (types == null) {
            types = new ParameterTypes(tools.getOrDefault(call.name(), Map.of()));
        }
        return types;
    }

    /**
     * {@return whether a schema's type allows nothing but strings}
     *
     * @param type what a JSON schema has under {@code type}: a text, a list of texts, or nothing
     */
    public static boolean isString(@Nullable Object type) {
        return "string".equals(type) || type instanceof List<?> types && types.equals(List.of("string"));
    }
}
