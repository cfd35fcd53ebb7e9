package io.llamanode.grammar.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Schemas by their meaning: which texts are valid, and which schemas are refused by name. */
class JsonSchemaTest {
    private static Recognizer recognizer(String schema, JsonSchema.Options options) {
        JsonSchema.Result result = JsonSchema.compile(schema.replace('\'', '"'), options);
        return new Recognizer(Automaton.of(result.grammar(), SchemaData.MOST_NODES), Limits.DEFAULT);
    }

    private static boolean accepts(String schema, String text) {
        return Matching.accepts(recognizer(schema, JsonSchema.Options.DEFAULT), text.replace('\'', '"'));
    }

    private static void valid(String schema, String... texts) {
        for (String text : texts) {
            assertTrue(accepts(schema, text), () -> text + " is valid by " + schema);
        }
    }

    private static void invalid(String schema, String... texts) {
        for (String text : texts) {
            assertFalse(accepts(schema, text), () -> text + " is not valid by " + schema);
        }
    }

    private static SchemaException refused(String schema) {
        return assertThrows(
                SchemaException.class, () -> JsonSchema.compile(schema.replace('\'', '"'), JsonSchema.Options.DEFAULT));
    }

    @Test
    void propertiesComeInTheSchemasOrderThenOthers() {
        String schema = "{'type':'object','properties':{'b':{'type':'null'},'a':{'type':'null'}},'required':['a']}";
        valid(schema, "{'a':null}", "{'b':null,'a':null}", "{'a':null,'c':[1,{'d':2}]}");
        invalid(schema, "{}", "{'b':null}", "{'a':null,'b':null}", "{'a':1}", "{'a':null,}", "{'a':null,'b':1}");
    }

    @Test
    void additionalNamesAreNoneOfTheDeclaredOnesAndMatchNoPattern() {
        String schema =
                "{'type':'object','properties':{'ab':{'type':'null'}},'patternProperties':{'^x':{'type':'null'}},"
                        + "'additionalProperties':{'type':'boolean'}}";
        valid(schema, "{'x1':null,'a':true,'abc':false}", "{'ab':null,'x':null}");
        invalid(schema, "{'ab':true}", "{'x':true}", "{'a':null}", "{'\\u0061b':true}");
    }

    @Test
    void requiredNamesThatNoPropertyDeclaresComeAnywhereAmongTheOthers() {
        String schema = "{'type':'object','required':['p','q'],'properties':{'a':{}}}";
        valid(schema, "{'q':1,'p':2}", "{'a':0,'z':1,'p':1,'y':1,'q':2,'x':3}");
        invalid(schema, "{'q':1}", "{'a':1,'p':1}");
    }

    @Test
    void countsOfPropertiesAreKept() {
        String schema = "{'type':'object','minProperties':2,'maxProperties':3,'properties':{'a':{},'b':{},'c':{}}}";
        valid(schema, "{'a':1,'b':1}", "{'b':1,'x':1}", "{'a':1,'b':1,'c':1}", "{'x':1,'y':1,'z':1}");
        invalid(schema, "{}", "{'a':1}", "{'x':1}", "{'a':1,'b':1,'c':1,'d':1}");
    }

    @Test
    void manyOptionalPropertiesMakeAGrammarOfTheirNumber() {
        String properties = IntStream.range(0, 400)
                .mapToObj(i -> "'p%d':{'type':'null'}".formatted(i))
                .collect(Collectors.joining(","));
        String schema = "{'type':'object','additionalProperties':false,'properties':{%s}}".formatted(properties);
        JsonSchema.Result result = JsonSchema.compile(schema.replace('\'', '"'), JsonSchema.Options.DEFAULT);
        assertTrue(Automaton.of(result.grammar(), 20_000).size() < 20_000);
        valid(schema, "{}", "{'p3':null,'p399':null}");
        invalid(schema, "{'p3':null,'p2':null}", "{'q':null}");
    }

