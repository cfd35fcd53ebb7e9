package io.llamanode.service.contract.task;

/**
 * How far a text keeps to a constraint.
 *
 * <p>Never changes: for any thread.
 *
 * @param matches whether the whole text does
 * @param beginning whether one that does begins with it
 * @param bytes of its beginning, in UTF-8, behind which it does not; all of them, if it is a beginning
 * @param characters of the same beginning, code points
 */
public record MatchReport(boolean matches, boolean beginning, long bytes, long characters) {}
