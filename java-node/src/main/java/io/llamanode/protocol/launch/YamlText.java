package io.llamanode.protocol.launch;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.llamanode.protocol.JsonReader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * YAML as far as it says what JSON can: no anchors, whose aliases can make a small text a large tree, and no tags, which make
 * other things of a text than it says. Only {@code true} and {@code false} are booleans, so that a name may be {@code no}.
 */
final class YamlText {
    private static final YAMLFactory FACTORY = YAMLFactory.builder()
            .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
            .streamReadConstraints(JsonReader.CONSTRAINTS)
            .build();

    private YamlText() {}

    static @Nullable Object parse(String place, String text) {
        return JsonReader.parse(place, "YAML", () -> new Plain(FACTORY.createParser(text)));
    }

    private static final class Plain extends JsonParserDelegate {
        private final YAMLParser yaml;

        Plain(YAMLParser yaml) {
            super(yaml);
            this.yaml = yaml;
        }

        @Override
        public @Nullable JsonToken nextToken() throws IOException {
            JsonToken token;
            try {
                token = super.nextToken();
            } catch (JsonParseException e) {
                // The message of the exception itself has the place a second time, on lines of its own.
                throw e.getCause() instanceof MarkedYAMLException marked
                        ? new JsonParseException(this, marked.getProblem(), e.getLocation())
                        : e;
            }
            if (yaml.isCurrentAlias()) {
                throw refused("an alias (*) is not taken, write the value out");
            }
            if (yaml.getObjectId() != null) {
                throw refused("an anchor (&) is not taken, write the value out where it is wanted");
            }
            if (yaml.getTypeId() != null) {
                throw refused("a tag (!) is not taken, write the value alone");
            }
            return token;
        }

        private JsonParseException refused(String why) {
            JsonParser here = this;
            return new JsonParseException(here, why, yaml.currentTokenLocation());
        }
    }
}
