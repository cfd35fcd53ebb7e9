package io.llamanode.chat.tools.step;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Output;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.answer.Step.Status;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallStyle.Header;
import io.llamanode.chat.tools.syntax.CallStyle.Values;
import io.llamanode.chat.tools.text.JsonText;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each way to write a call: what is one, where it ends, and from which character on it can be none. */
class CallStepsTest {
    private static final Map<String, Map<String, Object>> TOOLS = Map.of(
            "f",
            Map.of(
                    "properties",
                    Map.of(
                            "s",
                            Map.of("type", "string"),
                            "l",
                            Map.of("type", List.of("string")),
                            "m",
                            Map.of("type", List.of("string", "null")),
                            "n",
                            Map.of("type", "integer"),
                            "odd",
                            "no schema")));
    private static final CallStyle.Tagged PLAIN =
            new CallStyle.Tagged("<f ", ">", "<p ", ">", "", "</p>", "</f>", Values.PLAIN);
    private static final CallStyle.Tagged FRAMED =
            new CallStyle.Tagged("<f ", ">", "<p ", ">", "", "</p>", "</f>", Values.FRAMED);
    private static final CallStyle.Tagged TYPED =
            new CallStyle.Tagged("<f ", ">", "<p ", "\"", "", "</p>", "</f>", Values.TYPED);
    private static final CallStyle.Tagged OPEN =
            new CallStyle.Tagged("", "\n", "<k>", "</k>", "<v>", "</v>", "", Values.PLAIN);

    /** {@return the call and what was left, or what became of it} Whole and character by character, it is the same. */
    private static String read(Supplier<Step> step, String text, boolean ended) {
        String whole = read(step.get(), List.of(text), ended);
        assertEquals(
                whole,
                read(step.get(), text.chars().mapToObj(Character::toString).toList(), ended),
                text);
        return whole;
    }

    private static String read(Step step, List<String> pieces, boolean ended) {
        Output output = new Output(() -> "new");
        Call call = new Call(output, 0, name -> !name.equals("forbidden"));
        Input in = new Input();
        Status status = Status.MORE;
        for (String piece : pieces) {
            in.add(piece);
            if (status == Status.MORE) {
                status = step.advance(in, call);
            }
        }
        if (ended) {
            in.end();
            if (status == Status.MORE) {
                status = step.advance(in, call);
            }
        }
        if (status != Status.DONE) {
            return status.toString();
        }
        ToolCall finished = call.finish();
        return finished == null
                ? "UNFINISHED"
                : finished.id() + " " + finished.name() + JsonText.write(finished.arguments()) + "|"
                        + in.take(in.length());
    }

    private static String object(String text) {
        return read(() -> new CallObjectStep(false), text, false);
    }

    private static String strict(String text) {
        return read(() -> new CallObjectStep(true), text, false);
    }

