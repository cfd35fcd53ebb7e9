package io.llamanode.grammar.schema;

import io.llamanode.grammar.regex.Regular;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** A regular set of texts. A few texts, and all but a few, are kept as they are: most sets of a schema are such. */
sealed interface Texts {
    /** All. */
    Texts ALL = new Except(Set.of());

    /** None. */
    Texts NONE = new Few(Set.of());

    /**
     * Some.
     *
     * @param all of them, in their order
     */
    record Few(Set<String> all) implements Texts {
        /** Keeps a copy. */
        public Few {
            all = Collections.unmodifiableSet(new LinkedHashSet<>(all));
        }
    }

    /**
     * All but some.
     *
     * @param others that are not in it
     */
    record Except(Set<String> others) implements Texts {
        /** Keeps a copy. */
        public Except {
            others = Collections.unmodifiableSet(new LinkedHashSet<>(others));
        }
    }

    /**
     * Any regular set.
     *
     * @param regular it
     */
    record Language(Regular regular) implements Texts {}

    static Texts of(Collection<String> some) {
        return new Few(new LinkedHashSet<>(some));
    }

    static Texts of(Regular regular) {
        return regular.equals(Regular.EVERYTHING)
                ? ALL
                : regular.equals(Regular.NOTHING) ? NONE : new Language(regular);
    }

    default boolean contains(String text) {
        return switch (this) {
            case Few(Set<String> all) -> all.contains(text);
            case Except(Set<String> others) -> !others.contains(text);
            case Language(Regular regular) -> regular.contains(text);
        };
    }

    default boolean isEmpty() {
        return switch (this) {
            case Few(Set<String> all) -> all.isEmpty();
            case Except _ -> false;
            case Language(Regular regular) -> regular.isEmpty();
        };
    }

    default Regular regular() {
        return switch (this) {
            case Few(Set<String> all) -> Regular.literals(all);
            case Except(Set<String> others) -> Regular.literals(others).not();
            case Language(Regular regular) -> regular;
        };
    }

    default Texts not() {
        return switch (this) {
            case Few(Set<String> all) -> new Except(all);
            case Except(Set<String> others) -> new Few(others);
            case Language(Regular regular) -> of(regular.not());
        };
    }

    default Texts and(Texts other) {
        if (equals(ALL) || other.equals(NONE)) {
            return other;
        }
        if (other.equals(ALL) || equals(NONE) || equals(other)) {
            return this;
        }
        if (this instanceof Few(Set<String> all)) {
            return of(all.stream().filter(other::contains).toList());
        }
        if (other instanceof Few) {
            return other.and(this);
        }
        if (this instanceof Except(Set<String> one) && other instanceof Except(Set<String> two)) {
            Set<String> both = new LinkedHashSet<>(one);
            both.addAll(two);
            return new Except(both);
        }
        if (this instanceof Language(Regular regular) && other instanceof Except(Set<String> others)) {
            // Those that are not in it anyhow would make its machine larger for nothing.
            Texts left = of(others.stream().filter(regular::contains).toList()).not();
            return left.equals(ALL) ? this : of(regular.and(left.regular()));
        }
        if (other instanceof Language && this instanceof Except) {
            return other.and(this);
        }
        return of(regular().and(other.regular()));
    }

    default Texts or(Texts other) {
        if (equals(NONE) || other.equals(ALL)) {
            return other;
        }
        if (other.equals(NONE) || equals(ALL) || equals(other)) {
            return this;
        }
        if (this instanceof Few(Set<String> one) && other instanceof Few(Set<String> two)) {
            Set<String> both = new LinkedHashSet<>(one);
            both.addAll(two);
            return new Few(both);
        }
        if (this instanceof Except(Set<String> others)) {
            return new Few(others).and(other.not()).not();
        }
        if (other instanceof Except) {
            return other.or(this);
        }
        return of(regular().or(other.regular()));
    }

    default Texts minus(Texts other) {
        return and(other.not());
    }
}
