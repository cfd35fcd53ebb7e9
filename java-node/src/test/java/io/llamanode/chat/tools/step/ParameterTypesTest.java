package io.llamanode.chat.tools.step;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.chat.tools.step.ParameterTypes.Strings;
import io.llamanode.chat.tools.text.JsonText;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a text means whose schema may admit strings. */
class ParameterTypesTest {
    private static ParameterTypes types(String schema) {
        return new ParameterTypes(Objects.requireNonNull(JsonText.object(schema.replace('\'', '"'))));
    }

    private static ParameterTypes of(String parameter) {
        return types("{'type': 'object', 'properties': {'p': " + parameter
                + "}, '$defs': {'text': {'type': 'string'}, 'maybe': {'anyOf': [{'$ref': '#/$defs/text'}, {'type': 'null'}]},"
                + " 'digit': {'enum': ['1', '2']}, 'loop': {'$ref': '#/$defs/loop'}}}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'type': 'string'} | ONLY",
                "{'type': ['string']} | ONLY",
                "{'enum': ['1', '2']} | ONLY",
                "{'const': 'x'} | ONLY",
                "{'$ref': '#/$defs/text'} | ONLY",
                "{'$ref': '#/$defs/digit'} | ONLY",
                "{'allOf': [{'type': ['string', 'integer']}, {'type': ['string', 'null']}]} | ONLY",
                "{'anyOf': [{'enum': ['a']}, {'$ref': '#/$defs/text'}]} | ONLY",
                "{'oneOf': [{'type': 'string', 'minLength': 3}, {'type': 'string', 'maxLength': 2}]} | ONLY",
                "{'type': ['string', 'null'], 'not': {'type': 'null'}} | ONLY",
                "{'type': ['string', 'null']} | AMONG_OTHERS",
                "{'$ref': '#/$defs/maybe'} | AMONG_OTHERS",
                "{'anyOf': [{'type': 'string'}, {'type': 'integer'}]} | AMONG_OTHERS",
                "{'enum': ['1', 2]} | AMONG_OTHERS",
                "{'not': {'type': 'null'}} | AMONG_OTHERS",
                "{'type': 'integer'} | NEVER",
                "{'type': ['integer', 'null']} | NEVER",
                "{'enum': [1, null]} | NEVER",
                "{'const': true} | NEVER",
                "{'anyOf': [{'type': 'array'}, {'type': 'null'}]} | NEVER",
                "{} | UNKNOWN",
                "true | UNKNOWN",
                "{'description': 'anything'} | UNKNOWN",
                "{'type': 'whatever'} | UNKNOWN",
                "{'$ref': '#/$defs/nothing'} | UNKNOWN",
                "{'$ref': '#/$defs/loop'} | UNKNOWN"
            })
    void theTypesFollowTheWholeSchema(String parameter, Strings strings) {
        assertEquals(strings, of(parameter).strings("p"), parameter);
        assertEquals(Strings.UNKNOWN, of(parameter).strings("other"));
    }

    @Test
    void theParametersMayBeSaidAnywhere() {
        assertEquals(
                Strings.ONLY,
                types("{'$ref': '#/$defs/a', '$defs': {'a': {'properties': {'p': {'type': 'string'}}}}}")
                        .strings("p"));
        assertEquals(
                Strings.ONLY,
                types("{'allOf': [{'properties': {'p': {'type': ['string', 'null']}}},"
                                + " {'properties': {'p': {'type': ['string', 'integer']}}}]}")
                        .strings("p"));
        assertEquals(
                Strings.NEVER,
                types("{'type': 'object', 'additionalProperties': {'type': 'integer'}}")
                        .strings("p"));
        assertEquals(
                Strings.ONLY,
                types("{'type': 'object', 'patternProperties': {'^p': {'type': 'string'}}}")
                        .strings("p"));
        for (String nothing : new String[] {"{}", "{'type': 'object'}", "{'type': 'array'}", "{'description': 'x'}"}) {
            assertEquals(Strings.UNKNOWN, types(nothing).strings("p"), nothing);
        }
        assertEquals(Strings.UNKNOWN, new ParameterTypes(Map.of()).strings("p"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // Strings alone.
                "{'enum': ['1', '2']} | 1 | \"1\"",
                "{'$ref': '#/$defs/digit'} | 2 | \"2\"",
                "{'type': 'string'} | null | \"null\"",
                "{'type': 'string'} | \"q\" | \"\\\"q\\\"\"",
                "{'type': 'string'} | ` ` | \" \"",
                // Strings and others.
                "{'anyOf': [{'type': 'string'}, {'type': 'null'}]} | 12345 | \"12345\"",
                "{'anyOf': [{'type': 'string'}, {'type': 'null'}]} | null | null",
                "{'anyOf': [{'type': 'string'}, {'type': 'null'}]} | ` null` | \" null\"",
                "{'anyOf': [{'type': 'string'}, {'type': 'null'}]} | None | \"None\"",
                "{'type': ['string', 'null']} | {\"a\": 1} | \"{\\\"a\\\": 1}\"",
                "{'type': ['string', 'integer']} | 12 | 12",
                "{'type': ['string', 'integer']} | 1.5 | \"1.5\"",
                "{'type': ['string', 'integer']} | \"12\" | \"\\\"12\\\"\"",
                "{'type': ['string', 'integer'], 'minimum': 10} | 9 | \"9\"",
                "{'enum': ['1', 2]} | 1 | \"1\"",
                "{'enum': ['1', 2]} | 2 | 2",
                "{'oneOf': [{'type': 'string'}, {'type': 'array', 'items': {'type': 'integer'}}]} | [1] | [1]",
                "{'oneOf': [{'type': 'string'}, {'type': 'array', 'items': {'type': 'integer'}}]} | [x] | \"[x]\"",
                "{'oneOf': [{'type': 'string'}, {'type': 'array', 'items': {'type': 'integer'}}]} | [\"x\"] | \"[\\\"x\\\"]\"",
                // No strings.
                "{'type': 'integer'} | 7 | 7",
                "{'type': 'integer'} | seven | \"seven\"",
                "{'type': 'boolean'} | True | true",
                "{'type': ['integer', 'null']} | None | null",
                "{'type': 'array'} | [True, None, 'x'] | [true,null,\"x\"]",
                "{'type': 'object'} | {'a': False} | {\"a\":false}",
                "{'type': 'array'} | [1, 2 | \"[1, 2\"",
                // Anything.
                "{'description': 'any'} | 7 | 7",
                "{'description': 'any'} | [\"x\"] | [\"x\"]",
                "{'description': 'any'} | ['x'] | [\"x\"]",
                "{'description': 'any'} | text | \"text\"",
                "{'description': 'any'} | 'x' | \"'x'\"",
                "{'$ref': '#/$defs/nothing'} | 7 | 7"
            })
    void aTextMeansWhatTheSchemaAdmits(String parameter, String text, String json) {
        assertEquals(json, of(parameter).json("p", text), parameter);
    }
}
