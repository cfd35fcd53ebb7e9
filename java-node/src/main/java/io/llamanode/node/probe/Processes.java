package io.llamanode.node.probe;

import java.util.Map;

/** Starts processes that probe. For any thread. */
final class Processes {
    /** The argument by which a process knows that it is one. */
    static final String ARGUMENT = "--probe";

    /** The argument of one that loads a library, followed by what asks for that. */
    static final String LIBRARY_ARGUMENT = "--library";

    private Processes() {}

    /**
     * A process with the Java, the jar and the flags of this one. The heap has the same limit, since the vocabulary must
     * fit into it there as well, and is taken as it is needed. What an operator gives for this process only, such as the
     * port of a debugger, is left out, and so is the cookie.
     *
     * @param launcher the launcher script
     */
    static ProcessBuilder launchedBy(String launcher) {
        return like(new ProcessBuilder(launcher, ARGUMENT));
    }

    /**
     * Such a process that loads a library.
     *
     * @param launcher the launcher script
     * @param name what asks for the library
     */
    static ProcessBuilder loading(String launcher, String name) {
        return like(new ProcessBuilder(launcher, LIBRARY_ARGUMENT, name));
    }

    private static ProcessBuilder like(ProcessBuilder builder) {
        Map<String, String> environment = builder.environment();
        environment.remove("LLAMA_NODE_COOKIE");
        environment.put("LLAMA_NODE_JAVA_HOME", System.getProperty("java.home"));
        environment.put(
                "LLAMA_NODE_JAVA_OPTS",
                "-Xmx%dm -Xms8m -XX:+ErrorFileToStderr"
                        .formatted(Math.max(16, Runtime.getRuntime().maxMemory() >> 20)));
        // llama.cpp would call a debugger, which takes seconds.
        environment.put("GGML_NO_BACKTRACE", "1");
        return builder;
    }
}
