package io.llamanode.transport.dist;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** The bytes of an authenticated connection. One thread reads and one writes; any other may try to write. */
interface Link {
    /** {@return what the peer sends; reading throws {@link java.net.SocketTimeoutException} after too long a silence} */
    InputStream in();

    /**
     * What the peer receives; writing waits for it, and is left to one thread.
     *
     * @param progress run on that thread whenever the connection has taken some of what is written
     * @return writes to the peer
     */
    OutputStream out(Runnable progress);

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
        /** What a record of TLS holds, bytes. */
        private static final int RECORD = 16 << 10;

        @Override
        public InputStream in() {
            return channel.in();
        }

        @Override
        public OutputStream out(Runnable progress) {
            OutputStream out = channel.out();
            return new OutputStream() {
                @Override
                public void write(int one) throws IOException {
                    out.write(one);
                    progress.run();
                }

                /** One record at a time: how much of it was taken cannot be seen. */
                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    for (int at = from; at < from + length; at += RECORD) {
                        out.write(bytes, at, Math.min(RECORD, from + length - at));
                        progress.run();
                    }
                }

                @Override
                public void flush() throws IOException {
                    out.flush();
                }
            };
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
