package io.llamanode.chat.jinja.value;

import io.llamanode.chat.jinja.render.Conversion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an expression evaluates to. The host's objects never get in: {@link Conversion} copies them. */
public sealed interface Value
        permits Str,
                Loop,
                Value.Undefined,
                Value.None,
                Value.Bool,
                Value.Int,
                Value.Float,
                Value.Seq,
                Value.Dict,
                Value.Namespace,
                Value.Callable {
    /** The only {@code none}. */
    None NONE = new None();

    /** The value {@code true}. */
    Bool TRUE = new Bool(true);

    /** The value {@code false}. */
    Bool FALSE = new Bool(false);

    /**
     * {@return the boolean as a value}
     *
     * @param value which one
     */
    static Bool of(boolean value) {
        return value ? TRUE : FALSE;
    }

    /**
     * A name, key or attribute that is not there.
     *
     * @param description what is not there, for error messages
     */
    record Undefined(String description) implements Value {}

    /** Python's {@code None}, {@code null} of JSON. */
    record None() implements Value {}

    /**
     * Numbers and booleans that compare equal are the same dictionary key, as in Python.
     *
     * @param value the truth
     */
    record Bool(boolean value) implements Value {
        @Override
        public boolean equals(Object other) {
            return numbersEqual(this, other);
        }

        @Override
        public int hashCode() {
            return Double.hashCode(value ? 1 : 0);
        }
    }

    /**
     * An integer, 64 bits wide.
     *
     * @param value the number
     */
    record Int(long value) implements Value, Comparable<Int> {
        @Override
        public int compareTo(Int other) {
            return Long.compare(value, other.value);
        }

        @Override
        public boolean equals(Object other) {
            return numbersEqual(this, other);
        }

        @Override
        public int hashCode() {
            return Double.hashCode(value == 0 ? 0.0 : (double) value);
        }
    }

    /**
     * A float of double precision.
     *
     * @param value the number, infinity and NaN included
     */
    record Float(double value) implements Value {
        @Override
        public boolean equals(Object other) {
            return numbersEqual(this, other);
        }

        @Override
        public int hashCode() {
            return Double.hashCode(value == 0 ? 0.0 : value);
        }
    }

    /** A list, or a tuple, which only prints differently and cannot be changed. Compared by identity here. */
    final class Seq implements Value {
        /** The elements; those of a tuple cannot be changed. */
        public final List<Value> items;
        /** Whether it is a tuple. */
        public final boolean tuple;
        /** Names of the items, by which they can be reached as well; empty for most sequences. */
        public final List<String> names;

        /**
         * Keeps the list, which is not copied.
         *
         * @param items the elements
         * @param tuple whether it is a tuple
         */
        public Seq(List<Value> items, boolean tuple) {
            this(items, tuple, List.of());
        }

        private Seq(List<Value> items, boolean tuple, List<String> names) {
            this.items = items;
            this.tuple = tuple;
            this.names = names;
        }

        /**
         * {@return a list of these items, which are not copied}
         *
         * @param items the elements
         */
        public static Seq list(List<Value> items) {
            return new Seq(items, false);
        }

        /**
         * {@return a tuple}
         *
         * @param items the elements
         */
        public static Seq tuple(Value... items) {
            return new Seq(List.of(items), true);
        }

        /**
         * {@return a tuple whose items have names}
         *
         * @param names one for each item
         * @param items the elements
         */
        public static Seq named(List<String> names, Value... items) {
            return new Seq(List.of(items), true, names);
        }

        /** {@return a new list without items} */
        public static Seq empty() {
            return new Seq(new ArrayList<>(), false);
        }
    }

    /** A dictionary in insertion order. Compared by identity here. */
    final class Dict implements Value {
        /** The entries in order of insertion. */
        public final Map<Value, Value> entries;

        /**
         * Keeps the map, which is not copied.
         *
         * @param entries in order of insertion
         */
        public Dict(Map<Value, Value> entries) {
            this.entries = entries;
        }

        /** Makes an empty dictionary. */
        public Dict() {
            this(new LinkedHashMap<>());
        }

        /**
         * {@return the value of a key, or {@code null} if there is none}
         *
         * @param key a string
         */
        public @Nullable Value get(String key) {
            return entries.get(Str.trusted(key));
        }
    }

    /** The result of {@code namespace()}: the only value whose attributes {@code set} may assign. */
    final class Namespace implements Value {
        /** The attributes by name. */
        public final Map<String, Value> attributes = new LinkedHashMap<>();

        /** A namespace without attributes. */
        public Namespace() {}
    }

    /**
     * A macro, a global function or a bound method.
     *
     * @param name for messages
     * @param body what it does
     */
    record Callable(String name, Body body) implements Value {}

    /** What a callable does. */
    @FunctionalInterface
    interface Body {
        /**
         * Does it.
         *
         * @param runtime pays for it
         * @param arguments of the call
         * @return what comes of it
         * @throws EvalException if the arguments do not suit
         */
        Value call(Runtime runtime, Arguments arguments);
    }

    private static boolean numbersEqual(Value left, Object other) {
        return switch (other) {
            case Value right when Numbers.isNumber(right) -> Numbers.compare(left, right) == 0;
            default -> false;
        };
    }
}
