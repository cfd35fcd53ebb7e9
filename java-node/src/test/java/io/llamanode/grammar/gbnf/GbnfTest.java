package io.llamanode.grammar.gbnf;

import static io.llamanode.grammar.Matching.accepts;
import static io.llamanode.grammar.gbnf.GbnfTexts.check;
import static io.llamanode.grammar.gbnf.GbnfTexts.recognizer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every construct of GBNF means what llama.cpp takes it for. */
class GbnfTest {
    @Test
    void textsWithEscapes() {
        check("root ::= \"\"", List.of(""), List.of("a"));
        check(
                "root ::= \"\\n\\r\\t\\\\\\\"\\[\\]\\-\\x41\\u00e9\\U0001F600\"",
                List.of("\n\r\t\\\"[]-Aé\ud83d\ude00"),
                List.of("n", "\n\r\t\\\"[]-Ae\ud83d\ude00"));
        check("root ::= \"é€\ud83d\ude00#|()[]{}*\"", List.of("é€\ud83d\ude00#|()[]{}*"), List.of("é"));
        check("root ::= \"a\r\nb\nc\"", List.of("a\r\nb\nc"), List.of("abc"));
        check("root ::= \"\\xe9\"", List.of("é"), List.of("\ufffd"));
        check("root ::= \"\\x000\"", List.of("\0" + "0"), List.of("0"));
    }

    @Test
    void setsOfCharacters() {
        check("root ::= [a-cxé]", List.of("a", "b", "c", "x", "é"), List.of("", "d", "-", "ab"));
        check("root ::= [^a-c\\n]", List.of("d", "\r", "€", "^"), List.of("a", "c", "\n", ""));
        check("root ::= [-a]", List.of("-", "a"), List.of("b"));
        check("root ::= [a-]", List.of("-", "a"), List.of("b"));
        check("root ::= [a\\-c]", List.of("-", "a", "c"), List.of("b"));
        check("root ::= [+--]", List.of("+", ",", "-"), List.of("*", "."));
        check("root ::= [\\[\\]\\\\\"^]", List.of("[", "]", "\\", "\"", "^"), List.of("a"));
        check("root ::= [\\x30-\\x39\\u0410-\\u044f]", List.of("0", "9", "А", "я"), List.of("a", "ѐ"));
        check("root ::= [\\U00010000-\\U0010FFFF]", List.of("\ud83d\ude00"), List.of("\uffff"));
        check("root ::= [ぁ-ゟ]", List.of("ぁ", "ん"), List.of("ア"));
        // Halves of characters are in no text, so that a set may name them.
        check("root ::= [^\\uD800-\\uDFFF]", List.of("a", "\ud83d\ude00"), List.of(""));
        check("root ::= .", List.of("a", "\n", "\ud83d\ude00"), List.of("", "ab"));
    }

    @Test
    void sequencesAlternativesAndGroups() {
        check("root ::= \"a\" \"b\" | \"c\" |", List.of("ab", "c", ""), List.of("a", "abc"));
        check("root ::= (\"a\" | \"b\") \"c\"", List.of("ac", "bc"), List.of("a", "c", "bcc"));
        check("root ::= | \"a\"", List.of("", "a"), List.of("b"));
        check("root ::=", List.of(""), List.of("a"));
        check("root ::= () \"a\" ( )", List.of("a"), List.of(""));
    }

    @Test
    void repetitionsOfTheItemBeforeThem() {
        check("root ::= \"ab\"?", List.of("", "ab"), List.of("a", "abab"));
        check("root ::= \"ab\"*", List.of("", "ab", "ababab"), List.of("abb"));
        check("root ::= \"x\" [ab]+", List.of("xa", "xabba"), List.of("x", "xaxa"));
        check("root ::= \"a\"{2}", List.of("aa"), List.of("a", "aaa"));
        check("root ::= \"a\"{2,}", List.of("aa", "aaaaa"), List.of("a"));
        check("root ::= \"a\"{1,3}", List.of("a", "aaa"), List.of("", "aaaa"));
        check("root ::= \"a\"{0} \"b\"{0,0} \"c\"", List.of("c"), List.of("ac", "bc"));
        check("root ::= \"a\"{2}{3}", List.of("aaaaaa"), List.of("aaaaa", "aa"));
        check("root ::= \"a\"?* \"b\"+?", List.of("", "aaab"), List.of("c"));
        check("root ::= .{2} \"!\"", List.of("é€!"), List.of("é!"));
        check("root ::= word * \nword ::= \"a\"", List.of("", "aa"), List.of("b"));
        check("root ::= \"a\" { 1 , 02 }", List.of("a", "aa"), List.of("aaa"));
        check("root ::= \"\"* [\\]-]{2}", List.of("]-"), List.of("]"));
    }

    @Test
    void namesOfLettersDigitsDashesAndUnderscores() {
        check("root ::= 1a-B_2\n1a-B_2 ::= \"x\"", List.of("x"), List.of("1a-B_2"));
    }

