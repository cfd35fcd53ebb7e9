package io.llamanode.protocol.launch;

import com.fasterxml.jackson.dataformat.toml.TomlFactory;
import io.llamanode.protocol.JsonReader;
import org.jspecify.annotations.Nullable;

/** TOML; dates in it are texts. */
final class TomlText {
    private static final TomlFactory FACTORY =
            TomlFactory.builder().streamReadConstraints(JsonReader.CONSTRAINTS).build();

    private TomlText() {}

    static @Nullable Object parse(String place, String text) {
        return JsonReader.parse(place, "TOML", () -> FACTORY.createParser(text));
    }
}
