package io.llamanode.remote.own;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports of the loopback address. */
final class Ports {
    private Ports() {}

    /** {@return one that nobody listens on now; somebody may a moment later} */
    static int free() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(at(0), 1);
            return socket.getLocalPort();
        }
    }

    /** {@return whether somebody listens on it} */
    static boolean isTaken(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(at(port), 1);
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    }
}
