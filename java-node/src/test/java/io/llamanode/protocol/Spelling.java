package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Values as terms, each time in one of the ways that docs/protocol.md, section 2, allows: a text as a binary, a string or an
 * atom, fields as a map, a proplist or JSON, a number with or without a fraction.
 */
final class Spelling {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> NO_TEXTS = Set.of("true", "false", "undefined", "nil", "null");

    /** A value of no particular type: a list is none but a list there, and what is text is no list. */
    record Plainly(Object tree) {}

    /** The same, in which the order of keys counts. */
    record Ordered(Object tree) {
        static Ordered of(String json) {
            try {
                return new Ordered(JSON.readValue(json, Object.class));
            } catch (JsonProcessingException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** @param tagged whether these may be told from text only by their tag */
    record Ids(int[] ids, boolean tagged) {}

    /** Fields that may only be a map. */
    record Keyed(Map<String, Object> fields) {}

    record Pair(Object first, Object second) {}

    private enum Kind {
        TYPED,
        PLAIN,
        ORDERED
    }

    private final Random random;

    Spelling(Random random) {
        this.random = random;
    }

    /** {@return an argument that is an object: as fields, or as JSON} */
    OtpErlangObject whole(Map<String, Object> fields) {
        if (random.nextInt(3) > 0 || fields.values().stream().anyMatch(OtpErlangObject.class::isInstance)) {
            return fields(fields);
        }
        try {
            return binary(JSON.writeValueAsString(json(fields)));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /** {@return a map or a proplist} */
    OtpErlangObject fields(Map<String, Object> fields) {
        return fields(fields, Kind.TYPED);
    }

    OtpErlangObject term(Object value) {
        return term(value, Kind.TYPED);
    }

    OtpErlangObject text(String text) {
        return text(text, Kind.TYPED);
    }

    private static OtpErlangBinary binary(String text) {
        return new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8));
    }

    private OtpErlangObject term(Object value, Kind kind) {
        return switch (value) {
            case null -> new OtpErlangAtom(List.of("undefined", "nil", "null").get(random.nextInt(3)));
            case OtpErlangObject term -> term;
            case String text -> text(text, kind);
            case Boolean flag -> new OtpErlangAtom(flag);
            case Integer number -> new OtpErlangLong(number);
            case Long number -> new OtpErlangLong(number);
            case BigInteger number -> new OtpErlangLong(number);
            case Float number ->
                number == Math.rint(number) && random.nextBoolean()
                        ? new OtpErlangLong(number.longValue())
                        : new OtpErlangDouble(number);
            case Double number -> new OtpErlangDouble(number);
            case Plainly(Object tree) -> term(tree, Kind.PLAIN);
            case Ordered(Object tree) -> term(tree, Kind.ORDERED);
            case Ids(int[] ids, boolean tagged) -> tagged ? tagged(ids) : ids(ids);
            case Keyed(var fields) ->
                map(keys(fields), fields.values().stream().map(this::term).toList());
            case Pair(Object first, Object second) -> pair(term(first, kind), term(second, kind));
            case List<?> list ->
                list(list.stream().map(item -> term(item, kind)).toList());
            case Map<?, ?> map -> fields(map, kind);
            default -> throw new AssertionError(value.getClass());
        };
    }

    private OtpErlangObject text(String text, Kind kind) {
        boolean atom = !NO_TEXTS.contains(text) && text.codePointCount(0, text.length()) < 256;
        return switch (random.nextInt(kind == Kind.TYPED ? 4 : 2)) {
            case 0 -> binary(text);
            case 1 -> atom ? new OtpErlangAtom(text) : binary(text);
            case 2 -> new OtpErlangString(text);
            default ->
                list(text.codePoints()
                        .<OtpErlangObject>mapToObj(OtpErlangLong::new)
                        .toList());
        };
    }

    private static boolean areBytes(List<?> list) {
        return !list.isEmpty()
                && list.stream().allMatch(item -> item instanceof Long number && number >= 0 && number < 256);
    }

    /** On the wire, a short list of bytes is a string. */
    private static OtpErlangString string(List<?> bytes) {
        StringBuilder text = new StringBuilder();
        bytes.forEach(item -> text.append((char) (long) (Long) item));
        return new OtpErlangString(text.toString());
    }

    private static OtpErlangList list(List<OtpErlangObject> items) {
        return new OtpErlangList(items.toArray(OtpErlangObject[]::new));
    }

    private OtpErlangObject pair(OtpErlangObject first, OtpErlangObject second) {
        OtpErlangObject[] both = {first, second};
        return random.nextBoolean() ? new OtpErlangTuple(both) : new OtpErlangList(both);
    }

    OtpErlangObject ids(int[] ids) {
        if (Arrays.stream(ids).allMatch(id -> id < 256) && random.nextBoolean()) {
            return new OtpErlangString(new String(ids, 0, ids.length));
        }
        return list(
                Arrays.stream(ids).<OtpErlangObject>mapToObj(OtpErlangLong::new).toList());
    }

    /** A shell would print neither NUL nor what is no character. */
    private OtpErlangObject tagged(int[] ids) {
        boolean isText = IntStream.of(ids).noneMatch(id -> id == 0 || id > Character.MAX_CODE_POINT);
        return isText || random.nextBoolean()
                ? new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangAtom("tokens"), ids(ids)})
                : ids(ids);
    }

