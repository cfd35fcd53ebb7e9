package io.llamanode.grammar.gbnf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is no grammar is refused, with the place of the fault and what was expected there. */
class GbnfExceptionTest {
    /** The mark @ is where the fault is found, and ~ a line end. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "@; a rule 'root'",
                "# nothing@; a rule 'root'",
                "x ::= \"a\"@; a rule 'root'",
                "@!; the name of a rule",
                "root@; '::='",
                "root @:= \"a\"; '::='",
                "root @~::= \"a\"; '::='",
                "root ::= \"a\"@); a part of the rule or the end of the line",
                "root ::= \"a\" |~x @::= \"b\"; a part of the rule or the end of the line",
                "root ::= x @é; a part of the rule or the end of the line",
                "root ::= \"a\" @}; a part of the rule or the end of the line",
                "root ::= \"a\"~ @| \"b\"; the name of a rule",
                "root ::= x~x ::= @y; the name of a rule (there is no rule 'y')",
                "root ::= @y y; the name of a rule (there is no rule 'y')",
                "x ::= @y~x ::= \"a\"~root ::= x; the name of a rule (there is no rule 'y')",
                "root ::= (\"a\"@; a part of the group or ')'",
                "root ::= (~~  \"a\" @]; a part of the group or ')'",
                "root ::= \"abc@; '\"' behind the text",
                "root ::= \"é\ud83d\ude00~\ud83d\ude00@; '\"' behind the text",
                "root ::= [abc@; ']' behind the set",
                "root ::= [a-@; the last character of a range",
                "root ::= [@]; a character of the set (']' itself is '\\]')",
                "root ::= [^@]; a character of the set (']' itself is '\\]')",
                "root ::= [z-@a]; a character that does not come before the first one of its range",
                "root ::= \"\\@q\"; one of n r t x u U \\ \" [ ] - behind '\\'",
                "root ::= [\\@d]; one of n r t x u U \\ \" [ ] - behind '\\'",
                "root ::= \"\\@; one of n r t x u U \\ \" [ ] - behind '\\'",
                "root ::= \"\\x4@g\"; 2 hexadecimal digits",
                "root ::= \"\\u123@\"; 4 hexadecimal digits",
                "root ::= \"\\U0010ffg@\"; 8 hexadecimal digits",
                "root ::= [\\U@00110000]; a number of at most 0010FFFF, the last character of Unicode",
                "root ::= \"@\\ud83d\\ude00\"; a character, not a half of one (\\U with 8 digits is one of any plane)",
                "root ::= @*; what is repeated",
                "root ::= \"a\" | @+; what is repeated",
                "root ::= (@?); what is repeated",
                "root ::= @{2}; what is repeated",
                "root ::= \"a\"{@}; a number",
                "root ::= \"a\"{@,3}; a number",
                "root ::= \"a\"{@~3}; a number",
                "root ::= \"a\"{ @-1}; a number",
                "root ::= \"a\"{3@; ',' or '}'",
                "root ::= \"a\"{3@~}; ',' or '}'",
                "root ::= \"a\"{3,@; a number or '}'",
                "root ::= \"a\"{3,@x}; a number or '}'",
                "root ::= \"a\"{3,4@; '}'",
                "root ::= \"a\"{3,4@,}; '}'",
                "root ::= \"a\"{3,@2}; a number of at least 3, the one before it",
                "root ::= (\"a\"{3#4~,~@2}); a number of at least 3, the one before it",
                "root ::= \"a\"{@2147483648}; a number of at most 2147483647",
                "root ::= \"a\"{1,@99999999999999999999999}; a number of at most 2147483647",
                "root ::= @<[1000]>; no token: a grammar is over characters (a text in quotes stands for its tokens)",
                "root ::= \"a\" @<think>; no token: a grammar is over characters (a text in quotes stands for its tokens)",
                "root ::= (@!<think>)*; no token: a grammar is over characters (a text in quotes stands for its tokens)",
            })
    void faultsHaveAPlace(String marked, String expected) {
        String text = marked == null ? "" : marked.replace('~', '\n');
        int place = text.lastIndexOf('@');
        if (text.contains("0010ffg")) {
            place = text.indexOf('g');
        }
        refused(text.replace("@", ""), place, expected);
    }

    private static void refused(String text, int place, String expected) {
        GbnfException refused = assertThrows(GbnfException.class, () -> Gbnf.parse(text));
        String before = text.substring(0, place);
        assertEquals(expected, refused.expected());
        assertEquals(before.split("\n", -1).length, refused.line(), refused::getMessage);
        String line = before.substring(before.lastIndexOf('\n') + 1);
        assertEquals(line.codePointCount(0, line.length()) + 1, refused.column(), refused::getMessage);
    }

    @Test
    void messagesSayWhatWasFound() {
        assertEquals(
                "line 2, column 11: expected a number of at least 3, the one before it, found '2'",
                message("\nx ::= .{3,2}"));
        assertEquals(
                "line 1, column 11: expected a part of the group or ')', found the end of the grammar",
                message("root ::= ("));
        assertEquals("line 1, column 5: expected '::=', found the end of the line", message("root\r\n"));
        assertEquals("line 1, column 5: expected '::=', found 'é'", message("rooté"));
        assertEquals("line 3, column 2: expected '::=', found U+0007", message("a ::= \"\"\r\n\rx\u0007"));
    }

    @Test
    void whatEndsATextInCIsRefusedEverywhere() {
        refused("root ::= \"a\"\0", 12, "a part of the rule or the end of the line");
        refused("root ::= \"a\0\"", 11, "'\"' behind the text");
        refused("root ::= [a\0]", 11, "']' behind the set");
        refused("root ::= \"a\" # \0", 15, "a part of the rule or the end of the line");
        refused("# \0", 2, "the name of a rule");
    }

    @Test
    void moreThanTheBoundsIsRefused() {
        String long_ = "#".repeat(Gbnf.MOST_CHARACTERS + 1);
        refused(long_, Gbnf.MOST_CHARACTERS, "at most 1048576 characters in all");
        String deep = "at most 200 parentheses and repetitions in each other";
        refused("root ::= " + "(".repeat(1_000_000), 209, deep);
        refused("root ::= (\"a\")" + "*".repeat(1_000_000), 213, deep);
        refused("root ::= " + "(".repeat(100) + "\"a\"" + "*)".repeat(100) + "?", 312, deep);
    }

    private static String message(String text) {
        return assertThrows(GbnfException.class, () -> Gbnf.parse(text)).getMessage();
    }
}
