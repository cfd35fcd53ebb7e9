package io.llamanode.grammar.validity;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.grammar.schema.Dialect;
import io.llamanode.grammar.schema.Location;
import java.util.HashMap;
import java.util.Map;

/**
 * The keywords that say something of the items of arrays.
 *
 * <p>For one thread.
 */
final class ArrayKeywords {
    private final Evaluator evaluator;
    private final Budget budget;

    ArrayKeywords(Evaluator evaluator, Budget budget) {
        this.evaluator = evaluator;
        this.budget = budget;
    }

    Verdict judge(Location at, String keyword, JsonNode value, Place place, Seen seen) {
        JsonNode said = at.json().get(keyword);
        return switch (keyword) {
            case "prefixItems" -> first(at, keyword, Readings.list(said), value, place, seen);
            case "items" ->
                said.isArray()
                        ? first(at, keyword, said, value, place, seen)
                        : others(
                                at,
                                keyword,
                                said,
                                value,
                                at.json().path("prefixItems").size(),
                                place,
                                seen);
            case "additionalItems" -> {
                JsonNode items = at.json().path("items");
                yield items.isArray() ? others(at, keyword, said, value, items.size(), place, seen) : Verdict.VALID;
            }
            case "contains" -> contains(at, said, value, place, seen);
            case "uniqueItems" -> Readings.flag(said) ? unique(value, place) : Verdict.VALID;
            default -> unseen(at, keyword, said, value, place, seen);
        };
    }

    private Verdict first(Location at, String keyword, JsonNode schemas, JsonNode value, Place place, Seen seen) {
        int count = Math.min(schemas.size(), value.size());
        seen.items(0, count);
        Verdict verdict = Verdict.VALID;
        for (int i = 0; i < count && !(verdict instanceof Verdict.Fault); i++) {
            verdict = verdict.and(item(at, keyword, schemas.get(i), value, i, place));
        }
        return verdict;
    }

    private Verdict others(
            Location at, String keyword, JsonNode schema, JsonNode value, int from, Place place, Seen seen) {
        seen.items(from, value.size());
        Verdict verdict = Verdict.VALID;
        for (int i = from; i < value.size() && !(verdict instanceof Verdict.Fault); i++) {
            verdict = verdict.and(item(at, keyword, schema, value, i, place));
        }
        return verdict;
    }

    private Verdict unseen(Location at, String keyword, JsonNode schema, JsonNode value, Place place, Seen seen) {
        Verdict verdict = Verdict.VALID;
        for (int i = 0; i < value.size() && !(verdict instanceof Verdict.Fault); i++) {
            if (!seen.has(i)) {
                verdict = verdict.and(seen.sure(item(at, keyword, schema, value, i, place)));
            }
        }
        seen.items(0, value.size());
        return verdict;
    }

    private Verdict item(Location at, String keyword, JsonNode schema, JsonNode value, int index, Place place) {
        return evaluator.below(at, keyword, schema, value.get(index), place.at(index), evaluator.nothingSeen());
    }

    private Verdict contains(Location at, JsonNode schema, JsonNode value, Place place, Seen seen) {
        JsonNode least = at.json().get("minContains");
        JsonNode most = at.json().get("maxContains");
        int min = least == null ? 1 : Readings.count(least);
        int max = most == null ? Integer.MAX_VALUE : Readings.count(most);
        boolean speaks = at.dialect() == Dialect.DRAFT_2020_12;
        int valid = 0;
        int unknown = 0;
        Verdict verdict = Verdict.VALID;
        for (int i = 0; i < value.size(); i++) {
            Verdict one = item(at, "contains", schema, value, i, place);
            if (one instanceof Verdict.Fault) {
                continue;
            }
            if (one.isValid()) {
                valid++;
            } else {
                unknown++;
                verdict = one;
            }
            if (speaks) {
                Seen own = seen.fresh();
                own.items(i, i + 1);
                seen.add(own, one);
            }
        }
        if (valid + unknown < min) {
            return place.fault(least == null ? "contains" : "minContains", "%d items fit".formatted(valid));
        }
        if (valid > max) {
            return place.fault("maxContains", "%d items fit".formatted(valid));
        }
        return valid >= min && valid + unknown <= max ? Verdict.VALID : verdict;
    }

    private Verdict unique(JsonNode value, Place place) {
        Map<String, Integer> known = new HashMap<>();
        for (int i = 0; i < value.size(); i++) {
            Integer same = known.putIfAbsent(Canonical.of(value.get(i), budget), i);
            if (same != null) {
                return place.fault("uniqueItems", "items %d and %d are equal".formatted(same, i));
            }
        }
        return Verdict.VALID;
    }
}