    @Test
    void allOfIsIntersected() {
        String schema = "{'allOf':[{'enum':['a',1,null]},{'type':['string','null']}]}";
        valid(schema, "'a'", "null");
        invalid(schema, "1", "{}");
        String objects = "{'allOf':[{'type':'object','properties':{'a':{'type':'integer'}},'required':['a']},"
                + "{'properties':{'b':{'type':'string'}},'additionalProperties':{'enum':[1,2]}}]}";
        valid(objects, "{'a':1}", "{'a':2,'b':'x','c':2}");
        invalid(objects, "{'a':3}", "{'b':'x'}", "{'a':1,'b':1}");
    }

    @Test
    void propertiesBesideAnyOfAreHonoured() {
        String schema = "{'type':'object','properties':{'k':{'type':'string'}},'required':['k'],"
                + "'anyOf':[{'required':['x']},{'required':['y']}],'additionalProperties':false,"
                + "'properties':{'k':{'type':'string'},'x':{},'y':{}}}";
        valid(schema, "{'k':'','x':1}", "{'k':'','y':1}", "{'k':'','x':1,'y':2}");
        invalid(schema, "{'k':''}", "{'x':1}", "{'k':1,'x':1}");
    }

    @Test
    void oneOfTakesWhatOneAlternativeAllows() {
        String schema = "{'oneOf':[{'type':'object','required':['a']},{'type':'object','required':['b']}]}";
        valid(schema, "{'a':1}", "{'b':1}");
        invalid(schema, "{}", "{'a':1,'b':1}", "1");
        String kinds = "{'oneOf':[{'properties':{'kind':{'const':'x'},'v':{'type':'null'}},'required':['kind','v']},"
                + "{'properties':{'kind':{'const':'y'},'w':{'type':'null'}},'required':['kind','w']}],'type':'object'}";
        valid(kinds, "{'kind':'x','v':null}", "{'kind':'y','w':null}");
        invalid(kinds, "{'kind':'x','w':null}", "{'kind':'z','v':null}");
    }

    @Test
    void notTakesAwayTypesValuesAndProperties() {
        valid("{'not':{'type':'object'}}", "1", "'x'", "[{}]");
        invalid("{'not':{'type':'object'}}", "{}");
        valid("{'type':'string','not':{'enum':['no','never']}}", "'n'", "'nob'", "''");
        invalid("{'type':'string','not':{'enum':['no','never']}}", "'no'", "'never'", "1");
        valid("{'type':'object','not':{'required':['x']}}", "{'y':1}", "{}");
        invalid("{'type':'object','not':{'required':['x']}}", "{'x':1}", "{'y':1,'x':1}");
        valid("{'type':'array','not':{'items':{'type':'null'}}}", "[null,1]", "[1]");
        invalid("{'type':'array','not':{'items':{'type':'null'}}}", "[]", "[null,null]");
        valid("{'type':'object','not':{'additionalProperties':{'type':'null'}}}", "{'a':null,'b':1}");
        invalid("{'type':'object','not':{'additionalProperties':{'type':'null'}}}", "{}", "{'a':null}");
    }

    @Test
    void ifDecidesBetweenThenAndElse() {
        String schema = "{'type':'object','properties':{'k':{'enum':['a','b']},'v':{}},'required':['k'],"
                + "'if':{'properties':{'k':{'const':'a'}}},'then':{'required':['v']},'else':{'properties':{'v':false}}}";
        valid(schema, "{'k':'a','v':1}", "{'k':'b'}");
        invalid(schema, "{'k':'a'}", "{'k':'b','v':1}");
    }

    @Test
    void enumValuesAreSpelledAsJson() {
        valid("{'enum':['a\\\\b','tab\\t']}", "'a\\\\b'", "'tab\\t'");
        invalid("{'enum':['a\\\\b']}", "'a\\b'", "'ab'");
        valid("{'const':{'x':[1,true],'y':null}}", "{'x':[1,true],'y':null}");
        invalid("{'const':{'x':[1,true],'y':null}}", "{'x':[1],'y':null}", "{'x':[1,true]}");
    }

