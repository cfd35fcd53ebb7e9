package io.llamanode.service.contract.task;

/**
 * A token and what it stands for.
 *
 * <p>Never changes: for any thread.
 *
 * @param id the token
 * @param piece its bytes, which may be a part of a code point; a control token's spelling. Not to be changed
 */
public record TokenPiece(int id, byte[] piece) {}
