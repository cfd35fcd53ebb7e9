package io.llamanode.remote.request;

import java.util.Locale;

/** What a server is. For any thread. */
public enum ServerKind {
    /** llama.cpp's server, with OpenAI's endpoints beside its own. */
    LLAMA_SERVER("a llama-server"),
    /** Another server that speaks OpenAI's protocol. */
    OPENAI("an OpenAI-compatible server"),
    /** An old llama-server, or a wrapper of one, with its own endpoints only. */
    NATIVE("a server with native endpoints only");

    private final String words;

    ServerKind(String words) {
        this.words = words;
    }

    /** {@return what it is called in messages} */
    public String words() {
        return words;
    }

    /** {@return its name in statuses and logs} */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
