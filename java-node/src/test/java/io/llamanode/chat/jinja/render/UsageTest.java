package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.Limits;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A probe tells what a rendering did with its input: what it read, and what it went over or took by number. */
class UsageTest {
    private static final Map<String, Object> VARIABLES =
            Map.of("s", "text", "l", List.of("a", "b"), "d", Map.of("k", "v"), "o", List.of(Map.of("k", "v")), "n", 5);

    private static Template.Probe probe(String template) {
        return Template.parse(template, Limits.DEFAULT).probe(VARIABLES, Rendering.CLOCK);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {{ s }} ¦ [s]
            {{ n }} ¦ []
            {{ l }} ¦ [l]
            {{ 1 }} ¦ []
            {{ other }} ¦ []
            {{ l[0] }} ¦ [l, l[0]]
            {{ l[-1] }} ¦ [l, l[1]]
            {{ d.k }} ¦ [d, d.k]
            {{ d['k'] }} ¦ [d, d.k]
            {{ d.get('k') }} ¦ [d, d.k]
            {{ d.get('x') }} ¦ [d]
            {{ d.x }} ¦ [d]
            {{ d['x'] }} ¦ [d]
            {{ o[0].k }} ¦ [o, o[0], o[0].k]
            {{ d|tojson }} ¦ [d, d.k]
            {{ o|tojson }} ¦ [o, o[0], o[0].k]
            {{ [d]|tojson }} ¦ [d]
            {% for x in l %}{% endfor %} ¦ [l]
            {% for x in l %}{{ x }}{% endfor %} ¦ [l, l[0], l[1]]
            {{ [l]|first }} ¦ [l]
            {{ l|string }} ¦ [l]
            {{ (l|first)|upper }} ¦ [l, l[0]]
            {{ [l[0]] }} ¦ [l, l[0]]
            """)
    void whatIsReadIsKnownByItsPath(String template, String used) {
        Template.Probe probe = probe(template);
        assertTrue(probe.succeeded());
        assertEquals(used, new TreeSet<>(probe.used()).toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {{ s ~ l ~ d }} ¦ []
            {% for x in s %}{% endfor %} ¦ [s]
            {% for x in l %}{% endfor %} ¦ [l]
            {% for x in 'abc' %}{% endfor %} ¦ []
            {{ s[0] }} ¦ [s]
            {{ s[9] }} ¦ [s]
            {{ l[0] }} ¦ []
            {{ o|selectattr('k')|list }} ¦ [o]
            {{ o|rejectattr('k')|list }} ¦ [o]
            {{ l|select|list }} ¦ []
            {% for x in o %}{% for y in x %}{% endfor %}{% endfor %} ¦ [o, o[0]]
            """)
    void whatIsGoneOverIsKnownByItsPath(String template, String iterated) {
        Template.Probe probe = probe(template);
        assertTrue(probe.succeeded());
        assertEquals(iterated, new TreeSet<>(probe.iterated()).toString());
        assertTrue(probe.used().containsAll(probe.iterated()));
    }

    @Test
    void aFailureTellsWhatWasReadBeforeIt() {
        Template.Probe probe = probe("{{ s }}{{ l[0] }}{{ raise_exception('no') }}{{ d.k }}");
        assertFalse(probe.succeeded());
        assertEquals("", probe.text());
        assertEquals(Set.of("s", "l", "l[0]"), probe.used());
    }

    @Test
    void aSuccessTellsTheText() {
        assertEquals("text5", probe("{{ s }}{{ n }}").text());
    }

    @Test
    void aProbeHasAPartOfTheLimits() {
        assertTrue(probe("{% for i in range(40000) %}{% endfor %}").succeeded());
        assertFalse(probe("{% for i in range(200000) %}{% endfor %}").succeeded());
        Map<String, Object> none = new HashMap<>();
        none.put("x", null);
        assertEquals(
                List.of(),
                Template.parse("{% for i in range(200000) %}{% endfor %}", Limits.DEFAULT)
                        .render(none, Rendering.CLOCK));
    }
}