    private List<OtpErlangObject> keys(Map<?, ?> fields) {
        return fields.keySet().stream().map(key -> key((String) key)).toList();
    }

    private static OtpErlangMap map(List<OtpErlangObject> keys, List<OtpErlangObject> values) {
        return new OtpErlangMap(keys.toArray(OtpErlangObject[]::new), values.toArray(OtpErlangObject[]::new));
    }

    private OtpErlangObject fields(Map<?, ?> fields, Kind kind) {
        List<OtpErlangObject> keys = keys(fields);
        List<OtpErlangObject> values =
                fields.values().stream().map(value -> term(value, kind)).toList();
        boolean asList = kind == Kind.ORDERED ? fields.size() > 1 : random.nextBoolean();
        if (!asList || kind != Kind.TYPED && fields.isEmpty()) {
            return map(keys, values);
        }
        List<OtpErlangObject> items = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            boolean bare = kind == Kind.TYPED
                    && keys.get(i) instanceof OtpErlangAtom
                    && values.get(i).equals(new OtpErlangAtom("true"));
            items.add(
                    bare && random.nextBoolean()
                            ? keys.get(i)
                            : new OtpErlangTuple(new OtpErlangObject[] {keys.get(i), values.get(i)}));
        }
        return list(items);
    }

    private OtpErlangObject key(String key) {
        if (key.matches("[1-9][0-9]*") && random.nextBoolean()) {
            return new OtpErlangLong(new BigInteger(key));
        }
        return switch (random.nextInt(4)) {
            case 0, 1 -> new OtpErlangAtom(key);
            case 2 -> binary(key);
            default -> new OtpErlangString(key);
        };
    }

    /** {@return the same, of what JSON knows} */
    private Object json(Object value) {
        return switch (value) {
            case Float number -> number.doubleValue();
            case Plainly(Object tree) -> tree;
            case Ordered(Object tree) -> tree;
            case Ids(int[] ids, boolean _) -> ids;
            case Keyed(var fields) -> json(fields);
            case Pair(Object first, Object second) -> Arrays.asList(json(first), json(second));
            case List<?> list -> list.stream().map(this::json).toList();
            case Map<?, ?> map -> {
                Map<Object, Object> plain = new LinkedHashMap<>();
                map.forEach((key, inner) -> plain.put(key, json(inner)));
                yield plain;
            }
            case null, default -> value;
        };
    }
}
