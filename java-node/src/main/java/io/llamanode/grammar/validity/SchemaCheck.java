package io.llamanode.grammar.validity;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llamanode.grammar.schema.Document;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.SchemaException;

/**
 * Looks whether values are valid by a schema, within bounds: a look that would take too long is none.
 *
 * <p>For one thread.
 */
public final class SchemaCheck {
    /** Of one look; about a tenth of a second. A step is a keyword, a value, or a character that a pattern reads. */
    private static final int MOST_STEPS = 500_000;

    private static final int MOST_VALUE_DEPTH = 200;

    /** Numbers as they are written: as doubles they would be others. */
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MOST_VALUE_DEPTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Document document;
    private final boolean formats;
    private final boolean keepsSeen;

    private SchemaCheck(Document document, boolean formats, boolean keepsSeen) {
        this.document = document;
        this.formats = formats;
        this.keepsSeen = keepsSeen;
    }

    /**
     * Reads a schema.
     *
     * @param schema its text
     * @param formats whether {@code format} says what a text is
     * @return what looks at values
     * @throws SchemaException if it is no schema
     */
    public static SchemaCheck of(String schema, boolean formats) {
        // An escape could spell the word in another way.
        boolean keepsSeen = schema.contains("unevaluated") || schema.indexOf('\\') >= 0;
        return new SchemaCheck(JsonSchema.document(schema), formats, keepsSeen);
    }

    /**
     * Looks at a value.
     *
     * @param value with numbers of any size as they are written
     * @return the first fault that is found, or that it is valid, or that this can not be said
     */
    public Verdict judge(JsonNode value) {
        try {
            return new Evaluator(document, new Budget(MOST_STEPS), formats, keepsSeen).root(value);
        } catch (Budget.SpentException e) {
            return new Verdict.Unjudged(String.valueOf(e.getMessage()));
        } catch (StackOverflowError e) {
            // A pattern may be nested by thousands; the stack is whole again here.
            return new Verdict.Unjudged("it is nested too deeply");
        }
    }

    /**
     * Reads a value and looks at it.
     *
     * @param json its text
     * @return as above; that it can not be said as well if the text is no JSON
     */
    public Verdict judge(String json) {
        try {
            return judge(JSON.readTree(json));
        } catch (JsonProcessingException e) {
            return new Verdict.Unjudged("it is no JSON: " + e.getOriginalMessage());
        }
    }
}
