package io.llamanode.remote.request;

/** The forms of requests for text: endpoints of one kind of server whose fields have the same names. */
public enum Form {
    /** {@code /v1/chat/completions} of a llama-server. */
    LLAMA_CHAT(ServerKind.LLAMA_SERVER, "llama-server, chat"),
    /** {@code /v1/completions} of a llama-server. */
    LLAMA_COMPLETIONS(ServerKind.LLAMA_SERVER, "llama-server, completion"),
    /** {@code /completion} and {@code /infill} of a llama-server. */
    LLAMA_OWN(ServerKind.LLAMA_SERVER, "llama-server, native"),
    /** {@code /v1/chat/completions} of another server. */
    OPENAI_CHAT(ServerKind.OPENAI, "OpenAI, chat"),
    /** {@code /v1/completions} of another server. */
    OPENAI_COMPLETIONS(ServerKind.OPENAI, "OpenAI, completion"),
    /** {@code /completion} of an old server. */
    NATIVE(ServerKind.NATIVE, "native only");

    private final ServerKind kind;
    private final String title;

    Form(ServerKind kind, String title) {
        this.kind = kind;
        this.title = title;
    }

    /** {@return whose it is} */
    public ServerKind kind() {
        return kind;
    }

    /** {@return its name in tables} */
    public String title() {
        return title;
    }

    /** {@return whether the node's defaults are sent too, so that they hold there as they do here} */
    boolean takesDefaults() {
        return kind == ServerKind.LLAMA_SERVER;
    }
}
