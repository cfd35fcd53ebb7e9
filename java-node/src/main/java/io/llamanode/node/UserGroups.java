package io.llamanode.node;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Asks the system's user database, wherever it is kept, for the groups of a user; Java has no API for that. */
final class UserGroups {
    private static final int FIRST = 64;
    private static final int MOST = 65_536;
    /** No group has this number. */
    private static final int NONE = -1;

    // int getgrouplist(const char *user, gid_t group, gid_t *groups, int *ngroups)
    private static final MethodHandle GETGROUPLIST = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("getgrouplist"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS));

    private UserGroups() {}

    /**
     * Tells whether a user belongs to a group; one that the system does not know belongs to none.
     *
     * @param user his name
     * @param group its number
     * @return whether it is so
     */
    static boolean has(String user, int group) {
        int room = FIRST;
        while (room <= MOST) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment groups = arena.allocate(ValueLayout.JAVA_INT, room);
                MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
                count.set(ValueLayout.JAVA_INT, 0, room);
                int found = (int) GETGROUPLIST.invokeExact(arena.allocateFrom(user), NONE, groups, count);
                if (found >= 0) {
                    return contains(groups, found, group);
                }
                room = Math.max(room * 2, count.get(ValueLayout.JAVA_INT, 0));
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }
        return false;
    }

    private static boolean contains(MemorySegment groups, int count, int group) {
        for (int i = 0; i < count; i++) {
            if (groups.getAtIndex(ValueLayout.JAVA_INT, i) == group) {
                return group != NONE;
            }
        }
        return false;
    }
}
