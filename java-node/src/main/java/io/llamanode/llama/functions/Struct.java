package io.llamanode.llama.functions;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks a parameter of a {@link CFunction}, or its result, that is a struct by value. */
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.PARAMETER, ElementType.METHOD})
public @interface Struct {

    /** {@return a class whose constant {@code LAYOUT} is that of the struct} */
    Class<?> value();
}
