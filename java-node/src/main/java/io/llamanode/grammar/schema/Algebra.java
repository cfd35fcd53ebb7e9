package io.llamanode.grammar.schema;

import io.llamanode.grammar.rule.Patience;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Intersects, joins and negates forms. Shapes that are empty for sure are left out.
 *
 * <p>For one thread.
 */
final class Algebra {
    /** Shapes of one type in one form: schemas that multiply out to more are refused. */
    private static final int MOST_SHAPES = 600;

    /** Pairs of shapes that one schema may take to be worked out. */
    private static final int MOST_MET = 100_000;

    private final Terms terms;
    private final Emptiness emptiness;
    private int met;

    Algebra(Terms terms, Emptiness emptiness) {
        this.terms = terms;
        this.emptiness = emptiness;
    }

    Form and(Form one, Form two) {
        return new Form(
                one.nulls() && two.nulls(),
                one.booleans() & two.booleans(),
                one.numbers().and(two.numbers()),
                one.texts().and(two.texts()),
                andArrays(one.arrays(), two.arrays()),
                andObjects(one.objects(), two.objects()));
    }

    Form or(List<Form> forms) {
        boolean nulls = false;
        int booleans = 0;
        Numbers numbers = Numbers.NONE;
        Texts texts = Texts.NONE;
        List<ArrayShape> arrays = new ArrayList<>();
        List<ObjectShape> objects = new ArrayList<>();
        for (Form form : forms) {
            nulls |= form.nulls();
            booleans |= form.booleans();
            numbers = numbers.or(form.numbers());
            texts = texts.or(form.texts());
            arrays.addAll(form.arrays());
            objects.addAll(form.objects());
        }
        return new Form(nulls, booleans, numbers, texts, joinArrays(arrays), joinObjects(objects));
    }

    Form not(Form form) {
        return new Form(
                !form.nulls(),
                ~form.booleans() & (Form.FALSE | Form.TRUE),
                form.numbers().not(),
                form.texts().not(),
                notArrays(form.arrays()),
                notObjects(form.objects()));
    }

    /** {@return what is in one of the forms only} */
    Form xor(List<Form> forms) {
        int nulls = 0;
        int trues = 0;
        int falses = 0;
        for (Form form : forms) {
            nulls += form.nulls() ? 1 : 0;
            trues += form.booleans() >> 1;
            falses += form.booleans() & 1;
        }
        Numbers numbers = Numbers.NONE;
        Texts texts = Texts.NONE;
        List<ArrayShape> arrays = new ArrayList<>();
        List<ObjectShape> objects = new ArrayList<>();
        for (int i = 0; i < forms.size(); i++) {
            Numbers ownNumbers = forms.get(i).numbers();
            Texts ownTexts = forms.get(i).texts();
            List<ArrayShape> ownArrays = forms.get(i).arrays();
            List<ObjectShape> ownObjects = forms.get(i).objects();
            for (int k = 0; k < forms.size(); k++) {
                if (k != i) {
                    Patience.check();
                    ownNumbers = ownNumbers.minus(forms.get(k).numbers());
                    ownTexts = minusTexts(ownTexts, forms.get(k).texts());
                    ownArrays = minusArrays(ownArrays, forms.get(k).arrays());
                    ownObjects = minusObjects(ownObjects, forms.get(k).objects());
                }
            }
            numbers = numbers.or(ownNumbers);
            texts = texts.or(ownTexts);
            arrays.addAll(ownArrays);
            objects.addAll(ownObjects);
        }
        return new Form(
                nulls == 1,
                (trues == 1 ? Form.TRUE : 0) | (falses == 1 ? Form.FALSE : 0),
                numbers,
                texts,
                joinArrays(arrays),
                joinObjects(objects));
    }

    private static Texts minusTexts(Texts from, Texts others) {
        return from.and(others).isEmpty() ? from : from.minus(others);
    }

    private List<ArrayShape> joinArrays(List<ArrayShape> shapes) {
        Set<ArrayShape> distinct = new LinkedHashSet<>(shapes);
        return distinct.stream()
                .filter(ArrayShape::isAny)
                .findFirst()
                .map(List::of)
                .orElse(List.copyOf(distinct));
    }

