package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Operators, items and slices; each expectation is what Jinja2 3.1.6 gives. */
class OperatorsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            7 // 2 ¦ 3
            -7 // 2 ¦ -4
            7 % -3 ¦ -2
            -7 % 3 ¦ 2
            7.5 // 2 ¦ 3.0
            -7.5 // 2 ¦ -4.0
            -7.5 % 2 ¦ 0.5
            7.5 % 2 ¦ 1.5
            7 / 2 ¦ 3.5
            4 / 2 ¦ 2.0
            1 + 1.5 ¦ 2.5
            1 - 0.5 ¦ 0.5
            2 * 1.5 ¦ 3.0
            0 // 5 ¦ 0
            0 % 5 ¦ 0
            2 ** 3 ¦ 8
            2 ** 0 ¦ 1
            2 ** -1 ¦ 0.5
            0 ** 0 ¦ 1
            0 ** 5 ¦ 0
            1 ** 5000 ¦ 1
            (-1) ** 5001 ¦ -1
            (-1) ** 5000 ¦ 1
            2.0 ** 3 ¦ 8.0
            4 ** 0.5 ¦ 2.0
            2 ** 62 ¦ 4611686018427387904
            (-2) ** 63 ¦ -9223372036854775808
            2.0 ** -1 ¦ 0.5
            0 ** 5000 ¦ 0
            0.0 ** 0 ¦ 1.0
            0.0 ** 2 ¦ 0.0
            1 ** -1 ¦ 1.0
            3 ** 1 ¦ 3
            0 / 3 ¦ 0.0
            0.0 / 3 ¦ 0.0
            0.0 // 3 ¦ 0.0
            0.0 % 3 ¦ 0.0
            true + 1 ¦ 2
            true * 3 ¦ 3
            false - 1 ¦ -1
            -5 ¦ -5
            -true ¦ -1
            +true ¦ 1
            -(-5) ¦ 5
            +5 ¦ 5
            -0.0 ¦ -0.0
            -1.5 ¦ -1.5
            +1.5 ¦ 1.5
            9223372036854775807 - 1 ¦ 9223372036854775806
            -9223372036854775807 - 1 ¦ -9223372036854775808
            4611686018427387903 * 2 ¦ 9223372036854775806
            """)
    void calculates(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'a' + 'b' ¦ ab
            [1] + [2] ¦ [1, 2]
            (1,) + (2,) ¦ (1, 2)
            [] + [] ¦ []
            'a' * 3 ¦ aaa
            3 * 'ab' ¦ ababab
            'a' * 0 ¦ ``
            'a' * -1 ¦ ``
            'a' * true ¦ a
            '' * 5 ¦ ``
            [1] * 2 ¦ [1, 1]
            2 * [1, 2] ¦ [1, 2, 1, 2]
            (1,) * 3 ¦ (1, 1, 1)
            [] * 5 ¦ []
            [1] * 0 ¦ []
            'a' ~ 1 ~ none ~ 1.5 ¦ a1None1.5
            1 ~ 2 ¦ 12
            missing ~ 'a' ¦ a
            [1] ~ 'a' ¦ [1]a
            """)
    void combines(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 == 1 ¦ True
            1 == 2 ¦ False
            1 == 1.0 ¦ True
            'a' == 'a' ¦ True
            'a' == 1 ¦ False
            none == none ¦ True
            none == false ¦ False
            1 != 1 ¦ False
            1 != 2 ¦ True
            true == 1 ¦ True
            false == 0 ¦ True
            true == 2 ¦ False
            [1, 2] == [1, 2] ¦ True
            [1] == [1, 2] ¦ False
            [1, 2] == [1, 3] ¦ False
            (1,) == (1,) ¦ True
            [1] == (1,) ¦ False
            [] == [] ¦ True
            [[1]] == [[1]] ¦ True
            [1] == 1 ¦ False
            () == [] ¦ False
            {'a': 1} == {'a': 1} ¦ True
            {'a': 1} == {'a': 2} ¦ False
            {'a': 1} == {'b': 1} ¦ False
            {} == {'a': 1} ¦ False
            {} == {} ¦ True
            {} == [] ¦ False
            {'a': 1, 'b': 2} == {'b': 2, 'a': 1} ¦ True
            {'a': [1]} == {'a': [1]} ¦ True
            {'a': 1, 'b': 2} == {'a': 1} ¦ False
            {'a': 1} == {'a': 1, 'b': 2} ¦ False
            missing == other ¦ True
            missing == none ¦ False
            missing != 1 ¦ True
            missing == missing ¦ True
            range == range ¦ True
            range == dict ¦ False
            namespace() == namespace() ¦ False
            """)
    void comparesForEquality(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 < 2 ¦ True
            2 < 1 ¦ False
            1 < 1 ¦ False
            1 <= 1 ¦ True
            2 <= 1 ¦ False
            2 > 1 ¦ True
            1 > 1 ¦ False
            1 >= 1 ¦ True
            0 >= 1 ¦ False
            1.5 < 2 ¦ True
            2 > 1.5 ¦ True
            1.5 > 1 ¦ True
            9007199254740993 > 9007199254740992 ¦ True
            true < 2 ¦ True
            1 <= 1.0 ¦ True
            -0.0 < 0.0 ¦ False
            'a' < 'b' ¦ True
            'b' < 'a' ¦ False
            'a' <= 'a' ¦ True
            'ab' > 'a' ¦ True
            'B' < 'a' ¦ True
            '' < 'a' ¦ True
            'a' >= 'b' ¦ False
            'a' > 'a' ¦ False
            [1, 2] < [1, 3] ¦ True
            [1, 2] < [1] ¦ False
            [1] < [1, 0] ¦ True
            [2] < [1, 9] ¦ False
            [1] <= [1] ¦ True
            [1] < [1] ¦ False
            [] < [1] ¦ True
            (1, 2) > (1, 1) ¦ True
            [1, 3] < [1, 2] ¦ False
            1 < 2 < 3 ¦ True
            1 < 3 < 2 ¦ False
            3 > 2 == 2 ¦ True
            1 == 1 != 2 ¦ True
            1 < 2 > 1 < 5 ¦ True
            1 > 2 > missing ¦ False
            """)
    void comparesForOrder(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 in [1, 2] ¦ True
            3 in [1, 2] ¦ False
            'a' in 'abc' ¦ True
            '' in 'abc' ¦ True
            'x' in 'abc' ¦ False
            'a' in {'a': 1} ¦ True
            'b' in {'a': 1} ¦ False
            1 in (1,) ¦ True
            1 in [] ¦ False
            1 not in [1, 2] ¦ False
            3 not in [1, 2] ¦ True
            1.0 in [1] ¦ True
            true in [1] ¦ True
            [1] in [[1]] ¦ True
            'a' in missing ¦ False
            'a' not in missing ¦ True
            1 in {1: 2} ¦ True
            1.0 in {1: 2} ¦ True
            true in {1: 2} ¦ True
            none in {none: 1} ¦ True
            'abc' in 'abc' ¦ True
            'abcd' in 'abc' ¦ False
            'bc' in 'abc' ¦ True
            'ac' in 'abc' ¦ False
            """)
    void looksInside(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'abcdef'[2] ¦ c
            'abcdef'[-1] ¦ f
            'abcdef'[6] is defined ¦ False
            'abcdef'[5] ¦ f
            'abcdef'[-6] ¦ a
            'abcdef'[-7] is defined ¦ False
            'abc'[0] ¦ a
            ''[0] is defined ¦ False
            [1, 2, 3][0] ¦ 1
            [1, 2, 3][-1] ¦ 3
            [1, 2, 3][2] ¦ 3
            [1, 2, 3][3] is defined ¦ False
            [1, 2, 3][-3] ¦ 1
            [1, 2, 3][-4] is defined ¦ False
            [1, 2, 3][true] ¦ 2
            'é😀a'[1] ¦ 😀
            'é😀a'[2] ¦ a
            '😀'[-1] ¦ 😀
            '😀'[1] is defined ¦ False
            [1, 2]['a'] is defined ¦ False
            'abc'[1.5] is defined ¦ False
            5[0] is defined ¦ False
            {}[0] is defined ¦ False
            [[1, 2], [3]].0.1 ¦ 2
            {'a': {'b': 1}}.a.b ¦ 1
            {'a': 1}['a'] ¦ 1
            'a'['upper']() ¦ A
            [2].0 ¦ 2
            {'a': [5, 6]}.a.1 ¦ 6
            [[[7]]].0.0.0 ¦ 7
            (1, 2).1 ¦ 2
            """)
    void takesItems(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'abcdef'[1:3] ¦ bc
            'abcdef'[:3] ¦ abc
            'abcdef'[3:] ¦ def
            'abcdef'[:] ¦ abcdef
            'abcdef'[-2:] ¦ ef
            'abcdef'[:-2] ¦ abcd
            'abcdef'[10:] ¦ ``
            'abcdef'[-10:2] ¦ ab
            'abcdef'[4:2] ¦ ``
            'abcdef'[::2] ¦ ace
            'abcdef'[1::2] ¦ bdf
            'abcdef'[::-1] ¦ fedcba
            'abcdef'[4:1:-1] ¦ edc
            'abcdef'[4::-2] ¦ eca
            'abcdef'[:2:-1] ¦ fed
            'abcdef'[10:-10:-1] ¦ fedcba
            'abc'[1:1] ¦ ``
            'abcdef'[:6:2] ¦ ace
            'abcdef'[:5:5] ¦ a
            'abcdef'[0:6:1] ¦ abcdef
            'abcdef'[5:0:-5] ¦ f
            'abcdef'[5:-7:-5] ¦ fa
            'abcdef'[0::-1] ¦ a
            'abcdef'[2:2:-1] ¦ ``
            'abc'[::9] ¦ a
            'é😀abc'[1:3] ¦ 😀a
            'é😀abc'[::-1] ¦ cba😀é
            'é😀'[1:] ¦ 😀
            'é😀'[:1] ¦ é
            'abc'[0:0] ¦ ``
            'abc'[true:] ¦ bc
            'abc'[none:none] ¦ abc
            ''[1:] ¦ ``
            ''[::-1] ¦ ``
            [1, 2, 3, 4, 5][1:4] ¦ [2, 3, 4]
            [1, 2, 3, 4, 5][::2] ¦ [1, 3, 5]
            [1, 2, 3, 4, 5][::-1] ¦ [5, 4, 3, 2, 1]
            [1, 2, 3, 4, 5][-2:] ¦ [4, 5]
            [1, 2, 3, 4, 5][3:0:-2] ¦ [4, 2]
            (1, 2, 3)[1:] ¦ (2, 3)
            [1, 2, 3][3:] ¦ []
            [1, 2, 3][2:0:-1] ¦ [3, 2]
            [1, 2, 3][-1:-4:-1] ¦ [3, 2, 1]
            [1, 2, 3][0:3:3] ¦ [1]
            [1, 2, 3][1:1] ¦ []
            [][::-1] ¦ []
            [1, 2][::99999999999] ¦ [1]
            """)
    void takesSlices(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 and 2 ¦ 2
            0 and 2 ¦ 0
            1 or 2 ¦ 1
            0 or 2 ¦ 2
            '' or 'x' ¦ x
            not 1 ¦ False
            not '' ¦ True
            not none ¦ True
            not [] ¦ True
            not {} ¦ True
            not 0.0 ¦ True
            not 'a' ¦ False
            not [0] ¦ False
            not range ¦ False
            0.5 or 1 ¦ 0.5
            {} or 1 ¦ 1
            {'a': 1} or 1 ¦ {'a': 1}
            () or 1 ¦ 1
            missing or 1 ¦ 1
            namespace() and 1 ¦ 1
            false or none ¦ None
            none and missing ¦ None
            'a' if true else 'b' ¦ a
            'a' if false else 'b' ¦ b
            ('a' if false) is defined ¦ False
            1 if true else 2 if true else 3 ¦ 1
            (1 if false else 2) if true else 3 ¦ 2
            """)
    void decidesByTruth(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            1 / 0 ¦ Division by zero in '/'
            1 // 0 ¦ Division by zero in '//'
            1 % 0 ¦ Division by zero in '%'
            1.0 / 0 ¦ Division by zero in '/'
            1.0 // 0.0 ¦ Division by zero in '//'
            1.5 % 0 ¦ Division by zero in '%'
            0 ** -1 ¦ Division by zero in '**'
            0.0 ** -1 ¦ Division by zero in '**'
            9223372036854775807 + 1 ¦ Integer overflow in '+'
            -9223372036854775807 - 2 ¦ Integer overflow in '-'
            9223372036854775807 * 2 ¦ Integer overflow in '*'
            (-9223372036854775807 - 1) // -1 ¦ Integer overflow in '//'
            2 ** 63 ¦ Integer overflow in '**'
            2 ** 1024 ¦ Integer overflow in '**'
            2 ** 1025 ¦ Integer overflow in '**'
            3 ** 9223372036854775807 ¦ Integer overflow in '**'
            -(-9223372036854775807 - 1) ¦ Integer overflow in '*'
            'a' + 1 ¦ '+' cannot combine str and int
            1 + 'a' ¦ '+' cannot combine int and str
            [] + 1 ¦ '+' cannot combine list and int
            [1] + (2,) ¦ '+' cannot combine list and tuple
            none + 1 ¦ '+' cannot combine None and int
            1 + missing ¦ '+' cannot combine int and 'missing', which is undefined
            {} + {} ¦ '+' cannot combine dict and dict
            'a' - 'b' ¦ '-' cannot combine str and str
            'a' / 2 ¦ '/' cannot combine str and int
            2 // 'a' ¦ '//' cannot combine int and str
            5 % 'a' ¦ '%' cannot combine int and str
            'a' * 1.5 ¦ '*' cannot combine str and float
            1.5 * 'a' ¦ '*' cannot combine str and float
            'a' * 'b' ¦ '*' cannot combine str and str
            none * 2 ¦ '*' cannot combine None and int
            range ** 2 ¦ '**' cannot combine function range and int
            -'a' ¦ A number is needed, got str
            +'a' ¦ A number is needed, got str
            -none ¦ A number is needed, got None
            1 < 'a' ¦ '<' cannot combine int and str
            none < 1 ¦ '<' cannot combine None and int
            {} < {} ¦ '<' cannot combine dict and dict
            [1] <= ['a'] ¦ '<=' cannot combine int and str
            namespace() > 1 ¦ '>' cannot combine namespace and int
            missing >= 1 ¦ '>=' cannot combine 'missing', which is undefined and int
            1 in 'abc' ¦ 'in' cannot combine int and str
            1 in 5 ¦ 'in' cannot combine int and int
            'a' in none ¦ 'in' cannot combine str and None
            [] in {} ¦ A list cannot be a dictionary key
            {range: 1} ¦ A function range cannot be a dictionary key
            {(1,): 1} ¦ A tuple cannot be a dictionary key
            {'a': 1}[[]] ¦ A list cannot be a dictionary key
            'abc'[::0] ¦ A slice cannot have a step of 0
            [1]['a':] ¦ A slice needs an integer, got str
            [1][:'a'] ¦ A slice needs an integer, got str
            [1][::'a'] ¦ A slice needs an integer, got str
            {}[1:] ¦ A dict cannot be sliced
            5[1:] ¦ A int cannot be sliced
            missing[1:] ¦ A 'missing', which is undefined cannot be sliced
            missing.a ¦ Attribute 'a' of 'missing', which is undefined
            missing[1] ¦ An item of 'missing', which is undefined
            [1][5].a ¦ Attribute 'a' of item 5, which is undefined
            {}['x'].a ¦ Attribute 'a' of 'x', which is undefined
            ''.nope.a ¦ Attribute 'a' of 'nope', which is undefined
            5[1.5].a ¦ Attribute 'a' of item 1.5, which is undefined
            ([]|first).a ¦ Attribute 'a' of the first item of an empty sequence, which is undefined
            ([]|last).a ¦ Attribute 'a' of the last item of an empty sequence, which is undefined
            ([]|max).a ¦ Attribute 'a' of the max of nothing, which is undefined
            (1 if false).a ¦ Attribute 'a' of an 'if' expression without 'else', which is undefined
            1() ¦ A int cannot be called
            'a'.nope() ¦ The function 'nope' is not defined
            missing() ¦ The function 'missing' is not defined
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
