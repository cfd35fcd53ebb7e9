package io.llamanode.grammar.validity;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.schema.Document;
import io.llamanode.grammar.schema.Location;
import io.llamanode.grammar.schema.SchemaException;
import java.util.Map;

/**
 * Looks at one value by the schemas of a document.
 *
 * <p>For one thread, and one value.
 */
final class Evaluator {
    /** Of a keyword that is not judged, in steps: an exception takes some microseconds. */
    private static final int EXCEPTION = 50;

    private final Document document;
    private final Budget budget;
    private final boolean keepsSeen;
    private final ScalarKeywords scalars;
    private final ObjectKeywords objects;
    private final ArrayKeywords arrays;

    /**
     * For one look.
     *
     * @param keepsSeen whether a schema of the document asks what others have spoken of
     */
    Evaluator(Document document, Budget budget, boolean formats, boolean keepsSeen) {
        this.document = document;
        this.budget = budget;
        this.keepsSeen = keepsSeen;
        Languages languages = new Languages(budget);
        scalars = new ScalarKeywords(budget, languages, formats);
        objects = new ObjectKeywords(this, budget, languages);
        arrays = new ArrayKeywords(this, budget);
    }

    Verdict root(JsonNode value) {
        return at(document.root(), "", value, Place.ROOT, nothingSeen());
    }

    Seen nothingSeen() {
        return new Seen(keepsSeen);
    }

    /** {@return what a schema says that stands at a keyword of another one or below it} */
    Verdict below(Location at, String keyword, JsonNode schema, JsonNode value, Place place, Seen seen) {
        if (!schema.isObject() && !schema.isBoolean()) {
            throw new UnjudgedException("it is no schema");
        }
        return at(document.child(at, keyword, schema), keyword, value, place, seen);
    }

    private Verdict at(Location at, String from, JsonNode value, Place place, Seen seen) {
        budget.enter();
        try {
            if (at.json().isBoolean()) {
                return at.json().booleanValue() ? Verdict.VALID : place.fault(from, "nothing may stand there");
            }
            // It does not know what the schemas beside it speak of.
            Seen own = seen.fresh();
            Verdict verdict = at.json().has("$ref") && at.dialect().referencesStandAlone()
                    ? judged(at, "$ref", value, place, own)
                    : keywords(at, value, place, own);
            budget.take(own.size());
            seen.add(own, verdict);
            return verdict;
        } finally {
            budget.leave();
        }
    }

    private Verdict keywords(Location at, JsonNode value, Place place, Seen seen) {
        Verdict verdict = Verdict.VALID;
        for (Map.Entry<String, JsonNode> entry : at.json().properties()) {
            budget.take(1);
            if (!isLast(entry.getKey())) {
                verdict = verdict.and(judged(at, entry.getKey(), value, place, seen));
            }
            if (verdict instanceof Verdict.Fault) {
                return verdict;
            }
        }
        for (String last : ObjectKeywords.LAST) {
            if (at.json().has(last) && !(verdict instanceof Verdict.Fault)) {
                verdict = verdict.and(judged(at, last, value, place, seen));
            }
        }
        return verdict;
    }

    private static boolean isLast(String keyword) {
        return ObjectKeywords.LAST.contains(keyword);
    }

    private Verdict judged(Location at, String keyword, JsonNode value, Place place, Seen seen) {
        try {
            return keyword(at, keyword, value, place, seen);
        } catch (UnjudgedException | SchemaException | GrammarLimitException e) {
            String why = String.valueOf(e.getMessage());
            budget.take(EXCEPTION);
            budget.read(why.length());
            Verdict verdict = new Verdict.Unjudged(keyword + ": " + why);
            seen.add(seen.fresh(), verdict);
            return verdict;
        }
    }

    private Verdict keyword(Location at, String keyword, JsonNode value, Place place, Seen seen) {
        JsonNode said = at.json().get(keyword);
        return switch (keyword) {
            case "$ref", "$dynamicRef", "$recursiveRef" -> {
                budget.read(said.asText().length());
                yield at(document.resolve(at, keyword), keyword, value, place, seen);
            }
            case "allOf" -> {
                Verdict verdict = Verdict.VALID;
                for (JsonNode each : Readings.list(said)) {
                    verdict = verdict.and(below(at, keyword, each, value, place, seen));
                    if (verdict instanceof Verdict.Fault) {
                        break;
                    }
                }
                yield verdict;
            }
            case "anyOf" -> anyOf(at, Readings.list(said), value, place, seen);
            case "oneOf" -> oneOf(at, Readings.list(said), value, place, seen);
            case "not" -> {
                Verdict verdict = below(at, keyword, said, value, place, seen.fresh());
                yield verdict.isValid()
                        ? place.fault(keyword, "it is valid by the schema that must not hold")
                        : verdict instanceof Verdict.Fault ? Verdict.VALID : verdict;
            }
            case "if" -> conditional(at, said, value, place, seen);
            case "dependentSchemas", "dependentRequired", "dependencies" ->
                value.isObject() ? objects.dependent(at, keyword, value, place, seen) : Verdict.VALID;
            case "properties",
                    "patternProperties",
                    "additionalProperties",
                    "propertyNames",
                    "required",
                    "unevaluatedProperties" ->
                value.isObject() ? objects.judge(at, keyword, value, place, seen) : Verdict.VALID;
            case "items", "prefixItems", "additionalItems", "contains", "uniqueItems", "unevaluatedItems" ->
                value.isArray() ? arrays.judge(at, keyword, value, place, seen) : Verdict.VALID;
            default -> {
                String wrong = scalars.wrong(at.json(), keyword, value);
                yield wrong == null ? Verdict.VALID : place.fault(keyword, wrong);
            }
        };
    }

    private Verdict anyOf(Location at, JsonNode all, JsonNode value, Place place, Seen seen) {
        Verdict any = place.fault("anyOf", "it is valid by none of the %d schemas".formatted(all.size()));
        for (JsonNode each : all) {
            any = or(any, below(at, "anyOf", each, value, place, seen));
            if (any.isValid() && !seen.isKept()) {
                break;
            }
        }
        return any;
    }

    private static Verdict or(Verdict one, Verdict two) {
        return one.isValid() || two instanceof Verdict.Fault ? one : two;
    }

    private Verdict oneOf(Location at, JsonNode all, JsonNode value, Place place, Seen seen) {
        int valid = 0;
        Verdict unknown = null;
        for (JsonNode each : all) {
            Verdict verdict = below(at, "oneOf", each, value, place, seen);
            if (verdict.isValid()) {
                valid++;
            } else if (verdict instanceof Verdict.Unjudged) {
                unknown = verdict;
            }
        }
        if (valid > 1) {
            return place.fault("oneOf", "it is valid by %d of the %d schemas".formatted(valid, all.size()));
        }
        if (unknown != null) {
            return unknown;
        }
        return valid == 1
                ? Verdict.VALID
                : place.fault("oneOf", "it is valid by none of the %d schemas".formatted(all.size()));
    }

    private Verdict conditional(Location at, JsonNode condition, JsonNode value, Place place, Seen seen) {
        Verdict verdict = below(at, "if", condition, value, place, seen);
        if (verdict instanceof Verdict.Unjudged) {
            boolean matters = at.json().has("then") || at.json().has("else");
            return matters ? verdict : Verdict.VALID;
        }
        String branch = verdict.isValid() ? "then" : "else";
        JsonNode schema = at.json().get(branch);
        return schema == null ? Verdict.VALID : below(at, branch, schema, value, place, seen);
    }
}
