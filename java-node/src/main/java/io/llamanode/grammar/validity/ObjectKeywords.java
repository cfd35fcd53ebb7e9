package io.llamanode.grammar.validity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import io.llamanode.grammar.schema.Location;
import java.util.List;
import java.util.Map;

/**
 * The keywords that say something of the members of objects.
 *
 * <p>For one thread.
 */
final class ObjectKeywords {
    /** What is looked at behind all others, since it depends on them. */
    static final List<String> LAST = List.of("unevaluatedItems", "unevaluatedProperties");

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Evaluator evaluator;
    private final Budget budget;
    private final Languages languages;

    ObjectKeywords(Evaluator evaluator, Budget budget, Languages languages) {
        this.evaluator = evaluator;
        this.budget = budget;
        this.languages = languages;
    }

    Verdict judge(Location at, String keyword, JsonNode value, Place place, Seen seen) {
        JsonNode said = at.json().get(keyword);
        return switch (keyword) {
            case "properties" -> {
                Verdict verdict = Verdict.VALID;
                for (Map.Entry<String, JsonNode> each : Readings.object(said).properties()) {
                    budget.take(1);
                    if (value.has(each.getKey())) {
                        verdict = verdict.and(member(at, keyword, each.getValue(), value, each.getKey(), place, seen));
                    }
                    if (verdict instanceof Verdict.Fault) {
                        break;
                    }
                }
                yield verdict;
            }
            case "required" -> required(Readings.list(said), keyword, value, place);
            default -> each(at, keyword, said, value, place, seen);
        };
    }

    private Verdict each(Location at, String keyword, JsonNode said, JsonNode value, Place place, Seen seen) {
        Verdict verdict = Verdict.VALID;
        for (Map.Entry<String, JsonNode> member : value.properties()) {
            budget.take(1);
            String name = member.getKey();
            verdict = verdict.and(
                    switch (keyword) {
                        case "patternProperties" -> matching(at, said, value, name, place, seen);
                        case "propertyNames" ->
                            evaluator.below(
                                    at, keyword, said, TextNode.valueOf(name), place.at(name), evaluator.nothingSeen());
                        case "additionalProperties" ->
                            isNamed(at.json(), name)
                                    ? Verdict.VALID
                                    : member(at, keyword, said, value, name, place, seen);
                        default ->
                            seen.has(name)
                                    ? Verdict.VALID
                                    : seen.sure(member(at, keyword, said, value, name, place, seen));
                    });
            if (verdict instanceof Verdict.Fault) {
                break;
            }
        }
        return verdict;
    }

    private Verdict member(
            Location at, String keyword, JsonNode schema, JsonNode value, String name, Place place, Seen seen) {
        seen.name(name);
        return evaluator.below(at, keyword, schema, value.get(name), place.at(name), evaluator.nothingSeen());
    }

    private Verdict matching(Location at, JsonNode patterns, JsonNode value, String name, Place place, Seen seen) {
        Verdict verdict = Verdict.VALID;
        for (Map.Entry<String, JsonNode> each : Readings.object(patterns).properties()) {
            budget.take(1);
            if (languages.matches(each.getKey(), name)) {
                verdict = verdict.and(member(at, "patternProperties", each.getValue(), value, name, place, seen));
            }
        }
        return verdict;
    }

    private boolean isNamed(JsonNode schema, String name) {
        if (schema.path("properties").has(name)) {
            return true;
        }
        for (Map.Entry<String, JsonNode> each : schema.path("patternProperties").properties()) {
            budget.take(1);
            if (languages.matches(each.getKey(), name)) {
                return true;
            }
        }
        return false;
    }

    private Verdict required(JsonNode names, String keyword, JsonNode value, Place place) {
        for (JsonNode each : names) {
            String name = Readings.text(each);
            budget.read(name.length());
            if (!value.has(name)) {
                return place.fault(keyword, "'%s' is missing".formatted(name));
            }
        }
        return Verdict.VALID;
    }

    Verdict dependent(Location at, String keyword, JsonNode value, Place place, Seen seen) {
        Verdict verdict = Verdict.VALID;
        for (Map.Entry<String, JsonNode> each :
                Readings.object(at.json().get(keyword)).properties()) {
            budget.take(1);
            if (!value.has(each.getKey())) {
                continue;
            }
            JsonNode said = each.getValue();
            boolean names = said.isArray() || said.isTextual() && keyword.equals("dependencies");
            verdict = verdict.and(
                    names
                            ? required(said.isArray() ? said : JSON.arrayNode().add(said), keyword, value, place)
                            : evaluator.below(at, keyword, said, value, place, seen));
            if (verdict instanceof Verdict.Fault) {
                break;
            }
        }
        return verdict;
    }
}
