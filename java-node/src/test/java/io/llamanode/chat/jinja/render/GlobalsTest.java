package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Functions that every template can call; each expectation is what Jinja2 3.1.6 gives. */
class GlobalsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            range(3)|list ¦ [0, 1, 2]
            range(1, 4)|list ¦ [1, 2, 3]
            range(0, 10, 3)|list ¦ [0, 3, 6, 9]
            range(0, 9, 3)|list ¦ [0, 3, 6]
            range(3, 0, -1)|list ¦ [3, 2, 1]
            range(5, 0, -2)|list ¦ [5, 3, 1]
            range(0, 3, -1)|list ¦ []
            range(3, 0)|list ¦ []
            range(0)|list ¦ []
            range(-1)|list ¦ []
            range(0, 9, 9)|list ¦ [0]
            range(0, 10, 9)|list ¦ [0, 9]
            range(true)|list ¦ [0]
            range(2, 2)|list ¦ []
            range(-2, 1)|list ¦ [-2, -1, 0]
            range(1, -2, -3)|list ¦ [1]
            range(0, -3, -3)|list ¦ [0]
            """)
    void countsUpAndDown(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            dict(a=1, b=2) ¦ {'a': 1, 'b': 2}
            dict({'a': 1}, b=2) ¦ {'a': 1, 'b': 2}
            dict([('a', 1), ('b', 2)]) ¦ {'a': 1, 'b': 2}
            dict({'a': 1}, a=2) ¦ {'a': 2}
            dict() ¦ {}
            {% set n = namespace({'a': 1}, b=2) %}{{ n.a }}{{ n.b }}{{ n.c is defined }} ¦ 12False
            {% set n = namespace([('a', 5)]) %}{{ n.a }} ¦ 5
            {% set n = namespace({'a': 1}, a=2) %}{{ n.a }} ¦ 2
            {% set d = {'a': 1} %}{% set n = namespace(d) %}{% set n.a = 2 %}{{ d.a }}{{ n.a }} ¦ 12
            """)
    void makesContainers(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% set j = joiner() %}{{ j() }}a{{ j() }}b{{ j() }}c ¦ a, b, c
            {% set j = joiner('|') %}{{ j() }}a{{ j() }}b ¦ a|b
            {% set c = cycler(1, 2) %}{{ c.current }}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }} ¦ 11221
            {% set c = cycler(1, 2) %}{{ c.next() }}{{ c.reset() }}{{ c.current }}{{ c.next() }} ¦ 1None11
            """)
    void takesTurns(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            strftime_now('%y %m %d %H %I %M %S %p') ¦ 26 03 05 07 07 08 09 AM
            strftime_now('%B %b %h %A %a %j') ¦ March Mar Mar Thursday Thu 064
            strftime_now('%F %T %X %R %D %x') ¦ 2026-03-05 07:08:09 07:08:09 07:08 03/05/26 03/05/26
            strftime_now('%c') ¦ Thu Mar  5 07:08:09 2026
            strftime_now('%e|%-d|%-m|%-H|%-j|%-Y|%-M') ¦ ` 5|5|3|7|64|2026|8`
            [strftime_now('%% %n %t')] ¦ ['% \\n \\t']
            strftime_now('%w %u %f') ¦ 4 4 000000
            strftime_now('100%') ¦ 100%
            strftime_now('a%d') ¦ a05
            strftime_now('') ¦ ``
            """)
    void tellsTheTime(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            strftime_now('%s') ¦ 1772694489
            strftime_now('%Z %z') ¦ Z +0000
            """)
    void tellsTheZone(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            range() ¦ range takes one to three arguments
            range(1, 2, 3, 4) ¦ range takes one to three arguments
            range(1, stop=2) ¦ range takes one to three arguments
            range(1.5) ¦ range needs integers, got float
            range('a') ¦ range needs integers, got str
            range(1, 'a') ¦ range needs integers, got str
            range(0, 1, 0) ¦ range cannot have a step of 0
            cycler() ¦ cycler needs values
            joiner(1, 2) ¦ joiner takes at most 1 arguments, got 2
            dict(1) ¦ A int is not iterable
            dict([1]) ¦ A int is not iterable
            namespace(1) ¦ A int is not iterable
            strftime_now() ¦ strftime_now takes one argument
            strftime_now(1) ¦ strftime_now needs a string, got int
            strftime_now('%Q') ¦ strftime_now does not support '%Q'
            strftime_now('%-Q') ¦ strftime_now does not support '%Q'
            raise_exception() ¦ raise_exception takes one argument
            nope() ¦ The function 'nope' is not defined
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
