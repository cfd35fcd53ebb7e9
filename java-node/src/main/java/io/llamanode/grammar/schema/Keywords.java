package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Puts the form of a schema together from its keywords, in the order in which they stand there: properties keep that order.
 *
 * <p>For one thread.
 */
final class Keywords {
    private final Document document;
    private final Terms terms;
    private final Algebra algebra;
    private final Function<Term, Form> forms;
    private final Ignored ignored;
    private final Shapes shapes;
    private final Assertions assertions;
    private final Evaluation evaluation;

    Keywords(
            Document document,
            Terms terms,
            Algebra algebra,
            Function<Term, Form> forms,
            Ignored ignored,
            boolean formats) {
        this.document = document;
        this.terms = terms;
        this.algebra = algebra;
        this.forms = forms;
        this.ignored = ignored;
        this.shapes = new Shapes(document, terms);
        this.assertions = new Assertions(terms, shapes, formats);
        this.evaluation = new Evaluation(document);
    }

    Form form(Location at) {
        if (at.json().has("$ref") && at.dialect().referencesStandAlone()) {
            return reference(at, "$ref");
        }
        Form all = Form.all(terms);
        for (Map.Entry<String, JsonNode> entry : at.json().properties()) {
            try {
                Form form = form(at, entry.getKey(), entry.getValue());
                if (form != null) {
                    all = algebra.and(all, form);
                }
            } catch (UndecidableException e) {
                ignored.add(at.refuse(entry.getKey(), String.valueOf(e.getMessage())));
            } catch (SchemaException e) {
                ignored.add(e);
            }
        }
        return all;
    }

    private @Nullable Form form(Location at, String keyword, JsonNode value) {
        return switch (keyword) {
            case "$ref", "$dynamicRef", "$recursiveRef" -> reference(at, keyword);
            case "enum" -> Form.of(Facts.list(at, keyword), terms);
            case "const" -> Form.of(List.of(value), terms);
            case "allOf" -> {
                Form all = Form.all(terms);
                for (Form form : each(at, keyword)) {
                    all = algebra.and(all, form);
                }
                yield all;
            }
            case "anyOf" -> algebra.or(each(at, keyword));
            case "oneOf" -> algebra.xor(each(at, keyword));
            case "not" -> algebra.not(forms.apply(shapes.term(at, keyword, value)));
            case "if" -> conditional(at, value);
            case "propertyNames" ->
                assertions.names(forms.apply(shapes.term(at, keyword, value)).texts());
            case "dependentRequired", "dependentSchemas", "dependencies" -> dependent(at, keyword);
            case "unevaluatedProperties", "unevaluatedItems" -> unevaluated(at, keyword, value);
            default -> assertions.form(at, keyword);
        };
    }

    private Form reference(Location at, String keyword) {
        return forms.apply(terms.of(document.resolve(at, keyword)));
    }

    private List<Form> each(Location at, String keyword) {
        List<Form> all = new ArrayList<>();
        for (JsonNode schema : Facts.list(at, keyword)) {
            all.add(forms.apply(shapes.term(at, keyword, schema)));
        }
        return all;
    }

    private @Nullable Form conditional(Location at, JsonNode value) {
        JsonNode then = at.json().get("then");
        JsonNode otherwise = at.json().get("else");
        if (then == null && otherwise == null) {
            return null;
        }
        Term condition = shapes.term(at, "if", value);
        Term yes = then == null ? condition : terms.and(condition, shapes.term(at, "then", then));
        Term no = terms.not(condition);
        if (otherwise != null) {
            no = terms.and(no, shapes.term(at, "else", otherwise));
        }
        return algebra.or(List.of(forms.apply(yes), forms.apply(no)));
    }

    private Form dependent(Location at, String keyword) {
        Form all = Form.all(terms);
        for (Map.Entry<String, JsonNode> entry : Facts.object(at, keyword).properties()) {
            JsonNode value = entry.getValue();
            List<String> names = new ArrayList<>(List.of(entry.getKey()));
            Form then;
            if (keyword.equals("dependentSchemas") || !value.isArray() && !value.isTextual()) {
                then = algebra.and(assertions.required(names), forms.apply(shapes.term(at, keyword, value)));
            } else {
                names.addAll(value.isTextual() ? List.of(value.textValue()) : Facts.names(at, keyword, value));
                then = assertions.required(names);
            }
            all = algebra.and(all, assertions.dependent(entry.getKey(), then));
        }
        return all;
    }

    private @Nullable Form unevaluated(Location at, String keyword, JsonNode value) {
        Term otherwise = shapes.term(at, keyword, value);
        Form all = Form.all(terms);
        if (otherwise instanceof Term.True) {
            return keyword.equals("unevaluatedProperties") ? all.withObjects(List.of(ObjectShape.open(terms))) : null;
        }
        if (keyword.equals("unevaluatedProperties")) {
            Evaluation.Evaluated evaluated = evaluation.properties(at);
            return evaluated.allProperties()
                    ? null
                    : all.withObjects(List.of(shapes.unevaluated(evaluated, otherwise)));
        }
        Evaluation.Evaluated evaluated = evaluation.items(at);
        if (evaluated.items() == ArrayShape.NO_BOUND) {
            return null;
        }
        List<Term> first = new ArrayList<>();
        for (int i = 0; i < evaluated.items(); i++) {
            first.add(terms.all);
        }
        return all.withArrays(List.of(new ArrayShape(first, otherwise, 0, ArrayShape.NO_BOUND, List.of(), false)));
    }
}
