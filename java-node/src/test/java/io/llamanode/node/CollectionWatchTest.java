package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes that do little but collect garbage end by themselves. Their virtual machines would not end them so: they are started
 * without the flag that makes an exhausted heap the end.
 */
@Timeout(180)
@Tag("process")
final class CollectionWatchTest {
    private static final List<String> SMALL = List.of("-XX:+UseSerialGC", "-Xmx96m");

    private static final String WHY = "went into collecting garbage, and ";

    @TempDir
    Path directory;

    @Test
    void aServiceEndsAndSaysWhy() throws Exception {
        try (Child node = Child.with(SMALL, ServiceMain.class, directory.toString(), "{\"model\": \"fills.gguf\"}")) {
            endsAndSaysWhy(node);
        }
    }

    @Test
    void aNodeOfAPortEndsAndSaysWhy() throws Exception {
        try (Child node = Child.with(SMALL, FullHeap.PortMain.class)) {
            node.send(tuple(
                    new OtpErlangAtom("config"),
                    new OtpErlangLong(1),
                    map(
                            List.of("transport", "models"),
                            List.of(
                                    new OtpErlangAtom("port"),
                                    new OtpErlangList(map(List.of("path"), List.of(text("fills.gguf"))))))));
            endsAndSaysWhy(node);
        }
    }

    private static void endsAndSaysWhy(Child node) throws Exception {
        assertEquals(ExitStatus.HEAP.number(), node.exitStatus());
        List<String> said =
                node.errors().lines().filter(line -> line.contains(WHY)).toList();
        assertEquals(1, said.size(), said.toString());
    }

    private static OtpErlangTuple tuple(OtpErlangObject... elements) {
        return new OtpErlangTuple(elements);
    }

    private static OtpErlangMap map(List<String> keys, List<? extends OtpErlangObject> values) {
        return new OtpErlangMap(
                keys.stream().map(OtpErlangAtom::new).toArray(OtpErlangObject[]::new),
                values.toArray(OtpErlangObject[]::new));
    }

    private static OtpErlangBinary text(String text) {
        return new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8));
    }
}
