/**
 * On which threads, and how much at a time, the service works: what is too slow for those that answer requests, and what is too
 * much to do with its lock held at once. It knows nothing of tasks and sessions.
 */
@NullMarked
package io.llamanode.service.threads;

import org.jspecify.annotations.NullMarked;
