package io.llamanode.grammar.regex;

import io.llamanode.grammar.rule.CodePoints;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The sets of characters that ECMA-262 names, by the Unicode of this Java.
 *
 * <p>Never changes but for what it has computed: for any thread.
 */
final class CharacterSets {
    static final CodePoints DIGIT = CodePoints.range('0', '9');
    static final CodePoints WORD =
            DIGIT.or(CodePoints.range('a', 'z')).or(CodePoints.range('A', 'Z')).or(CodePoints.of('_'));
    static final CodePoints LINE_END = CodePoints.of('\n', '\r', 0x2028, 0x2029);
    static final CodePoints SPACE = CodePoints.range('\t', '\r')
            .or(CodePoints.of(' ', 0xa0, 0x1680, 0x202f, 0x205f, 0x3000, 0xfeff))
            .or(CodePoints.range(0x2000, 0x200a))
            .or(LINE_END);

    private static final Map<String, CodePoints> KNOWN = new ConcurrentHashMap<>();
    private static final Map<String, int[]> CATEGORIES = categories();
    private static final Map<String, IntPredicate> BINARY = Map.ofEntries(
            Map.entry("Any", _ -> true),
            Map.entry("Assigned", each -> Character.getType(each) != Character.UNASSIGNED),
            Map.entry("ASCII", each -> each < 0x80),
            Map.entry("ASCII_Hex_Digit", each -> each < 0x80 && Character.digit(each, 16) >= 0),
            Map.entry("AHex", each -> each < 0x80 && Character.digit(each, 16) >= 0),
            Map.entry("Alphabetic", Character::isAlphabetic),
            Map.entry("Alpha", Character::isAlphabetic),
            Map.entry("Uppercase", Character::isUpperCase),
            Map.entry("Upper", Character::isUpperCase),
            Map.entry("Lowercase", Character::isLowerCase),
            Map.entry("Lower", Character::isLowerCase),
            Map.entry("Ideographic", Character::isIdeographic),
            Map.entry("Ideo", Character::isIdeographic),
            Map.entry("Emoji", Character::isEmoji),
            Map.entry("Emoji_Presentation", Character::isEmojiPresentation),
            Map.entry("Extended_Pictographic", Character::isExtendedPictographic));

    private CharacterSets() {}

    private static Map<String, int[]> categories() {
        Map<String, int[]> all = new HashMap<>();
        add(all, "Lu Uppercase_Letter", Character.UPPERCASE_LETTER);
        add(all, "Ll Lowercase_Letter", Character.LOWERCASE_LETTER);
        add(all, "Lt Titlecase_Letter", Character.TITLECASE_LETTER);
        add(all, "LC Cased_Letter", 1, 2, 3);
        add(all, "Lm Modifier_Letter", Character.MODIFIER_LETTER);
        add(all, "Lo Other_Letter", Character.OTHER_LETTER);
        add(all, "L Letter", 1, 2, 3, 4, 5);
        add(all, "Mn Nonspacing_Mark", Character.NON_SPACING_MARK);
        add(all, "Mc Spacing_Mark", Character.COMBINING_SPACING_MARK);
        add(all, "Me Enclosing_Mark", Character.ENCLOSING_MARK);
        add(all, "M Mark Combining_Mark", 6, 7, 8);
        add(all, "Nd Decimal_Number digit", Character.DECIMAL_DIGIT_NUMBER);
        add(all, "Nl Letter_Number", Character.LETTER_NUMBER);
        add(all, "No Other_Number", Character.OTHER_NUMBER);
        add(all, "N Number", 9, 10, 11);
        add(all, "Zs Space_Separator", Character.SPACE_SEPARATOR);
        add(all, "Zl Line_Separator", Character.LINE_SEPARATOR);
        add(all, "Zp Paragraph_Separator", Character.PARAGRAPH_SEPARATOR);
        add(all, "Z Separator", 12, 13, 14);
        add(all, "Cc Control cntrl", Character.CONTROL);
        add(all, "Cf Format", Character.FORMAT);
        add(all, "Co Private_Use", Character.PRIVATE_USE);
        add(all, "Cn Unassigned", Character.UNASSIGNED);
        add(all, "C Other", 0, 15, 16, 18, 19);
        add(all, "Pd Dash_Punctuation", Character.DASH_PUNCTUATION);
        add(all, "Ps Open_Punctuation", Character.START_PUNCTUATION);
        add(all, "Pe Close_Punctuation", Character.END_PUNCTUATION);
        add(all, "Pc Connector_Punctuation", Character.CONNECTOR_PUNCTUATION);
        add(all, "Po Other_Punctuation", Character.OTHER_PUNCTUATION);
        add(all, "Pi Initial_Punctuation", Character.INITIAL_QUOTE_PUNCTUATION);
        add(all, "Pf Final_Punctuation", Character.FINAL_QUOTE_PUNCTUATION);
        add(all, "P Punctuation punct", 20, 21, 22, 23, 24, 29, 30);
        add(all, "Sm Math_Symbol", Character.MATH_SYMBOL);
        add(all, "Sc Currency_Symbol", Character.CURRENCY_SYMBOL);
        add(all, "Sk Modifier_Symbol", Character.MODIFIER_SYMBOL);
        add(all, "So Other_Symbol", Character.OTHER_SYMBOL);
        add(all, "S Symbol", 25, 26, 27, 28);
        return Map.copyOf(all);
    }

    private static void add(Map<String, int[]> all, String names, int... types) {
        for (String name : names.split(" ", -1)) {
            all.put(name, types);
        }
    }

    /** {@return what {@code \p{NAME}} or {@code \p{NAME=VALUE}} stands for; {@code null} if nothing that is known here} */
    static @Nullable CodePoints property(String text) {
        CodePoints known = KNOWN.get(text);
        if (known != null) {
            return known;
        }
        IntPredicate test = test(text);
        if (test == null) {
            return null;
        }
        CodePoints set = collect(test);
        KNOWN.put(text, set);
        return set;
    }

    private static @Nullable IntPredicate test(String text) {
        int equals = text.indexOf('=');
        String name = equals < 0 ? "General_Category" : text.substring(0, equals);
        String value = text.substring(equals + 1);
        if (equals < 0 && BINARY.containsKey(value)) {
            return BINARY.get(value);
        }
        return switch (name) {
            case "General_Category", "gc" -> category(value);
            case "Script", "sc" -> script(value);
            default -> null;
        };
    }

    private static @Nullable IntPredicate category(String name) {
        int[] types = CATEGORIES.get(name);
        if (types == null) {
            return null;
        }
        int mask = 0;
        for (int type : types) {
            mask |= 1 << type;
        }
        int all = mask;
        return each -> (all >> Character.getType(each) & 1) != 0;
    }

    private static @Nullable IntPredicate script(String name) {
        try {
            Character.UnicodeScript script = Character.UnicodeScript.forName(name.toUpperCase(Locale.ROOT));
            return each -> Character.UnicodeScript.of(each) == script;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static CodePoints collect(IntPredicate test) {
        List<CodePoints.Range> ranges = new ArrayList<>();
        int first = -1;
        for (int each = 0; each <= Character.MAX_CODE_POINT + 1; each++) {
            boolean in = each <= Character.MAX_CODE_POINT && test.test(each);
            if (in && first < 0) {
                first = each;
            } else if (!in && first >= 0) {
                ranges.add(new CodePoints.Range(first, each - 1));
                first = -1;
            }
        }
        return new CodePoints(ranges);
    }
}
