package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
final class UserGroupsTest {
    private static List<String[]> groups() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/etc/group"))) {
            return lines.map(line -> line.split(":", -1))
                    .filter(fields -> fields.length == 4)
                    .toList();
        }
    }

    /** The members in the file belong to their groups, and nobody whom the system does not know belongs to any. */
    @Test
    void membersAreFoundByTheNumberOfTheirGroup() throws Exception {
        List<String[]> withMembers =
                groups().stream().filter(fields -> !fields[3].isEmpty()).toList();
        for (String[] fields : groups()) {
            int number = Integer.parseInt(fields[2]);
            assertFalse(UserGroups.has("nobody whom anybody knows", number));
            for (String member : fields[3].isEmpty() ? new String[0] : fields[3].split(",")) {
                assertEquals(true, UserGroups.has(member, number), member + " in " + fields[0]);
            }
        }
        assertFalse(UserGroups.has("root", -1), "which is no group");
        assumeTrue(!withMembers.isEmpty(), "no group of this machine has a member");
    }
}
