package io.llamanode.service.contract;

/**
 * The first half of work whose second half answers: all but a success goes to the whole at once.
 *
 * <p>For any thread, as the reply to the whole is.
 *
 * @param <T> what the first half gives
 */
public abstract class Continued<T> implements Reply<T> {
    private final Reply<?> whole;

    /**
     * Begins the first half.
     *
     * @param whole told what becomes of both
     */
    protected Continued(Reply<?> whole) {
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
