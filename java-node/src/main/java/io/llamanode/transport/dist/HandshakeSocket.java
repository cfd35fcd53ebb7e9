package io.llamanode.transport.dist;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that carries TLS. A peer that refuses the node sends an alert, which has the reason, and closes. The node may
 * still be writing its part of the handshake, and that such a write failed says nothing. So until the handshake is over, a
 * write that fails counts as done: then the handshake goes on to read, and finds the alert, or the end of the connection.
 * It need not wait for either, since a connection that cannot be written to any more is broken.
 */
final class HandshakeSocket extends Socket {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeSocket.class);

    private final Socket socket;
    private final Runnable heard;
    private boolean over;

    /**
     * @param socket a connection
     * @param heard run when something was read, until the handshake is over
     */
    HandshakeSocket(Socket socket, Runnable heard) {
        this.socket = socket;
        this.heard = heard;
    }

    /** From here on a write that fails says so. */
    void handshakeIsOver() {
        over = true;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new FilterInputStream(socket.getInputStream()) {
            @Override
            public int read() throws IOException {
                return heard(super.read());
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                return heard(super.read(into, from, length));
            }

            private int heard(int read) {
                if (!over && read >= 0) {
                    heard.run();
                }
                return read;
            }
        };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        OutputStream out = socket.getOutputStream();
        return new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                try {
                    out.write(bytes, from, length);
                } catch (IOException e) {
                    if (over) {
                        throw e;
                    }
                    LOG.debug("writing to {}: {}", socket.getRemoteSocketAddress(), e.getMessage());
                }
            }
        };
    }

    @Override
    public boolean isConnected() {
        return socket.isConnected();
    }

    @Override
    public InetAddress getInetAddress() {
        return socket.getInetAddress();
    }

    @Override
    public int getSoTimeout() throws SocketException {
        return socket.getSoTimeout();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
