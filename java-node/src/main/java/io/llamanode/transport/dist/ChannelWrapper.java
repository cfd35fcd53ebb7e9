package io.llamanode.transport.dist;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/**
 * Turns an accepted socket into the byte channel that carries the distribution protocol: plain TCP, or
 * TLS. Runs on the handshake's own thread under the handshake's deadline, so it may block.
 */
@FunctionalInterface
public interface ChannelWrapper {
    /** TCP as it is. */
    ChannelWrapper PLAIN = socket -> new Channel(socket, socket.getInputStream(), socket.getOutputStream(), 2, true);

    /**
     * Wraps a socket.
     *
     * @param socket an accepted connection, of a {@link java.nio.channels.SocketChannel} in blocking mode
     * @return the channel
     * @throws IOException if the connection is unusable; it is closed then
     */
    Channel wrap(Socket socket) throws IOException;

    /**
     * Wraps a socket, and tells when something has come from the peer before the channel is there.
     *
     * @param socket an accepted connection, of a {@link java.nio.channels.SocketChannel} in blocking mode
     * @param heard run whenever something has come, at least once before this returns if anything was read
     * @return the channel
     * @throws IOException if the connection is unusable; it is closed then
     */
    default Channel wrap(Socket socket, Runnable heard) throws IOException {
        return wrap(socket);
    }

    /**
     * A connected channel.
     *
     * @param socket the TCP socket underneath: closing it must wake blocked reads and writes, and it
     *     carries the read time-out
     * @param in what the peer sends
     * @param out what the peer receives
     * @param handshakePrefix bytes of the length before each handshake packet: 2 on TCP, 4 on TLS
     *     ({@code inet_tls_dist})
     * @param raw whether the bytes are those of the socket, so that they need not go through these streams
     */
    record Channel(Socket socket, InputStream in, OutputStream out, int handshakePrefix, boolean raw) {}
}
