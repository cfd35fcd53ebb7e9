package io.llamanode.chat.tools.syntax;

import java.util.List;

/** How one call is written. */
public sealed interface CallStyle {
    /**
     * An object with a name and arguments, {@code {"name": "f", "arguments": {...}}}.
     *
     * @param name key of the name
     * @param arguments key of the arguments
     */
    record Json(String name, String arguments) implements CallStyle {}

    /** An object with the name as its only key, {@code {"f": {...}}}. */
    record SingleKey() implements CallStyle {}

    /**
     * A header with the name, then the arguments' JSON.
     *
     * @param header what the header holds
     * @param headerEnd text between header and arguments
     * @param argumentsEnd text behind the arguments; may be empty
     */
    record Headed(Header header, String headerEnd, String argumentsEnd) implements CallStyle {
        /** What stands between name and id in a header of that kind. */
        public static final String CALL_ID = "[CALL_ID]";
        /** What stands between id and name in a header of that kind. */
        public static final String ID_NAME = "<|tool_call:name|>";
        /** What stands between type and name in a header of that kind. */
        public static final String TYPE_NAME = "<｜tool▁sep｜>";
    }

    /** What stands before the arguments. */
    enum Header {
        /** {@code f} */
        NAME,
        /** {@code functions.f:0}, which is the id as well. */
        NUMBERED,
        /** {@code f}, or {@code f[CALL_ID]id} */
        NAME_CALL_ID,
        /** {@code id<|tool_call:name|>f} */
        ID_NAME,
        /** {@code function<｜tool▁sep｜>f} */
        TYPE_NAME
    }

    /**
     * Tags for the call and for each argument.
     *
     * @param open text before the name; may be empty
     * @param nameEnd text behind the name
     * @param argument text before an argument's name
     * @param argumentNameEnd text behind it
     * @param valueOpen text before its value; may be empty
     * @param valueEnd text behind its value
     * @param close text behind the arguments; may be empty
     * @param values how values are written
     */
    record Tagged(
            String open,
            String nameEnd,
            String argument,
            String argumentNameEnd,
            String valueOpen,
            String valueEnd,
            String close,
            Values values)
            implements CallStyle {
        /** {@return the same, of which the text before the name was read} */
        Tagged withoutOpen() {
            return new Tagged("", nameEnd, argument, argumentNameEnd, valueOpen, valueEnd, close, values);
        }

        List<String> markers() {
            return List.of(open, nameEnd, argument, argumentNameEnd, valueOpen, valueEnd, close);
        }
    }

    /** How a value stands between its tags: strings as they are, anything else as JSON. */
    enum Values {
        /** Right between the tags. */
        PLAIN,
        /** On lines of its own. */
        FRAMED,
        /** Behind an attribute {@code string="true|false"} of the tag, whose end it follows. */
        TYPED
    }

    /** The call of a Python function, {@code f(a="x", n=1)}. */
    record Python() implements CallStyle {}

    /** {@code call:f{a:<|"|>x<|"|>,n:1}} */
    record Gemma() implements CallStyle {
        /** The token on either side of a string. */
        public static final String QUOTE = "<|\"|>";
    }
}