    @Test
    void referencesOfEveryKindAreFollowed() {
        String tree = "{'$defs':{'n/o de%':{'$anchor':'N','type':'object','properties':{'v':{'type':'null'},"
                + "'kids':{'type':'array','items':{'$ref':'#/$defs/n~1o%20de%25'}}},'required':['v'],"
                + "'additionalProperties':false}},'$ref':'#N'}";
        valid(tree, "{'v':null}", "{'v':null,'kids':[{'v':null,'kids':[]}]}");
        invalid(tree, "{'v':null,'kids':[{}]}");
        valid(
                "{'$id':'http://x/a','$defs':{'b':{'$id':'b','type':'null'}},'items':{'$ref':'b'},'type':'array'}",
                "[null]");
        invalid("{'$id':'http://x/a','$defs':{'b':{'$id':'b','type':'null'}},'items':{'$ref':'b'}}", "[1]");
    }

    @Test
    void siblingsOfAReferenceCountInDraft2020AndNotInDraft7() {
        String schema =
                "{%s'definitions':{'s':{'type':'string'}},'properties':{'a':{'$ref':'#/definitions/s','const':'x'}}}";
        String old = schema.formatted("'$schema':'http://json-schema.org/draft-07/schema#',");
        invalid(schema.formatted(""), "{'a':'y'}");
        valid(old, "{'a':'y'}");
        invalid(old, "{'a':1}");
    }

    @Test
    void itemsFollowThePrefixWithinTheirCounts() {
        String schema = "{'type':'array','prefixItems':[{'type':'null'},{'type':'boolean'}],'items':{'type':'null'},"
                + "'minItems':1,'maxItems':3}";
        valid(schema, "[null]", "[null,true]", "[null,true,null]");
        invalid(schema, "[]", "[true]", "[null,null]", "[null,true,true]", "[null,true,null,null]");
    }

    @Test
    void containsIsCounted() {
        String schema = "{'type':'array','contains':{'type':'null'},'minContains':2,'maxContains':3}";
        valid(schema, "[null,null]", "[1,null,2,null,3,null]");
        invalid(schema, "[]", "[null]", "[null,null,null,1,null]");
    }

    @Test
    void uniqueItemsOfASmallEnumAreKeptApartAndOthersRefused() {
        String schema = "{'type':'array','items':{'enum':['a','b','c']},'uniqueItems':true,'minItems':1}";
        valid(schema, "['a']", "['c','a','b']");
        invalid(schema, "[]", "['a','a']", "['a','b','a']");
        SchemaException refused =
                refused("{'properties':{'l':{'type':'array','items':{'type':'string'},'uniqueItems':true}}}");
        assertEquals("uniqueItems", refused.keyword());
        assertEquals("/properties/l", refused.pointer());
    }

    @Test
    void dependenciesBetweenPropertiesAreKept() {
        String schema = "{'type':'object','properties':{'a':{},'b':{}},'dependentRequired':{'a':['b']}}";
        valid(schema, "{}", "{'b':1}", "{'a':1,'b':1}");
        invalid(schema, "{'a':1}");
        String schemas =
                "{'type':'object','properties':{'a':{},'b':{}},'dependentSchemas':{'a':{'properties':{'b':{'type':'null'}}}}}";
        valid(schemas, "{'b':1}", "{'a':1,'b':null}");
        invalid(schemas, "{'a':1,'b':1}");
    }

    @Test
    void namesOfPropertiesKeepToTheirSchema() {
        String schema = "{'type':'object','propertyNames':{'enum':['a','bc']}}";
        valid(schema, "{}", "{'a':1}", "{'bc':1,'a':1}");
        invalid(schema, "{'b':1}");
    }

    @Test
    void unevaluatedPropertiesAreRefusedWhereWhatIsEvaluatedDependsOnTheValue() {
        String schema =
                "{'type':'object','allOf':[{'properties':{'a':{}}}],'properties':{'b':{}},'unevaluatedProperties':false}";
        valid(schema, "{'a':1,'b':1}");
        invalid(schema, "{'c':1}");
        assertEquals(
                "unevaluatedProperties",
                refused("{'anyOf':[{'properties':{'a':{}}},{}],'unevaluatedProperties':false}")
                        .keyword());
    }

