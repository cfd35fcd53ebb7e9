package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.chat.jinja.TemplateException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What filters of sequences make of their input; each expectation is what Jinja2 3.1.6 gives. */
class SequenceFiltersTest {
    private static final List<String> LENIENT = List.of(
            "select",
            "reject",
            "select('odd')",
            "reject('odd')",
            "selectattr('a')",
            "rejectattr('a')",
            "selectattr('a', 'equalto', 1)",
            "rejectattr('a', 'equalto', 1)",
            "map('upper')",
            "map(attribute='a')",
            "map(attribute='a', default=1)");
    private static final List<String> FALSE = List.of("missing", "none", "false", "0", "0.0", "''", "[]", "{}", "()");

    private static String text(String template, Map<String, ?> variables) {
        return Rendering.text(template, variables);
    }

    static Stream<Arguments> falseInputs() {
        return LENIENT.stream().flatMap(filter -> FALSE.stream().map(input -> Arguments.of(filter, input)));
    }

    @ParameterizedTest
    @MethodSource("falseInputs")
    void whatIsFalseIsAnEmptySequence(String filter, String input) {
        assertEquals(
                "0[]", text("{% set r = " + input + " | " + filter + " | list %}{{ r | length }}{{ r }}", Map.of()));
    }

    @Test
    void noToolsAreNoCodeInterpreter() {
        // Functionary's templates ask so, with tools set to none.
        Map<String, Object> variables = new HashMap<>();
        variables.put("tools", null);
        assertEquals(
                "False",
                text("{{ tools | selectattr('type', 'equalto', 'code_interpreter') | list | length > 0 }}", variables));
    }

