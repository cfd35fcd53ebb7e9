package io.llamanode.protocol;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Settings that people bring from a client of a server, which have no counterpart here; Erlang's side has the same table. */
public final class NotThere {
    private static final String ENGINE =
            "there is no engine behind HTTP: a node loads GGUF files itself, and model names one";
    private static final String TIMEOUT = "write timeout, in milliseconds, into the input of a task";

    private static final Map<String, String> INSTEAD = Map.ofEntries(
            Map.entry("url", ENGINE),
            Map.entry("base_url", ENGINE),
            Map.entry("server_url", ENGINE),
            Map.entry("api_key", ENGINE),
            Map.entry("use_openai", ENGINE),
            Map.entry("prefer_openai", ENGINE),
            Map.entry("connect_timeout", ENGINE),
            Map.entry("connect_timeout_ms", ENGINE),
            Map.entry("request_timeout", TIMEOUT),
            Map.entry("request_timeout_ms", TIMEOUT));

    private NotThere() {}

    /**
     * Looks a setting up.
     *
     * @param name as it was given: a key, a flag without its dashes or a variable without its beginning
     * @return what to write instead, or {@code null} if the setting is none of these
     */
    public static @Nullable String instead(String name) {
        return INSTEAD.get(name.toLowerCase(Locale.ROOT).replace('-', '_'));
    }
}
