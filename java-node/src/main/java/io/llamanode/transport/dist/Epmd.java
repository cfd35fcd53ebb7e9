package io.llamanode.transport.dist;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the node registered in the epmd of this machine (erts, "Distribution Protocol", EPMD). A
 * registration lasts as long as its connection; when that ends, epmd has restarted, and the node
 * registers again. {@code OtpEpmd} is not used because it does not tell a taken name from other
 * failures, and waits without a limit. The creation that epmd offers is not used: it begins at the clock whenever
 * epmd is started, so that it could be that of an earlier incarnation.
 */
final class Epmd implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Epmd.class);
    private static final int TIMEOUT_MS = 5_000;
    private static final long FIRST_RETRY_MS = 50;
    private static final long LAST_RETRY_MS = 5_000;
    private static final int HIDDEN_NODE = 72;

    private final int epmdPort;
    private final String alive;
    private final int nodePort;
    private final Thread watchdog;
    private volatile Socket registration;
    private volatile boolean registered;
    private volatile boolean closed;

    /** The name belongs to another node. */
    static final class NameTakenException extends IOException {
        private static final long serialVersionUID = 1L;

        NameTakenException(String alive) {
            super("epmd has a node named " + alive);
        }

        /** {@return which name; never {@code null}} */
        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    /**
     * Registers the node.
     *
     * @param epmdPort port of epmd on the loopback interface
     * @param alive the node's name up to the {@code @}
     * @param nodePort port of the node's listener
     * @throws NameTakenException if another node has the name
     * @throws IOException if epmd does not answer
     */
    Epmd(int epmdPort, String alive, int nodePort) throws IOException {
        this.epmdPort = epmdPort;
        this.alive = alive;
        this.nodePort = nodePort;
        register();
        this.watchdog = Thread.ofVirtual().name("epmd-watchdog").unstarted(this::watch);
        watchdog.start();
    }

    /** The port of epmd that BEAMs of this environment use. */
    static int defaultPort() {
        String port = System.getenv("ERL_EPMD_PORT");
        try {
            int number = port == null ? 4369 : Integer.parseInt(port.trim());
            return number > 0 && number < 65536 ? number : 4369;
        } catch (NumberFormatException notANumber) {
            return 4369;
        }
    }

    boolean registered() {
        return registered;
    }

    private void register() throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), epmdPort), TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            socket.getOutputStream().write(aliveRequest());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int kind = in.readUnsignedByte();
            int result = in.readUnsignedByte();
            if (result != 0) {
                throw new NameTakenException(alive);
            }
            // The creation follows, in four bytes or in two.
            in.skipNBytes(
                    switch (kind) {
                        case 118 -> 4;
                        case 121 -> 2;
                        default -> throw new IOException("epmd answered " + kind);
                    });
            socket.setSoTimeout(0);
            registration = socket;
            if (closed) {
                throw new IOException("closed");
            }
            registered = true;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private byte[] aliveRequest() throws IOException {
        byte[] name = alive.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(13 + name.length);
        out.writeByte(120);
        out.writeShort(nodePort);
        out.writeByte(HIDDEN_NODE);
        out.writeByte(0);
        out.writeShort(6);
        // OTP 23 and 24 begin with an 'n' name when the lowest version is 5, and both are understood.
        out.writeShort(5);
        out.writeShort(name.length);
        out.write(name);
        out.writeShort(0);
        return bytes.toByteArray();
    }

    /** epmd says nothing after its answer, so this read ends only when the registration does. */
    private void watch() {
        while (!closed) {
            try {
                while (registration.getInputStream().read() >= 0) {
                    continue;
                }
            } catch (IOException ended) {
                LOG.debug("epmd connection: {}", ended.getMessage());
            }
            registered = false;
            closeQuietly(registration);
            if (!closed) {
                LOG.warn("epmd has gone; {} registers again when it is back", alive);
                registerAgain();
            }
        }
    }

    /** Nothing announces that epmd is back, so this asks, ever more rarely. */
    private void registerAgain() {
        long pause = FIRST_RETRY_MS;
        boolean told = false;
        while (!closed) {
            try {
                register();
                LOG.info("{} is registered in epmd again", alive);
                return;
            } catch (NameTakenException taken) {
                if (!told) {
                    LOG.error("{}; BEAMs that ask epmd now reach that node", taken.getMessage());
                    told = true;
                }
            } catch (IOException absent) {
                LOG.debug("epmd is not back: {}", absent.getMessage());
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException closing) {
                return;
            }
            pause = Math.min(LAST_RETRY_MS, 2 * pause);
        }
    }

    @Override
    public void close() {
        closed = true;
        registered = false;
        closeQuietly(registration);
        watchdog.interrupt();
        try {
            watchdog.join(TIMEOUT_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing the epmd connection: {}", e.getMessage());
        }
    }
}
