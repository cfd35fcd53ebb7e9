package io.llamanode.service.contract.task;

import java.util.List;

/**
 * Whether a JSON schema is honoured.
 *
 * <p>Never changes: for any thread.
 *
 * @param problems all that is not; none if it is honoured
 */
public record SchemaReport(List<Problem> problems) {
    /** Keeps a copy. */
    public SchemaReport {
        problems = List.copyOf(problems);
    }

    /**
     * What is not honoured.
     *
     * @param pointer JSON pointer of the schema that holds the keyword; empty for the whole
     * @param keyword that is not honoured; empty if it is no single one
     * @param message why, with both
     */
    public record Problem(String pointer, String keyword, String message) {}

    /** {@return whether an answer to it is valid by it, whatever its model writes} */
    public boolean isHonoured() {
        return problems.isEmpty();
    }
}
