package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Methods of strings; each expectation is what Jinja2 3.1.6 gives. */
class StringMethodsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            '  a '.strip() ¦ a
            ' a '.lstrip() ¦ `a `
            ' a '.rstrip() ¦ ` a`
            ' a '.strip(none) ¦ a
            'xyaxy'.strip('xy') ¦ a
            'xyaxy'.lstrip('yx') ¦ axy
            'xyaxy'.rstrip('yx') ¦ xya
            '  '.strip() ¦ ``
            ''.strip() ¦ ``
            'xx'.lstrip('x') ¦ ``
            'xx'.rstrip('x') ¦ ``
            'a'.strip('') ¦ a
            '😀a😀'.strip('😀') ¦ a
            '😀a😀'.lstrip('😀') ¦ a😀
            '😀a😀'.rstrip('😀') ¦ 😀a
            'abc'.removeprefix('ab') ¦ c
            'abc'.removeprefix('b') ¦ abc
            'abc'.removeprefix('abc') ¦ ``
            'abc'.removeprefix('') ¦ abc
            'abc'.removesuffix('bc') ¦ a
            'abc'.removesuffix('b') ¦ abc
            'abc'.removesuffix('abc') ¦ ``
            'abc'.removesuffix('') ¦ abc
            """)
    void cutsAtTheEnds(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'a  b c'.split(' ') ¦ ['a', '', 'b', 'c']
            'a--b--'.split('--') ¦ ['a', 'b', '']
            ''.split('-') ¦ ['']
            '-'.split('-') ¦ ['', '']
            'a,b,c'.split(',', 0) ¦ ['a,b,c']
            'a,b,c'.split(',', 1) ¦ ['a', 'b,c']
            'a,b,c'.split(',', 2) ¦ ['a', 'b', 'c']
            'a,b,c'.split(',', 5) ¦ ['a', 'b', 'c']
            'a,b'.split(',', -1) ¦ ['a', 'b']
            'a b'.split() ¦ ['a', 'b']
            ' a  b '.split() ¦ ['a', 'b']
            ''.split() ¦ []
            '  '.split() ¦ []
            'a\\t\\n b'.split(none) ¦ ['a', 'b']
            ' a b  c '.split(none, 1) ¦ ['a', 'b  c ']
            ' a b  c '.split(maxsplit=1) ¦ ['a', 'b  c ']
            ' a b  c '.split(none, 0) ¦ ['a b  c ']
            'a b '.split(none, 2) ¦ ['a', 'b']
            'a,b,c'.rsplit(',') ¦ ['a', 'b', 'c']
            'a,b,c'.rsplit(',', 0) ¦ ['a,b,c']
            'a,b,c'.rsplit(',', 1) ¦ ['a,b', 'c']
            'a,b,c'.rsplit(',', 5) ¦ ['a', 'b', 'c']
            'a--b--'.rsplit('--', 1) ¦ ['a--b', '']
            'a--b--'.rsplit('--') ¦ ['a', 'b', '']
            ' a  b '.rsplit() ¦ ['a', 'b']
            ' a b '.rsplit(none) ¦ ['a', 'b']
            'abc'.rsplit('abc') ¦ ['', '']
            'a\\nb\\r\\nc\\rd'.splitlines() ¦ ['a', 'b', 'c', 'd']
            'a\\n'.splitlines() ¦ ['a']
            ''.splitlines() ¦ []
            '\\n\\n'.splitlines() ¦ ['', '']
            'a\\n\\nb'.splitlines() ¦ ['a', '', 'b']
            'a\\nb\\r\\nc\\rd'.splitlines(true) ¦ ['a\\n', 'b\\r\\n', 'c\\r', 'd']
            'a\\n'.splitlines(keepends=true) ¦ ['a\\n']
            '\\r\\r\\n'.splitlines(true) ¦ ['\\r', '\\r\\n']
            'a-b-c'.partition('-') ¦ ('a', '-', 'b-c')
            'abc'.partition('-') ¦ ('abc', '', '')
            '-a'.partition('-') ¦ ('', '-', 'a')
            'a--'.partition('--') ¦ ('a', '--', '')
            'a-b-c'.rpartition('-') ¦ ('a-b', '-', 'c')
            'abc'.rpartition('-') ¦ ('', '', 'abc')
            'a-'.rpartition('-') ¦ ('a', '-', '')
            '--a'.rpartition('--') ¦ ('', '--', 'a')
            """)
    void splits(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'abc'.startswith('ab') ¦ True
            'abc'.startswith('b') ¦ False
            'abc'.endswith('bc') ¦ True
            'abc'.endswith('b') ¦ False
            'abc'.startswith('') ¦ True
            'abc'.startswith(('x', 'a')) ¦ True
            'abc'.startswith(('x', 'y')) ¦ False
            'abc'.endswith(('c', 'x')) ¦ True
            'abc'.startswith(()) ¦ False
            'abcabc'.find('b') ¦ 1
            'abcabc'.find('b', 1) ¦ 1
            'abcabc'.find('b', 2) ¦ 4
            'abcabc'.find('z') ¦ -1
            'abcabc'.find('b', 5) ¦ -1
            'abc'.find('', 3) ¦ 3
            'abc'.find('', 4) ¦ -1
            'abc'.find('c', -1) ¦ 2
            'abc'.find('a', -1) ¦ -1
            'abc'.find('a', -9) ¦ 0
            'abc'.find('bcd') ¦ -1
            'abc'.find('cd') ¦ -1
            'aab'.find('ab') ¦ 1
            'abc'.find('abc') ¦ 0
            ''.find('') ¦ 0
            ''.find('a') ¦ -1
            'abcabc'.rfind('b') ¦ 4
            'abcabc'.rfind('b', 4) ¦ 4
            'abcabc'.rfind('b', 5) ¦ -1
            'abcabc'.rfind('z') ¦ -1
            'abc'.rfind('a') ¦ 0
            'abc'.rfind('') ¦ 3
            'abc'.rfind('', 3) ¦ 3
            'abc'.rfind('', 4) ¦ -1
            'abc'.rfind('a', -1) ¦ -1
            'abc'.rfind('c', -1) ¦ 2
            'abcabc'.index('b') ¦ 1
            'abcabc'.index('a') ¦ 0
            'abcabc'.index('b', 2) ¦ 4
            'abcabc'.rindex('b') ¦ 4
            'abcabc'.rindex('a', 3) ¦ 3
            'é😀b'.find('b') ¦ 2
            '😀b😀b'.rfind('b') ¦ 3
            '😀b😀b'.find('b', 2) ¦ 3
            '😀b'.index('b') ¦ 1
            '😀'.find('', 1) ¦ 1
            'aaa'.count('a') ¦ 3
            'aaaa'.count('aa') ¦ 2
            'abc'.count('') ¦ 4
            'abc'.count('z') ¦ 0
            '😀'.count('') ¦ 2
            'aXa'.count('aX') ¦ 1
            """)
    void findsParts(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'abab'.replace('a', 'x') ¦ xbxb
            'abab'.replace('a', 'x', 1) ¦ xbab
            'abab'.replace('a', 'x', 0) ¦ abab
            'abab'.replace('a', 'x', -1) ¦ xbxb
            'abab'.replace('ab', '') ¦ ``
            'abc'.replace('z', 'x') ¦ abc
            'abc'.replace('c', 'xyz') ¦ abxyz
            'aaa'.replace('aa', 'b') ¦ ba
            'ab'.replace('', '-') ¦ -a-b-
            'ab'.replace('', '-', 2) ¦ -a-b
            'ab'.replace('', '-', 0) ¦ ab
            ''.replace('', '-') ¦ -
            ''.replace('a', 'b') ¦ ``
            ', '.join(['a', 'b', 'c']) ¦ a, b, c
            '-'.join('abc') ¦ a-b-c
            '-'.join([]) ¦ ``
            '-'.join(['a']) ¦ a
            '-'.join({'k': 1}) ¦ k
            'a{}b{}'.format(1, 2) ¦ a1b2
            '{1}{0}'.format('a', 'b') ¦ ba
            '{x}{y}'.format(x=1, y='b') ¦ 1b
            '{}{x}'.format(1, x=2) ¦ 12
            ('{' ~ '{a}' ~ '}').format() ¦ {a}
            '{}'.format(none) ¦ None
            'a'.format(1) ¦ a
            '}}'.format() ¦ }
            'x{0}y'.format('z') ¦ xzy
            """)
    void replacesAndJoins(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'Straße'.upper() ¦ STRASSE
            'ÀB'.lower() ¦ àb
            'Straße'.casefold() ¦ strasse
            'ÀB'.casefold() ¦ àb
            'hello wORLD'.title() ¦ Hello World
            "it's 3a b".title() ¦ It'S 3A B
            ''.title() ¦ ``
            'hELLO wORLD'.capitalize() ¦ Hello world
            ''.capitalize() ¦ ``
            '1a B'.capitalize() ¦ 1a b
            'AB1'.isupper() ¦ True
            'Ab'.isupper() ¦ False
            '12'.isupper() ¦ False
            'ab1'.islower() ¦ True
            'Ab'.islower() ¦ False
            '12'.islower() ¦ False
            ''.islower() ¦ False
            """)
    void changesCase(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'ab'.ljust(4, '.') ¦ ab..
            'ab'.ljust(3) ¦ `ab `
            'ab'.ljust(2) ¦ ab
            'ab'.ljust(1) ¦ ab
            'ab'.rjust(4) ¦ `  ab`
            'ab'.rjust(3, '-') ¦ -ab
            'ab'.rjust(-1) ¦ ab
            'ab'.center(5, '*') ¦ **ab*
            'ab'.center(4, '*') ¦ *ab*
            'abc'.center(6, '*') ¦ *abc**
            'ab'.center(3, '*') ¦ *ab
            'ab'.center(2) ¦ ab
            'a'.center(2, '*') ¦ a*
            '-5'.zfill(4) ¦ -005
            '+5'.zfill(4) ¦ +005
            '5'.zfill(3) ¦ 005
            '--5'.zfill(5) ¦ -00-5
            ''.zfill(2) ¦ 00
            '55'.zfill(2) ¦ 55
            'a'.zfill(0) ¦ a
            '5-'.zfill(3) ¦ 05-
            '😀'.ljust(2, '.') ¦ 😀.
            '😀'.rjust(2, '.') ¦ .😀
            'é'.zfill(2) ¦ 0é
            """)
    void pads(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            '12'.isdigit() ¦ True
            '1a'.isdigit() ¦ False
            ''.isdigit() ¦ False
            '12'.isdecimal() ¦ True
            '12'.isnumeric() ¦ True
            'a'.isnumeric() ¦ False
            'ab'.isalpha() ¦ True
            'a1'.isalpha() ¦ False
            ''.isalpha() ¦ False
            'é漢'.isalpha() ¦ True
            'a1'.isalnum() ¦ True
            'a 1'.isalnum() ¦ False
            ''.isalnum() ¦ False
            ' \\t'.isspace() ¦ True
            ' a'.isspace() ¦ False
            ''.isspace() ¦ False
            '\\xa0\\x85\\u2007\\u202f\\u3000'.isspace() ¦ True
            '\\u200b'.isspace() ¦ False
            """)
    void classifiesCharacters(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            'a'.split('') ¦ split: the separator is empty
            'a'.rsplit('') ¦ rsplit: the separator is empty
            'a b'.rsplit(none, 1) ¦ rsplit with a limit needs a separator
            'a b'.rsplit(none, 0) ¦ rsplit with a limit needs a separator
            'a'.partition('') ¦ partition: the separator is empty
            'abc'.index('z') ¦ index: the substring is not there
            'abc'.index('a', 1) ¦ index: the substring is not there
            'abc'.index('', 4) ¦ index: the substring is not there
            'abc'.rindex('z') ¦ rindex: the substring is not there
            'abc'.find() ¦ find needs 'sub'
            'abc'.find(1) ¦ find needs a string, got int
            'abc'.find('a', 'b') ¦ find needs an integer, got str
            'abc'.find('a', 1, 2) ¦ find takes at most 2 arguments, got 3
            'abc'.count(1) ¦ count needs a string, got int
            'abc'.count() ¦ count takes one argument
            'abc'.startswith(['a']) ¦ startswith and endswith need a string, got list
            'abc'.startswith() ¦ startswith takes one argument
            'abc'.startswith('a', 1) ¦ startswith takes one argument
            ','.join([1]) ¦ join needs a string, got int
            ','.join(1) ¦ A int is not iterable
            'abc'.replace('a') ¦ replace needs 'new'
            'abc'.replace() ¦ replace needs 'old'
            'abc'.strip(1) ¦ strip needs a string, got int
            'abc'.strip('a', 'b') ¦ strip takes at most 1 arguments, got 2
            'abc'.strip(nope='a') ¦ strip has no parameter 'nope'
            'abc'.strip('a', chars='b') ¦ strip got two values for 'chars'
            'abc'.removeprefix(none) ¦ removeprefix needs a string, got None
            'abc'.partition(1) ¦ partition needs a string, got int
            'a'.center(5, 1) ¦ center needs a string, got int
            'a'.center('b') ¦ center needs an integer, got str
            '{'.format() ¦ format: a brace stands alone
            '}'.format() ¦ format: a brace stands alone
            'a}b'.format() ¦ format: a brace stands alone
            '{}'.format() ¦ format: the field '{0}' is not supported or has no value
            '{}{}'.format(1) ¦ format: the field '{1}' is not supported or has no value
            '{a}'.format(1) ¦ format: the field '{a}' is not supported or has no value
            '{:5}'.format(1) ¦ format: the field '{:5}' is not supported or has no value
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
