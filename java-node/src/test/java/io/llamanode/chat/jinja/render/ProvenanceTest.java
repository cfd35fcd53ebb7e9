package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.jinja.Trusted;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text of the input stays untrusted through every operation; untrusted text is shown «so». */
class ProvenanceTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "<s>{{ u }}</s> ¦ <s>«Ab, c»</s>",
                "{{ '<' + u + '>' }} ¦ <«Ab, c»>",
                "{{ '<' ~ u ~ '>' }} ¦ <«Ab, c»>",
                "{{ t }}{{ bos }} ¦ T<s>",
                "{{ ('<' ~ u ~ '>')[:3] }} ¦ <«Ab»",
                "{{ ('<' ~ u ~ '>')[::-1] }} ¦ >«c ,bA»<",
                "{{ ('<' ~ u ~ '>').upper() }} ¦ <«AB, C»>",
                "{{ (' ' ~ u ~ ' ')|trim }} ¦ «Ab, c»",
                "{{ ('<' ~ u ~ '>').split(', ')|join('|') }} ¦ <«Ab»|«c»>",
                "{{ ('<' ~ u) * 4 }} ¦ <«Ab, c»<«Ab, c»<«Ab, c»<«Ab, c»",
                "{{ u.split(', ')|join(u) }} ¦ «AbAb, cc»",
                "{{ ('<' ~ u ~ '>').replace(',', ';') }} ¦ <«Ab»;« c»>",
                "{{ 'x-y'.replace('-', u) }} ¦ x«Ab, c»y",
                "{{ '<%s>' % u }} ¦ <«Ab, c»>",
                "{{ '<{}>'.format(u) }} ¦ <«Ab, c»>",
                "{{ u|tojson }} ¦ «\"Ab, c\"»",
                "{{ {'k': u}|tojson }} ¦ «{\"k\": \"Ab, c\"}»",
                "{{ {'k': 'c'}|tojson }} ¦ {\"k\": \"c\"}",
                "{{ [u] }} ¦ «['Ab, c']»",
                "{{ [u]|string }} ¦ «['Ab, c']»",
                "{% for c in u[:2] %}<{{ c }}>{% endfor %} ¦ <«A»><«b»>",
                "{{ u * 2 }} ¦ «Ab, cAb, c»",
                "{{ u|title ~ u|capitalize ~ u|lower }} ¦ «Ab, CAb, cab, c»",
                "{{ ('<' ~ u)|e }} ¦ &lt;«Ab, c»",
                "{{ lines|indent(2) }} ¦ «a\\n  b»",
                "{% set x %}<{{ u }}>{% endset %}{{ x }} ¦ <«Ab, c»>",
                "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(u) }} ¦ <«Ab, c»>",
                "{% filter upper %}<{{ u }}>{% endfilter %} ¦ <«AB, C»>",
                "{% for k, v in map.items() %}{{ k }}={{ v }}{% endfor %} ¦ «key»=«value»",
                "{% for k, v in map|dictsort %}{{ k }}={{ v }}{% endfor %} ¦ «key»=«value»",
                "{{ list|map('upper')|join('+') }} ¦ «A»+«B»",
                "{{ list|sort|first }}{{ list|last }} ¦ «ab»",
                "{{ map['key'] }}{{ map.get('zz', 'd') }} ¦ «value»d",
                "{{ 'yes' if u == 'Ab, c' else 'no' }} ¦ yes",
                "{{ {'Ab, c': 'found'}[u] }} ¦ found",
                "{{ u.center(8) }} ¦  «Ab, c» ",
                "{{ u.partition(',')[1] }}{{ u.splitlines()[0] }}{{ u.removeprefix('Ab') }} ¦ «,Ab, c, c»",
                "{{ u|default('x') }}{{ zz|default(u) }}{{ u|string|safe }} ¦ «Ab, cAb, cAb, c»",
                "{{ strftime_now('%Y ') }}{{ strftime_now(u) }} ¦ 2026 «Ab, c»",
                "{{ [1]|tojson(indent=u) }} ¦ «[\\nAb, c1\\n]»",
                "{{ [1, 2]|tojson(separators=(u, ':')) }} ¦ «[1Ab, c2]»",
                "{{ {'a': 1}|tojson(separators=(',', u)) }} ¦ «{\"a\"Ab, c1}»",
                "{{ 'a\\nb'|indent(u) }} ¦ a\\n«Ab, c»b",
                "{{ '%5s%-3s|' % (u[0], u[1]) }} ¦ «Ab»  |",
                "{{ [u, u]|unique|join }}{{ [u]|groupby(0)|first|first }} ¦ «Ab, cA»",
                "{{ ',' in u }}{{ u|length }} ¦ True5",
            })
    void followsEveryCharacter(String template, String expected) {
        Map<String, Object> variables = Map.of(
                "u",
                "Ab, c",
                "bos",
                new Trusted("<s>"),
                "lines",
                "a\nb",
                "map",
                Map.of("key", "value"),
                "list",
                List.of("a", "b"),
                "t",
                new Trusted("T"));
        assertEquals(
                expected.strip().replace("\\n", "\n"),
                Rendering.marked(template, variables).strip());
    }

    @Test
    void mergesNeighboursOfOneOrigin() {
        assertEquals(
                List.of(new Span("ab", true), new Span("xx", false), new Span("c", true)),
                Rendering.spans("a{{ 'b' }}{{ u }}{{ u }}{% if true %}c{% endif %}", Map.of("u", "x")));
        assertEquals(List.of(), Rendering.spans("{{ '' }}", Map.of()));
    }
}
