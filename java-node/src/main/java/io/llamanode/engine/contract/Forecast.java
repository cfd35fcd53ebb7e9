package io.llamanode.engine.contract;

/**
 * How a request would fare.
 *
 * <p>Immutable: any thread.
 *
 * @param cached tokens of its prompt that would need no evaluation
 * @param ahead requests that get a slot before it: those that wait, and one that runs if every slot is busy; 0: it
 *     would get a slot at once
 */
public record Forecast(int cached, int ahead) {}
