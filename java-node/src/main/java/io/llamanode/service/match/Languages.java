package io.llamanode.service.match;

import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.service.contract.task.OutputFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the formats of callers say, as languages. Keeps no state: for any thread. */
public final class Languages {
    private Languages() {}

    /**
     * {@return what a format says, or {@code null} if it says nothing; not read yet}
     *
     * @param format as a caller gave it
     * @param options how a schema is taken
     */
    public static @Nullable Language of(OutputFormat format, JsonSchema.Options options) {
        return switch (format) {
            case OutputFormat.Free() -> null;
            case OutputFormat.Gbnf(String grammar) -> Language.gbnf(grammar);
            case OutputFormat.Regex(String pattern) -> Language.regex(pattern);
            case OutputFormat.Choice(List<String> texts) -> Language.choice(texts);
            case OutputFormat.Json(String _, String schema) -> Language.schema(schema, options);
        };
    }
}