    @Test
    void anObjectHoldsACallUnderAnyOfTheUsualKeys() {
        for (String name : List.of("name", "tool_name", "function_name")) {
            for (String arguments : List.of("arguments", "parameters", "args", "input")) {
                assertEquals(
                        "new f{\"a\":1}|x",
                        strict("{\"" + name + "\" : \"f\" , \"" + arguments + "\" : {\"a\" : 1} }x"));
            }
        }
        for (String id : List.of("id", "tool_call_id", "call_id")) {
            assertEquals("new f{}|", strict("{\"name\": \"f\", \"" + id + "\": \"i\"}"), "too late");
            assertEquals("i f{}|", strict("{\"" + id + "\": \"i\", \"name\": \"f\"}"));
            assertEquals("7 f{}|", strict("{\"" + id + "\": 7, \"name\": \"f\"}"));
        }
        for (String nested : List.of("function", "tool_call")) {
            assertEquals(
                    "i f{\"a\":1}|",
                    strict("{\"id\": \"i\", \"" + nested + "\": {\"name\": \"f\", \"arguments\": {\"a\": 1}}}"));
            assertEquals("new f{}|", strict("{\"type\": \"function\", \"" + nested + "\": \"f\"}"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[",
                "x",
                "{}",
                "{ }",
                "{1",
                "{\"name\" \"",
                "{\"name\": 1,",
                "{\"name\": null",
                "{\"name\": \"a b\"",
                "{\"name\": \"forbidden\"",
                "{\"name\": \"f\" \"",
                "{\"name\": \"f\"]",
                "{\"name\": \"f\", }",
                "{\"name\": \"f\", \"name\": \"g\"",
                "{\"arguments\": {}}",
                "{\"function\": {\"arguments\": {}}",
                "{\"function\": 1,",
                "{\"name\": \"f\", \"arguments\": {]",
                "{\"\\ud800\""
            })
    void whatIsNoCallIsKnownAtOnce(String text) {
        assertEquals("BAD", object(text));
        assertEquals("BAD", strict(text));
        assertEquals("MORE", object(text.substring(0, text.length() - 1)));
    }

    @Test
    void aStrictObjectHasNoOtherKeys() {
        assertEquals("new f{}|", object("{\"x\": [1, {}], \"name\": \"f\", \"y\": \"z\"}"));
        assertEquals("BAD", strict("{\"name\": \"f\", \"x\""));
        assertEquals("BAD", strict("{\"function\": {\"name\": \"f\", \"x\""));
        assertEquals("new f{}|", object("{\"function\": {\"name\": \"f\", \"x\": 1}}"));
        assertEquals("new f{}|", strict("{\"name\": \"f\", \"type\": \"function\"}"));
    }

    @Test
    void anObjectMustBeWhole() {
        assertEquals("BAD", read(() -> new CallObjectStep(false), "{\"name\": \"f\"", true));
        assertEquals("BAD", read(() -> new CallObjectStep(false), "{\"name\": \"f", true));
        assertEquals("BAD", read(() -> new CallObjectStep(false), "", true));
        assertEquals("MORE", object(" "));
    }

    @Test
    void aKeyHasABound() {
        // Quotes count: that much is waited for, and no more.
        assertEquals("MORE", object("{\"" + "k".repeat(255)));
        assertEquals("BAD", object("{\"" + "k".repeat(256)));
        assertEquals("MORE", object("{\"x\": \"" + "v".repeat(1000)));
        assertEquals("new f{}|", object("{\"" + "k".repeat(254) + "\": 1, \"name\": \"f\"}"));
    }

    @Test
    void anObjectMayHaveTheNameAsItsOnlyKey() {
        assertEquals("new f{\"a\":1}|x", read(SingleKeyStep::of, " { \"f\" : {\"a\": 1} }x", false));
        assertEquals("BAD", read(SingleKeyStep::of, "{\"a b\"", false));
        assertEquals("BAD", read(SingleKeyStep::of, "{1 ", false));
        assertEquals("BAD", read(SingleKeyStep::of, "{\"f\"; ", false));
        assertEquals("BAD", read(SingleKeyStep::of, "{\"f\": {}, ", false));
        assertEquals("BAD", read(SingleKeyStep::of, "[", false));
        assertEquals("UNFINISHED", read(SingleKeyStep::of, "{\"f\": 1}", false));
    }

    private static String headed(Header header, String text) {
        return read(() -> HeadedStep.of(new CallStyle.Headed(header, "$", "")), text, false);
    }

    @Test
    void aHeaderHoldsTheNameAndPerhapsAnId() {
        assertEquals("new f{}|x", headed(Header.NAME, " f ${}x"));
        assertEquals("BAD", headed(Header.NAME, "a b$"));
        assertEquals("functions.f:12 f{}|", headed(Header.NUMBERED, " functions.f:12 ${}"));
        assertEquals("f:0 f{}|", headed(Header.NUMBERED, "f:0${}"));
        assertEquals("BAD", headed(Header.NUMBERED, "functions.f$"));
        assertEquals("BAD", headed(Header.NUMBERED, "functions.a b:0$"));
        assertEquals("new f{}|", headed(Header.NAME_CALL_ID, " f ${}"));
        assertEquals("i f{}|", headed(Header.NAME_CALL_ID, "f [CALL_ID] i ${}"));
        assertEquals("BAD", headed(Header.NAME_CALL_ID, "[CALL_ID]i$"));
        assertEquals("i f{}|", headed(Header.ID_NAME, " i <|tool_call:name|> f ${}"));
        assertEquals("new f{}|", headed(Header.ID_NAME, "<|tool_call:name|>f${}"));
        assertEquals("BAD", headed(Header.ID_NAME, "f$"));
        assertEquals("BAD", headed(Header.ID_NAME, "i<|tool_call:name|>$"));
        assertEquals("new f{}|", headed(Header.TYPE_NAME, "function<｜tool▁sep｜> f ${}"));
        assertEquals("new f{}|", headed(Header.TYPE_NAME, "<｜tool▁sep｜>f${}"));
        assertEquals("BAD", headed(Header.TYPE_NAME, "f$"));
        assertEquals("BAD", headed(Header.TYPE_NAME, "function<｜tool▁sep｜>$"));
    }

    @Test
    void aHeaderHasABound() {
        assertEquals("MORE", headed(Header.NAME, "n".repeat(256)));
        assertEquals("BAD", headed(Header.NAME, "n".repeat(257)));
    }

    @Test
    void argumentsOfAHeaderMayHaveAnEndOfTheirOwn() {
        Supplier<Step> step = () -> HeadedStep.of(new CallStyle.Headed(Header.NAME, "$", "```"));
        assertEquals("new f{\"a\":1}|x", read(step, "f$\n{\"a\": 1}\n```x", false));
        assertEquals("new f{}|", read(step, "f${}``", true));
        assertEquals("BAD", read(step, "f${}x", false));
        assertEquals("MORE", read(step, "f${}\n", false));
        assertEquals("BAD", read(step, "f${", true));
    }

    private static String tagged(CallStyle.Tagged tags, String text) {
        return read(() -> new TaggedStep(tags, TOOLS), text, false);
    }

    @Test
    void argumentsBetweenTagsBecomeJson() {
        assertEquals("new f{}|x", tagged(PLAIN, " <f f></f>x"));
        assertEquals("new f{}|", tagged(PLAIN, "<f f >\n </f>"));
        assertEquals(
                "new f{\"a\":1,\"b\":{\"c\":[true]}}|",
                tagged(PLAIN, "<f f>\n<p a>1</p>\n<p  b >{\"c\": [true]}</p>\n</f>"));
        assertEquals("new f{\"a\":\"no JSON\"}|", tagged(PLAIN, "<f f><p a>no JSON</p></f>"));
        assertEquals("new f{\"a\":\" <b> \"}|", tagged(PLAIN, "<f f><p a> <b> </p></f>"));
        assertEquals("new f{\"a\":\"\"}|", tagged(PLAIN, "<f f><p a></p></f>"));
    }

    @ParameterizedTest
    @CsvSource({"True,true", "False,false", "None,null", "' True ',true", "true,true", "null,null", "TRUE,'\"TRUE\"'"})
    void wordsOfPythonAreTheirValues(String written, String value) {
        assertEquals("new f{\"a\":" + value + "}|", tagged(PLAIN, "<f f><p a>" + written + "</p></f>"));
    }

    @ParameterizedTest
    @CsvSource({"s,'\"7\"'", "l,'\"7\"'", "m,'\"7\"'", "n,7", "other,7", "odd,7"})
    void theSchemaTellsStringsFromOtherValues(String key, String value) {
        assertEquals("new f{\"" + key + "\":" + value + "}|", tagged(PLAIN, "<f f><p " + key + ">7</p></f>"));
        assertEquals("new g{\"" + key + "\":7}|", tagged(PLAIN, "<f g><p " + key + ">7</p></f>"));
    }

    @Test
    void linesOfItsOwnAreNoPartOfAValue() {
        assertEquals("new f{\"s\":\"a\"}|", tagged(FRAMED, "<f f><p s>\na\n</p></f>"));
        assertEquals("new f{\"s\":\"\\na\\n\"}|", tagged(FRAMED, "<f f><p s>\n\na\n\n</p></f>"));
        assertEquals("new f{\"s\":\"a\"}|", tagged(FRAMED, "<f f><p s>a</p></f>"));
        assertEquals("new f{\"s\":\"\"}|", tagged(FRAMED, "<f f><p s>\n</p></f>"));
        assertEquals("new f{\"s\":\"\"}|", tagged(FRAMED, "<f f><p s>\n\n</p></f>"));
        assertEquals("new f{\"s\":\"\"}|", tagged(FRAMED, "<f f><p s></p></f>"));
        assertEquals("new f{\"s\":\"\\na\\n\"}|", tagged(PLAIN, "<f f><p s>\na\n</p></f>"));
    }

    @Test
    void anAttributeTellsStringsFromOtherValues() {
        assertEquals("new f{\"n\":\"7\"}|", tagged(TYPED, "<f f><p n\" string=\"true\">7</p></f>"));
        assertEquals("new f{\"s\":7}|", tagged(TYPED, "<f f><p s\" string=\"false\">7</p></f>"));
        assertEquals("new f{\"s\":\"7\",\"n\":7}|", tagged(TYPED, "<f f><p s\">7</p><p n\">7</p></f>"));
        assertEquals("BAD", tagged(TYPED, "<f f><p s\" string=\"false\">no JSON</p>"));
        // What one argument says is not meant of the next.
        assertEquals("new f{\"n\":\"7\",\"a\":7}|", tagged(TYPED, "<f f><p n\" string=\"true\">7</p><p a\">7</p></f>"));
    }

    @Test
    void tagsOfACallMayBeThoseOfItsArgumentsAlone() {
        Supplier<Step> step = () -> new TaggedStep(OPEN, TOOLS);
        assertEquals("new f{\"a\":1}|", read(step, "f\n<k>a</k>\n<v>1</v>\n", true));
        assertEquals("new f{}|", read(step, "f\n", true));
        assertEquals("BAD", read(step, "f", true));
        assertEquals("MORE", read(step, "f\n<k>a</k>\n<v>1</v>\n", false));
        assertEquals("new f{\"a\":1}|x", read(step, "f\n<k>a</k> <v>1</v>x", false));
        assertEquals("new f{\"a\":1}|</t>", read(step, " f <k>a</k><v>1</v></t>", false));
        assertEquals("new f{}|</t>", read(step, "f</t>", false));
        assertEquals("BAD", read(step, "f\n<k>a</k>\n<w", false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "<g",
                "<f a b>",
                "<f forbidden>",
                "<f f>x",
                "<f f></g",
                "<f f><p a>1</p><p a>",
                "<f f><p  >",
                "<f f><q"
            })
    void aFaultBetweenTagsIsKnownAtItsCharacter(String text) {
        assertEquals("BAD", tagged(PLAIN, text));
        assertEquals("MORE", tagged(PLAIN, text.substring(0, text.length() - 1)));
    }

    @Test
    void tagsMustBeWhole() {
        for (String text : List.of("", "<f", "<f f", "<f f>", "<f f><p a", "<f f><p a>1", "<f f><p a>1</p>")) {
            assertEquals("BAD", read(() -> new TaggedStep(PLAIN, TOOLS), text, true), text);
            assertEquals("MORE", tagged(PLAIN, text), text);
        }
    }

    @Test
    void namesBetweenTagsHaveABound() {
        assertEquals("MORE", tagged(PLAIN, "<f " + "n".repeat(256)));
        assertEquals("BAD", tagged(PLAIN, "<f " + "n".repeat(257)));
        assertEquals("MORE", tagged(PLAIN, "<f f><p " + "n".repeat(256)));
        assertEquals("BAD", tagged(PLAIN, "<f f><p " + "n".repeat(257)));
        assertEquals("MORE", tagged(PLAIN, "<f f><p a>" + "v".repeat(2000)));
    }

    private static String python(String text) {
        return read(PythonStep::new, text, false);
    }

    @Test
    void aCallOfPythonEndsWithItsParenthesis() {
        assertEquals("new f{}|)", python(" f ())"));
        assertEquals("new f{\"a\":\")\",\"b\":[1,{\"k\":\"]\"}]}|, g()", python("f(a=')', b=[1, {'k': \"]\"}]), g()"));
        assertEquals("new f{\"a\":\"\\\")\"}|", python("f(a=\"\\\")\")"));
        assertEquals("new f{\"a\":\"it's)\"}|", python("f(a=\"it's)\")"));
        assertEquals("new f{\"a\":[1]}|", python("f(a=(1,))"));
        assertEquals(
                "new f{\"a\":\"it's\",\"b\":[\"x'y\"]}|", python("f(a='it's', b=['x'y'])"), "as templates write it");
        assertEquals("new f{\"a\":\"say \\\"hi\\\"\"}|", python("f(a=\"say \"hi\"\")"));
        assertEquals("new f{\"a\":\"x\",\"b\":1}|", python("f(a='x' , b=1)"));
        assertEquals("BAD", python("f(1)"));
        assertEquals("BAD", python("a b("));
        assertEquals("MORE", python("f(a=["));
        assertEquals("BAD", read(PythonStep::new, "f(a=1", true));
        assertEquals("BAD", read(PythonStep::new, "f", true));
        assertEquals("MORE", python("n".repeat(256)));
        assertEquals("BAD", python("n".repeat(257)));
    }

    private static String gemma(String text) {
        return read(GemmaStep::new, text, false);
    }

    @Test
    void gemmaHasBareKeysAndQuotesOfItsOwn() {
        assertEquals("new f{}|x", gemma(" call:f{}x"));
        assertEquals("new f{}|", gemma("call:f{ }"));
        assertEquals("new f{\"a\":\"x\"}|", gemma("call:f{a:<|\"|>x<|\"|>}"));
        assertEquals("new f{\"a\":\"}],<\",\"b\":2}|", gemma("call:f{a:<|\"|>}],<<|\"|>,b:2}"));
        assertEquals("new f{\"a\":\"x\"}|", gemma("call:f{<|\"|>a<|\"|>:<|\"|>x<|\"|>}"));
        assertEquals("new f{\"a\":[1,[],{}],\"b\":{\"c\":{\"d\":true}}}|", gemma("call:f{a:[1,[],{}],b:{c:{d:true}}}"));
        assertEquals(
                "new f{\"a\":true,\"b\":false,\"c\":null,\"d\":-1.5,\"e\":\"word\",\"f\":\"two words\"}|",
                gemma("call:f{ a : true , b:false,c:null,d:-1.5,e:word,f: two words }"));
        assertEquals("new f{\"a\":\"<\"}|", gemma("call:f{a:<}"));
        assertEquals("new f{\"a\":[\"x\",\"y\"]}|", gemma("call:f{a:[<|\"|>x<|\"|> , y ]}"));
    }

    @Test
    void gemmaMayWriteStringsAsJson() {
        assertEquals("new f{\"a\":\"x\"}|", gemma("call:f{a:\"x\"}"));
        assertEquals("new f{\"a\":[\"x\",\"y, ]}\"]}|", gemma("call:f{a:[\"x\", \"y, ]}\"]}"));
        assertEquals(
                "new f{\"a\":[{\"b\":\"one, two\",\"c\":\"\\\"{\"}]}|z",
                gemma("call:f{\"a\":[{\"b\":\"one, two\",c:\"\\\"{\"}]}z"));
        assertEquals("new f{\"a\":\"é\\n\"}|", gemma("call:f{a: \"\\u00e9\\n\"}"));
        assertEquals(
                "new f{\"a\":\"5\\\" pipe\",\"b\":\"}\"}|",
                gemma("call:f{a:5\" pipe,b:<|\"|>}<|\"|>}"),
                "a quote inside a word");
        assertEquals("BAD", gemma("call:f{a:\"x\"y}"));
        assertEquals("BAD", read(GemmaStep::new, "call:f{a:\"x}", true));
        assertEquals("BAD", gemma("call:f{a:\"\\q\"}"));
    }

    @Test
    void gemmasStringsHoldAnything() {
        String all = "a,b:{c}[d]\"e\\\"f\\n\n<|x|> é漢😀 'g' <|\"";
        assertEquals(
                "new f{\"a\":" + JsonText.write(all) + ",\"b\":[{\"k.x\":" + JsonText.write(all) + "}]}|",
                gemma("call:f{a:<|\"|>" + all + "<|\"|>,b:[{<|\"|>k.x<|\"|>:<|\"|>" + all + "<|\"|>}]}"));
        assertEquals(
                "new f{\"a\":\"\",\"b\":null,\"c\":[null]}|", gemma("call:f{a:<|\"|><|\"|>,b:None,\n c : [ null ]\n}"));
        assertEquals("new f{\"a\":[[\"x\"],[{}]]}|", gemma("call:f{a:[[<|\"|>x<|\"|>],[{}]]}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "f{",
                "call:f{a:x<|\"|>y<|\"|>}",
                "call:f{a:[<|\"|>x<|\"|> <|\"|>y<|\"|>]}",
                "call:a b{",
                "call:f{a}",
                "call:f{a:}",
                "call:f{:1}",
                "call:f{a:1,}",
                "call:f{a:[1,]}",
                "call:f{a:[,1]}",
                "call:f{a:{b:1]}",
                "call:f{a:{b}}",
                "call:f{a:<|\"|>x<|\"|>y}",
                "call:f{a:[]x}"
            })
    void whatIsNoCallOfGemmasIsNone(String text) {
        assertEquals("BAD", gemma(text));
    }

    @Test
    void aCallOfGemmasMustBeWhole() {
        for (String text :
                List.of("", "call:f", "call:f{", "call:f{a:<|\"|>x}", "call:f{a:[}", "call:f{a:[1}", "call:f{a:<|\"")) {
            assertEquals("MORE", gemma(text), text);
            assertEquals("BAD", read(GemmaStep::new, text, true), text);
        }
    }

    @Test
    void depthOfGemmasValuesHasABound() {
        assertEquals(
                "new f{\"a\":" + "[".repeat(31) + "]".repeat(31) + "}|",
                gemma("call:f{a:" + "[".repeat(31) + "]".repeat(31) + "}"));
        assertEquals("BAD", gemma("call:f{a:" + "[".repeat(32) + "1" + "]".repeat(32) + "}"));
        assertEquals("BAD", gemma("call:f{a:" + "{a:".repeat(33) + "1" + "}".repeat(33) + "}"));
    }

    @Test
    void argumentsAreToldAsTheyArrive() {
        Output output = new Output(() -> "new");
        Call call = new Call(output, 0, name -> true);
        call.name("f");
        Input in = new Input();
        Step step = JsonValueStep.arguments();
        in.add(" ");
        assertEquals(Status.MORE, step.advance(in, call));
        assertEquals(List.of(), output.takeEvents());
        in.add("{\"a\"");
        assertEquals(Status.MORE, step.advance(in, call));
        assertEquals(
                "[Call[index=0, id=new, name=f, delta={\"a\"]]",
                output.takeEvents().toString());
        in.add(": 1}x");
        assertEquals(Status.DONE, step.advance(in, call));
        assertEquals(
                "[Call[index=0, id=new, name=f, delta=: 1}]]",
                output.takeEvents().toString());
        assertEquals('x', in.peek());
    }

    @Test
    void aNumberMayEndWithTheAnswer() {
        assertEquals("BAD", read(JsonValueStep::arguments, "1.", true));
        assertEquals("BAD", read(JsonValueStep::arguments, "", true));
        assertEquals("BAD", read(JsonValueStep::arguments, "{", true));
        assertEquals("BAD", read(JsonValueStep::arguments, "}", false));
        assertEquals("MORE", read(JsonValueStep::arguments, "1", false));
        assertEquals("UNFINISHED", read(JsonValueStep::arguments, "1", true));
        assertEquals("UNFINISHED", read(JsonValueStep::arguments, "1 ", false));
    }
}