    @Test
    void schemasThatOnlyDescribeMeanAnyValue() {
        valid("{'description':'any'}", "1", "null", "{'a':[{}]}", "['x']", "-0.5e3");
        valid("true", "[]");
        valid("{'x-more':1,'title':'t','default':3}", "'anything'");
        invalid("{'description':'any'}", "[1,]", "{'a'}", "nul", "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "false|",
                "{'type':'object','properties':{'a':{'$ref':'#'}},'required':['a']}|",
                "{'type':'string','enum':[1]}|",
                "{'minItems':3,'maxItems':2,'type':'array'}|"
            })
    void schemasWithoutAnyValueAreRefused(String schema) {
        assertTrue(refused(schema).getMessage().contains("no value is valid"), schema);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'properties':{'a/b':{'type':'text'}}}|/properties/a~1b|type",
                "{'items':{'minLength':-1}}|/items|minLength",
                "{'$ref':'http://elsewhere/x'}||$ref",
                "{'allOf':[{'$ref':'#/$defs/none'}]}|/allOf/0|$ref",
                "{'$ref':'#'}||$ref",
                "{'anyOf':[]}||anyOf",
                "{'$schema':'http://x/y'}||$schema",
                "{'properties':[]}||properties",
                "{'required':true}||required"
            })
    void whatCanNotBeHonouredIsRefusedByPointerAndKeyword(String schema, String pointer, String keyword) {
        SchemaException refused = refused(schema);
        assertEquals(pointer == null ? "" : pointer, refused.pointer());
        assertEquals(keyword, refused.keyword());
    }

    @Test
    void lenientSchemasTellWhatTheyIgnore() {
        String schema =
                "{'type':'object','properties':{'l':{'type':'array','items':{'type':'string'},'uniqueItems':true}}}";
        JsonSchema.Result result =
                JsonSchema.compile(schema.replace('\'', '"'), new JsonSchema.Options(Whitespace.COMPACT, true, true));
        assertEquals(
                List.of("/properties/l uniqueItems"),
                result.ignored().stream()
                        .map(each -> each.pointer() + " " + each.keyword())
                        .toList());
        Recognizer recognizer = recognizer(schema, new JsonSchema.Options(Whitespace.COMPACT, true, true));
        assertTrue(Matching.accepts(recognizer, "{\"l\":[\"a\",\"a\"]}"));
        assertFalse(Matching.accepts(recognizer, "{\"l\":[1]}"));
    }

    private static List<String> problems(String schema) {
        return JsonSchema.problems(schema.replace('\'', '"'), JsonSchema.Options.DEFAULT).stream()
                .map(each -> each.pointer() + " " + each.keyword())
                .sorted()
                .toList();
    }

    @Test
    void allThatIsNotHonouredIsTold() {
        assertEquals(List.of(), problems("{'type':'object','properties':{'a':{'$ref':'#'}}}"));
        assertEquals(List.of(), problems("true"));
        assertEquals(
                List.of("/properties/a uniqueItems", "/properties/b $ref", "/properties/c minLength"),
                problems("{'properties':{'a':{'type':'array','uniqueItems':true},"
                        + "'b':{'$ref':'#/$defs/none'},'c':{'minLength':-1}}}"));
        // Behind a reference that leads nowhere there is more.
        assertEquals(
                List.of(" minItems", "/allOf/0 $ref"),
                problems("{'allOf':[{'$ref':'http://elsewhere/x'}],'minItems':'1'}"));
    }

    @Test
    void whatHoldsForTheWholeHasNoKeyword() {
        assertEquals(List.of(" "), problems("false"));
        assertEquals(List.of(" "), problems("{'type':'string','enum':[1]}"));
        assertEquals(List.of("/const "), problems("{'const':1e500}"));
    }

    @Test
    void aTextThatIsNoSchemaIsRefused() {
        for (String text : List.of("", "{", "[]", "1", "'a'", "null", "{} {}")) {
            assertThrows(SchemaException.class, () -> problems(text), text);
        }
    }

    /** Each value's pointer has the name: all pointers together would take gigabytes. */
    @Test
    void longNamesAroundMuchAreRefused() {
        String many = "{},".repeat(20_000) + "{}";
        SchemaException refused = refused("{'properties':{'%s':{'anyOf':[%s]}}}".formatted("n".repeat(40_000), many));
        assertEquals("#: it is too complex: too much stands below its long names", refused.getMessage());
    }

    @Test
    void whatIsToldOfASchemaIsBounded() {
        String name = "n".repeat(40_000);
        String bad = IntStream.range(0, 500)
                .mapToObj(i -> "'%d':{'minLength':-1}".formatted(i))
                .collect(Collectors.joining(","));
        long told = JsonSchema.problems(
                        "{'properties':{'%s':{'properties':{%s}}}}"
                                .formatted(name, bad)
                                .replace('\'', '"'),
                        JsonSchema.Options.DEFAULT)
                .size();
        assertTrue(told > 1 && told < 50, () -> "told " + told);
    }

    @Test
    void whitespaceIsWhatTheOptionSays() {
        String schema = "{'type':'object','properties':{'a':{'type':'array','items':{'type':'null'}}}}";
        String spaced = " { 'a' :\n[ null ,\tnull ] } ".replace('\'', '"');
        assertTrue(Matching.accepts(recognizer(schema, new JsonSchema.Options(Whitespace.ANY, false, true)), spaced));
        assertFalse(Matching.accepts(recognizer(schema, JsonSchema.Options.DEFAULT), spaced));
        Recognizer one = recognizer(schema, new JsonSchema.Options(new Whitespace(1), false, true));
        assertTrue(Matching.accepts(one, spaced));
        assertFalse(Matching.accepts(one, spaced.replace(" { ", " {  ")));
        assertFalse(Matching.accepts(one, "{\"a\":[  ]}"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
            {'properties':{'a':{}}};                                                  {'a':1};       {'a':1,'b':2}
            {'properties':{'a':{},'b':{}},'required':['b']};                          {'b':1};       {'b':1,'c':2}
            {'allOf':[{'properties':{'a':{}}},{'properties':{'b':{}}}]};              {'a':1,'b':2}; {'a':1,'c':2}
            {'anyOf':[{'properties':{'a':{'type':'null'}}},{'type':'array'}]};        {'a':null};    {'a':null,'c':2}
            {'properties':{'a':{'properties':{'b':{}}}}};                             {'a':{'b':1}}; {'a':{'c':1}}
            {'properties':{'a':{}},'dependentRequired':{'a':['b']}};                  {'a':1,'b':2}; {'a':1,'c':2}
            """)
    void whatAModelWritesHasThePropertiesThatAreNamed(String schema, String written, String others) {
        Recognizer closed =
                recognizer(schema, JsonSchema.Options.DEFAULT.withUndeclared(JsonSchema.Undeclared.IF_SAID));
        assertTrue(Matching.accepts(closed, written.replace('\'', '"')));
        assertFalse(Matching.accepts(closed, others.replace('\'', '"')));
        assertTrue(Matching.accepts(recognizer(schema, JsonSchema.Options.DEFAULT), others.replace('\'', '"'))
                || schema.contains("dependentRequired"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
            {'type':'object'};                                                        {'a':1,'b':2}
            {'properties':{'a':{}},'additionalProperties':true};                      {'a':1,'b':2}
            {'properties':{'a':{}},'additionalProperties':{'type':'null'}};           {'a':1,'b':null}
            {'properties':{'a':{}},'patternProperties':{'^b':{}}};                    {'a':1,'b':2}
            {'properties':{'a':{}},'propertyNames':{'maxLength':1}};                  {'a':1,'b':2}
            {'properties':{'a':{}},'unevaluatedProperties':true};                     {'a':1,'b':2}
            {'properties':{'a':{}},'minProperties':2};                                {'a':1,'b':2}
            {'properties':{'a':{}},'required':['b']};                                 {'a':1,'b':2}
            {'allOf':[{'properties':{'a':{}}},{'additionalProperties':true}]};        {'a':1,'b':2}
            {'dependentRequired':{'a':['b']}};                                        {'c':1}
            """)
    void whatIsSaidOfOthersOpensAnObject(String schema, String written) {
        Recognizer recognizer =
                recognizer(schema, JsonSchema.Options.DEFAULT.withUndeclared(JsonSchema.Undeclared.IF_SAID));
        assertTrue(Matching.accepts(recognizer, written.replace('\'', '"')));
    }
}
