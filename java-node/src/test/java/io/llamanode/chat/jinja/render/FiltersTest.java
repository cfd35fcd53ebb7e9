package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Filters of single values; each expectation is what Jinja2 3.1.6 gives. */
class FiltersTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            missing|default ¦ ``
            missing|default('x') ¦ x
            ''|default('x') ¦ ``
            ''|default('x', true) ¦ x
            none|default('x') ¦ None
            none|default('x', boolean=true) ¦ x
            none|d('x', false) ¦ None
            0|d('x', true) ¦ x
            1|d('x', true) ¦ 1
            missing|d(none) ¦ None
            """)
    void standsInForWhatIsMissing(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            '<a href="x">\\'&'|e ¦ &lt;a href=&#34;x&#34;&gt;&#39;&amp;
            5|escape ¦ 5
            '<'|forceescape ¦ &lt;
            '  x '|trim ¦ x
            'xxaxx'|trim('x') ¦ a
            ' a '|trim(none) ¦ a
            5|trim ¦ 5
            'aé'|upper ¦ AÉ
            'AÉ'|lower ¦ aé
            none|upper ¦ NONE
            [1]|string ¦ [1]
            none|string ¦ None
            1|safe ¦ 1
            'fOO BAR'|capitalize ¦ Foo bar
            ''|capitalize ¦ ``
            'foo bar-baz (qux [a {b <c'|title ¦ Foo Bar-Baz (Qux [A {B <C
            "it's ME"|title ¦ It's Me
            'aXbX'|replace('X', 'y') ¦ ayby
            'aXbX'|replace('X', 'y', 1) ¦ aybX
            112|replace('1', '3') ¦ 332
            'a  b c'|wordcount ¦ 3
            ''|wordcount ¦ 0
            ' '|wordcount ¦ 0
            '%s and %s'|format('a', 1) ¦ a and 1
            '%(a)s'|format(a=2) ¦ 2
            [1, 2]|length ¦ 2
            {'a': 1}|count ¦ 1
            '😀'|length ¦ 1
            missing|length ¦ 0
            ()|length ¦ 0
            'ab'|attr('upper') is callable ¦ True
            """)
    void changesText(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            ['a\\nb\\n\\nc'|indent] ¦ ['a\\n    b\\n\\n    c']
            ['a\\nb\\n\\nc'|indent(2)] ¦ ['a\\n  b\\n\\n  c']
            ['a\\nb\\n\\nc'|indent(2, true)] ¦ ['  a\\n  b\\n\\n  c']
            ['a\\nb\\n\\nc'|indent(2, false, true)] ¦ ['a\\n  b\\n  \\n  c']
            ['a\\nb\\n\\nc\\n'|indent(2, first=true, blank=true)] ¦ ['  a\\n  b\\n  \\n  c\\n  ']
            ['a\\nb'|indent('> ')] ¦ ['a\\n> b']
            ['a\\nb'|indent('> ', true)] ¦ ['> a\\n> b']
            [''|indent(2, true)] ¦ ['  ']
            'a'|indent(0) ¦ a
            ['a\\nb'|indent(0)] ¦ ['a\\nb']
            ['a\\nb\\n'|indent(1)] ¦ ['a\\n b\\n']
            [''|indent] ¦ ['']
            ['\\na'|indent(1, true)] ¦ [' \\n a']
            """)
    void indentsLines(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            '12'|int ¦ 12
            ' 12 '|int ¦ 12
            '-7'|int ¦ -7
            '+7'|int ¦ 7
            '1_000'|int ¦ 1000
            '_1'|int ¦ 0
            '1_'|int ¦ 0
            '1__0'|int ¦ 0
            '12.9'|int ¦ 12
            '-1.9'|int ¦ -1
            '1e2'|int ¦ 100
            'x'|int ¦ 0
            'x'|int(5) ¦ 5
            ''|int(7) ¦ 7
            none|int ¦ 0
            none|int(3) ¦ 3
            true|int ¦ 1
            false|int ¦ 0
            1.9|int ¦ 1
            -1.9|int ¦ -1
            [1]|int(8) ¦ 8
            '0x1F'|int(0, 16) ¦ 31
            '1F'|int(base=16) ¦ 31
            '0X1f'|int(0, 16) ¦ 31
            '0b11'|int(0, 2) ¦ 3
            '0o17'|int(0, 8) ¦ 15
            '11'|int(0, 2) ¦ 3
            'zz'|int(4, 16) ¦ 4
            '0x1F'|int ¦ 0
            '0b1'|int(5, 16) ¦ 177
            '0x1'|int(6, 8) ¦ 6
            '12'|int(7, 2) ¦ 12
            '1.5'|int(9, 16) ¦ 1
            'f_f'|int(0, 16) ¦ 255
            """)
    void readsIntegers(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            '1.5'|float ¦ 1.5
            ' 2 '|float ¦ 2.0
            '.5'|float ¦ 0.5
            '5.'|float ¦ 5.0
            '1e2'|float ¦ 100.0
            '-.5e-1'|float ¦ -0.05
            '+1E+1'|float ¦ 10.0
            '1_0.5'|float ¦ 10.5
            '1_.5'|float ¦ 0.0
            'x'|float ¦ 0.0
            'x'|float(2.5) ¦ 2.5
            '1f'|float ¦ 0.0
            '0x1'|float ¦ 0.0
            '1d'|float ¦ 0.0
            '.'|float ¦ 0.0
            '1e'|float ¦ 0.0
            ''|float(1.0) ¦ 1.0
            none|float ¦ 0.0
            none|float(1.5) ¦ 1.5
            true|float ¦ 1.0
            3|float ¦ 3.0
            [1]|float(2.5) ¦ 2.5
            """)
    void readsFloats(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            2.5|round ¦ 2.0
            3.5|round ¦ 4.0
            -2.5|round ¦ -2.0
            2.4|round ¦ 2.0
            2.567|round(2) ¦ 2.57
            2.567|round(2, 'floor') ¦ 2.56
            2.561|round(2, 'ceil') ¦ 2.57
            0.5|round ¦ 0.0
            1234.0|round(-2) ¦ 1200.0
            1250.0|round(-2) ¦ 1200.0
            1350.0|round(-2) ¦ 1400.0
            1251|round(-2, 'ceil') ¦ 1300.0
            1251|round(-2, 'floor') ¦ 1200.0
            1e20|round(2) ¦ 1e+20
            2.675|round(2) ¦ 2.67
            42|round ¦ 42
            42|round(2) ¦ 42
            1250|round(-2) ¦ 1200
            1350|round(-2) ¦ 1400
            -1251|round(-2) ¦ -1300
            true|round ¦ 1
            7|round(0, 'ceil') ¦ 7.0
            999999999999999.4|round ¦ 999999999999999.0
            -1e15|round(1) ¦ -1000000000000000.0
            1e15|round ¦ 1000000000000000.0
            123456789.125|round(2) ¦ 123456789.12
            5|round(-1) ¦ 0
            15|round(-1) ¦ 20
            -3|abs ¦ 3
            3|abs ¦ 3
            -2.5|abs ¦ 2.5
            2.5|abs ¦ 2.5
            0|abs ¦ 0
            true|abs ¦ 1
            """)
    void roundsNumbers(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1|nope ¦ The filter 'nope' is not supported
            1|nope.more ¦ The filter 'nope.more' is not supported
            1|default(1, 2, 3) ¦ default takes at most 2 arguments, got 3
            1|default(nope=3) ¦ default has no parameter 'nope'
            5|length ¦ A int has no length
            none|length ¦ A None has no length
            []|length(1) ¦ length takes no arguments
            'a'|escape(1) ¦ escape takes no arguments
            'a'|trim(1) ¦ trim needs a string, got int
            'a'|replace('a') ¦ replace needs 'new'
            'a'|replace('a', 1) ¦ replace needs a string, got int
            'a'|indent(1.5) ¦ indent needs an integer, got float
            'a'|int(0, 'x') ¦ int needs an integer, got str
            'a'|abs ¦ A number is needed, got str
            'a'|round ¦ A number is needed, got str
            1.5|round('x') ¦ round needs an integer, got str
            2.5|round(0, 'x') ¦ round does not know the method 'x'
            2|round(0, 'x') ¦ round does not know the method 'x'
            2.5|round(0, 1) ¦ round needs a string, got int
            9223372036854775807|round(-1) ¦ round: the number does not fit 64 bits
            1|attr ¦ attr takes one argument
            []|reverse(1) ¦ reverse takes no arguments
            1|join ¦ A int is not iterable
            {}|dictsort(by='size') ¦ dictsort sorts by 'key' or 'value', not by 'size'
            {}|dictsort(by=1) ¦ dictsort needs a string, got int
            1|dictsort ¦ dictsort needs a mapping, got int
            1|items ¦ items needs a mapping, got int
            [1, 'a']|sort ¦ '<' cannot combine
            [{}, {}]|sort ¦ '<' cannot combine dict and dict
            [[]]|unique ¦ A list cannot be a dictionary key
            [1]|groupby ¦ groupby needs 'attribute'
            [1]|map ¦ map needs 'attribute'
            [1]|map(5) ¦ map needs a string, got int
            [1]|map('nope') ¦ The filter 'nope' is not supported
            [1]|map(default=1) ¦ map needs 'attribute'
            [1]|select(5) ¦ select needs a string, got int
            [1]|select('nope') ¦ The test 'nope' is not supported
            [1]|selectattr ¦ selectattr and rejectattr need an attribute
            [1]|rejectattr ¦ selectattr and rejectattr need an attribute
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
