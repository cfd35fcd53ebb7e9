package io.llamanode.transport.dist;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;

/** A BEAM that evaluates one line of Erlang at a time, in one process, and epmds to go with it. */
final class Beam implements AutoCloseable {
    /** Prints what a line evaluates to, or how it failed; leaves when its input ends. */
    private static final String LOOP =
            "L = fun(L) -> case io:get_line(\"\") of eof -> halt(0, [{flush, false}]); Line -> "
                    + "R = try {ok, T, _} = erl_scan:string(Line), {ok, E} = erl_parse:parse_exprs(T), "
                    + "{value, V, _} = erl_eval:exprs(E, []), V catch C:X -> {C, X} end, "
                    + "io:format(\"=>~0p~n\", [R]), L(L) end end, L(L).";

    private static final String END = "";

    private final Process process;
    private final LinkedBlockingQueue<String> lines;

    private Beam(Process process) {
        this.process = process;
        this.lines = follow(process);
    }

    /** The output line by line, for a reader that can be interrupted; {@link #END} is the last. */
    private static LinkedBlockingQueue<String> follow(Process process) {
        LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        Thread.ofVirtual().start(() -> {
            try {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    lines.add(line.isEmpty() ? " " : line);
                }
            } catch (IOException ended) {
                // The process was killed.
            }
            lines.add(END);
        });
        return lines;
    }

    static boolean available() {
        return Stream.of("erl", "epmd")
                .allMatch(tool -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(dir -> new File(dir, tool).canExecute()));
    }

    /** Starts a node; a name with a dot in its host makes it use long names. */
    static Beam start(String node, String cookie, int epmdPort, String... flags) throws IOException {
        boolean longNames = node.substring(node.indexOf('@')).contains(".");
        List<String> command = new ArrayList<>(List.of(
                "erl",
                "-noshell",
                "-start_epmd",
                "false",
                "-boot",
                "start_clean",
                longNames ? "-name" : "-sname",
                node,
                "-setcookie",
                cookie,
                "-kernel",
                "logger_level",
                "critical"));
        command.addAll(List.of(flags));
        command.addAll(List.of("-eval", LOOP));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("ERL_EPMD_PORT", Integer.toString(epmdPort));
        Beam beam = new Beam(builder.start());
        beam.eval("ok.");
        return beam;
    }

    /** Begins to evaluate; {@link #result} waits for the end. */
    Beam submit(String line) {
        try {
            OutputStream in = process.getOutputStream();
            in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String result() {
        try {
            for (String line = lines.take(); !line.equals(END); line = lines.take()) {
                if (line.startsWith("=>")) {
                    return line.substring(2);
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("gave up waiting for the BEAM", e);
        }
        throw new IllegalStateException("the BEAM has gone");
    }

    String eval(String line) {
        return submit(line).result();
    }

    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        // Forcibly, because a test may have stopped it.
        process.destroyForcibly();
        process.onExit().join();
    }

    /** An epmd of one's own. */
    static final class PrivateEpmd implements AutoCloseable {
        final int port;
        private final Process process;
        private final LinkedBlockingQueue<String> log;

        PrivateEpmd(int port) throws IOException, InterruptedException {
            this.port = port;
            process = new ProcessBuilder("epmd", "-d", "-d", "-port", Integer.toString(port), "-address", "127.0.0.1")
                    .redirectErrorStream(true)
                    .start();
            log = follow(process);
            await("entering the main select() loop");
        }

        /** Waits until epmd has logged this. */
        void await(String text) throws InterruptedException {
            for (String line = log.take(); !line.contains(text); line = log.take()) {
                if (line.equals(END)) {
                    throw new IllegalStateException("epmd has gone");
                }
            }
        }

        static int freePort() throws IOException {
            try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort();
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
            process.onExit().join();
        }
    }
}
