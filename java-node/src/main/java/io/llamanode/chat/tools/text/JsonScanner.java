package io.llamanode.chat.tools.text;

import org.jspecify.annotations.Nullable;

/** Follows one JSON value character by character, strictly, so that its end and its faults are known at once. */
public final class JsonScanner {
    /** Deeper values are refused: they come back as terms and through templates, which have limits of their own. */
    private static final int MAX_DEPTH = 32;

    /** What a character meant. */
    public enum Outcome {
        /** It belongs to the value, which goes on. */
        MORE,
        /** It was the value's last. */
        LAST,
        /** The value, a number, had ended before it. */
        BEYOND,

        /** It cannot stand here in JSON, or the value is nested too deeply. */
        BAD
    }

    private enum State {
        VALUE,
        FIRST_ITEM,
        FIRST_KEY,
        KEY,
        COLON,
        AFTER,
        STRING,
        ESCAPE,
        HEX,
        WORD,
        SIGN,
        ZERO,
        INTEGER,
        POINT,
        FRACTION,
        EXPONENT,
        EXPONENT_SIGN,
        EXPONENT_DIGITS
    }

    /** Open containers, innermost last. */
    private final StringBuilder open = new StringBuilder();

    private State state = State.VALUE;
    private boolean inKey;
    private int hexLeft;
    private String word = "";
    private int wordAt;

    /** Waits for the first character of a value; white space may come before it. */
    public JsonScanner() {}

    /**
     * {@return what the next character means}
     *
     * @param c the next character; none after {@link Outcome#LAST}, {@link Outcome#BEYOND} or {@link Outcome#BAD}
     */
    public Outcome accept(char c) {
        return switch (state) {
            case STRING -> string(c);
            case ESCAPE -> escape(c);
            case HEX -> hex(c);
            case WORD -> word(c);
            case SIGN, ZERO, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS -> number(c);
            case VALUE, FIRST_ITEM, FIRST_KEY, KEY, COLON, AFTER -> isSpace(c) ? Outcome.MORE : structure(c);
        };
    }

    /** {@return whether the value is a number that may be complete as it is} */
    public boolean maybeComplete() {
        return open.isEmpty() && endsNumber();
    }

    static boolean isSpace(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }

    private Outcome structure(char c) {
        return switch (state) {
            case FIRST_ITEM -> c == ']' ? close(c) : value(c);
            case FIRST_KEY -> c == '}' ? close(c) : key(c);
            case KEY -> key(c);
            case COLON -> c == ':' ? to(State.VALUE) : Outcome.BAD;
            case AFTER -> after(c);
            default -> value(c);
        };
    }

    private Outcome value(char c) {
        return switch (c) {
            case '{' -> open(c, State.FIRST_KEY);
            case '[' -> open(c, State.FIRST_ITEM);
            case '"' -> {
                inKey = false;
                yield to(State.STRING);
            }
            case 't' -> word("true");
            case 'f' -> word("false");
            case 'n' -> word("null");
            case '-' -> to(State.SIGN);
            case '0' -> to(State.ZERO);
            default -> isDigit(c) ? to(State.INTEGER) : Outcome.BAD;
        };
    }

    private Outcome key(char c) {
        inKey = true;
        return c == '"' ? to(State.STRING) : Outcome.BAD;
    }

    private Outcome open(char c, State next) {
        open.append(c);
        return open.length() > MAX_DEPTH ? Outcome.BAD : to(next);
    }

    private Outcome close(char c) {
        if (open.charAt(open.length() - 1) != (c == '}' ? '{' : '[')) {
            return Outcome.BAD;
        }
        open.setLength(open.length() - 1);
        return valueEnded();
    }

    private Outcome valueEnded() {
        state = State.AFTER;
        return open.isEmpty() ? Outcome.LAST : Outcome.MORE;
    }

    private Outcome after(char c) {
        if (c == ',') {
            return to(open.charAt(open.length() - 1) == '{' ? State.KEY : State.VALUE);
        }
        return c == '}' || c == ']' ? close(c) : Outcome.BAD;
    }

    private Outcome string(char c) {
        if (c == '"') {
            return inKey ? to(State.COLON) : valueEnded();
        }
        if (c == '\\') {
            return to(State.ESCAPE);
        }
        return c < ' ' ? Outcome.BAD : Outcome.MORE;
    }

    private Outcome escape(char c) {
        if (c == 'u') {
            hexLeft = 4;
            return to(State.HEX);
        }
        return "\"\\/bfnrt".indexOf(c) >= 0 ? to(State.STRING) : Outcome.BAD;
    }

    private Outcome hex(char c) {
        if (Character.digit(c, 16) < 0 || c > 'f') {
            return Outcome.BAD;
        }
        return --hexLeft == 0 ? to(State.STRING) : Outcome.MORE;
    }

    private Outcome word(String expected) {
        word = expected;
        wordAt = 1;
        return to(State.WORD);
    }

    private Outcome word(char c) {
        if (word.charAt(wordAt++) != c) {
            return Outcome.BAD;
        }
        return wordAt == word.length() ? valueEnded() : Outcome.MORE;
    }

    private Outcome number(char c) {
        State next = numberState(c);
        if (next != null) {
            return to(next);
        }
        if (!endsNumber()) {
            return Outcome.BAD;
        }
        if (open.isEmpty()) {
            return Outcome.BEYOND;
        }
        state = State.AFTER;
        return isSpace(c) ? Outcome.MORE : after(c);
    }

    private @Nullable State numberState(char c) {
        return switch (state) {
            case SIGN -> c == '0' ? State.ZERO : isDigit(c) ? State.INTEGER : null;
            case INTEGER -> isDigit(c) ? State.INTEGER : fractionOrExponent(c);
            case ZERO -> fractionOrExponent(c);
            case POINT -> isDigit(c) ? State.FRACTION : null;
            case FRACTION -> isDigit(c) ? State.FRACTION : c == 'e' || c == 'E' ? State.EXPONENT : null;
            case EXPONENT -> c == '+' || c == '-' ? State.EXPONENT_SIGN : isDigit(c) ? State.EXPONENT_DIGITS : null;
            default -> isDigit(c) ? State.EXPONENT_DIGITS : null;
        };
    }

    private static @Nullable State fractionOrExponent(char c) {
        return c == '.' ? State.POINT : c == 'e' || c == 'E' ? State.EXPONENT : null;
    }

    private boolean endsNumber() {
        return switch (state) {
            case ZERO, INTEGER, FRACTION, EXPONENT_DIGITS -> true;
            default -> false;
        };
    }

    private Outcome to(State next) {
        state = next;
        return Outcome.MORE;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
