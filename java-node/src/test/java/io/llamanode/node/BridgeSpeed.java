package io.llamanode.node;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Round trips over the line bridge, against a server of another process that only sends back what it gets. For
 * {@code bench/wire}. The bridge's node is {@link ServiceMain}, whose model costs nothing.
 */
final class BridgeSpeed {
    private static final int CALLS = 2000;
    private static final int ROUNDS = 7;
    private static final int WARM_UP = 60_000;

    private BridgeSpeed() {}

    /** @param args a directory for sockets and how to start a Java program; or the socket of the echo server to be */
    public static void main(String[] args) throws Exception {
        if (args.length == 1) {
            echo(Path.of(args[0]));
            return;
        }
        List<String> java = List.of(args).subList(1, args.length);
        Path directory = Files.createTempDirectory(Path.of(args[0]), "b");
        Path bridge = directory.resolve("b");
        Path other = directory.resolve("e");
        Process echo = start(java, BridgeSpeed.class, other.toString());
        Process node = start(
                java,
                ServiceMain.class,
                directory.toString(),
                "{\"model\": \"any.gguf\", \"log_level\": \"warning\", \"bridge\": \"" + bridge + "\"}");
        try {
            ready(echo);
            ready(node);
            measure(other, bridge);
        } finally {
            echo.destroy();
            node.destroy();
            node.waitFor();
            try (Stream<Path> left = Files.list(directory)) {
                for (Path file : left.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }

    private static Process start(List<String> java, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(java);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void ready(Process process) throws IOException {
        BufferedReader said = process.inputReader(UTF_8);
        if (said.readLine() == null) {
            throw new IOException("a process ended before it was ready");
        }
    }

    private static void echo(Path path) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            System.out.println("ready");
            while (true) {
                SocketChannel client = server.accept();
                Thread.ofPlatform().daemon().start(() -> echo(client));
            }
        }
    }

    private static void echo(SocketChannel client) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 10);
        try (client) {
            while (client.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    client.write(buffer);
                }
                buffer.clear();
            }
        } catch (IOException left) {
            return;
        }
    }

    /**
     * One line at a time.
     *
     * @param channel to a server
     * @param line what is sent
     * @param buffer for what comes back
     */
    private record Caller(SocketChannel channel, byte[] line, ByteBuffer buffer) {
        static Caller of(Path socket, String line) throws IOException {
            return new Caller(
                    SocketChannel.open(UnixDomainSocketAddress.of(socket)),
                    (line + "\n").getBytes(US_ASCII),
                    ByteBuffer.allocateDirect(1 << 12));
        }

        /** {@return microseconds until the end of the line that came back} */
        double call() throws IOException {
            long start = System.nanoTime();
            channel.write(ByteBuffer.wrap(line));
            buffer.clear();
            do {
                if (channel.read(buffer) < 0) {
                    throw new IOException("the server has left");
                }
            } while (buffer.get(buffer.position() - 1) != '\n');
            return (System.nanoTime() - start) / 1e3;
        }

        double median(int calls) throws IOException {
            double[] times = new double[calls];
            for (int i = 0; i < calls; i++) {
                times[i] = call();
            }
            return BridgeSpeed.median(times);
        }
    }

    private static void measure(Path other, Path bridge) throws IOException {
        Map<String, Caller> callers = new LinkedHashMap<>();
        callers.put("echo", Caller.of(other, "PING"));
        callers.put("PING", Caller.of(bridge, "PING"));
        callers.put("INFER of one token", Caller.of(bridge, "INFER {\"prompt\": \"x\", \"n_predict\": 1}"));
        for (Caller caller : callers.values()) {
            caller.median(WARM_UP);
        }
        Map<String, double[]> rounds = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (Map.Entry<String, Caller> caller : callers.entrySet()) {
                rounds.computeIfAbsent(caller.getKey(), name -> new double[ROUNDS])[round] =
                        caller.getValue().median(CALLS);
            }
        }
        double[] base = rounds.remove("echo");
        System.out.printf("round trip over a Unix socket: echo %.3f ms%n", median(base) / 1e3);
        rounds.forEach((name, times) -> {
            double[] ratios = new double[ROUNDS];
            Arrays.setAll(ratios, i -> times[i] / base[i]);
            System.out.printf("  %s %.3f ms, %.2f of the time of an echo%n", name, median(times) / 1e3, median(ratios));
        });
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
