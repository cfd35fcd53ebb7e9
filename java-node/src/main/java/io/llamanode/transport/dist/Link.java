package io.llamanode.transport.dist;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** The bytes of an authenticated connection. One thread reads and one writes; any other may try to write. */
interface Link {
    /** {@return what the peer sends; reading throws {@link java.net.SocketTimeoutException} after too long a silence} */
    InputStream in();

    /** {@return what the peer receives; writing waits for it, and is left to one thread} */
    OutputStream out();

    /**
     * Writes what the connection takes at once; only while the writing thread is known not to write.
     *
     * @param bytes to write from their beginning
     * @param length how many
     * @return how many were written, 0 if this kind of connection cannot tell how to do that
     * @throws IOException if the connection is broken
     */
    int tryWrite(byte[] bytes, int length) throws IOException;

    /** Ends the connection and wakes who reads or writes. Does not block. */
    void close() throws IOException;

    /** Frees what the reading thread needed; called by it in the end, after {@link #close}. */
    void release();

    /**
     * Takes over a connection after its handshake.
     *
     * @param channel carried the handshake
     * @param silence how long the peer may be silent
     * @return the link
     * @throws IOException if the connection is broken
     */
    static Link of(ChannelWrapper.Channel channel, Duration silence) throws IOException {
        if (channel.raw()) {
            return new SocketLink(channel.socket().getChannel(), silence);
        }
        channel.socket().setSoTimeout(Math.toIntExact(silence.toMillis()));
        return new StreamLink(channel);
    }

    /** A connection whose bytes are transformed on their way, by streams that know only to wait. */
    record StreamLink(ChannelWrapper.Channel channel) implements Link {
        @Override
        public InputStream in() {
            return channel.in();
        }

        @Override
        public OutputStream out() {
            return channel.out();
        }

        @Override
        public int tryWrite(byte[] bytes, int length) {
            return 0;
        }

        @Override
        public void close() throws IOException {
            channel.socket().close();
        }

        @Override
        public void release() {}
    }
}
