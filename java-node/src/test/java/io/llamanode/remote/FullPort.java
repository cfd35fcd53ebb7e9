package io.llamanode.remote;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** A port at which nobody accepts, and no more may wait for it: whoever connects does so for ever. */
public final class FullPort {
    /** What is done with it. */
    @FunctionalInterface
    public interface Use {
        /** Connects there. */
        void at(URI url) throws Exception;
    }

    private FullPort() {}

    /** @param port that is filled, 0 for a free one */
    public static void at(int port, Use use) throws Exception {
        List<Socket> waiting = new ArrayList<>();
        try (ServerSocket full = new ServerSocket()) {
            full.setReuseAddress(true);
            full.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
            for (int i = 0; i < 8; i++) {
                SocketChannel socket = SocketChannel.open();
                socket.configureBlocking(false);
                socket.connect(full.getLocalSocketAddress());
                waiting.add(socket.socket());
            }
            use.at(URI.create("http://127.0.0.1:" + full.getLocalPort()));
        } finally {
            for (Socket socket : waiting) {
                socket.close();
            }
        }
    }
}
