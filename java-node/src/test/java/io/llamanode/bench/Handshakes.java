package io.llamanode.bench;

import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.transport.dist.DistConfig;
import io.llamanode.transport.dist.DistHandler;
import io.llamanode.transport.dist.DistNode;
import io.llamanode.transport.dist.RawPeer;
import io.llamanode.transport.dist.Strangers;
import io.llamanode.transport.mailbox.From;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Locale;

/** How many handshakes of nodes with the cookie succeed at the first try while strangers want all places. */
public final class Handshakes {
    private static final int TRIES = 1000;
    private static final long SETTLED_MS = 2000;

    private Handshakes() {}

    private static final class Silent implements DistHandler {
        @Override
        public void onCall(From from, OtpErlangObject request) {}

        @Override
        public void onCast(OtpErlangObject request) {}

        @Override
        public void onBadCall(From from, String reason) {}
    }

    public static void main(String[] args) throws Exception {
        System.out.printf(
                Locale.ROOT,
                "On %s UTC (%d cores, Java %s), %d handshakes one after the other, from the address of the strangers:%n%n",
                Instant.now()
                        .truncatedTo(ChronoUnit.MINUTES)
                        .toString()
                        .replace('T', ' ')
                        .replace(":00Z", ""),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.version"),
                TRIES);
        System.out.println("| strangers | their connections a second | succeed at the first try | median, longest |");
        System.out.println("|---|---|---|---|");
        row("none", null);
        row("3,000 connections a second that say nothing", port -> Strangers.connecting(port, 3000));
        row("500 connections that send a byte a second", port -> Strangers.dripping(port, 500));
    }

    private interface Attack {
        Strangers on(int port);
    }

    private static void row(String name, Attack attack) throws Exception {
        try (DistNode node = DistNode.start(
                        DistConfig.named("j@localhost", "secret").epmd(false).build(), new Silent());
                Strangers strangers = attack == null ? null : attack.on(node.port())) {
            if (strangers != null) {
                Thread.sleep(SETTLED_MS);
            }
            long began = System.nanoTime();
            long before = strangers == null ? 0 : strangers.connections();
            long[] times = new long[TRIES];
            int succeeded = 0;
            for (int i = 0; i < TRIES; i++) {
                long start = System.nanoTime();
                try (RawPeer _ = RawPeer.connected(node.port(), "rightful@host", "secret")) {
                    succeeded++;
                } catch (Exception refused) {
                    // Counted by what is missing.
                }
                times[i] = System.nanoTime() - start;
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            Arrays.sort(times);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.0f | %d of %d | %.1f ms, %.1f ms |%n",
                    name,
                    strangers == null ? 0 : (strangers.connections() - before) / seconds,
                    succeeded,
                    TRIES,
                    times[TRIES / 2] / 1e6,
                    times[TRIES - 1] / 1e6);
        }
    }
}
