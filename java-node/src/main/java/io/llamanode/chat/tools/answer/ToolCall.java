package io.llamanode.chat.tools.answer;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tool that the model asks to have called.
 *
 * @param id names the call in the tool's result; the model's own where its syntax has one
 * @param name of the tool
 * @param arguments decoded JSON: maps in order, lists, {@code String}, {@code Integer}, {@code Long},
 *     {@code BigInteger}, finite {@code Double}, {@code Boolean} and {@code null}
 */
public record ToolCall(@Nullable String id, String name, Map<String, Object> arguments) {}
