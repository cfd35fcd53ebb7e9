package io.llamanode.protocol;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.StructureOptions;
import io.llamanode.term.Shown;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What an answer must keep to: the keys {@code grammar}, {@code json_schema}, {@code regex} and so on, and how it does. */
final class FormatDecoder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ANY_OBJECT = "{\"type\":\"object\"}";
    private static final List<String> KEYS = List.of("grammar", "json_schema", "response_format", "regex", "choice");
    private static final List<String> TYPES = List.of("json_object", "json_schema", "text");

    private static final int MOST_CHOICES = 10_000;
    private static final int LONGEST_CHOICE = 4_096;
    private static final int MOST_WHITESPACE = 1_000;

    private FormatDecoder() {}

    /** {@return the format, or {@code null} if none of the keys is given} */
    static @Nullable OutputFormat decode(Fields in) {
        String grammar = in.nonEmptyText("grammar");
        InputValue schema = in.get("json_schema");
        InputValue format = in.get("response_format");
        InputValue regex = in.get("regex");
        InputValue choice = in.get("choice");
        refuseSeveral(grammar, schema, format, regex, choice);
        if (grammar != null) {
            return new OutputFormat.Gbnf(grammar);
        }
        if (regex != null) {
            return new OutputFormat.Regex(regex.nonEmptyText());
        }
        if (choice != null) {
            return new OutputFormat.Choice(choices(choice));
        }
        if (schema != null) {
            return new OutputFormat.Json(schema.path(), json(schema));
        }
        return format == null ? null : responseFormat(format);
    }

    /** @param values in the order of {@link #KEYS} */
    private static void refuseSeveral(@Nullable Object... values) {
        List<String> given = IntStream.range(0, values.length)
                .filter(i -> values[i] != null)
                .mapToObj(KEYS::get)
                .toList();
        if (given.size() > 1) {
            throw FailureException.invalid("%s and %s exclude each other; give only one"
                    .formatted(String.join(", ", given.subList(0, given.size() - 1)), given.getLast()));
        }
    }

    private static List<String> choices(InputValue choice) {
        List<InputValue> items = choice.list();
        if (items.isEmpty()) {
            throw FailureException.invalid(choice.path() + " must not be empty");
        }
        if (items.size() > MOST_CHOICES) {
            throw FailureException.invalid(
                    "%s must have at most %d texts, not %d".formatted(choice.path(), MOST_CHOICES, items.size()));
        }
        List<String> texts = new ArrayList<>();
        for (InputValue item : items) {
            String text = item.nonEmptyText();
            if (text.length() > LONGEST_CHOICE) {
                throw FailureException.invalid("%s must have at most %d characters, not %d"
                        .formatted(item.path(), LONGEST_CHOICE, text.length()));
            }
            texts.add(text);
        }
        return texts;
    }

    /** {@return how the format is kept to, or {@code null} if none of the keys is given} */
    static @Nullable StructureOptions structure(Fields in) {
        StructureOptions options = new StructureOptions(
                whitespace(in.get("whitespace")), in.flag("json_schema_lenient"), in.flag("parse"));
        return options.equals(StructureOptions.NONE) ? null : options;
    }

    private static @Nullable Integer whitespace(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        if (value.isText() && value.text().equals("compact")) {
            return 0;
        }
        if (value.isText() && value.text().equals("any")) {
            return StructureOptions.ANY_WHITESPACE;
        }
        if (value.isNumber()) {
            return (int) value.integer(0, MOST_WHITESPACE);
        }
        throw value.mustBe("any, compact or an integer from 0 to " + MOST_WHITESPACE);
    }

    /** What a text is matched with: one of the keys that say what an answer keeps to. */
    static Request.Match match(Fields in, InputValue text) {
        InputValue schema = in.get("json_schema");
        InputValue grammar = in.get("grammar");
        InputValue regex = in.get("regex");
        InputValue choice = in.get("choice");
        long given = Stream.of(schema, grammar, regex, choice)
                .filter(Objects::nonNull)
                .count();
        OutputFormat format = given == 1 ? given(schema, grammar, regex, choice) : null;
        Integer whitespace = whitespace(in.get("whitespace"));
        Boolean lenient = in.flag("json_schema_lenient");
        in.end();
        if (format == null) {
            throw FailureException.invalid(
                    given == 0
                            ? "json_schema, grammar, regex or choice is required"
                            : "json_schema, grammar, regex and choice exclude each other; give only one");
        }
        StructureOptions structure = new StructureOptions(whitespace, lenient, null);
        return new Request.Match(format, structure.equals(StructureOptions.NONE) ? null : structure, text.text());
    }

    private static OutputFormat given(
            @Nullable InputValue schema,
            @Nullable InputValue grammar,
            @Nullable InputValue regex,
            @Nullable InputValue choice) {
        if (schema != null) {
            return new OutputFormat.Json(schema.path(), json(schema));
        }
        if (grammar != null) {
            return new OutputFormat.Gbnf(grammar.nonEmptyText());
        }
        if (regex != null) {
            return new OutputFormat.Regex(regex.nonEmptyText());
        }
        List<String> texts = choices(Objects.requireNonNull(choice));
        return new OutputFormat.Choice(texts);
    }

    private static OutputFormat responseFormat(InputValue format) {
        Fields in = new Fields(format);
        InputValue type = in.require("type", "schema", "json_schema");
        if (!type.isText() || !TYPES.contains(type.text())) {
            throw type.mustBe(Shown.oneOf(TYPES));
        }
        OutputFormat decoded = switch (type.text()) {
            case "text" -> new OutputFormat.Free();
            case "json_object" -> {
                InputValue schema = in.get("schema");
                yield new OutputFormat.Json(
                        schema == null ? format.path() : schema.path(), schema == null ? ANY_OBJECT : json(schema));
            }
            default -> named(in.require("json_schema"));
        };
        in.end();
        return decoded;
    }

    /** A schema with a name and a description, which are for readers. */
    private static OutputFormat named(InputValue value) {
        Fields in = new Fields(value);
        in.text("name");
        in.text("description");
        in.flag("strict");
        InputValue schema = in.require("schema");
        in.end();
        return new OutputFormat.Json(schema.path(), json(schema));
    }

    /** A schema as text is kept in its order, which is the order of the answer's properties. */
    static String json(InputValue schema) {
        Object tree = schema.isText() ? JsonReader.parse(schema.path(), schema.text()) : Plain.of(schema);
        try {
            return JSON.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing a checked tree", e);
        }
    }
}
