/**
 * A sandboxed interpreter of the Jinja subset that chat templates use. A template comes from an untrusted model file:
 * it reaches no class, file or method of the host, and every render is bounded in steps, depth, size and time. The
 * result tells text of the template from text of the values, so that values cannot forge control tokens.
 */
package io.llamanode.chat.jinja;
