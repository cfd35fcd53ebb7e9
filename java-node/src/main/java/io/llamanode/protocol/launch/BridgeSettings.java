package io.llamanode.protocol.launch;

import io.llamanode.protocol.Fields;
import io.llamanode.protocol.InputValue;
import io.llamanode.service.contract.FailureException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The line bridge of a node that runs as a service.
 *
 * @param socket path of its socket, or {@code null} for no bridge
 * @param maxClients connections to it at a time
 * @param maxLineBytes longest line it reads
 * @param mode permissions of the socket's file, as {@code rw-rw----}
 * @param group that the file gets, or {@code null} for that of the process
 * @param secret file that holds what clients must know, or {@code null} if they need not know anything
 * @param quitEndsNode whether {@code QUIT} ends the node
 */
public record BridgeSettings(
        @Nullable Path socket,
        int maxClients,
        int maxLineBytes,
        String mode,
        @Nullable String group,
        @Nullable Path secret,
        boolean quitEndsNode) {
    private static final String[] BITS = {"---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"};

    /**
     * Reads the keys that begin with {@code bridge}.
     *
     * @param in the configuration
     * @return the checked settings
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    static BridgeSettings decode(Fields in) {
        Path socket = ConfigDecoder.path(in.get("bridge"));
        Integer clients = in.integer("bridge_max_clients", 1, 10_000);
        Integer line = in.integer("bridge_max_line_bytes", 64, 64 << 20);
        InputValue mode = in.get("bridge_mode");
        String group = in.nonEmptyText("bridge_group");
        Path secret = ConfigDecoder.path(in.get("bridge_secret"));
        InputValue quit = in.get("bridge_quit");
        BridgeSettings settings = new BridgeSettings(
                socket,
                clients == null ? 32 : clients,
                line == null ? 1 << 20 : line,
                mode == null ? "rw-------" : permissions(mode),
                group,
                secret,
                quit != null && endsNode(quit));
        if (socket == null) {
            refuse("bridge_mode", mode);
            refuse("bridge_group", group);
            refuse("bridge_secret", secret);
            refuse("bridge_quit", quit);
        }
        return settings;
    }

    private static void refuse(String key, @Nullable Object given) {
        if (given != null) {
            throw FailureException.invalid(key + " belongs to bridge, which is not given");
        }
    }

    /** A number would be read as decimal, and mean something else. */
    private static String permissions(InputValue mode) {
        String digits = mode.isText() ? mode.text() : "";
        if (!digits.matches("0?[67][0-7]0")) {
            throw mode.mustBe("octal digits as text, such as \"0600\" or \"0660\": the owner must read and write,"
                    + " and others than the group are refused whatever the mode");
        }
        StringBuilder permissions = new StringBuilder();
        digits.substring(digits.length() - 3).chars().forEach(digit -> permissions.append(BITS[digit - '0']));
        return permissions.toString();
    }

    private static boolean endsNode(InputValue quit) {
        String what = quit.isText() ? quit.text() : "";
        if (!List.of("connection", "node").contains(what)) {
            throw quit.mustBe("connection or node");
        }
        return what.equals("node");
    }
}