    @ParameterizedTest
    @ValueSource(strings = {"select", "reject", "selectattr('a')", "rejectattr('a')", "map('upper')"})
    void whatIsTrueButNoSequenceIsAnError(String filter) {
        assertThrows(TemplateException.class, () -> text("{{ 5 | " + filter + " | list }}", Map.of()));
        assertThrows(TemplateException.class, () -> text("{{ true | " + filter + " | list }}", Map.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sort",
                "unique",
                "reverse",
                "list",
                "groupby('a')",
                "dictsort",
                "items",
                "join",
                "first",
                "last",
                "sum",
                "min",
                "max",
                "length"
            })
    void otherFiltersTakeNothingButSequences(String filter) {
        for (String input : List.of("none", "false", "0")) {
            assertThrows(TemplateException.class, () -> text("{{ " + input + " | " + filter + " }}", Map.of()), input);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sort", "unique", "reverse", "list", "groupby('a')", "items"})
    void whatIsMissingIsAnEmptySequence(String filter) {
        assertEquals("[]", text("{{ missing | " + filter + " | list }}", Map.of()));
    }

    @Test
    void whatIsMissingHasNoItems() {
        assertEquals(
                "||0|||0",
                text(
                        "{{ x|join }}|{{ x|first }}|{{ x|sum }}|{{ x|min }}|{{ x|max }}|{{ x|last }}{{ x|length }}",
                        Map.of()));
        assertThrows(TemplateException.class, () -> text("{{ missing | dictsort }}", Map.of()));
    }

    @Test
    void selectsByTruthOrByATest() {
        assertEquals(
                "[1, 3]|[0, 2]|[2]",
                text(
                        "{{ [0,1,2,3]|select('odd')|list }}|{{ [0,1,2,3]|reject('odd')|list }}|{{ [0,2,'']|select|list }}",
                        Map.of()));
        assertEquals(
                "1|2|2",
                text(
                        "{% set x = [{'a': 1, 'b': {'c': true}}, {'a': 2}] %}"
                                + "{{ (x|selectattr('a', 'eq', 1)|first).a }}|{{ (x|rejectattr('a', 'eq', 1)|first).a }}|"
                                + "{{ x|selectattr('a', 'gt', 0)|list|length }}",
                        Map.of()));
        assertEquals("1", text("{{ [{'b': {'c': 1}}, {'b': {'c': 0}}]|selectattr('b.c')|list|length }}", Map.of()));
        assertThrows(TemplateException.class, () -> text("{{ [1]|selectattr|list }}", Map.of()));
        assertThrows(TemplateException.class, () -> text("{{ [1]|select('no such test')|list }}", Map.of()));
    }

    @Test
    void mapsAttributesWithADefaultForEveryPartOfThePath() {
        String items = "[{'a': {'b': 1}}, {'a': {}}, {}]";
        assertEquals(
                "[1, 'x', 'x']",
                text(
                        "{{ [{'a': {'b': 1}}, {'a': {}}, {'a': {'b': 'x'}}]|map(attribute='a.b', default='x')|list }}",
                        Map.of()));
        // A default in the middle of a path is looked into as well.
        assertEquals(
                "[1, {'b': 7}, 7]", text("{{ " + items + "|map(attribute='a.b', default={'b': 7})|list }}", Map.of()));
        assertEquals("['A', 'B']", text("{{ ['a', 'b']|map('upper')|list }}", Map.of()));
        assertEquals("[1, 2]", text("{{ [[1], [2]]|map(attribute=0)|list }}", Map.of()));
        assertThrows(TemplateException.class, () -> text("{{ " + items + "|map(attribute='a.b')|list }}", Map.of()));
        assertThrows(TemplateException.class, () -> text("{{ ['a']|map|list }}", Map.of()));
    }

    @Test
    void sortsBySeveralAttributes() {
        String items = "[{'a': 2, 'b': 'x'}, {'a': 1, 'b': 'z'}, {'a': 1, 'b': 'Y'}]";
        assertEquals("Yzx", text("{{ " + items + "|sort(attribute='a,b')|map(attribute='b')|join }}", Map.of()));
        assertEquals(
                "xzY",
                text("{{ " + items + "|sort(attribute='a,b', reverse=true)|map(attribute='b')|join }}", Map.of()));
        assertEquals(
                "Yxz",
                text(
                        "{{ [{'b': 'x'}, {'b': 'z'}, {'b': 'Y'}]|sort(attribute='b', case_sensitive=true)"
                                + "|map(attribute='b')|join }}",
                        Map.of()));
    }

    @Test
    void dictsortKnowsTwoOrders() {
        assertEquals(
                "[('a', 2), ('B', 1)]|[('B', 1), ('a', 2)]",
                text("{% set d = {'B': 1, 'a': 2} %}{{ d|dictsort }}|{{ d|dictsort(by='value') }}", Map.of()));
        assertEquals("[('B', 1), ('a', 2)]", text("{{ {'B': 1, 'a': 2}|dictsort(true) }}", Map.of()));
        assertEquals("[('b', 1), ('a', 2)]", text("{{ {'a': 2, 'b': 1}|dictsort(reverse=true) }}", Map.of()));
        assertThrows(TemplateException.class, () -> text("{{ {}|dictsort(by='size') }}", Map.of()));
    }

    @Test
    void groupsWhatDiffersInCaseOnly() {
        String items = "[{'c': 'b', 'n': 1}, {'c': 'A', 'n': 2}, {'c': 'B', 'n': 3}, {'n': 4}]";
        assertEquals(
                "A:2;b:13;z:4;",
                text(
                        "{% for key, list in " + items + "|groupby('c', default='z') %}"
                                + "{{ key }}:{{ list|map(attribute='n')|join }};{% endfor %}",
                        Map.of()));
        assertEquals(
                "A:2;B:3;b:1;",
                text(
                        "{% for g in (" + items + ")[:3]|groupby('c', case_sensitive=true) %}"
                                + "{{ g.grouper }}:{{ g.list|map(attribute='n')|join }};{% endfor %}",
                        Map.of()));
    }

    @Test
    void findsExtremesAndUniqueValues() {
        assertEquals(
                "a|C|['b', 'a']",
                text("{{ ['b','a','C']|min }}|{{ ['b','a','C']|max }}|{{ ['b','a','B']|unique|list }}", Map.of()));
        assertEquals(
                "1|3",
                text(
                        "{{ ([{'a': 3}, {'a': 1}]|min(attribute='a')).a }}|{{ ([{'a': 3}, {'a': 1}]|max(attribute='a')).a }}",
                        Map.of()));
        assertEquals(
                "6|16|3",
                text("{{ [1,2,3]|sum }}|{{ [1,2,3]|sum(start=10) }}|{{ [{'a': 1}, {'a': 2}]|sum('a') }}", Map.of()));
        assertEquals(
                "1, 2|xy", text("{{ [1,2]|join(', ') }}|{{ [{'a': 'x'}, {'a': 'y'}]|join(attribute='a') }}", Map.of()));
    }
}