    private List<ObjectShape> joinObjects(List<ObjectShape> shapes) {
        Set<ObjectShape> distinct = new LinkedHashSet<>(shapes);
        return distinct.stream()
                .filter(ObjectShape::isAny)
                .findFirst()
                .map(List::of)
                .orElse(List.copyOf(distinct));
    }

    private List<ArrayShape> andArrays(List<ArrayShape> one, List<ArrayShape> two) {
        if (isAnyArray(one)) {
            return two;
        }
        if (isAnyArray(two)) {
            return one;
        }
        Set<ArrayShape> both = new LinkedHashSet<>();
        for (ArrayShape left : one) {
            for (ArrayShape right : two) {
                meet();
                ArrayShape shape = left.and(right, terms);
                if (!emptiness.isEmpty(shape)) {
                    both.add(shape);
                    bound(both.size());
                }
            }
        }
        return List.copyOf(both);
    }

    private List<ObjectShape> andObjects(List<ObjectShape> one, List<ObjectShape> two) {
        if (isAnyObject(one)) {
            return two;
        }
        if (isAnyObject(two)) {
            return one;
        }
        Set<ObjectShape> both = new LinkedHashSet<>();
        for (ObjectShape left : one) {
            for (ObjectShape right : two) {
                meet();
                if (emptiness.areDisjoint(left, right)) {
                    continue;
                }
                ObjectShape shape = left.and(right, terms);
                if (!emptiness.isEmpty(shape)) {
                    both.add(shape);
                    bound(both.size());
                }
            }
        }
        return List.copyOf(both);
    }

    private static boolean isAnyArray(List<ArrayShape> shapes) {
        return shapes.size() == 1 && shapes.getFirst().isAny();
    }

    private static boolean isAnyObject(List<ObjectShape> shapes) {
        return shapes.size() == 1
                && shapes.getFirst().isAny()
                && shapes.getFirst().properties().isEmpty();
    }

    private List<ArrayShape> notArrays(List<ArrayShape> shapes) {
        List<ArrayShape> others = List.of(ArrayShape.any(terms));
        for (ArrayShape shape : shapes) {
            others = andArrays(others, shape.not(terms));
        }
        return others;
    }

    private List<ObjectShape> notObjects(List<ObjectShape> shapes) {
        List<ObjectShape> others = List.of(ObjectShape.any(terms));
        for (ObjectShape shape : shapes) {
            others = andObjects(others, shape.not(terms));
        }
        return others;
    }

    private List<ArrayShape> minusArrays(List<ArrayShape> from, List<ArrayShape> shapes) {
        List<ArrayShape> left = from;
        for (ArrayShape shape : shapes) {
            List<ArrayShape> next = new ArrayList<>();
            for (ArrayShape each : left) {
                meet();
                if (emptiness.isEmpty(each.and(shape, terms))) {
                    next.add(each);
                } else {
                    next.addAll(andArrays(List.of(each), shape.not(terms)));
                }
                bound(next.size());
            }
            left = next;
        }
        return left;
    }

    private List<ObjectShape> minusObjects(List<ObjectShape> from, List<ObjectShape> shapes) {
        List<ObjectShape> left = from;
        for (ObjectShape shape : shapes) {
            List<ObjectShape> next = new ArrayList<>();
            for (ObjectShape each : left) {
                meet();
                if (emptiness.areDisjoint(each, shape) || emptiness.isEmpty(each.and(shape, terms))) {
                    next.add(each);
                } else {
                    next.addAll(andObjects(List.of(each), shape.not(terms)));
                }
                bound(next.size());
            }
            left = next;
        }
        return left;
    }

    private void meet() {
        if (++met > MOST_MET) {
            throw new UndecidableException("anyOf", "its alternatives meet more than %d times".formatted(MOST_MET));
        }
    }

    private static void bound(int shapes) {
        Patience.check();
        if (shapes > MOST_SHAPES) {
            throw new UndecidableException(
                    "anyOf", "its alternatives meet in more than %d ways".formatted(MOST_SHAPES));
        }
    }
}
