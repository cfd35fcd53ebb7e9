/**
 * What a model answers in the syntax of its chat template: reasoning, text and calls of tools, told apart while the
 * text arrives. Pure state machines: no I/O, no threads, no model.
 */
package io.llamanode.chat.tools;
