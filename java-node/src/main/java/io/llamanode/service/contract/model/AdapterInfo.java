package io.llamanode.service.contract.model;

/**
 * A loaded adapter.
 *
 * <p>Never changes: for any thread.
 *
 * @param id its name in requests
 * @param model id of its model
 * @param path the file
 * @param tasks that use it and have not ended
 */
public record AdapterInfo(String id, String model, String path, int tasks) {}
