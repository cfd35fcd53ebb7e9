package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.TemplateException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Methods of lists, tuples and dictionaries; each expectation is what Jinja2 3.1.6 gives. */
class CollectionMethodsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% set l = [1, 2] %}{% set r = l.append(3) %}{{ l }}{{ r }} ¦ [1, 2, 3]None
            {% set l = [1] %}{% set r = l.extend((2, 3)) %}{{ l }}{{ r }} ¦ [1, 2, 3]None
            {% set l = [1] %}{% set _ = l.extend('ab') %}{{ l }} ¦ [1, 'a', 'b']
            {% set l = [1, 2] %}{% set r = l.insert(1, 'x') %}{{ l }}{{ r }} ¦ [1, 'x', 2]None
            {% set l = [1, 2] %}{% set _ = l.insert(0, 'x') %}{{ l }} ¦ ['x', 1, 2]
            {% set l = [1, 2] %}{% set _ = l.insert(-1, 'x') %}{{ l }} ¦ [1, 'x', 2]
            {% set l = [1, 2] %}{% set _ = l.insert(9, 'x') %}{{ l }} ¦ [1, 2, 'x']
            {% set l = [1, 2] %}{% set _ = l.insert(-9, 'x') %}{{ l }} ¦ ['x', 1, 2]
            {% set l = [1, 2, 3] %}{{ l.pop() }}{{ l.pop(0) }}{{ l }} ¦ 31[2]
            {% set l = [1, 2, 3] %}{{ l.pop(-2) }}{{ l }} ¦ 2[1, 3]
            {% set l = [1, 2, 3] %}{{ l.pop(-3) }}{{ l }} ¦ 1[2, 3]
            {% set l = [1, 2, 3] %}{{ l.pop(2) }}{{ l }} ¦ 3[1, 2]
            {% set l = [1, 2, 1] %}{% set r = l.remove(1) %}{{ l }}{{ r }} ¦ [2, 1]None
            {% set l = [1, 2, 1] %}{% set _ = l.remove(2) %}{{ l }} ¦ [1, 1]
            {% set l = [1, 2, 3] %}{% set r = l.reverse() %}{{ l }}{{ r }} ¦ [3, 2, 1]None
            {% set l = [1, 2, 3] %}{% set r = l.clear() %}{{ l }}{{ r }} ¦ []None
            {% set l = [1] %}{% set c = l.copy() %}{% set _ = c.append(2) %}{{ l }}{{ c }} ¦ [1][1, 2]
            """)
    void changesLists(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            [1, 2, 1].count(1) ¦ 2
            [1, 2, 1].count(3) ¦ 0
            [1, 2, 3].index(3) ¦ 2
            (1, 2, 1).count(1) ¦ 2
            (1, 2).index(2) ¦ 1
            [1, 1].index(1) ¦ 0
            (1,).append is defined ¦ False
            (1,).copy is defined ¦ False
            [].nope is defined ¦ False
            {}.nope is defined ¦ False
            ''.nope is defined ¦ False
            """)
    void countsAndFinds(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {'a': 1}.get('a') ¦ 1
            {'a': 1}.get('b') ¦ None
            {'a': 1}.get('b', 2) ¦ 2
            {'a': 1}.get('a', 2) ¦ 1
            {'a': 1}.keys()|list ¦ ['a']
            {'a': 1}.values()|list ¦ [1]
            {'a': 1}.items()|list ¦ [('a', 1)]
            {% set d = {'a': 1} %}{% set c = d.copy() %}{% set _ = c.clear() %}{{ d }}{{ c }} ¦ {'a': 1}{}
            {'keys': 1}['keys'] ¦ 1
            {'a': 1}['keys'] is callable ¦ True
            {'keys': 1}.keys is callable ¦ True
            {'a': 1}[1] is defined ¦ False
            {1: 'x'}[1] ¦ x
            {1: 'x'}[1.0] ¦ x
            {1: 'x'}[true] ¦ x
            {none: 'y'}[none] ¦ y
            {1.5: 'z'}[1.5] ¦ z
            {0: 'w'}[-0.0] ¦ w
            {0.0: 'v'}[false] ¦ v
            """)
    void readsDictionaries(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {% set d = {'a': 1, 'b': 2} %}{{ d.pop('a') }}{{ d.pop('a', 7) }}{{ d }} ¦ 17{'b': 2}
            {% set d = {'a': 1} %}{{ d.setdefault('a', 2) }}{{ d.setdefault('b', 2) }}{{ d }} ¦ 12{'a': 1, 'b': 2}
            {% set d = {} %}{{ d.setdefault('c') }}{{ d }} ¦ None{'c': None}
            {% set d = {'a': 1} %}{% set r = d.update({'a': 2}, c=4) %}{{ d }}{{ r }} ¦ {'a': 2, 'c': 4}None
            {% set d = {} %}{% set r = d.update([('x', 1), ['y', 2]]) %}{{ d }}{{ r }} ¦ {'x': 1, 'y': 2}None
            {% set d = {'a': 1} %}{% set _ = d.update(d) %}{% set _ = d.update(['kv']) %}{{ d }} ¦ {'a': 1, 'k': 'v'}
            {% set d = {'a': 1} %}{% set r = d.clear() %}{{ d }}{{ r }} ¦ {}None
            """)
    void changesDictionaries(String expression, String expected) {
        assertEquals(expected, Rendering.expression(expression));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            [1].index(2) ¦ The value is not in the list
            [1].remove(2) ¦ The value is not in the list
            [1, 2, 3].pop(3) ¦ pop: no item 3 in a list of 3
            [1, 2, 3].pop(-4) ¦ pop: no item -4 in a list of 3
            [].pop() ¦ pop: no item -1 in a list of 0
            [1].pop('a') ¦ pop needs an integer, got str
            [1].insert(0) ¦ insert needs 'object'
            [1].extend(1) ¦ A int is not iterable
            [1].reverse(1) ¦ reverse takes no arguments
            [1].clear(1) ¦ clear takes no arguments
            [1].copy(1) ¦ copy takes no arguments
            [1].append() ¦ append takes one argument
            [1].append(1, 2) ¦ append takes one argument
            [1].append(1, x=2) ¦ append takes one argument
            [1].count() ¦ count takes one argument
            {'a': 1}.pop('b') ¦ pop of a missing key needs 'default'
            {'a': 1}.pop() ¦ pop needs 'key'
            {'a': 1}.get() ¦ get needs 'key'
            {'a': 1}.get([]) ¦ A list cannot be a dictionary key
            {'a': 1}.get({}) ¦ A dict cannot be a dictionary key
            {'a': 1}.setdefault() ¦ setdefault needs 'key'
            {'a': 1}.update([(1, 2, 3)]) ¦ A dictionary is made of pairs
            {'a': 1}.update([(1,)]) ¦ A dictionary is made of pairs
            {'a': 1}.update(1) ¦ A int is not iterable
            {'a': 1}.items(1) ¦ items takes no arguments
            {'a': 1}.keys(1) ¦ keys takes no arguments
            {'a': 1}.keys(x=1) ¦ keys takes no arguments
            {'a': 1}.values(1) ¦ values takes no arguments
            {'a': 1}.copy(1) ¦ copy takes no arguments
            {'a': 1}.clear(1) ¦ clear takes no arguments
            """)
    void saysWhatItCannotDo(String expression, String reason) {
        TemplateException error = assertThrows(TemplateException.class, () -> Rendering.expression(expression));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
}
