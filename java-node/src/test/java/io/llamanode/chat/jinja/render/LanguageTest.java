package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.RaisedException;
import io.llamanode.chat.jinja.TemplateException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The language, with the results of Jinja 3.1 in the environment of transformers' chat templates. */
class LanguageTest {
    private static final Map<String, Object> VARIABLES = variables();

    private static Map<String, Object> variables() {
        Map<String, Object> dict = new LinkedHashMap<>();
        dict.put("k", "v");
        dict.put("n", 1);
        dict.put("l", List.of(1, "é"));
        dict.put("none", null);
        return Map.of("d", dict, "l", List.of(Map.of("n", 1), Map.of("n", 2), Map.of("n", 0)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                "{{ 1 }} {{ 1.0 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.1+0.2 }} ¦ 1 1.0 1e+16 1e-05 0.30000000000000004",
                "{{ 7//2 }} {{ -7//2 }} {{ -7%3 }} {{ 7/2 }} {{ 2**10 }} {{ 2**-1 }} ¦ 3 -4 2 3.5 1024 0.5",
                "{{ 2 + 3 * 4 ** 2 }} {{ (2 + 3) * 4 }} {{ 3 - -1 }} {{ not not 1 }} ¦ 50 20 4 True",
                "{{ true }} {{ none }} {{ [1,'a',None,True,1.5] }} {{ {'a': [1,(1,),()]} }} ¦ "
                        + "True None [1, 'a', None, True, 1.5] {'a': [1, (1,), ()]}",
                "{{ ['it\\'s', 'q\"', 'a\\nb', 'é'] }} ¦ [\"it's\", 'q\"', 'a\\nb', 'é']",
                "{{ 'abc'[::-1] }} {{ 'abcdef'[1:-1] }} {{ 'abcdef'[-3:] }} {{ [1,2,3,4][::-2] }} {{ 'abc'[-1] }} "
                        + "{{ [1,2,3][2:0:-1] }} ¦ cba bcde def [4, 2] c [3, 2]",
                "{{ '😀a'|length }} {{ '😀a'[1] }} {{ '😀ab'[::-1] }} ¦ 2 a ba😀",
                "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' in 'abc' }} {{ 'x' not in ['y'] }} {{ not 'a' in 'b' }} ¦ "
                        + "True False True True True",
                "{{ '' or 'x' }} {{ 'a' and 'b' }} {{ 0 and 1 }} {{ none or false }} ¦ x b 0 False",
                "{{ 'a' if 1 else 'b' }} {{ ('a' if 0) is defined }} {{ 1 if true else 2 if false else 3 }} ¦ a False 1",
                "{{ x }}{{ x is defined }} {{ x|default('d') }} {{ ''|default('d', true) }} {{ x|length }} {{ 'a' in x }} ¦ "
                        + "False d d 0 False",
                "{{ d.nope }}{{ d['nope'] }}{{ d.items is defined }} {{ d['items'] is callable }} {{ d.get('z', 'D') }} ¦ "
                        + "True True D",
                "{% for i in [1,2,3] %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.previtem }}"
                        + "{{ loop.nextitem }};{% endfor %} ¦ 12True2;21False13;30False2;",
                "{% for k, v in d.items() if k != 'l' %}{{ k }}={{ v }}/{{ loop.length }};{% endfor %} ¦ "
                        + "k=v/3;n=1/3;none=None/3;",
                "{% for i in range(10) %}{% if i == 3 %}{% continue %}{% endif %}{% if i == 6 %}{% break %}{% endif %}"
                        + "{{ i }}{% endfor %} ¦ 01245",
                "{% for i in [] %}x{% else %}none{% endfor %} ¦ none",
                "{% set x = 1 %}{% for i in [1,2] %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }} ¦ 221",
                "{% set ns = namespace(a=1) %}{% for i in [1,2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }} ¦ 4",
                "{% for x in [[1,[2,3]]] recursive %}{{ x if x is number else '(' ~ loop(x) ~ ')' }}{{ loop.depth }}"
                        + "{% endfor %} ¦ (12(2333)2)1",
                "{% macro m(a, b='B', c=none) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(b=2, a=1) }}{{ m() }} ¦ "
                        + "[1BNone][12None][BNone]",
                "{% macro m(a) %}{{ a }}{{ caller('x') }}{% endmacro %}{% call(y) m(1) %}<{{ y }}>{% endcall %} ¦ 1<x>",
                "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(3) }} ¦ 3210",
                "{% macro f() %}{{ late }}{% endmacro %}{% set late = 'L' %}{{ f() }} ¦ L",
                "{% set a, b = 1, 2 %}{{ b }}{{ a }} {% set t = 1, %}{{ t }} "
                        + "{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ c }}{% endfor %} ¦ 21 (1,) 13",
                "{% set x %}hi {{ 1 }}{% endset %}[{{ x }}] {% set y | upper %}hi{% endset %}{{ y }} ¦ [hi 1] HI",
                "{% filter upper %}abc{{ 'd' }}{% endfilter %}{% generation %}x{% endgeneration %} ¦ ABCDx",
                "{% raw %}{{ x }}{% endraw %}|{%- raw -%} {{ y }} {%- endraw -%} z ¦ {{ x }}|{{ y }}z",
                "{{ 'xaxx'.strip('x') }} {{ ' a b  c '.split() }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'a,b,c'.split(',', 1) }} ¦ "
                        + "a ['a', 'b', 'c'] ['a,b', 'c'] ['a', 'b,c']",
                "{{ \"they're\".title() }} {{ \"they're\"|title }} {{ 'hELLO'|capitalize }} ¦ They'Re They're Hello",
                "{{ 'aaa'.replace('a','b',2) }} {{ 'abc'.replace('','-') }} {{ 'abc'.find('c') }} {{ 'banana'.count('an') }}"
                        + " {{ 'abcb'.rpartition('b') }} ¦ bba -a-b-c- 2 2 ('abc', 'b', '')",
                "{{ 'abc'.endswith(('x','c')) }} {{ 'ab'.removeprefix('a') }} {{ '7'.zfill(3) }} {{ ','.join(['a','b']) }} ¦ "
                        + "True b 007 a,b",
                "{{ d|tojson }} ¦ {\"k\": \"v\", \"n\": 1, \"l\": [1, \"é\"], \"none\": null}",
                "{{ [1,2.0,true,'<&>\\''] |tojson }} {{ {'b':1,'a':2}|tojson(separators=(',',':'), sort_keys=true) }} "
                        + "{{ 'é😀'|tojson(ensure_ascii=true) }} ¦ [1, 2.0, true, \"<&>'\"] {\"a\":2,\"b\":1} "
                        + "\"\\u00e9\\ud83d\\ude00\"",
                "{{ {'a':[],'b':{'c':1}}|tojson(indent=2)|replace('\\n','/') }} ¦ "
                        + "{/  \"a\": [],/  \"b\": {/    \"c\": 1/  }/}",
                "{{ ['b','A','c']|sort }} {{ ['b','A']|sort(case_sensitive=true) }} {{ [1,2]|sort(reverse=true) }} "
                        + "{{ l|sort(attribute='n')|map(attribute='n')|list }} ¦ ['A', 'b', 'c'] ['A', 'b'] [2, 1] [0, 1, 2]",
                "{{ {'b':1,'A':2}|dictsort }} {{ [1,2,2,1]|unique|list }} {{ 'abc'|reverse }} {{ [1,5]|max }} {{ [1,2]|sum }}"
                        + " ¦ [('A', 2), ('b', 1)] [1, 2] cba 5 3",
                "{{ l|selectattr('n','equalto',1)|list }} {{ l|rejectattr('n','gt',1)|list|length }} "
                        + "{{ [1,2,3]|select('odd')|list }} {{ l|selectattr('zz','defined')|list }} ¦ [{'n': 1}] 2 [1, 3] []",
                "{{ ['a','b']|map('upper')|join('-') }} {{ l|map(attribute='zz', default='D')|join }} ¦ A-B DDD",
                "{{ '3'|int + 1 }} {{ 'x'|int(7) }} {{ 3.9|int }} {{ '1.5'|float }} {{ 2.5|round }} {{ 3.14159|round(2) }} ¦ "
                        + "4 7 3 1.5 2.0 3.14",
                "{{ 'a\\nb\\n\\nc'|indent|replace('\\n','/') }} {{ 'a\\nb'|indent(2, true)|replace('\\n','/') }} ¦ "
                        + "a/    b//    c   a/  b",
                "{{ '%s-%d' % ('a', 3) }} {{ '%05.2f' % 3.14159 }} {{ '%(a)s' % {'a': 1} }} {{ '{} {x}'.format(1, x='b') }} ¦ "
                        + "a-3 03.14 1 1 b",
                "{{ true is number }} {{ true is integer }} {{ d is sequence }} {{ 1 is true }} {{ 4 is divisibleby 2 }} "
                        + "{{ none is none }} {{ 'a' is not string }} ¦ True False True False True True False",
                "{{ 1 == 1.0 }} {{ true == 1 }} {{ {'a':1} == {'a':1} }} {{ (1,) == [1] }} {{ 'b' > 'a' }} ¦ "
                        + "True True True False True",
                "{% set q = [1] %}{% set _ = q.append(2) %}{{ q }}{{ q.pop(0) }}{{ q }}{{ [1] + [2] }}{{ 'ab' * 2 }} ¦ "
                        + "[1, 2]1[2][1, 2]abab",
                "{% set c = cycler('a','b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{% set j = joiner('; ') %}"
                        + "{{ j() }}x{{ j() }}y ¦ abax; y",
                "{{ range(5,0,-2)|list }} {{ dict(a=1) }} {{ '<&>'|e }} {{ -1|abs }} {{ 'a' 'b' }} ¦ "
                        + "[5, 3, 1] {'a': 1} &lt;&amp;&gt; 1 ab",
                "{{ strftime_now('%Y-%m-%d %H:%M %d %b %Y %B %-d %A %j') }} ¦ "
                        + "2026-03-05 07:08 05 Mar 2026 March 5 Thursday 064",
            })
    void evaluates(String template, String expected) {
        assertEquals(expected, Rendering.text(template, VARIABLES).strip());
    }

    @Test
    void treatsWhiteSpaceAsTransformersDo() {
        assertEquals("  a\nb\n", whiteSpace("  {% if true %}\n  a\n  {% endif %}\nb\n\n"));
        assertEquals("ab", whiteSpace("  {%- if true -%}\n  a\n  {%- endif -%}\n b\n"));
        assertEquals("a \nb", whiteSpace("a {# c #}\n\n  {# d #}\nb"));
        assertEquals("ab", whiteSpace("a {#- c -#}\n b"));
        assertEquals("1\n2", whiteSpace("{{ 1 }}\n{{ 2 }}\n"));
        assertEquals("x\n   1", whiteSpace("x\n   {{ 1 }}\n"));
        assertEquals("a b\n c", whiteSpace("a{%+ if true %}\n b{% endif +%}\n c"));
        assertEquals("  x", whiteSpace("  {%+ if true %}x{% endif %}"));
        assertEquals("  x", whiteSpace("{% if true %}  {% if true %}x{% endif %}{% endif %}"));
        assertEquals("a\nb", whiteSpace("a\r\nb\r"));
    }

    private static String whiteSpace(String template) {
        return Rendering.text(template, Map.of());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "{{ x.y }} ¦ 'x', which is undefined",
                "{{ d.nope.more }} ¦ 'nope', which is undefined",
                "{{ x + 1 }} ¦ 'x', which is undefined",
                "{{ foo() }} ¦ 'foo' is not defined",
                "{{ 'a'|nofilter }} ¦ The filter 'nofilter' is not supported",
                "{{ 'a' is notest }} ¦ The test 'notest' is not supported",
                "{% include 'x' %} ¦ The statement 'include' is not supported",
                "{{ 1/0 }} ¦ Division by zero",
                "{{ 9223372036854775807 + 1 }} ¦ Integer overflow",
                "{{ 'a' + 1 }} ¦ '+' cannot combine str and int",
                "{{ [1]|tojson(nope=1) }} ¦ no parameter 'nope'",
                "{{ {[1]: 2} }} ¦ cannot be a dictionary key",
                "{% set d.k = 1 %} ¦ is a namespace",
                "{% set a, b = [1] %} ¦ 1 values for 2 names",
                "{{ f(*l) }} ¦ unpacking",
                "{% if %} ¦ An expression is missing",
                "{% if true %} ¦ 'if' is not closed",
                "{% endif %} ¦ 'endif' is not supported",
                "{% break %} ¦ outside of a loop",
                "{{ 'a ¦ A string is not closed",
                "{{ 1 2 }} ¦ '}}' is missing",
                "{# a ¦ A comment is not closed",
                "{% raw %} ¦ 'raw' is not closed",
                "{{ 'a' ~ 1 + 2 }} ¦ '+' cannot combine str and int",
                "{{ '%999999999s' % 'x' }} ¦ does not support %9999",
                "{{ {'a': 1}|tojson(indent=10**9) }} ¦ cannot indent",
                "{{ 1 ? 2 }} ¦ Unexpected character '?'",
                "{{ 99999999999999999999 }} ¦ does not fit",
                "{{ '\\xZZ' }} ¦ malformed escape",
                "{{ strftime_now('%Q') }} ¦ '%Q'",
            })
    void explainsErrorsWithTheirLine(String template, String expected) {
        TemplateException error =
                assertThrows(TemplateException.class, () -> Rendering.text("one\ntwo " + template, VARIABLES));
        assertTrue(error.getMessage().contains(expected), error.getMessage());
        assertEquals(2, error.line(), error.getMessage());
    }

    @Test
    void raisesTheMessageOfTheTemplate() {
        RaisedException error = assertThrows(
                RaisedException.class, () -> Rendering.text("\n\n{{ raise_exception('no ' ~ d.k) }}", VARIABLES));
        assertEquals("no v", error.raised());
        assertEquals(3, error.line());
    }

    @Test
    void addsNothingToAStringAsLlamaCppDoes() {
        assertEquals("ab", Rendering.text("{{ 'a' + d.none + 'b' + x }}", VARIABLES));
    }

    @Test
    void leavesTheCallersValuesAlone() {
        List<Object> list = new java.util.ArrayList<>(List.of(1));
        Map<String, Object> map = new LinkedHashMap<>(Map.of("a", 1));
        Rendering.text("{% set _ = list.append(2) %}{% set _ = map.pop('a') %}", Map.of("list", list, "map", map));
        assertEquals(List.of(1), list);
        assertEquals(Map.of("a", 1), map);
    }
}
