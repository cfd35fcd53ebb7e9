package io.llamanode.service.contract.task;

/**
 * An adapter that a request asks for.
 *
 * <p>Never changes: for any thread.
 *
 * @param id of a loaded adapter
 * @param scale how strong; 0: not at all
 */
public record AdapterScale(String id, float scale) {}
