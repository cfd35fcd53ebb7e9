package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What templates print is read back as what it was: by the parser of expressions, and as JSON. */
class RoundTripTest {
    private static final int ROUNDS = 300;
    private static final String TEXT = "aZ 0'\"\\\n\r\t{}%#-é漢😀\u0000\u007f\u00a0\u2028";

    private static String text(Random random) {
        int[] characters = TEXT.codePoints().toArray();
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(10); i > 0; i--) {
            text.appendCodePoint(characters[random.nextInt(characters.length)]);
        }
        return text.toString();
    }

    private static Object value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextInt(-100000, 100000) * Math.pow(10, random.nextInt(-30, 30));
            case 2 -> random.nextBoolean();
            case 3 -> null;
            case 4 -> text(random);
            case 5 -> {
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(random, depth - 1));
                }
                yield list;
            }
            default -> {
                Map<String, Object> map = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put(text(random), value(random, depth - 1));
                }
                yield map;
            }
        };
    }

    @Test
    void whatIsPrintedIsAnExpressionOfTheSameValue() {
        Random random = new Random(1);
        for (int round = 0; round < ROUNDS; round++) {
            List<Object> value =
                    List.of(List.of(round), value(random, 3) instanceof Map<?, ?> map ? map : List.of(text(random)));
            String printed = Rendering.text("{{ x }}", Map.of("x", value));
            assertEquals(
                    "True|" + printed,
                    Rendering.text("{% set y = " + printed + " %}{{ y == x }}|{{ y }}", Map.of("x", value)),
                    printed);
        }
    }

    @Test
    void jsonIsReadBack() throws JsonProcessingException {
        ObjectMapper json = new ObjectMapper();
        Random random = new Random(2);
        for (int round = 0; round < ROUNDS; round++) {
            List<Object> value = new ArrayList<>();
            value.add(value(random, 3));
            for (String options : List.of("", "(indent=2)", "(ensure_ascii=true)", "(separators=(',', ':'))")) {
                String written = Rendering.text("{{ x|tojson" + options + " }}", Map.of("x", value));
                assertEquals(json.readTree(json.writeValueAsString(value)), json.readTree(written), written);
            }
        }
    }
}
