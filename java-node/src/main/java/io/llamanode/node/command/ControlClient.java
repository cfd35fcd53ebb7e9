package io.llamanode.node.command;

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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks a running node through its control socket. */
final class ControlClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NodePaths paths;
    private final long timeoutMs;

    ControlClient(NodePaths paths, long timeoutMs) {
        this.paths = paths;
        this.timeoutMs = timeoutMs;
    }

    /**
     * @param command one line
     * @return the reply
     * @throws ExitException if no node is there, or it does not answer in time
     */
    JsonNode ask(String command) throws ExitException {
        Path socket = paths.socket();
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
            } catch (IOException e) {
                throw new ExitException(
                        ExitStatus.NOT_RUNNING,
                        paths.nodeName() + " is not running (" + socket + ": " + e.getMessage() + ")");
            }
            channel.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
            return JSON.readTree(line(channel));
        } catch (IOException e) {
            throw noAnswer(e.getMessage());
        }
    }

    /** A socket of this kind has no time-out of its own; closing it ends the read. */
    private String line(SocketChannel channel) throws ExitException, IOException {
        CompletableFuture<String> line = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
                line.complete(in.readLine());
            } catch (IOException e) {
                line.completeExceptionally(e);
            }
        });
        try {
            String answer = line.get(timeoutMs, TimeUnit.MILLISECONDS);
            if (answer == null) {
                throw noAnswer("it closed the connection");
            }
            return answer;
        } catch (TimeoutException e) {
            throw noAnswer("nothing came within " + timeoutMs + " ms");
        } catch (ExecutionException e) {
            throw noAnswer(e.getCause().getMessage());
        } catch (InterruptedException e) {
            throw noAnswer("interrupted");
        }
    }

    private ExitException noAnswer(String why) {
        return new ExitException(ExitStatus.NO_ANSWER, paths.nodeName() + " runs but does not answer: " + why);
    }
}
