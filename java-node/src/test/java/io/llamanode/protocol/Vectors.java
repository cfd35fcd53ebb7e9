package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.term.TermReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reads {@code test/vectors}; the format is described in {@code test/vectors_tests.erl}. */
final class Vectors {
    private Vectors() {}

    /**
     * @param name unique
     * @param external the external form
     * @param expect canonical text of the record, or of the failure; {@code null} in files of what the node sends
     */
    record Vector(String name, byte[] external, String expect) {
        OtpErlangObject term() {
            return decode(external);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static OtpErlangObject decode(byte[] external) {
        try {
            return TermReader.read(external, 0, external.length);
        } catch (OtpErlangDecodeException e) {
            throw new AssertionError(e);
        }
    }

    static List<Vector> read(String file) {
        Path path = Path.of(System.getProperty("llamanode.root", ".."), "test", "vectors", file + ".vectors");
        try {
            List<Vector> vectors = new ArrayList<>();
            for (String block : Files.readString(path).split("\n\n")) {
                Map<String, String> keys = block.lines()
                        .filter(line -> !line.startsWith("#") && !line.startsWith(" "))
                        .map(line -> line.split(": ", 2))
                        .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
                if (keys.containsKey("name")) {
                    byte[] external = Base64.getDecoder().decode(keys.get("etf"));
                    vectors.add(new Vector(keys.get("name"), external, keys.get("expect")));
                }
            }
            return vectors;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** {@return a record's text: components that are not null, in order, arrays as lists, texts quoted} */
    static String canonical(Object value) {
        return switch (value) {
            case null -> "null";
            case Record record -> {
                List<String> parts = new ArrayList<>();
                for (var component : record.getClass().getRecordComponents()) {
                    try {
                        component.getAccessor().setAccessible(true);
                        Object part = component.getAccessor().invoke(record);
                        if (part != null) {
                            parts.add(component.getName() + "=" + canonical(part));
                        }
                    } catch (ReflectiveOperationException e) {
                        throw new AssertionError(e);
                    }
                }
                yield record.getClass().getSimpleName() + "{" + String.join(", ", parts) + "}";
            }
            case int[] ids -> Arrays.toString(ids);
            case List<?> list -> list.stream().map(Vectors::canonical).collect(Collectors.joining(", ", "[", "]"));
            // Sorted, since the order of a map's keys differs between releases of OTP.
            case Map<?, ?> map -> {
                Map<String, String> sorted = new TreeMap<>();
                map.forEach((k, v) -> sorted.put(canonical(k), canonical(v)));
                yield sorted.toString().replace('=', ':');
            }
            case OtpErlangPid pid ->
                "pid(" + String.join(", ", pid.node(), "" + pid.id(), "" + pid.serial(), "" + pid.creation()) + ")";
            case OtpErlangRef ref ->
                "ref(" + ref.node() + ", " + ref.creation() + ", " + Arrays.toString(ref.ids()) + ")";
            case Path path -> canonical(path.toString());
            case String text ->
                '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
            default -> value.toString();
        };
    }
}
