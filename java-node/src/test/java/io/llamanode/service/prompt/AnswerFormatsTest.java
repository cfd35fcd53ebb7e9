package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.Weight;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult.Structure;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.StructureOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the options of a task say of the form of its answer. */
class AnswerFormatsTest {
    private static final OutputFormat FREE = new OutputFormat.Free();
    private static final OutputFormat REGEX = new OutputFormat.Regex("[0-9]");
    private static final OutputFormat JSON = new OutputFormat.Json("json_schema", "{\"type\": \"array\"}");
    private static final OutputFormat ODD =
            new OutputFormat.Json("response_format.schema", "{\"properties\": {\"a\": {\"pattern\": \"(?<=b)c\"}}}");

    private static GenerationOptions own(OutputFormat format, StructureOptions structure) {
        return Given.options("format", format, "structure", structure);
    }

    private static GenerationOptions complete(OutputFormat format, StructureOptions structure) {
        return GenerationDefaults.complete(own(format, structure), GenerationOptions.NONE);
    }

    private static StructureOptions lenient(Boolean parse) {
        return new StructureOptions(null, true, parse);
    }

    private static StructureOptions parse(boolean parse) {
        return new StructureOptions(null, null, parse);
    }

    @Test
    void everyFormatIsALanguageButNone() {
        assertNull(AnswerFormats.language(complete(FREE, null)));
        assertEquals(Language.regex("[0-9]"), AnswerFormats.language(complete(REGEX, null)));
        assertEquals(
                Language.choice(List.of("a")),
                AnswerFormats.language(complete(new OutputFormat.Choice(List.of("a")), null)));
        assertEquals(Language.gbnf("x"), AnswerFormats.language(complete(new OutputFormat.Gbnf("x"), null)));
        Language compact = AnswerFormats.language(complete(JSON, null));
        assertEquals(compact, AnswerFormats.language(complete(JSON, new StructureOptions(0, false, null))));
        assertNotEquals(compact, AnswerFormats.language(complete(JSON, new StructureOptions(1, null, null))));
        assertNotEquals(compact, AnswerFormats.language(complete(JSON, lenient(null))));
    }

    @Test
    void anAnswerThatIsJsonIsParsedUnlessItsCallerWantsIsNot() {
        assertTrue(AnswerFormats.structure(complete(JSON, null)).parse());
        assertTrue(AnswerFormats.structure(complete(JSON, parse(true))).parse());
        assertFalse(AnswerFormats.structure(complete(JSON, parse(false))).parse());
        assertFalse(AnswerFormats.structure(complete(REGEX, null)).parse());
        assertTrue(AnswerFormats.structure(complete(REGEX, parse(true))).parse());
        // Said by a session, for those of its tasks that have a format.
        assertEquals(Structure.NONE, AnswerFormats.structure(complete(FREE, parse(true))));
    }

    @Test
    void whatIsIgnoredIsTold() {
        Structure structure = AnswerFormats.structure(complete(ODD, lenient(false)));
        assertFalse(structure.parse());
        assertEquals(1, structure.ignored().size());
        assertEquals("/properties/a", structure.ignored().getFirst().pointer());
        assertEquals("pattern", structure.ignored().getFirst().keyword());
        assertEquals(
                List.of(),
                AnswerFormats.structure(complete(JSON, lenient(null))).ignored());
        FailureException none = assertThrows(
                FailureException.class,
                () -> AnswerFormats.structure(complete(new OutputFormat.Json("json_schema", "7"), lenient(null))));
        assertTrue(
                none.failure().message().startsWith("json_schema: #: "),
                none.failure().message());
    }

    @Test
    void whatIsIgnoredIsCheckedInTheAnswer() {
        OutputFormat twice = new OutputFormat.Json(
                "json_schema",
                "{\"type\": \"object\", \"properties\": {\"l/r\": {\"type\": \"array\", \"uniqueItems\": true, \"items\": {\"type\": \"object\"}}}}");
        Structure structure = AnswerFormats.structure(complete(twice, lenient(null)));
        assertEquals("uniqueItems", structure.ignored().getFirst().keyword());
        assertEquals(
                "content is not valid by json_schema at #/l~1r: uniqueItems: items 0 and 2 are equal",
                structure.check().fault("{\"l/r\": [{\"a\": 1, \"b\": 2}, {}, {\"b\": 2, \"a\": 1.0}]}"));
        assertNull(structure.check().fault("{\"l/r\": [{\"a\": 1}, {}, {\"a\": 2}]}"));
        // The schema is held as long as the result is.
        assertTrue(Weight.of(structure) > 100);
        // What keeps to the grammar is valid where nothing was ignored; without parse nobody asks.
        assertNull(AnswerFormats.structure(complete(twice, lenient(false))).check());
        assertNull(AnswerFormats.structure(complete(JSON, lenient(null))).check());
        assertNull(AnswerFormats.structure(complete(JSON, null)).check());
        // What can not be judged is given: the grammar had all that it could.
        assertNull(AnswerFormats.structure(complete(ODD, lenient(null))).check().fault("{\"a\": \"c\"}"));
    }

    @Test
    void aRefusalNamesKeyPlaceKeywordAndRemedy() {
        LanguageException why = assertThrows(
                LanguageException.class,
                () -> AnswerFormats.language(complete(ODD, null)).rules());
        String message =
                AnswerFormats.refusal("response_format.schema", why).failure().message();
        assertTrue(message.startsWith("response_format.schema: #/properties/a/pattern: "), message);
        assertTrue(message.endsWith("; json_schema_lenient => true goes on without it"), message);
        LanguageException nothing =
                assertThrows(LanguageException.class, () -> Language.regex("(").rules());
        assertFalse(AnswerFormats.refusal("regex", nothing).failure().message().contains("lenient"));
    }

    @Test
    void whatHasNoEffectIsRefusedByItsName() {
        assertEquals("whitespace", refusedKey(FREE, new StructureOptions(0, null, null)));
        assertEquals("whitespace", refusedKey(REGEX, new StructureOptions(-1, null, null)));
        assertEquals("json_schema_lenient", refusedKey(REGEX, lenient(null)));
        assertEquals("parse", refusedKey(FREE, parse(true)));
        assertDoesNotThrow(() -> refusedKeyOf(REGEX, parse(true)));
        assertDoesNotThrow(() -> refusedKeyOf(JSON, new StructureOptions(3, true, true)));
        assertDoesNotThrow(() -> refusedKeyOf(FREE, new StructureOptions(null, false, false)));
        // What a session says holds for those of its tasks that it fits.
        GenerationOptions inherited = complete(FREE, new StructureOptions(0, true, true));
        assertDoesNotThrow(() -> AnswerFormats.refuseWithoutEffect(GenerationOptions.NONE, inherited));
    }

    private static void refusedKeyOf(OutputFormat format, StructureOptions structure) {
        AnswerFormats.refuseWithoutEffect(own(format, structure), complete(format, structure));
    }

    private static String refusedKey(OutputFormat format, StructureOptions structure) {
        return assertThrows(FailureException.class, () -> refusedKeyOf(format, structure))
                .failure()
                .message()
                .split(":")[0];
    }
}
