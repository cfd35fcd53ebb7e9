package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a template does is paid for, so that nothing it does can take long. */
class CostTest {
    private static final int MEGA = 1 << 20;
    private static final String LONG = "a".repeat(MEGA);
    private static final List<Integer> NUMBERS = Collections.nCopies(1000, 7);
    private static final Map<Integer, Integer> DICT =
            IntStream.range(0, 1000).boxed().collect(Collectors.toMap(n -> n, n -> n));
    private static final Map<String, Object> VARIABLES = Map.of(
            "s", LONG, "t", LONG + "b", "half", MEGA / 2, "l", NUMBERS, "d", DICT, "lists", List.of(NUMBERS, NUMBERS));

    private static Limits steps(long steps) {
        return limits(400, steps, 16 << 20, 128L << 20, 4_000_000);
    }

    private static Limits elements(int elements) {
        return limits(400, 2_000_000, 16 << 20, 128L << 20, elements);
    }

    private static Limits limits(int depth, long steps, int stringChars, long totalChars, int elements) {
        return new Limits(1 << 20, 100, depth, steps, stringChars, totalChars, elements, Duration.ofDays(1));
    }

    private static void render(String template, Limits limits) {
        Template.parse(
                        template.contains("{%") || template.contains("{{")
                                ? template
                                : "{% set r = " + template + " %}",
                        limits)
                .render(VARIABLES, Rendering.CLOCK);
    }

    private static void refuses(String what, String template, Limits limits) {
        LimitException error = assertThrows(LimitException.class, () -> render(template, limits), template);
        assertTrue(error.getMessage().contains(what), error.getMessage());
        assertTrue(error.line() > 0, "the line is told");
    }

