package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests of {@code is}; each expectation is what Jinja2 3.1.6 gives. */
class IsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            missing is defined ¦ False
            1 is defined ¦ True
            missing is undefined ¦ True
            none is undefined ¦ False
            none is none ¦ True
            0 is none ¦ False
            missing is none ¦ False
            'a' is string ¦ True
            1 is string ¦ False
            {} is mapping ¦ True
            [] is mapping ¦ False
            1 is not string ¦ True
            'a' is not string ¦ False
            [] is iterable ¦ True
            'a' is iterable ¦ True
            1 is iterable ¦ False
            {} is iterable ¦ True
            missing is iterable ¦ True
            () is iterable ¦ True
            none is iterable ¦ False
            [] is sequence ¦ True
            'a' is sequence ¦ True
            1 is sequence ¦ False
            {} is sequence ¦ True
            missing is sequence ¦ True
            none is sequence ¦ False
            1 is number ¦ True
            1.5 is number ¦ True
            true is number ¦ True
            '1' is number ¦ False
            none is number ¦ False
            1 is integer ¦ True
            1.0 is integer ¦ False
            true is integer ¦ False
            1.0 is float ¦ True
            1 is float ¦ False
            true is boolean ¦ True
            1 is boolean ¦ False
            none is boolean ¦ False
            true is true ¦ True
            1 is true ¦ False
            false is true ¦ False
            false is false ¦ True
            0 is false ¦ False
            true is false ¦ False
            range is callable ¦ True
            1 is callable ¦ False
            'a'.upper is callable ¦ True
            'a'.upper() is callable ¦ False
            '<b>' is escaped ¦ False
            """)
    void asksForTypes(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 is odd ¦ True
            2 is odd ¦ False
            -1 is odd ¦ True
            1 is even ¦ False
            2 is even ¦ True
            -2 is even ¦ True
            0 is even ¦ True
            'ab' is lower ¦ True
            'aB' is lower ¦ False
            '1' is lower ¦ False
            'AB' is upper ¦ True
            'aB' is upper ¦ False
            '1' is upper ¦ False
            4 is divisibleby 2 ¦ True
            5 is divisibleby(2) ¦ False
            -4 is divisibleby 2 ¦ True
            5 is divisibleby 2.5 ¦ True
            0 is divisibleby 3 ¦ True
            1 is in [1, 2] ¦ True
            3 is in [1, 2] ¦ False
            'a' is in 'abc' ¦ True
            'a' is in {'a': 1} ¦ True
            'b' is not in 'abc' ¦ False
            1 is sameas 1 ¦ True
            1 is sameas true ¦ False
            none is sameas none ¦ True
            'a' is sameas 'a' ¦ True
            [] is sameas [] ¦ False
            1 is sameas 2 ¦ False
            1 is sameas 1.0 ¦ False
            'upper' is filter ¦ True
            'nope' is filter ¦ False
            'odd' is test ¦ True
            'nope' is test ¦ False
            """)
    void asksForValues(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 is eq 1 ¦ True
            1 is eq 2 ¦ False
            1 is equalto 1.0 ¦ True
            1 is ne 1 ¦ False
            1 is ne 2 ¦ True
            1 is lt 2 ¦ True
            2 is lt 2 ¦ False
            1 is lessthan 2 ¦ True
            2 is lessthan 2 ¦ False
            2 is le 2 ¦ True
            3 is le 2 ¦ False
            3 is gt 2 ¦ True
            2 is gt 2 ¦ False
            3 is greaterthan 2 ¦ True
            2 is greaterthan 2 ¦ False
            2 is ge 2 ¦ True
            1 is ge 2 ¦ False
            [1, 2, 3]|select('==', 2)|list ¦ [2]
            [1, 2, 3]|select('!=', 2)|list ¦ [1, 3]
            [1, 2, 3]|select('<', 2)|list ¦ [1]
            [1, 2, 3]|select('<=', 2)|list ¦ [1, 2]
            [1, 2, 3]|select('>', 2)|list ¦ [3]
            [1, 2, 3]|select('>=', 2)|list ¦ [2, 3]
            """)
    void compares(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 is nope ¦ The test 'nope' is not supported
            1 is nope.more ¦ The test 'nope.more' is not supported
            'a' is odd ¦ A number is needed, got str
            'a' is even ¦ A number is needed, got str
            5 is divisibleby 0 ¦ Division by zero in '%'
            5 is divisibleby ¦ divisibleby takes one argument
            5 is divisibleby 'a' ¦ A number is needed, got str
            5 is in ¦ in takes one argument
            5 is in 5 ¦ 'in' cannot combine int and int
            1 is defined(2) ¦ The test 'defined' takes no arguments
            1 is eq ¦ The test 'eq' takes one argument
            1 is eq(1, 2) ¦ The test 'eq' takes one argument
            1 is sameas ¦ sameas takes one argument
            1 is lt 'a' ¦ '<' cannot combine int and str
            1 is ge 'a' ¦ '>=' cannot combine int and str
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
