package io.llamanode.grammar.validity;

/** What is said of a value. */
public sealed interface Verdict {
    /** It is valid. */
    Verdict VALID = new Valid();

    /** It is valid. */
    record Valid() implements Verdict {}

    /**
     * Nothing is known: it breaks nothing that could be looked at.
     *
     * @param why what could not be
     */
    record Unjudged(String why) implements Verdict {}

    /** It is not valid. */
    final class Fault implements Verdict {
        private final Place place;
        private final String keyword;
        private final String message;

        Fault(Place place, String keyword, String message) {
            this.place = place;
            this.keyword = keyword;
            this.message = message;
        }

        /** {@return JSON pointer of what breaks the schema, in the value; empty for the whole} */
        public String pointer() {
            // Most faults are one of several ways that a schema leaves, and nobody asks.
            return place.pointer();
        }

        /** {@return the keyword that it breaks; empty if the whole schema is {@code false}} */
        public String keyword() {
            return keyword;
        }

        /** {@return what is wrong, without both} */
        public String message() {
            return message;
        }
    }

    /**
     * {@return both together: a fault counts most, and what is not known more than what is valid}
     *
     * @param other verdict on the same value
     */
    default Verdict and(Verdict other) {
        if (this instanceof Fault || other instanceof Valid) {
            return this;
        }
        return isValid() || other instanceof Fault ? other : this;
    }

    /** {@return whether it is valid for sure} */
    default boolean isValid() {
        return this instanceof Valid;
    }
}