    /** One step for each thousand of characters that an operation may look at. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "s.nope",
                "s[0]",
                "s['nope']",
                "s is defined",
                "s is string",
                "s|attr('nope')",
                "s|d",
                "s == t",
                "s < t",
                "[s, t]|sort",
                "[s]|unique",
                "[s]|select('string')",
                "[s]|map('d')",
                "s|upper",
                "s.upper()",
                "s.find('b')",
                "s.rfind('b')",
                "'b' in s",
                "s.split('b')",
                "s.rsplit('b')",
                "s.count('b')",
                "s[:]",
                "s[::-1]",
                "s ~ ''",
                "s + ''",
                "s * 2",
                "[s]|string",
                "s|tojson",
                "'%s' % s",
                "'{}'.format(s)",
                "''.join([s])",
                "[s]|join",
                "s|indent",
                "s|title",
                "{% for c in s %}{% endfor %}",
                "{{ s }}",
                "{% set x %}{{ s }}{% endset %}",
                "strftime_now('%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y')",
            })
    void longStringsArePaidFor(String operation) {
        refuses("steps", operation, steps(990));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"s", "s if s else 0", "not s", "s and s", "[s]", "{1: s}", "s[half:]", "s[:half]", "[s][0]"})
    void whatLooksAtNothingIsCheap(String operation) {
        assertDoesNotThrow(() -> render(operation, steps(600)));
    }

    /** One step for each element that is gone over, and one for each that is made. */
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            l|list ¦ 1000
            l + [] ¦ 1000
            l * 2 ¦ 2000
            l[:] ¦ 1000
            l[::-1] ¦ 1000
            l|reverse ¦ 1000
            l|sort ¦ 1900
            l|map('d') ¦ 2000
            l|select ¦ 1000
            l|groupby('real', default=1) ¦ 1900
            l|sum ¦ 1000
            l|min ¦ 1900
            l == (l + []) ¦ 2000
            lists[0] == lists[1] ¦ 1000
            5 in l ¦ 1000
            l.count(5) ¦ 1000
            l|tojson ¦ 1000
            l|string ¦ 1000
            l.copy() ¦ 1000
            d|list ¦ 1000
            d.keys() ¦ 1000
            d.values() ¦ 1000
            d.items() ¦ 1000
            d|items ¦ 1000
            d|dictsort ¦ 1900
            d.copy() ¦ 1000
            dict(d) ¦ 1000
            namespace(d) ¦ 1000
            {}.update(d) ¦ 1000
            [].extend(l) ¦ 1000
            range(1000) ¦ 1000
            'a' * 1000 ¦ 1000
            'a'.center(1001) ¦ 1000
            'a'.ljust(1001) ¦ 1000
            'a'.zfill(1001) ¦ 1000
            '%1001s' % 'a' ¦ 1000
            '%-1001s' % 'a' ¦ 1000
            d == dict(d) ¦ 2000
            {% for x in l %}{% endfor %} ¦ 2000
            {% for x in l if false %}{% endfor %} ¦ 2000
            """)
    void elementsArePaidFor(String operation, long least) {
        refuses("steps", operation, steps(least));
    }

    /** Each element of a list that is made counts, and so does each that joins one. */
    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            [1, 2, 3, 4] ¦ 4
            (1, 2, 3, 4) ¦ 4
            {1: 2, 3: 4, 5: 6, 7: 8} ¦ 4
            range(4) ¦ 4
            'abcd'|list ¦ 4
            'a b c d'.split() ¦ 4
            'a b c d'.split(' ') ¦ 4
            'a b c d'.rsplit() ¦ 4
            'a-b-c-d'.rsplit('-') ¦ 4
            'abcd'[::-1] ¦ 4
            range(4)[:] ¦ 8
            range(4)[1:2] ¦ 5
            range(4) * 2 ¦ 12
            range(4) * 0 ¦ 4
            [] * 1000000 ¦ 0
            range(4) + range(3) ¦ 14
            range(4).copy() ¦ 8
            [].append(1) ¦ 1
            [].insert(0, 1) ¦ 1
            [].extend(range(4)) ¦ 8
            {}.setdefault(1) ¦ 1
            {}.update(a=1, b=2) ¦ 2
            {}.update({1: 2}) ¦ 2
            {1: 2, 3: 4}.copy() ¦ 4
            {1: 2, 3: 4}.keys() ¦ 4
            {1: 2, 3: 4}.values() ¦ 4
            {1: 2, 3: 4}.items() ¦ 4
            {1: 2, 3: 4}|dictsort ¦ 4
            {1: 2, 3: 4}|list ¦ 4
            {% for x in range(4) %}{% endfor %} ¦ 8
            {% set a, b = 1, 2 %} ¦ 4
            'a\\nb\\nc'.splitlines() ¦ 3
            range(4)|unique ¦ 12
            range(4)|groupby(0, default=1) ¦ 9
            """)
    void elementsAreCounted(String operation, int made) {
        if (made > 0) {
            assertDoesNotThrow(() -> render(operation, elements(made)));
        }
        if (made > 1) {
            refuses("more than " + (made - 1) + " list elements", operation, elements(made - 1));
        }
    }

    /** A level that is left counts no more: one after another, any number of them fits. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% if true %}{% endif %}",
                "{% set x = 1 + 2 %}",
                "{% set x = m(1) %}",
                "{% set x = [1] == [2] %}",
                "{% set x = [1, 2] == [1, 3] %}",
                "{% set x = {1: 2} == {1: 3} %}",
                "{% set x = [1] < [2] %}",
                "{% set x = [1, [2]]|string %}",
                "{% set x = [1, {2: 3}]|tojson %}",
                "{% set x = ['a']|map('upper') %}",
                "{% set x = [1]|first %}",
                "{% set x %}1{% endset %}",
                "{% filter upper %}1{% endfilter %}",
                "{% call m(1) %}{% endcall %}",
                "{% for j in [1] %}{% endfor %}",
                "{% for j in [1] %}{% continue %}{% endfor %}",
                "{% for j in [[1]] recursive %}{{ loop([]) }}{% endfor %}",
                "{% generation %}{% endgeneration %}",
            })
    void levelsAreLeftAgain(String statement) {
        String template = "{% macro m(a) %}{{ a }}{% endmacro %}{% for i in range(50) %}" + statement + "{% endfor %}";
        assertDoesNotThrow(() -> render(template, limits(12, 100_000, MEGA, MEGA, 100_000)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
            {{ 1 }} ¦ 2
            {{ 1 + 1 }} ¦ 3
            {{ [[1]] }} ¦ 4
            {% if true %}{% endif %} ¦ 2
            {% if true %}{% if true %}{% endif %}{% endif %} ¦ 3
            {% if true %}{{ 1 }}{% endif %} ¦ 3
            {% for x in [1] %}{{ x }}{% endfor %} ¦ 3
            {% set x %}{{ 1 }}{% endset %} ¦ 3
            {% generation %}{{ 1 }}{% endgeneration %} ¦ 3
            {% macro m() %}{{ 1 }}{% endmacro %}{{ m() }} ¦ 5
            {{ [[[1]]]|string }} ¦ 6
            {{ [[[[[1]]]]]|string }} ¦ 8
            {% set x = [[[[1]]]] %}{% set y = [[[[2]]]] %}{{ x == y }} ¦ 7
            {% set x = [[[[1]]]] %}{% set y = [[[[2]]]] %}{{ x < y }} ¦ 7
            {% set x = [[[[[1]]]]] %}{{ x|tojson }} ¦ 8
            """)
    void levelsAreCounted(String template, int depth) {
        assertDoesNotThrow(() -> render(template, limits(depth, 100_000, MEGA, MEGA, 100_000)));
        refuses("nested deeper than " + (depth - 1), template, limits(depth - 1, 100_000, MEGA, MEGA, 100_000));
    }

    @Test
    void charactersAreCounted() {
        String ten = "{% set x = 'ab' * 5 %}";
        assertDoesNotThrow(() -> render(ten, limits(400, 1000, 10, 100, 100)));
        refuses("a string of more than 9 characters", ten, limits(400, 1000, 9, 100, 100));
        assertDoesNotThrow(() -> render(ten, limits(400, 1000, 100, 10, 100)));
        refuses("more than 9 characters of strings", ten, limits(400, 1000, 100, 9, 100));
        assertDoesNotThrow(() -> render(ten + ten, limits(400, 1000, 10, 20, 100)));
        refuses("more than 19 characters of strings", ten + ten, limits(400, 1000, 10, 19, 100));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'abcd' ~ 'efghij'",
                "'abcd' + 'efghij'",
                "'abcdefghij'[::1]",
                "'-' ~ 'abcdefghij'[1:]",
                "'abcdefghij'|upper",
                "'abcdefghij'.title()",
                "'ab'.center(10)",
                "'ab'.rjust(10)",
                "'ab'.ljust(10)",
                "'ab'.zfill(10)",
                "'%10s' % 'a'",
                "'%-10s' % 'a'",
                "'%s' % 'abcdefghij'",
                "'{}'.format('abcdefghij')",
                "','.join(['abcd', 'efghi'])",
                "['abcd', 'efghi']|join(',')",
                "'a'|indent(9, true)",
                "'a\\nb'|indent(7)",
                "'aXa'.replace('X', 'bcdefghi')",
                "['abcdef']|string",
                "[1, 2, 30]|string",
                "[1, 2, 30]|tojson",
                "'abcdefgh'|tojson",
                "'abcdefghij'.capitalize()",
                "'&bcdef'|e",
            })
    void stringsOfTenCharactersAreMadeOfTen(String operation) {
        assertDoesNotThrow(() -> render(operation, limits(400, 10_000, 10, 1000, 100)));
        refuses("a string of more than 9 characters", operation, limits(400, 10_000, 9, 1000, 100));
    }

    @Test
    void stepsAreCounted() {
        // The template, its statement and its expression.
        assertDoesNotThrow(() -> render("{{ 1 }}{% raw %}{% endraw %}", steps(3)));
        refuses("more than 2 steps", "{{ 1 }}{% raw %}{% endraw %}", steps(2));
    }
}
