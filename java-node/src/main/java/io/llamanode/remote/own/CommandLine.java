package io.llamanode.remote.own;

import java.util.ArrayList;
import java.util.List;

/** The words by which a server is started. */
final class CommandLine {
    /** Stands for the port in commands of programs that have other flags. */
    private static final String PORT = "{port}";

    private static final String HOST = "127.0.0.1";

    private CommandLine() {}

    /**
     * {@return the words with the port: in the place that is kept for it, else behind them as llama-server takes it}
     *
     * @param command the program and its arguments, as configured
     */
    static List<String> at(List<String> command, int port) {
        String number = Integer.toString(port);
        if (command.stream().anyMatch(word -> word.contains(PORT))) {
            return command.stream().map(word -> word.replace(PORT, number)).toList();
        }
        List<String> words = new ArrayList<>(command);
        words.addAll(List.of("--host", HOST, "--port", number));
        return words;
    }

    /** {@return where a server on a port is reached} */
    static String url(int port) {
        return "http://%s:%d".formatted(HOST, port);
    }
}
