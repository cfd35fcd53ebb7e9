package io.llamanode.transport.dist;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Connections of somebody who has no cookie, and means no good. */
public final class Strangers implements AutoCloseable {
    /** Connections that are kept open before the oldest is closed. */
    private static final int KEPT = 1000;

    private static final int THREADS = 2;

    private final int port;
    private final AtomicLong connections = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean enough;

    private Strangers(int port) {
        this.port = port;
    }

    /**
     * Connects again and again, and says nothing.
     *
     * @param port of the node
     * @param perSecond connections a second, if the machine is fast enough
     */
    public static Strangers connecting(int port, int perSecond) {
        Strangers strangers = new Strangers(port);
        for (int i = 0; i < THREADS; i++) {
            strangers.start(() -> strangers.connect(1_000_000_000L * THREADS / perSecond));
        }
        return strangers;
    }

    /**
     * Sends a name, a byte a second, over many connections; one that is cut is made again.
     *
     * @param port of the node
     * @param count connections at a time
     */
    public static Strangers dripping(int port, int count) {
        Strangers strangers = new Strangers(port);
        strangers.start(() -> strangers.drip(count));
        return strangers;
    }

    /** {@return how many connections were made so far} */
    public long connections() {
        return connections.get();
    }

    private void start(Runnable attack) {
        threads.add(Thread.ofPlatform().daemon().start(attack));
    }

    private SocketChannel open() throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        connections.incrementAndGet();
        return channel;
    }

    private void connect(long gap) {
        Deque<SocketChannel> open = new ArrayDeque<>();
        long next = System.nanoTime();
        while (!enough) {
            try {
                open.add(open());
                if (open.size() > KEPT / THREADS) {
                    open.remove().close();
                }
            } catch (IOException refused) {
                // It goes on.
            }
            next += gap;
            LockSupport.parkNanos(next - System.nanoTime());
        }
        open.forEach(Strangers::close);
    }

    /** The length of a name, then its bytes. */
    private void drip(int count) {
        byte[] packet = new byte[200];
        packet[1] = (byte) (packet.length - 2);
        packet[2] = 'N';
        SocketChannel[] open = new SocketChannel[count];
        int[] sent = new int[count];
        while (!enough) {
            long began = System.nanoTime();
            for (int i = 0; i < count && !enough; i++) {
                try {
                    if (open[i] == null) {
                        sent[i] = 0;
                        open[i] = open();
                    }
                    open[i].write(ByteBuffer.wrap(packet, sent[i]++, 1));
                } catch (IOException cut) {
                    close(open[i]);
                    open[i] = null;
                }
            }
            LockSupport.parkNanos(began + 1_000_000_000L - System.nanoTime());
        }
        for (SocketChannel channel : open) {
            close(channel);
        }
    }

    private static void close(SocketChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Ends the attack. */
    @Override
    public void close() {
        enough = true;
        threads.forEach(LockSupport::unpark);
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
