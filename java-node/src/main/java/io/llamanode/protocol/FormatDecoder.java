package io.llamanode.protocol;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.term.Shown;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an answer must keep to: the keys {@code grammar}, {@code json_schema} and {@code response_format}. */
final class FormatDecoder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ANY_OBJECT = "{\"type\":\"object\"}";
    private static final List<String> TYPES = List.of("json_object", "json_schema", "text");

    private FormatDecoder() {}

    /** {@return the format, or {@code null} if none of the keys is given} */
    static @Nullable OutputFormat decode(Fields in) {
        String grammar = in.nonEmptyText("grammar");
        InputValue schema = in.get("json_schema");
        InputValue format = in.get("response_format");
        if ((grammar == null ? 0 : 1) + (schema == null ? 0 : 1) + (format == null ? 0 : 1) > 1) {
            throw FailureException.invalid(
                    "grammar, json_schema and response_format exclude each other; give only one");
        }
        if (grammar != null) {
            return new OutputFormat.Gbnf(grammar);
        }
        if (schema != null) {
            return new OutputFormat.Json(schema.path(), json(schema));
        }
        return format == null ? null : responseFormat(format);
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
