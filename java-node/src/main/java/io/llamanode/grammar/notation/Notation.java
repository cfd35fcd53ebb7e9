package io.llamanode.grammar.notation;

import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.Expression;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How values are written which are not all JSON, as in the calls of tools.
 *
 * <p>Never changes: for any thread.
 *
 * @param plain whether numbers are written so that any reader takes them for what they are: integers without a point and an exponent,
 *     and none that is too large for a double
 * @param gap what may stand between the parts of arrays and objects
 * @param nulls how null is written
 * @param trues how true is written
 * @param falses how false is written
 * @param strings how strings are written; {@code null}: as in JSON
 * @param names how the names of properties are written; {@code null}: as in JSON
 */
public record Notation(
        boolean plain,
        Expression gap,
        String nulls,
        String trues,
        String falses,
        @Nullable Quoting strings,
        @Nullable Quoting names) {

    /** Writes texts. */
    @FunctionalInterface
    public interface Quoting {
        /**
         * {@return how they are written; {@link Expression#NOTHING} if none of them can be}
         *
         * @param texts any of these
         */
        Expression of(Regular texts);
    }

    /** Kinds of values other than texts. */
    public enum Kind {
        /** null. */
        NULL,
        /** true and false, or one of them. */
        BOOLEAN,
        /** Some number. */
        NUMBER,
        /** Some array. */
        ARRAY,
        /** Some object. */
        OBJECT
    }

    /** Writes the value of an argument. */
    @FunctionalInterface
    public interface Value {
        /**
         * {@return how it is written; {@link Expression#NOTHING} if it can not be}
         *
         * @param texts those that it may be
         * @param kinds of what else it may be
         * @param others how the notation writes what else it may be; {@link Expression#NOTHING} if it must be a text
         */
        Expression of(Regular texts, Set<Kind> kinds, Expression others);
    }

    /**
     * How the outermost object is written, whose properties are the arguments of a call.
     *
     * @param open before the arguments
     * @param close behind them
     * @param separator between two of them
     * @param name an argument's name, with all that stands around it
     * @param value an argument's value, with all that stands around it; {@code null}: as any other
     */
    public record Arguments(
            Expression open,
            Expression close,
            Expression separator,
            Quoting name,
            @Nullable Value value) {}

    /**
     * {@return JSON}
     *
     * @param gap what may stand between the tokens
     */
    public static Notation json(Expression gap) {
        return new Notation(false, gap, "null", "true", "false", null, null);
    }
}
