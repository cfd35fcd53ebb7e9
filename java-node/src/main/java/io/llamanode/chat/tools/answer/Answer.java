package io.llamanode.chat.tools.answer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer.
 *
 * @param content what the model says, with the text of malformed calls
 * @param reasoning what it thought, or {@code null} if it did not: an empty block of reasoning is none
 * @param calls well-formed calls, in order
 */
public record Answer(String content, @Nullable String reasoning, List<ToolCall> calls) {}
