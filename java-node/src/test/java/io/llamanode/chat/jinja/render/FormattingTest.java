package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Python's formatting and printing; each expectation is what Jinja2 3.1.6 gives. */
class FormattingTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            '%s' % 'a' ¦ a
            '%s %s' % ('a', 1) ¦ a 1
            '%d' % 3.9 ¦ 3
            '%d' % true ¦ 1
            '%i|%u' % (1, 2) ¦ 1|2
            '%x|%X|%o' % (255, 255, 8) ¦ ff|FF|10
            '%x' % -255 ¦ -ff
            '%X' % -171 ¦ -AB
            '%f' % 1.5 ¦ 1.500000
            '%.2f' % 1.005 ¦ 1.00
            '%.0f' % 2.5 ¦ 2
            '%.0f' % 3.5 ¦ 4
            '%F' % 1 ¦ 1.000000
            '%f' % 1e999 ¦ inf
            '%.1f' % -0.05 ¦ -0.1
            '%.12f' % 0.1 ¦ 0.100000000000
            '%d' % -3.9 ¦ -3
            '%r' % 'a' ¦ 'a'
            '%s' % none ¦ None
            '%s' % [1, 2] ¦ [1, 2]
            '%s' % {'a': 1} ¦ {'a': 1}
            '%%' % () ¦ %
            '100%%' % () ¦ 100%
            '%s%%' % 5 ¦ 5%
            'no' % {'a': 1} ¦ no
            '%s' % missing ¦ ``
            '%.2s' % 'abcdef' ¦ ab
            '%.9s' % 'abc' ¦ abc
            '%.3s' % 'abc' ¦ abc
            '%.0s|' % 'abc' ¦ |
            '%.1r' % 'abc' ¦ '
            '%.1s' % '😀a' ¦ 😀
            '%5s|%-5s|%05d' % ('a', 'b', 42) ¦ `    a|b    |00042`
            '%05d' % -42 ¦ -0042
            '%2d' % 123 ¦ 123
            '%5s' % '😀' ¦ `    😀`
            '%-3d|' % 7 ¦ 7  |
            '%05s' % 'a' ¦ `    a`
            '%05r' % 'a' ¦ `  'a'`
            '%6.2f' % 3.14159 ¦ `  3.14`
            '%+d %+d' % (1, -1) ¦ +1 -1
            '%+05d' % 4 ¦ +0004
            '%-05d|' % 4 ¦ 4    |
            '%+s' % 5 ¦ 5
            '% d|% d' % (4, -4) ¦ ` 4|-4`
            '%+x' % 10 ¦ +a
            '% 05d' % 4 ¦ ` 0004`
            '%+.1f' % 2 ¦ +2.0
            '%+ d' % 3 ¦ +3
            '%0d' % 5 ¦ 5
            '%(a)s-%(b)d' % {'a': 1, 'b': 2} ¦ 1-2
            '%(a)s%%' % {'a': 1} ¦ 1%
            'a%sb' % '-' ¦ a-b
            '%s' % ('a',) ¦ a
            '%s %s' % ([1], {}) ¦ [1] {}
            """)
    void formatsByPercent(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 ¦ 1
            1.0 ¦ 1.0
            -0.0 ¦ -0.0
            0.0 ¦ 0.0
            1e15 ¦ 1000000000000000.0
            1e16 ¦ 1e+16
            9007199254740993.0 ¦ 9007199254740992.0
            123456789012345680.0 ¦ 1.2345678901234568e+17
            1e-4 ¦ 0.0001
            0.00012 ¦ 0.00012
            1e-5 ¦ 1e-05
            1.5e-7 ¦ 1.5e-07
            1e100 ¦ 1e+100
            -1e16 ¦ -1e+16
            0.1 ¦ 0.1
            100.0 ¦ 100.0
            1e22 ¦ 1e+22
            1.25e22 ¦ 1.25e+22
            -1.5e-10 ¦ -1.5e-10
            1e-10 ¦ 1e-10
            1e-100 ¦ 1e-100
            -1.5e300 ¦ -1.5e+300
            1e999 ¦ inf
            -1e999 ¦ -inf
            1e999 - 1e999 ¦ nan
            123.456 ¦ 123.456
            -0.5 ¦ -0.5
            9999999999999998.0 ¦ 9999999999999998.0
            """)
    void printsNumbers(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            ['a', "b'c", 'd"e', 'f\\'"g', '\\\\', '\\n\\r\\t'] ¦ ['a', "b'c", 'd"e', 'f\\'"g', '\\\\', '\\n\\r\\t']
            ['\\x00', '\\x1f', '\\x7f', 'é', '\\xa0', '\\xff'] ¦ ['\\x00', '\\x1f', '\\x7f', 'é', '\\xa0', 'ÿ']
            ['\\u2028', '\\u2029', '\\u3000'] ¦ ['\\u2028', '\\u2029', '\\u3000']
            ['\\u200b', '\\ue000'] ¦ ['\\u200b', '\\ue000']
            ['\\U0001f600', '\\U000e0001', '\\u0378', ' ', '\\x85'] ¦ ['😀', '\\U000e0001', '\\u0378', ' ', '\\x85']
            ['\\xad', '\\ufeff', '\\u0100'] ¦ ['\\xad', '\\ufeff', 'Ā']
            (1,) ¦ (1,)
            () ¦ ()
            (1, 2) ¦ (1, 2)
            [] ¦ []
            {} ¦ {}
            {'a': 'b', 1: none} ¦ {'a': 'b', 1: None}
            {'a': {'b': [1.5]}} ¦ {'a': {'b': [1.5]}}
            [missing] ¦ [Undefined]
            [none, true, false] ¦ [None, True, False]
            none ¦ None
            true ¦ True
            missing ¦ ``
            """)
    void printsValues(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {'a': 1}|tojson ¦ {"a": 1}
            [1, 'a', none, true, false, 1.5]|tojson ¦ [1, "a", null, true, false, 1.5]
            []|tojson ¦ []
            {}|tojson ¦ {}
            'é'|tojson ¦ "é"
            'é'|tojson(true) ¦ "\\u00e9"
            '\\x7e\\x7f\\x80'|tojson(true) ¦ "~\\u007f\\u0080"
            [{'a': [1, {'b': none}]}|tojson(indent=1)] ¦ ['{\\n "a": [\\n  1,\\n  {\\n   "b": null\\n  }\\n ]\\n}']
            [[]|tojson(indent=2), {}|tojson(indent=2)] ¦ ['[]', '{}']
            [[1, 2]|tojson(indent=0)] ¦ ['[\\n1,\\n2\\n]']
            [[1, 2]|tojson(indent='-')] ¦ ['[\\n-1,\\n-2\\n]']
            [1, [2]]|tojson(2) ¦ [1, [2]]
            [1]|tojson(indent=64)|length ¦ 69
            [[1]|tojson(indent=-1)] ¦ ['[\\n1\\n]']
            [[1, {'a': 2}]|tojson(indent=2)] ¦ ['[\\n  1,\\n  {\\n    "a": 2\\n  }\\n]']
            [[1]|tojson(indent=none)] ¦ ['[1]']
            [[1]|tojson(indent=true)] ¦ ['[\\n 1\\n]']
            {'b': 1, 'a': 2, 'B': 3}|tojson(sort_keys=true) ¦ {"B": 3, "a": 2, "b": 1}
            [1, 2]|tojson(separators=(';', '=')) ¦ [1;2]
            {'a': 1}|tojson(separators=[';', '=']) ¦ {"a"=1}
            {1: 2, none: 4, 1.5: 5, true: 3}|tojson ¦ {"1": 3, "null": 4, "1.5": 5}
            {false: 1, 'x': 2}|tojson ¦ {"false": 1, "x": 2}
            {true: 1}|tojson ¦ {"true": 1}
            [1e999, -1e999, 1e999 - 1e999, -0.0, 1e16]|tojson ¦ [Infinity, -Infinity, NaN, -0.0, 1e+16]
            '\\\\ " \\n \\r \\t \\b \\f \\x01 \\x1f \\x20'|tojson ¦ "\\\\ \\" \\n \\r \\t \\b \\f \\u0001 \\u001f  "
            '/<&>\\''|tojson ¦ "/<&>'"
            '\\U0001f600'|tojson(true) ¦ "\\ud83d\\ude00"
            {'a"': 1}|tojson ¦ {"a\\"": 1}
            [[1, 2]|tojson(indent=2, separators=('|', ':'))] ¦ ['[\\n  1|\\n  2\\n]']
            """)
    void writesJson(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            '%d' % 'a' ¦ A number is needed, got str
            '%f' % 'a' ¦ A number is needed, got str
            '%d' % 1e19 ¦ The number 1.0E19 does not fit an integer
            '%d' % -1e19 ¦ The number -1.0E19 does not fit an integer
            '%d' % 9223372036854775808.0 ¦ does not fit an integer
            '%s %s' % 'a' ¦ '%' formatting lacks a value for %s
            '%(a)s' % {'b': 1} ¦ '%' formatting lacks a value for %(a)s
            '%(a)s' % 'x' ¦ '%' formatting lacks a value for %(a)s
            '%s' % () ¦ '%' formatting lacks a value for %s
            '%s' % ('a', 'b') ¦ '%' formatting has more values than conversions
            'no' % 1 ¦ '%' formatting has more values than conversions
            '%(a)s' % ('x', 'y') ¦ '%' formatting lacks a value for %(a)s
            '%c' % 'a' ¦ '%' formatting does not support %c
            '%q' % 1 ¦ '%' formatting does not support %q
            '%#x' % 1 ¦ '%' formatting does not support %#
            '%.3d' % 5 ¦ '%' formatting does not support %.3d
            '%.3x' % 5 ¦ '%' formatting does not support %.3x
            '%.0X' % 5 ¦ '%' formatting does not support %.0X
            '%.3o' % 5 ¦ '%' formatting does not support %.3o
            missing|tojson ¦ tojson cannot write 'missing', which is undefined
            range|tojson ¦ tojson cannot write function range
            namespace()|tojson ¦ tojson cannot write namespace
            [1]|tojson(indent=65) ¦ tojson cannot indent by 65
            [1]|tojson(indent=1.5) ¦ tojson needs an integer, got float
            [1]|tojson(separators=(',',)) ¦ tojson needs two separators
            [1]|tojson(separators=(',', 1)) ¦ tojson needs a string, got int
            [1]|tojson(separators=(1, ',')) ¦ tojson needs a string, got int
            [1]|tojson(nope=1) ¦ tojson has no parameter 'nope'
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
