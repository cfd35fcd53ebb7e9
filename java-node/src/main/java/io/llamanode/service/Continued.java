package io.llamanode.service;

import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Reply;

/** The first half of work whose second half answers. */
abstract class Continued<T> implements Reply<T> {
    private final Reply<?> whole;

    Continued(Reply<?> whole) {
        this.whole = whole;
    }

    @Override
    public void failed(Failure failure) {
        whole.failed(failure);
    }

    @Override
    public void whenGivenUp(Runnable undo) {
        whole.whenGivenUp(undo);
    }

    @Override
    public void abandoned() {
        whole.abandoned();
    }
}
