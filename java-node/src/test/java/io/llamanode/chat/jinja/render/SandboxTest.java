package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import io.llamanode.chat.jinja.TemplateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile templates end in an exception of ours, whatever they try. */
class SandboxTest {
    /** Tight, so that a test is quick; without a bound in time, so that it does not depend on the machine. */
    private static final Limits LIMITS =
            new Limits(100_000, 100, 400, 200_000, 1 << 20, 4 << 20, 100_000, Duration.ofDays(1));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(10**9) %}{% for b in range(10**9) %}x{% endfor %}{% endfor %}",
                "{% for a in range(9000) %}{% for b in range(9000) %}{% endfor %}{% endfor %}",
                "{% for a in range(-9223372036854775807, 9223372036854775807) %}{% endfor %}",
                "{{ 'x' * 10**9 }}",
                "{{ 10**9 * 'x' }}",
                "{{ [1] * 10**9 }}",
                "{{ 'x'.center(10**9) }}",
                "{{ 'x'|indent(10**9, true) }}",
                "{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
                "{% set l = [1] %}{% for i in range(100) %}{% set _ = l.extend(l) %}{% endfor %}",
                "{% set s = 'x' * 1000000 %}{% for i in range(1000) %}{{ s }}{% endfor %}",
                "{% set s = 'x' * 1000 %}{{ s.replace('', s).replace('x', s) }}",
                "{% set s = 'a' * 500000 %}{{ ('a' * 250000 ~ 'b') in s }}",
                "{% set s = 'a' * 500000 %}{% for i in range(90000) %}{% set t = s.strip('b') == s %}{% endfor %}",
                "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
                "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f(a=f()) %}{% endmacro %}{{ f() }}",
                "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
                "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
                "{% set l = [] %}{% set _ = l.append(l) %}{{ l|tojson }}",
                "{% set a = [] %}{% set _ = a.append(a) %}{% set b = [] %}{% set _ = b.append(b) %}{{ a == b }}",
                "{% set d = {} %}{% set _ = d.update(x=d) %}{{ d }}",
            })
    void stopsWhatWouldNotEnd(String template) {
        assertThrows(LimitException.class, () -> run(template, Map.of()));
    }

    @Test
    void stopsAtTheDeadline() {
        Limits limits = new Limits(
                1000, 100, 400, Long.MAX_VALUE, 1000, Long.MAX_VALUE, Integer.MAX_VALUE, Duration.ofNanos(1));
        LimitException error = assertThrows(
                LimitException.class,
                () -> Template.parse("{% for i in range(1000000) %}{% endfor %}", limits)
                        .render(Map.of(), Rendering.CLOCK));
        assertTrue(error.getMessage().contains("ms"), error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "[", "{1:", "-", "not ", "x[", "x(", "x if ", "1 ** (", "x|f(", "x is f("})
    void refusesDeepExpressions(String opening) {
        TemplateException error = assertThrows(
                TemplateException.class,
                () -> run("{{ " + opening.repeat(10_000) + "1" + "}".repeat(10_002), Map.of("x", 1)));
        assertInstanceOf(LimitException.class, error, error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% if 1 %}",
                "{% for x in [1] %}",
                "{% set x %}",
                "{% filter upper %}",
                "{% macro m() %}",
                "{% generation %}"
            })
    void refusesDeepBlocks(String opening) {
        assertThrows(LimitException.class, () -> run(opening.repeat(5_000), Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {" + 1", " ~ 1", ".a", "[0]", "|string", " * 1", " or 0", " ** 1", "()"})
    void refusesLongChainsOfOperators(String link) {
        assertThrows(TemplateException.class, () -> run("{{ 0" + link.repeat(10_000) + " }}", Map.of()));
    }

    @Test
    void takesChainsOfAHundredOperators() {
        assertEquals("1".repeat(101), run("{{ 1" + " ~ 1".repeat(100) + " }}", Map.of()));
    }

    @Test
    void survivesItsDepthOnASmallStack() throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        run(
                                "{% macro f(n) %}{% if true %}{{ [f(n + 1)|string]|first }}{% endif %}{% endmacro %}{{ f(0) }}",
                                Map.of());
                    } catch (Throwable e) {
                        thrown.set(e);
                    }
                },
                "small stack",
                256 << 10);
        thread.start();
        thread.join();
        assertInstanceOf(LimitException.class, thrown.get());
    }

    @Test
    void refusesATemplateOfTenMegabytes() {
        String source = "{{ 1 }}".repeat(10_000_000 / 7);
        assertThrows(LimitException.class, () -> Template.parse(source, Limits.DEFAULT));
    }

    @Test
    void refusesVariablesThatAreTooDeepOrForeign() {
        List<Object> deep = new ArrayList<>();
        deep.add(deep);
        assertThrows(LimitException.class, () -> run("", Map.of("x", deep)));
        assertThrows(TemplateException.class, () -> run("", Map.of("x", new Object())));
        Map<Object, Object> keys = new HashMap<>();
        keys.put(new Object(), 1);
        assertThrows(TemplateException.class, () -> run("", Map.of("x", keys)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ''.__class__ }}", "{{ ''['__class__'] }}", "{{ x.class }}", "{{ x.getClass }}", "{{ x.hashCode }}",
                "{{ ''|attr('__class__') }}", "{{ [].__len__ }}", "{{ range.__globals__ }}", "{{ self }}",
                        "{{ System }}",
                "{{ namespace().__init__ }}", "{{ joiner().__call__ }}",
                        "{% for i in [1] %}{{ loop.items }}{% endfor %}",
            })
    void reachesNothingOfTheHost(String template) {
        assertEquals("", run(template, Map.of("x", "text")));
    }

    private static String run(String template, Map<String, ?> variables) {
        StringBuilder text = new StringBuilder();
        Template.parse(template, LIMITS).render(variables, Rendering.CLOCK).forEach(span -> text.append(span.text()));
        return text.toString();
    }
}
