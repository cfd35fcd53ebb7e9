/**
 * From a task's input to tokens, and from the text of an answer to its parts: completions, chats, infill prompts, what
 * constrains an answer, and the transcript that the next turn continues. Keeps no state; runs on the preparing threads and, for
 * answers, on the engine's.
 *
 * <p>It must not know sessions, tasks, owners or the service's lock.
 */
@NullMarked
package io.llamanode.service.prompt;

import org.jspecify.annotations.NullMarked;
