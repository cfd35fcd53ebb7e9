package io.llamanode.chat.tools.answer;

import io.llamanode.chat.tools.text.JsonText;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A call that is being read. What it is told before its name waits for that. */
public final class Call {
    /** Names that tools can have: what else a model writes is no call, and no trouble in a later prompt. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    private static final int LONGEST_ID = 128;

    private final Output output;
    private final int index;
    private final Predicate<String> acceptsName;
    private final StringBuilder json = new StringBuilder();
    private int told;
    private boolean announced;
    private @Nullable String id;
    private @Nullable String name;

    /**
     * Starts to read a call.
     *
     * @param output told of what is known
     * @param index of the call in the answer, from 0
     * @param acceptsName whether a tool of that name may be called
     */
    public Call(Output output, int index, Predicate<String> acceptsName) {
        this.output = output;
        this.index = index;
        this.acceptsName = acceptsName;
    }

    /**
     * {@return whether there is a name, and it may be called}
     *
     * @param given as the model wrote it
     */
    public boolean name(String given) {
        if (name != null || !NAME.matcher(given).matches() || !acceptsName.test(given)) {
            return false;
        }
        name = given;
        return true;
    }

    /** {@return the name, or {@code null} if it is not known yet} */
    public @Nullable String name() {
        return name;
    }

    /**
     * Takes the id that the model gave. One that comes after the call was announced under another one is too late.
     *
     * @param given as the model wrote it; left out if it is longer than ids are
     */
    public void id(String given) {
        if (!announced && given.length() <= LONGEST_ID) {
            id = given;
        }
    }

    /**
     * Takes more of the arguments' JSON.
     *
     * @param delta follows what came before
     */
    public void arguments(String delta) {
        json.append(delta);
    }

    /** Tells what is known, as soon as there is a name and the arguments have begun to be an object. */
    public void tell() {
        if (name == null || !json.isEmpty() && json.charAt(0) != '{') {
            return;
        }
        if (!announced) {
            announced = true;
            String unique = output.uniqueId(id);
            id = unique;
            output.call(index, unique, name, json.toString());
        } else if (told < json.length()) {
            output.call(index, Objects.requireNonNull(id), name, json.substring(told));
        }
        told = json.length();
    }

    /** {@return the finished call, or {@code null} if it is malformed} */
    public @Nullable ToolCall finish() {
        if (name == null) {
            return null;
        }
        if (json.isEmpty() || json.toString().equals("null")) {
            json.setLength(0);
            json.append("{}");
        } else if (json.charAt(0) == '"') {
            // Some models write the arguments as a string that holds JSON.
            String text = JsonText.string(json.toString());
            json.setLength(0);
            json.append(text == null ? "" : text.strip());
        }
        Map<String, Object> arguments = JsonText.object(json.toString());
        if (arguments == null) {
            return null;
        }
        tell();
        return new ToolCall(id, name, arguments);
    }
}
