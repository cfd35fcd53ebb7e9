package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of the operating system's loader, in its C library. */
public interface LoaderFunctions {

    /**
     * {@code dladdr}: tells of an address.
     *
     * @param address of a function or a variable
     * @param info room for a {@code Dl_info}, whose first field is the path of the library, terminated
     * @return 0 if the address is in no library
     */
    @CFunction("dladdr")
    int addressInfo(MemorySegment address, MemorySegment info);

    /**
     * {@code dlopen}: loads a library.
     *
     * @param file its path, or a name that the loader looks for, terminated
     * @param flags {@code RTLD_LAZY} is 1
     * @return null if it cannot be loaded
     */
    @CFunction("dlopen")
    MemorySegment open(MemorySegment file, int flags);

    /**
     * {@code dlerror}: why this thread's last call failed.
     *
     * @return a text, terminated, or null if it did not; asked twice, it is null
     */
    @CFunction("dlerror")
    MemorySegment error();
}
