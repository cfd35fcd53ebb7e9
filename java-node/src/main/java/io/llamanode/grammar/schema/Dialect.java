package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of the specification, as far as it makes a difference. */
public enum Dialect {
    /** Draft 4. */
    DRAFT_4,
    /** Draft 6. */
    DRAFT_6,
    /** Draft 7. */
    DRAFT_7,
    /** Draft 2019-09. */
    DRAFT_2019_09,
    /** Draft 2020-12. */
    DRAFT_2020_12;

    private static final Pattern OLD = Pattern.compile("https?://json-schema\\.org/draft-0([467])/(?:hyper-)?schema#?");
    private static final Pattern NEW = Pattern.compile("https?://json-schema\\.org/draft/(2019-09|2020-12)/schema#?");
    private static final Pattern NEWEST = Pattern.compile("https?://json-schema\\.org/schema#?");

    /** {@return that of a schema which may name one; another one if it does not} */
    static Dialect of(JsonNode schema, String pointer, Dialect otherwise) {
        JsonNode named = schema.get("$schema");
        if (named == null) {
            return otherwise;
        }
        String uri = named.asText().trim();
        Matcher old = OLD.matcher(uri);
        if (old.matches()) {
            return switch (old.group(1)) {
                case "4" -> DRAFT_4;
                case "6" -> DRAFT_6;
                default -> DRAFT_7;
            };
        }
        Matcher recent = NEW.matcher(uri);
        if (recent.matches()) {
            return recent.group(1).startsWith("2019") ? DRAFT_2019_09 : DRAFT_2020_12;
        }
        if (NEWEST.matcher(uri).matches()) {
            return DRAFT_2020_12;
        }
        throw new SchemaException(
                pointer,
                "$schema",
                "'%s' is no version of JSON schema known here; name draft 2020-12, 2019-09, 7, 6 or 4, or leave it out"
                        .formatted(uri));
    }

    /** {@return whether what stands beside a reference is ignored} */
    public boolean referencesStandAlone() {
        return compareTo(DRAFT_7) <= 0;
    }

    String idKeyword() {
        return this == DRAFT_4 ? "id" : "$id";
    }
}
