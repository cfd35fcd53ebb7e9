package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loops, macros, assignments and other statements; each expectation is what Jinja2 3.1.6 gives. */
class StatementsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% for i in 'ab' %}{{ [loop.index, loop.index0] }}{% endfor %} ¦ [1, 0][2, 1]
            {% for i in 'ab' %}{{ [loop.revindex, loop.revindex0] }}{% endfor %} ¦ [2, 1][1, 0]
            {% for i in 'ab' %}{{ [loop.first, loop.last] }}{% endfor %} ¦ [True, False][False, True]
            {% for i in 'ab' %}{{ [loop.length, loop.depth, loop.depth0] }}{% endfor %} ¦ [2, 1, 0][2, 1, 0]
            {% for i in [1, 2] %}{{ [loop.previtem|d('-'), loop.nextitem|d('-')] }}{% endfor %} ¦ ['-', 2][1, '-']
            {% for i in [1, 2] %}{{ loop.nope is defined }}{% endfor %} ¦ FalseFalse
            {% for i in [1, 2, 3] %}{{ loop.cycle('a', 'b') }}{% endfor %} ¦ aba
            {% for i in [1, 1, 2, 2, 1] %}{{ loop.changed(i) }} {% endfor %} ¦ `True False True False True `
            {% for i in [1, 2] %}{{ loop.changed() }} {% endfor %} ¦ `True False `
            {% for i in [1, 2, 3] if i != 2 %}{{ i }}{{ loop.index }}{{ loop.length }}{% endfor %} ¦ 112322
            {% for i in [1, 2, 3] if i > 5 %}{{ i }}{% else %}none{% endfor %} ¦ none
            {% for i in missing %}x{% else %}none{% endfor %} ¦ none
            {% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% else %}none{% endfor %} ¦ 1
            {% for i in [1, 2, 3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %} ¦ 13
            {% for i in [1, 2] %}{% for j in [1, 2] %}{% break %}{% endfor %}{{ i }}{% endfor %} ¦ 12
            {% for i in [1, 2] %}{% generation %}{% break %}{% endgeneration %}{{ i }}{% endfor %}x ¦ x
            {% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %} ¦ 1234
            {% for a, b in {'x': 1}.items() %}{{ a }}{{ b }}{% endfor %} ¦ x1
            {% for k in {'x': 1, 'y': 2} %}{{ k }}{% endfor %} ¦ xy
            {% for c in '😀b' %}{{ c }}-{% endfor %} ¦ 😀-b-
            {% for i in 1, 2 %}{{ i }}{% endfor %} ¦ 12
            {% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %} ¦ 123
            {% for i in [1] %}{% set x = 5 %}{% endfor %}{{ x is defined }}{{ i is defined }} ¦ FalseFalse
            {% for i in [[1, [2]]] recursive %}{{ i is number or loop(i) }}{{ loop.depth0 }}{% endfor %} ¦ True1True210
            {% for i in [[1], []] recursive %}{{ i if i is number else loop(i) }}{% else %}-{% endfor %} ¦ 1-
            {% for i in [1, 2] recursive %}{{ loop.depth ~ (loop([i]) if loop.depth < 3) }}{% endfor %} ¦ 123123
            """)
    void loops(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}{{ m(a=5) }} ¦ 121525
            {% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1, c=4) }} {{ m(1, 3) }} ¦ 124 131
            {% macro m(a) %}{{ a is defined }}{{ a }}{% endmacro %}{{ m() }}{{ m(1) }} ¦ FalseTrue1
            {% macro m(a) %}{{ a }}{% endmacro %}{{ m(1,) }} ¦ 1
            {% macro m() %}x{% endmacro %}{{ m() ~ m() }}{{ m()|upper }}{{ m }} ¦ xxX<function m>
            {% macro m(x) %}[{{ caller() }}{{ x }}]{% endmacro %}{% call m(1) %}body{% endcall %} ¦ [body1]
            {% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b, c=6) m() %}{{ a+b+c }}{% endcall %} ¦ 9
            {% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %} ¦ FalseTrue
            {% macro m(caller=none) %}{{ caller is none }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %} ¦ TrueFalse
            {% set x = 1 %}{% macro m() %}{% set x = 2 %}{{ x }}{% endmacro %}{{ m() }}{{ x }} ¦ 21
            {% macro m() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ m() }}{% set x = 2 %}{{ m() }} ¦ 12
            {% macro a() %}{{ b(2) }}{% endmacro %}{% macro b(n) %}{{ n ~ (b(n-1) if n) }}{% endmacro %}{{ a() }} ¦ 210
            """)
    void callsMacros(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% if 0 %}a{% elif 1 %}b{% else %}c{% endif %} ¦ b
            {% if 0 %}a{% elif 0 %}b{% else %}c{% endif %} ¦ c
            {% if 1 %}a{% elif 1 %}b{% else %}c{% endif %} ¦ a
            {% if 0 %}a{% elif 0 %}b{% elif 1 %}d{% endif %} ¦ d
            {% if 0 %}a{% endif %}-{% if 1, %}b{% endif %} ¦ -b
            {% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }} ¦ 2
            {% set x = 1, 2 %}{{ x }}{% set x = 1, %}{{ x }}{% set x = () %}{{ x }} ¦ (1, 2)(1,)()
            {% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (a, b) = (3, 4) %}{{ a }}{{ b }} ¦ 1234
            {% set a, b = 'xy' %}{{ a }}{{ b }} ¦ xy
            {% set x %}a{{ 1 }}{% endset %}{{ x }}{% set y %}{% set z = 1 %}{% endset %}{{ z is defined }} ¦ a1False
            {% set x | upper | replace('A', 'B') %}a{% endset %}{{ x }} ¦ B
            {% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{% set ns.a %}x{% endset %}{{ ns.a }} ¦ 1x
            {% filter upper %}a{% endfilter %}{% filter upper | replace('A', 'x') %}a{% endfilter %} ¦ Ax
            {% raw %}{{ x }}{% endraw %}{% generation %}a{% endgeneration %} ¦ {{ x }}a
            """)
    void branchesAndAssigns(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% for i in 5 %}{% endfor %} ¦ A int is not iterable
            {% for i in none %}{% endfor %} ¦ A None is not iterable
            {% for i in range %}{% endfor %} ¦ A function range is not iterable
            {% for a, b in [(1,)] %}{{ a }}{% endfor %} ¦ 1 values for 2 names
            {% for a, b in [1] %}{{ a }}{% endfor %} ¦ A int is not iterable
            {% for i in [1] %}{{ loop.cycle() }}{% endfor %} ¦ loop.cycle needs values
            {% for i in [1] %}{{ loop([2]) }}{% endfor %} ¦ loop() is only for loops marked 'recursive'
            {% for i in [1] recursive %}{{ loop() }}{% endfor %} ¦ loop takes one argument
            {% for i in [1] %}{{ loop.nope.x }}{% endfor %} ¦ Attribute 'x' of loop.nope, which is undefined
            {% for i in [1] %}{{ loop.previtem.x }}{% endfor %} ¦ Attribute 'x' of loop.previtem, which is undefined
            {% for i in [1] %}{{ loop.nextitem.x }}{% endfor %} ¦ Attribute 'x' of loop.nextitem, which is undefined
            {% for i in [1] %}{{ loop|length }}{% endfor %} ¦ A loop has no length
            {% set a, b = [1, 2, 3] %} ¦ 3 values for 2 names
            {% set a, b = 1 %} ¦ A int is not iterable
            {% set ns = 1 %}{% set ns.a = 1 %} ¦ 'ns.a' can only be assigned when 'ns' is a namespace
            {% set ns.a = 1 %} ¦ 'ns.a' can only be assigned when 'ns' is a namespace
            {% macro m(a) %}{% endmacro %}{{ m(1, 2) }} ¦ The macro 'm' takes at most 1 arguments, got 2
            {% macro m(a) %}{% endmacro %}{{ m(b=2) }} ¦ The macro 'm' has no parameter 'b'
            {% macro m(a) %}{% endmacro %}{{ m(1, a=2) }} ¦ The macro 'm' got two values for 'a'
            {% macro m() %}{{ caller(1) }}{% endmacro %}{% call m() %}{% endcall %} ¦ The macro 'caller' takes at most 0 arguments
            {% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }} ¦ Attribute 'x' of 'a', which is undefined
            {% filter nope %}a{% endfilter %} ¦ The filter 'nope' is not supported
            {% call 1() %}{% endcall %} ¦ A int cannot be called
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
