/**
 * The node as a service of the operating system: commands, configuration, files, start and end.
 * docs/operations.md is the reference.
 */
package io.llamanode.node;
