package io.llamanode.grammar.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Objects the properties of which come in any order, as others write them. */
class UnorderedObjectsTest {
    private static boolean accepts(String schema, String text, JsonSchema.Order order) {
        JsonSchema.Result result =
                JsonSchema.compile(schema.replace('\'', '"'), JsonSchema.Options.DEFAULT.withOrder(order));
        Recognizer recognizer = new Recognizer(Automaton.of(result.grammar(), SchemaData.MOST_NODES), Limits.DEFAULT);
        return Matching.accepts(recognizer, text.replace('\'', '"'));
    }

    private static final String TWO =
            "{'type':'object','properties':{'a':{'type':'null'},'b':{'type':'null'}},'required':['b']";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                TWO + "}|{'b':null,'a':null}|true",
                TWO + "}|{'x':1,'b':null,'y':2,'a':null,'z':3}|true",
                TWO + "}|{'a':null}|false",
                TWO + "}|{'b':null,'a':null,'b':null}|false",
                TWO + "}|{'b':null,'a':1}|false",
                TWO + ",'additionalProperties':false}|{'b':null,'a':null}|true",
                TWO + ",'additionalProperties':false}|{'b':null,'x':null}|false",
                TWO + ",'maxProperties':2}|{'x':1,'b':null}|true",
                TWO + ",'maxProperties':2}|{'x':1,'y':1,'b':null}|false",
                TWO + ",'minProperties':3}|{'b':null,'x':1,'a':null}|true",
                TWO + ",'minProperties':3}|{'b':null,'a':null}|false",
                TWO + ",'dependentRequired':{'a':['c']}}|{'c':1,'b':null,'a':null}|true",
                TWO + ",'dependentRequired':{'a':['c']}}|{'b':null,'a':null}|false",
                TWO + ",'not':{'propertyNames':{'pattern':'^.$'}}}|{'b':null,'long':1,'a':null}|true",
                TWO + ",'not':{'propertyNames':{'pattern':'^.$'}}}|{'b':null,'l':1,'a':null}|false",
                "{'allOf':[{'properties':{'x':{'type':'null'}}},{'properties':{'y':{'type':'null'}}}]}"
                        + "|{'y':null,'x':null}|true",
                "{'const':{'a':1,'b':[2,{'c':3,'d':4}]}}|{'b':[2,{'d':4,'c':3}],'a':1}|true",
                "{'const':{'a':1,'b':2}}|{'b':1,'a':2}|false",
                "{'propertyNames':{'enum':['a','b']},'minProperties':2,'type':'object'}|{'b':1,'a':1}|true",
                "{'propertyNames':{'enum':['a','b']},'minProperties':2,'type':'object'}|{'a':1,'a':1}|false",
            })
    void propertiesMayComeInAnyOrder(String schema, String text, boolean valid) {
        assertEquals(valid, accepts(schema, text, JsonSchema.Order.ANY));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {TWO + "}|{'b':null,'a':null}|false", TWO + "}|{'a':null,'b':null,'x':1}|true"})
    void byDefaultTheyComeInTheSchemasOrder(String schema, String text, boolean valid) {
        assertEquals(valid, accepts(schema, text, JsonSchema.Order.SCHEMA));
    }
}
