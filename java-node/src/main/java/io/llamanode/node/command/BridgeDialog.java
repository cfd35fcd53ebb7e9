package io.llamanode.node.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One connection to a bridge or a control socket, for as long as there is time. */
final class BridgeDialog implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SocketChannel channel;
    private final BufferedReader in;
    private final long timeoutMs;
    private volatile boolean late;

    /** What was asked for was refused, or there was no answer. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    private BridgeDialog(SocketChannel channel, long timeoutMs) {
        this.channel = channel;
        this.timeoutMs = timeoutMs;
        this.in = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8));
        // A socket of this kind has no time-out of its own; closing it ends the wait.
        CompletableFuture.delayedExecutor(timeoutMs, TimeUnit.MILLISECONDS).execute(() -> {
            late = true;
            closeQuietly();
        });
    }

    /**
     * @param timeoutMs milliseconds in which everything must be answered
     * @throws ExitException if nobody listens
     */
    static BridgeDialog open(Path socket, long timeoutMs) throws ExitException {
        try {
            return new BridgeDialog(SocketChannel.open(UnixDomainSocketAddress.of(socket)), timeoutMs);
        } catch (IOException e) {
            throw new ExitException(ExitStatus.NOT_RUNNING, "nobody listens on " + socket + ": " + e.getMessage());
        }
    }

    /** {@return the answer to a line} */
    JsonNode ask(String line) throws IOException {
        try {
            ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException refused) {
            // A bridge that does not want to hear it has said why.
        }
        return next();
    }

    /** {@return what comes next, which is no error} */
    JsonNode next() throws IOException {
        String line;
        try {
            line = in.readLine();
        } catch (IOException e) {
            throw new RefusedException(
                    late ? "nothing came within " + timeoutMs + " ms" : String.valueOf(e.getMessage()));
        }
        if (line == null) {
            throw new RefusedException(late ? "nothing came within " + timeoutMs + " ms" : "the connection was closed");
        }
        JsonNode reply;
        try {
            reply = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new RefusedException("what it says is no JSON: " + line);
        }
        if (reply.path("status").asText().equals("error")) {
            throw new RefusedException(reply.path("message").asText());
        }
        return reply;
    }

    private void closeQuietly() {
        try {
            channel.close();
        } catch (IOException e) {
            // It is as good as closed.
        }
    }

    @Override
    public void close() {
        closeQuietly();
    }
}
