package io.llamanode.transport.bridge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client that writes lines and reads JSON objects. */
final class LineClient implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    final SocketChannel channel;
    private final BufferedReader in;

    LineClient(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
    }

    void send(String line) throws IOException {
        send((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            channel.write(left);
        }
    }

    JsonNode receive() throws IOException {
        String line = in.readLine();
        if (line == null) {
            throw new EOFException("the bridge has closed the connection");
        }
        return JSON.readTree(line);
    }

    JsonNode ask(String line) throws IOException {
        send(line);
        return receive();
    }

    /** What follows a good command. */
    JsonNode data(String line) throws IOException {
        JsonNode reply = ask(line);
        if (!reply.path("status").asText().equals("ok")) {
            throw new AssertionError(reply.toString());
        }
        return reply.path("data");
    }

    /** The code of the error that follows a bad command. */
    String code(String line) throws IOException {
        JsonNode reply = ask(line);
        if (!reply.path("status").asText().equals("error")
                || reply.path("message").asText().isEmpty()) {
            throw new AssertionError(reply.toString());
        }
        return reply.path("data").path("code").asText();
    }

    boolean isClosedByBridge() throws IOException {
        try {
            return in.readLine() == null;
        } catch (SocketException reset) {
            // The bridge closed it with bytes unread, which Linux tells as a reset.
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
