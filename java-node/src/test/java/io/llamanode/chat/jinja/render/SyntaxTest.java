package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The syntax of expressions and statements; each expectation is what Jinja2 3.1.6 gives. */
class SyntaxTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            -1 ** 2 ¦ 1
            2 ** 3 ** 2 ¦ 64
            -2 * 3 ¦ -6
            1 + 2 * 3 - 4 / 2 ¦ 5.0
            2 * 3 % 4 ¦ 2
            10 // 3 * 2 ¦ 6
            2 - 3 - 4 ¦ -5
            16 / 4 / 2 ¦ 2.0
            'a' ~ 1 ~ 2 ¦ a12
            1 ~ 2 * 3 ¦ 16
            1 + -2 ¦ -1
            not 1 == 2 ¦ True
            not true and false ¦ False
            true or false and false ¦ True
            not not true ¦ True
            'a' in 'ab' and 'b' not in 'a' ¦ True
            not 'a' in 'b' ¦ True
            1 < 2 == true ¦ False
            1 is odd and 2 is even ¦ True
            1 is not odd or 2 is even ¦ True
            3 is divisibleby 3 ¦ True
            [1] is sameas [1] ¦ False
            1 is in {1: 2} ¦ True
            1 is in [1] and true ¦ True
            -1|abs ¦ 1
            (-1)|abs ¦ 1
            2 * 3|string ¦ 33
            'a'|upper ~ 'b' ¦ Ab
            [1, 2]|first|string|length ¦ 1
            1 is eq 1.0 ¦ True
            'x' is eq 'x' ¦ True
            -[1][0] ¦ -1
            'a'.upper().lower() ¦ a
            'a'|upper()|lower() ¦ a
            [[1]][0][0] ¦ 1
            ('a')|upper ¦ A
            [1, 2][0] + 1 ¦ 2
            {'a': [1]}['a'][0] ¦ 1
            'ab'[0].upper() ¦ A
            1 if true ¦ 1
            (1 if false) is defined ¦ False
            'x' if 0 else 'y' ~ 'z' ¦ yz
            1 if 1 else 2 if 0 else 3 ¦ 1
            5 is odd ¦ True
            1.5|int + 1 ¦ 2
            'a' is in('a') ¦ True
            2 is divisibleby(2) and true ¦ True
            none is none ¦ True
            not none is none ¦ False
            true is not none ¦ True
            1 is eq {'a': 1}.a ¦ True
            """)
    void bindsAsJinjaDoes(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            [1, 2,] ¦ [1, 2]
            {'a': 1,} ¦ {'a': 1}
            (1, 2,) ¦ (1, 2)
            (1) ¦ 1
            (1,) ¦ (1,)
            {} ¦ {}
            [] ¦ []
            () ¦ ()
            {'a': {'b': []}} ¦ {'a': {'b': []}}
            [[]] ¦ [[]]
            true ¦ True
            True ¦ True
            false ¦ False
            False ¦ False
            none ¦ None
            None ¦ None
            'a' 'b' "c" ¦ abc
            'a\\'b' ¦ a'b
            "a\\"b" ¦ a"b
            'a\\\\b' ¦ a\\b
            '\\x41\\u00e9\\U0001f600' ¦ Aé😀
            '\\q' ¦ \\q
            '"' ¦ "
            "'" ¦ '
            'é' ¦ é
            '' ¦ ``
            '\\t'|length ¦ 1
            '\\0'|length ¦ 1
            '\\n\\r\\b\\f\\v\\a'|length ¦ 6
            '\\a\\v\\b\\f\\r\\n\\t\\0'|tojson ¦ "\\u0007\\u000b\\b\\f\\r\\n\\t\\u0000"
            '\\x7f'|tojson(true) ¦ "\\u007f"
            '\\u0000'|length ¦ 1
            1_000 ¦ 1000
            1.5e3 ¦ 1500.0
            1e3 ¦ 1000.0
            1E-2 ¦ 0.01
            1e+2 ¦ 100.0
            1.5_5 ¦ 1.55
            0.5 ¦ 0.5
            00 ¦ 0
            1.5E1 ¦ 15.0
            12.e is defined ¦ False
            9223372036854775807 ¦ 9223372036854775807
            1.0e-3 ¦ 0.001
            _a is defined ¦ False
            a_1 is defined ¦ False
            é is defined ¦ False
            true1 is defined ¦ False
            nones is defined ¦ False
            """)
    void readsLiterals(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {{ }} ¦ An expression is missing before the end of the expression
            {{ 1 + }} ¦ An expression is missing before the end of the expression
            {{ * 1 }} ¦ An expression is missing before '*'
            {{ (1 }} ¦ ')' is missing before the end of the expression
            {{ [1 }} ¦ ',' is missing before the end of the expression
            {{ [1 2] }} ¦ ',' is missing before '2'
            {{ {1 } }} ¦ ':' is missing before '}'
            {{ {1: 2 3} }} ¦ ',' is missing before '3'
            {{ {1:} }} ¦ An expression is missing before '}'
            {{ a. }} ¦ A name is missing before the end of the expression
            {{ a.'b' }} ¦ A name is missing before a string
            {{ a| }} ¦ A name is missing before the end of the expression
            {{ a|b. }} ¦ A name is missing before the end of the expression
            {{ a is }} ¦ A name is missing before the end of the expression
            {{ a[] }} ¦ An expression is missing before ']'
            {{ a[1 }} ¦ ':' is missing before the end of the expression
            {{ a[1:2 }} ¦ ']' is missing before the end of the expression
            {{ a[1:2:3:4] }} ¦ ']' is missing before ':'
            {{ f(1 2) }} ¦ ',' is missing before '2'
            {{ f(1 }} ¦ ',' is missing before the end of the expression
            {{ f(a=1, a=2) }} ¦ The argument 'a' is given twice
            {{ f(a=1, 2) }} ¦ A positional argument follows a named one
            {{ f(*x) }} ¦ Argument unpacking with '*' is not supported
            {{ f(**x) }} ¦ Argument unpacking with '**' is not supported
            {{ f(1, *x) }} ¦ Argument unpacking with '*' is not supported
            {{ a b }} ¦ '}}' is missing before 'b'
            {{ 1 "a" }} ¦ '}}' is missing before a string
            {{ a not b }} ¦ '}}' is missing before 'not'
            {{ 1 $ 2 }} ¦ Unexpected character '$'
            {{ 1 😀 2 }} ¦ Unexpected character '😀'
            {{ 1 ! 2 }} ¦ Unexpected character '!'
            {{ 1 & 2 }} ¦ Unexpected character '&'
            {{ 'a }} ¦ A string is not closed
            {{ 'a\\ ¦ A string is not closed
            {{ 'a\\' }} ¦ A string is not closed
            {{ '\\x4' }} ¦ A string has a malformed escape
            {{ '\\u12' }} ¦ A string has a malformed escape
            {{ '\\U00110000' }} ¦ A string has a malformed escape
            {{ '\\U0001f60' }} ¦ A string has a malformed escape
            {{ '\\x ¦ A string has a malformed escape
            {{ 99999999999999999999 }} ¦ The number 99999999999999999999 does not fit 64 bits
            {{ a.99999999999999999999 }} ¦ The number 99999999999999999999 does not fit 64 bits
            {{ 1 ¦ A tag is not closed: '}}' is missing
            {{ {'a': 1 }} ¦ A tag is not closed: '}}' is missing
            {% if 1 ¦ A tag is not closed: '%}' is missing
            {% ¦ A tag is not closed: '%}' is missing
            {{ ¦ A tag is not closed: '}}' is missing
            {# ¦ A comment is not closed
            {#} ¦ A comment is not closed
            {% raw %} ¦ 'raw' is not closed
            """)
    void saysWhatIsMissing(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% if %}{% endif %} ¦ An expression is missing before the end of the statement
            {% if 1 %} ¦ 'if' is not closed
            {% if 1 %}{% elif %}{% endif %} ¦ An expression is missing before the end of the statement
            {% if 1 %}{% elif 2 %} ¦ 'if' is not closed
            {% if 1 %}{% else %} ¦ 'if' is not closed
            {% if 1 %}{% else %}{% elif 1 %}{% endif %} ¦ The statement 'elif' is not supported
            {% if 1 %}{% else 1 %}{% endif %} ¦ '%}' is missing before '1'
            {% if 1 %}{% endif 1 %} ¦ '%}' is missing before '1'
            {% if 1 %}{% endfor %} ¦ The statement 'endfor' is not supported
            {% for %}{% endfor %} ¦ A name is missing before the end of the statement
            {% for x of y %}{% endfor %} ¦ 'in' is missing before 'of'
            {% for x in %}{% endfor %} ¦ An expression is missing before the end of the statement
            {% for x in [1] %} ¦ 'for' is not closed
            {% for x in [1] %}{% else %} ¦ 'for' is not closed
            {% for x in [1] if %}{% endfor %} ¦ An expression is missing before the end of the statement
            {% for x in [1] nope %}{% endfor %} ¦ '%}' is missing before 'nope'
            {% for x.y in [1] %}{% endfor %} ¦ 'in' is missing before '.'
            {% for true in [1] %}{% endfor %} ¦ 'true' cannot be assigned
            {% for (a in [1] %}{% endfor %} ¦ ')' is missing before 'in'
            {% set %} ¦ A name is missing before the end of the statement
            {% set x = %} ¦ An expression is missing before the end of the statement
            {% set x = 1 2 %} ¦ '%}' is missing before '2'
            {% set x %} ¦ 'set' is not closed
            {% set x 1 %} ¦ '%}' is missing before '1'
            {% set none = 1 %} ¦ 'none' cannot be assigned
            {% set a, False = 1 %} ¦ 'False' cannot be assigned
            {% set ns. = 1 %} ¦ A name is missing before '='
            {% macro %}{% endmacro %} ¦ A name is missing before the end of the statement
            {% macro m %}{% endmacro %} ¦ '(' is missing before the end of the statement
            {% macro m( %}{% endmacro %} ¦ A name is missing before the end of the statement
            {% macro m(a b) %}{% endmacro %} ¦ ',' is missing before 'b'
            {% macro m(1) %}{% endmacro %} ¦ A name is missing before '1'
            {% macro m() %} ¦ 'macro' is not closed
            {% call 1 %}{% endcall %} ¦ 'call' needs a macro call
            {% call m() %} ¦ 'call' is not closed
            {% filter %}{% endfilter %} ¦ A name is missing before the end of the statement
            {% filter upper %} ¦ 'filter' is not closed
            {% generation %} ¦ 'generation' is not closed
            {% break %} ¦ 'break' outside of a loop
            {% continue %} ¦ 'continue' outside of a loop
            {% for i in [1] %}{% endfor %}{% break %} ¦ 'break' outside of a loop
            {% for i in [1] %}{% else %}{% break %}{% endfor %} ¦ 'break' outside of a loop
            {% for i in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %} ¦ 'break' outside of a loop
            {% for i in [1] %}{% set x %}{% continue %}{% endset %}{% endfor %} ¦ 'continue' outside of a loop
            {% for i in [1] %}{% filter upper %}{% break %}{% endfilter %}{% endfor %} ¦ 'break' outside of a loop
            {% for i in [1] %}{% call m() %}{% break %}{% endcall %}{% endfor %} ¦ 'break' outside of a loop
            {% for i in [1] %}{% break 1 %}{% endfor %} ¦ '%}' is missing before '1'
            {% nope %} ¦ The statement 'nope' is not supported
            {% endif %} ¦ The statement 'endif' is not supported
            {% else %} ¦ The statement 'else' is not supported
            {% 1 %} ¦ A statement is missing before '1'
            {% %} ¦ A statement is missing before the end of the statement
            """)
    void saysWhatIsWrongWithAStatement(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
