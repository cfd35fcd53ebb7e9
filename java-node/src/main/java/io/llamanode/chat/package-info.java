/** Chat templates: from messages and tools to the text of a prompt, with the origin of every character. */
package io.llamanode.chat;
