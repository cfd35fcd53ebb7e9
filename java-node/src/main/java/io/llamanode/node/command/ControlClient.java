package io.llamanode.node.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.NodePaths;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Asks a running node through its control socket, all questions within one deadline. */
final class ControlClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NodePaths paths;
    private final long timeoutMs;
    private final long deadline;

    /** @param timeoutMs milliseconds from now on, in which everything must be answered */
    ControlClient(NodePaths paths, long timeoutMs) {
        this.paths = paths;
        this.timeoutMs = timeoutMs;
        this.deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    }

    /** Nobody listens on the socket. */
    private static final class NobodyThereException extends IOException {
        private static final long serialVersionUID = 1L;

        NobodyThereException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** {@return milliseconds until the deadline, at least 0} */
    long leftMs() {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
    }

    /**
     * @param command one line
     * @return the answer, which is no error and has something in {@code data}
     * @throws ExitException if no node is there, it does not answer in time, or its answer is an error
     */
    JsonNode ask(String command) throws ExitException {
        JsonNode reply = reply(exchange(command));
        if (!reply.path("status").asText().equals("ok")) {
            throw noAnswer(reply.path("message").asText());
        }
        JsonNode data = reply.path("data");
        if (!data.isObject() || data.isEmpty()) {
            throw noAnswer("its answer is empty");
        }
        return reply;
    }

    private JsonNode reply(String line) throws ExitException {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw noAnswer("what it says is no JSON: " + line);
        }
    }

    /** A socket of this kind has no time-out of its own, not even for connecting; closing it ends the wait. */
    private String exchange(String command) throws ExitException {
        CompletableFuture<String> line = new CompletableFuture<>();
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            Thread.ofPlatform().daemon().name("control").start(() -> {
                try {
                    line.complete(exchange(channel, command));
                } catch (IOException | RuntimeException e) {
                    line.completeExceptionally(e);
                }
            });
            String answer = line.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (answer == null) {
                throw noAnswer("it closed the connection");
            }
            return answer;
        } catch (TimeoutException e) {
            throw noAnswer("nothing came within " + timeoutMs + " ms");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof NobodyThereException) {
                throw new ExitException(
                        ExitStatus.NOT_RUNNING,
                        paths.nodeName() + " is not running (" + paths.socket() + ": " + cause.getMessage() + ")");
            }
            throw noAnswer(cause == null ? null : cause.getMessage());
        } catch (InterruptedException e) {
            throw noAnswer("interrupted");
        } catch (IOException e) {
            throw noAnswer(e.getMessage());
        }
    }

    /** {@return the line that it answers, {@code null} if it closes the connection instead} */
    private @Nullable String exchange(SocketChannel channel, String command) throws IOException {
        try {
            channel.connect(UnixDomainSocketAddress.of(paths.socket()));
        } catch (IOException e) {
            throw new NobodyThereException(e);
        }
        try {
            channel.write(ByteBuffer.wrap((command + "\n").getBytes(UTF_8)));
        } catch (IOException refused) {
            // A node that does not want to hear it has said why.
        }
        return new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8)).readLine();
    }

    private ExitException noAnswer(@Nullable String why) {
        return new ExitException(ExitStatus.NO_ANSWER, paths.nodeName() + " runs but does not answer: " + why);
    }
}