    @Test
    void rulesMayStandInEachOtherAndInThemselves() {
        check(
                "root ::= \"(\" root \")\" | other\nother ::= \"[\" root \"]\" | \"x\"",
                List.of("x", "([(x)])"),
                List.of("()", "([x)]"));
        check("root ::= root \"+\" root | [0-9]", List.of("1", "1+2+3"), List.of("1+", "+1", ""));
        check("root ::= root? \"a\"", List.of("a", "aaa"), List.of("", "b"));
    }

    @Test
    void aRuleThatIsDefinedTwiceIsTheLast() {
        check("root ::= a\na ::= \"1\"\na ::= \"2\"", List.of("2"), List.of("1"));
    }

    @Test
    void linesEndWhereARuleMayGoOn() {
        check("\n\nroot ::=\n\"a\" |\n\n \"b\"\n\n", List.of("a", "b"), List.of(""));
        check("root ::= (\n\"a\"\n\"b\" \n | \"c\"\n* \n) \"d\"", List.of("abd", "d", "ccd"), List.of("ab"));
        check("root ::= x\r\nx ::=\r\n\"a\" |\r\n\"b\"\r\n", List.of("a", "b"), List.of("\r"));
        check("root ::= x\rx ::= \"a\"\r", List.of("a"), List.of(""));
        check("root ::= (\"a\"{\n1\n,\n2\n})\n", List.of("a", "aa"), List.of(""));
        check("\t root \t::=\t\"a\"\t\n\t", List.of("a"), List.of(""));
    }

    @Test
    void commentsStandWhereverBlanksMay() {
        check("# first \"\nroot ::= # then\n \"a\" # \"x\n#( \nx ::= \"b\"#end", List.of("a"), List.of("ax"));
        check("root ::= (\"a\" # one\n # two\n \"b\"#three\r)* # four", List.of("", "abab"), List.of("a"));
        check("root ::= \"a\" | # more\n \"b\"", List.of("a", "b"), List.of(""));
        check("root ::= \"#a\" [#b]", List.of("#a#", "#ab"), List.of("#a"));
    }

    /** A check that takes the comment for a part of the number would read another grammar here. */
    @Test
    void commentsStandBetweenTheBoundsOfARepetition() {
        check("root ::= ((\"a\"{#x\n0,3})* \"b\")", List.of("b", "aab", "a".repeat(50) + "b"), List.of("a", ""));
        check("root ::= (\"a\"{1#}\n,#9\n2#,\n})", List.of("a", "aa"), List.of("", "aaa"));
    }

    @Test
    void largeBoundsAreCountedAndNotWrittenOut() {
        for (String bounds : List.of("{900000000}", "{#x\n900000000}", "{2147483647,}", "{0,2147483647}{2147483647}")) {
            Recognizer recognizer = recognizer("root ::= (\"a\"" + bounds + ")");
            State state = recognizer.start();
            for (int i = 0; i < 200_000; i++) {
                state = recognizer.next(recognizer.current(state), 'a');
                assertTrue(state != null);
                assertTrue(recognizer.weight() < 17 << 20, bounds);
            }
            assertEquals(bounds.startsWith("{0"), state.isComplete());
        }
        check("root ::= [a-z]{300} \".\"", List.of("z".repeat(300) + "."), List.of("z".repeat(299) + "."));
    }

    @Test
    void grammarsOfUsualSizes() {
        String arithmetic = """
                # lines like: x = (1 + 2) * y
                root  ::= (expr "=" ws term "\\n")+
                expr  ::= term ([-+*/] term)*
                term  ::= ident | num | "(" ws expr ")" ws
                ident ::= [a-z] [a-z0-9_]* ws
                num   ::= [0-9]+ ws
                ws    ::= [ \\t\\n]*
                """;
        check(arithmetic, List.of("a=1\n", "(x +2) *3 = y_1 \n", "1=1\n2=2\n"), List.of("a=\n", "=1\n", "(a=1\n"));
        String json = """
                root ::= object
                value ::= object | array | string | number | ("true" | "false" | "null") ws
                object ::=
                  "{" ws (
                            string ":" ws value
                    ("," ws string ":" ws value)*
                  )? "}" ws
                array  ::= "[" ws ( value ("," ws value)* )? "]" ws
                string ::= "\\"" (
                    [^"\\\\\\x7F\\x00-\\x1F] |
                    "\\\\" (["\\\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
                  )* "\\"" ws
                number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
                ws ::= | " " | "\\n" [ \\t]{0,20}
                """;
        check(
                json,
                List.of("{}", "{\"a\": [1, -2.5e3, \"\\u00e9\\n\", {\"b\":null}]}"),
                List.of("{", "[]", "{\"a\":01}", "{\"a\":\"\n\"}", "{a:1}"));
    }

    @Test
    void aTextUpToTheBoundIsRead() {
        StringBuilder text = new StringBuilder("root ::= \"");
        text.repeat('a', Gbnf.MOST_CHARACTERS - text.length() - 1).append('"');
        assertEquals(Gbnf.MOST_CHARACTERS, text.length());
        assertTrue(Gbnf.parse(text.toString()).rules().containsKey("root"));
        int depth = Gbnf.MOST_DEPTH;
        check("root ::= " + "(".repeat(depth) + "\"a\"" + ")".repeat(depth), List.of("a"), List.of(""));
        assertTrue(accepts(recognizer("root ::= \"a\"" + "+".repeat(depth)), "aaa"));
    }
}
