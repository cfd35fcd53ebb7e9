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
}
