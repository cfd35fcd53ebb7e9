package io.llamanode.grammar.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.notation.Notation;
import io.llamanode.grammar.rule.Grammar;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns JSON schemas into grammars.
 *
 * <p>Keeps no state: for any thread.
 */
public final class JsonSchema {
    /** Characters that a schema may have. */
    public static final int MOST_CHARACTERS = 4 << 20;

    private static final int MOST_DEPTH = 200;
    private static final int MOST_TERMS = 60_000;
    private static final int MOST_DIGITS = 400;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MOST_DEPTH)
                            .maxNumberLength(MOST_DIGITS)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonSchema() {}

    /** In which order the properties of an object come. */
    public enum Order {
        /** That of the schema, those with other names behind them: what a model is led by. */
        SCHEMA,
        /** Any, as JSON schema has it: for texts that others have written. */
        ANY
    }

    /** How numbers are spelled. */
    public enum Numerals {
        /** In the ways of those who write JSON: for texts that others have written. */
        ALL,
        /** Integers without a point and an exponent: what a model is led by, so that a reader gets an integer. */
        PLAIN
    }

    /** Which properties an object has besides those that the schema names. */
    public enum Undeclared {
        /** Any, as JSON schema has it: for texts that others have written. */
        ANY,
        /**
         * None, unless the schema says something of them, or demands more than it names: what a model is led by, which has
         * nothing to put into them.
         */
        IF_SAID
    }

    /**
     * How a schema is taken.
     *
     * @param whitespace between the tokens of an answer
     * @param lenient whether what can not be honoured is ignored
     * @param formats whether {@code format} says what a text is; else it is a description only, as it is by default in draft 2020-12
     * @param order of properties
     * @param numerals how numbers are spelled
     * @param undeclared properties
     */
    public record Options(
            Whitespace whitespace,
            boolean lenient,
            boolean formats,
            Order order,
            Numerals numerals,
            Undeclared undeclared) {
        /** Compact, and all honoured, formats too, in the schema's order. */
        public static final Options DEFAULT = new Options(Whitespace.COMPACT, false, true);

        /**
         * Takes properties in the schema's order.
         *
         * @param whitespace between the tokens of an answer
         * @param lenient whether what can not be honoured is ignored
         * @param formats whether {@code format} says what a text is
         */
        public Options(Whitespace whitespace, boolean lenient, boolean formats) {
            this(whitespace, lenient, formats, Order.SCHEMA);
        }

        /**
         * Takes numbers in all their spellings.
         *
         * @param whitespace between the tokens of an answer
         * @param lenient whether what can not be honoured is ignored
         * @param formats whether {@code format} says what a text is
         * @param order of properties
         */
        public Options(Whitespace whitespace, boolean lenient, boolean formats, Order order) {
            this(whitespace, lenient, formats, order, Numerals.ALL, Undeclared.ANY);
        }

        /**
         * {@return the same with properties in another order}
         *
         * @param other order
         */
        public Options withOrder(Order other) {
            return new Options(whitespace, lenient, formats, other, numerals, undeclared);
        }

        /**
         * {@return the same with numbers spelled in another way}
         *
         * @param other way
         */
        public Options withNumerals(Numerals other) {
            return new Options(whitespace, lenient, formats, order, other, undeclared);
        }

        /**
         * {@return the same with other properties besides those that are named}
         *
         * @param other which
         */
        public Options withUndeclared(Undeclared other) {
            return new Options(whitespace, lenient, formats, order, numerals, other);
        }
    }

    /**
     * What a schema became.
     *
     * @param grammar of the texts that are valid by it
     * @param ignored what it does not honour; empty but for lenient options
     */
    public record Result(Grammar grammar, List<SchemaException> ignored) {
        /** Keeps a copy. */
        public Result {
            ignored = List.copyOf(ignored);
        }
    }

    /**
     * Makes a grammar.
     *
     * @param text of the schema
     * @param options how it is taken
     * @return the grammar
     * @throws SchemaException if it is no schema, can not be honoured, or has no valid value
     */
    public static Result compile(String text, Options options) {
        return compile(text, options, Notation.json(options.whitespace().expression()), null);
    }

    /**
     * Makes a grammar of the objects that are valid by a schema, written as the arguments of a call.
     *
     * @param text of the schema
     * @param options how it is taken, but for its white space
     * @param notation how values are written
     * @param arguments how the outermost object is written
     * @return the grammar
     * @throws SchemaException if it is no schema, can not be honoured, or has no valid object that can be written so
     */
    public static Result arguments(String text, Options options, Notation notation, Notation.Arguments arguments) {
        return compile(text, options, notation, arguments);
    }

    private static Result compile(
            String text, Options options, Notation notation, Notation.@Nullable Arguments arguments) {
        JsonNode json = read(text);
        Ignored ignored = new Ignored(options.lenient() ? Ignored.Leniency.KEYWORDS : Ignored.Leniency.NONE);
        Grammar grammar = compile(json, options, notation, arguments, ignored);
        return new Result(grammar, ignored.all());
    }

    /**
     * Looks for all that keeps a schema from being honoured. As slow as making its grammar.
     *
     * @param text of the schema
     * @param options how it is taken; that they are lenient does not matter
     * @return what strict options would refuse it for, the first of them among it; none if it is honoured. What has no keyword holds
     *     for the whole of it, such as that no value is valid. Those that come first, if they are too many to be told
     * @throws SchemaException if it is no schema
     */
    public static List<SchemaException> problems(String text, Options options) {
        JsonNode json = parse(text);
        Ignored ignored = new Ignored(Ignored.Leniency.ALL);
        try {
            new Values().check(json);
            compile(json, options, Notation.json(options.whitespace().expression()), null, ignored);
            return ignored.all();
        } catch (SchemaException e) {
            List<SchemaException> all = new ArrayList<>(ignored.all());
            all.add(e);
            return all;
        }
    }

    /**
     * Reads a schema without making a grammar of it.
     *
     * @param text of the schema
     * @return what stands in it
     * @throws SchemaException if it is no schema
     */
    public static Document document(String text) {
        return new Document(read(text));
    }

    private static JsonNode read(String text) {
        JsonNode json = parse(text);
        new Values().check(json);
        return json;
    }

    private static JsonNode parse(String text) {
        if (text.length() > MOST_CHARACTERS) {
            throw new SchemaException("", "", "it has more than %d characters".formatted(MOST_CHARACTERS));
        }
        JsonNode json;
        try {
            json = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new SchemaException("", "", "it is no JSON: " + e.getOriginalMessage());
        }
        if (!json.isObject() && !json.isBoolean()) {
            throw new SchemaException("", "", "a schema must be an object, true or false");
        }
        return json;
    }

    private static Grammar compile(
            JsonNode json,
            Options options,
            Notation notation,
            Notation.@Nullable Arguments arguments,
            Ignored ignored) {
        try {
            Document document = new Document(json);
            Terms terms = new Terms(MOST_TERMS);
            Normalizer normalizer = new Normalizer(document, terms, ignored, options.formats());
            GrammarWriter writer = new GrammarWriter(terms, normalizer, notation, options, ignored);
            Term root = terms.of(document.root());
            return arguments == null ? writer.write(root) : writer.write(root, arguments);
        } catch (GrammarLimitException e) {
            throw new SchemaException("", "", "it is too complex: " + e.getMessage());
        }
    }

    /** Types of JSON values; whole numbers are numbers. */
    public enum Type {
        /** Nothing but null. */
        NULL,
        /** True and false. */
        BOOLEAN,
        /** Whole or not. */
        NUMBER,
        /** Texts. */
        STRING,
        /** Lists. */
        ARRAY,
        /** Members with names. */
        OBJECT
    }

    /**
     * Tells what the properties of a schema's objects can be, without a grammar. What can not be worked out counts as anything:
     * such a schema is refused elsewhere.
     *
     * <p>For one thread.
     */
    public static final class Properties {
        private final Terms terms = new Terms(MOST_TERMS);
        private final Normalizer normalizer;
        private final Term root;

        /**
         * Reads a schema.
         *
         * @param text of a schema of objects
         * @throws SchemaException if it is no schema
         */
        public Properties(String text) {
            Document document = new Document(read(text));
            normalizer = new Normalizer(document, terms, new Ignored(Ignored.Leniency.KEYWORDS), true);
            root = terms.of(document.root());
        }

        /**
         * {@return the types that the value of a property can have; all, if nothing is said of it}
         *
         * @param name of the property
         */
        public Set<Type> types(String name) {
            Form form = form(term(name));
            Set<Type> types = EnumSet.noneOf(Type.class);
            if (form == null) {
                return EnumSet.allOf(Type.class);
            }
            add(types, Type.NULL, form.nulls());
            add(types, Type.BOOLEAN, form.booleans() != 0);
            add(types, Type.NUMBER, !form.numbers().isEmpty());
            add(types, Type.STRING, !form.texts().isEmpty());
            Emptiness emptiness = normalizer.emptiness();
            add(types, Type.ARRAY, !form.arrays().stream().allMatch(emptiness::isEmpty));
            add(types, Type.OBJECT, !form.objects().stream().allMatch(emptiness::isEmpty));
            return types.isEmpty() ? EnumSet.allOf(Type.class) : types;
        }

        private static void add(Set<Type> types, Type type, boolean possible) {
            if (possible) {
                types.add(type);
            }
        }

        /**
         * {@return whether a property can have a value}
         *
         * @param name of the property
         * @param json of the value
         */
        public boolean admits(String name, String json) {
            try {
                JsonNode value = JSON.readTree(json);
                new Values().check(value);
                return !normalizer.emptiness().isEmpty(terms.and(term(name), terms.value(value)));
            } catch (JsonProcessingException | SchemaException e) {
                return false;
            }
        }

        private Term term(String name) {
            Form form = form(root);
            List<Term> all = new ArrayList<>();
            if (form != null) {
                form.objects().stream()
                        .filter(shape -> !normalizer.emptiness().isEmpty(shape))
                        .forEach(shape -> all.add(shape.term(name, terms)));
            }
            Term any = terms.or(all);
            return any instanceof Term.False ? terms.all : any;
        }

        private @Nullable Form form(Term term) {
            try {
                return normalizer.form(term);
            } catch (SchemaException | GrammarLimitException e) {
                return null;
            }
        }
    }

    /**
     * Refuses values that no text in UTF-8 can have, numbers that take too long to reckon with, and names whose pointers take too
     * much.
     */
    private static final class Values {
        private static final int MOST_EXPONENT = 400;
        /** Of all pointers: long names around many values make these much longer than the document. */
        private static final long MOST_POINTERS = 64 << 20;

        private final StringBuilder pointer = new StringBuilder();
        private long pointers;

        void check(JsonNode json) {
            pointers += pointer.length();
            if (pointers > MOST_POINTERS) {
                throw new SchemaException("", "", "it is too complex: too much stands below its long names");
            }
            if (json.isTextual()) {
                check(json.textValue());
            } else if (json.isNumber()) {
                BigDecimal number = json.decimalValue();
                if (Math.abs((long) number.scale()) > MOST_EXPONENT) {
                    throw new SchemaException(
                            pointer.toString(), "", "its exponent is over %d".formatted(MOST_EXPONENT));
                }
            } else if (json.isArray()) {
                for (int i = 0; i < json.size(); i++) {
                    below(String.valueOf(i), json.get(i));
                }
            } else {
                for (Map.Entry<String, JsonNode> entry : json.properties()) {
                    check(entry.getKey());
                    below(Document.escape(entry.getKey()), entry.getValue());
                }
            }
        }

        private void below(String part, JsonNode json) {
            int length = pointer.length();
            pointer.append('/').append(part);
            check(json);
            pointer.setLength(length);
        }

        private void check(String text) {
            for (int i = 0; i < text.length(); i++) {
                if (Character.isSurrogate(text.charAt(i))) {
                    if (i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
                        i++;
                    } else {
                        throw new SchemaException(
                                pointer.toString(), "", "half of a surrogate pair stands alone in a text");
                    }
                }
            }
        }
    }
}
