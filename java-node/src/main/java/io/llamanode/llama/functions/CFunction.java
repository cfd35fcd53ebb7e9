package io.llamanode.llama.functions;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a C function: a method of an interface is its signature. The module {@code java-node/processor} implements the
 * interface at build time: {@code FooFunctions} by {@code FooFunctionsCalls}. Pointers are {@code MemorySegment}s; a
 * struct by value is one as well, marked with {@link Struct}. A method with a body stands for a function that some
 * releases lack: there its body is what it does.
 */
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.METHOD)
public @interface CFunction {

    /** {@return the symbol} */
    String value();

    /** {@return whether it returns at once and never calls back, so that no thread-state transition is needed} */
    boolean returnsAtOnce() default false;
}
