package io.llamanode.node.command;

import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.NodePaths;
import io.llamanode.node.probe.FileProber;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Starts a node in the background: {@code foreground} in a session of its own, with its output in the log. */
final class Launch {
    private Launch() {}

    /**
     * Starts a node and waits until it is ready or has failed.
     *
     * @param paths its files
     * @param arguments those of {@code start}, without that word
     * @return the line in which it said that it is ready
     * @throws ExitException with the node's own exit status if it ended
     */
    static String start(NodePaths paths, List<String> arguments) throws ExitException {
        paths.create();
        try {
            long before = openLog(paths.log());
            Process node = new ProcessBuilder(command(arguments))
                    .redirectInput(new File("/dev/null"))
                    .redirectError(ProcessBuilder.Redirect.appendTo(paths.log().toFile()))
                    .start();
            BufferedReader said = node.inputReader(StandardCharsets.UTF_8);
            String line = said.readLine();
            if (line != null) {
                return line + ", log " + paths.log();
            }
            int status = node.waitFor();
            throw new ExitException(known(status), failure(paths.log(), before, status));
        } catch (IOException e) {
            throw new ExitException(ExitStatus.FAILED, "the node cannot be started: " + e.getMessage());
        } catch (InterruptedException e) {
            throw new ExitException(ExitStatus.FAILED, "interrupted while the node was starting");
        }
    }

    private static long openLog(Path log) throws IOException {
        Files.newByteChannel(
                        log,
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
                .close();
        return Files.size(log);
    }

    /** With a session of its own, the node hears nothing of this terminal's end. */
    private static List<String> command(List<String> arguments) throws ExitException {
        String launcher = System.getProperty(FileProber.LAUNCHER);
        if (launcher == null) {
            throw new ExitException(ExitStatus.USAGE, "start works with bin/llama-node only");
        }
        List<String> command = new ArrayList<>();
        Stream.of("/usr/bin/setsid", "/bin/setsid")
                .filter(setsid -> Files.isExecutable(Path.of(setsid)))
                .findFirst()
                .ifPresent(command::add);
        command.addAll(List.of(launcher, "foreground"));
        command.addAll(arguments);
        return command;
    }

    private static ExitStatus known(int status) {
        return Stream.of(ExitStatus.values())
                .filter(known -> known.number() == status && known != ExitStatus.OK)
                .findFirst()
                .orElse(ExitStatus.FAILED);
    }

    /** What the node said last for people to read. */
    private static String failure(Path log, long before, int status) throws IOException {
        byte[] all = Files.readAllBytes(log);
        String own = new String(all, (int) before, all.length - (int) before, StandardCharsets.UTF_8);
        return own.lines()
                .filter(line -> line.startsWith(Cli.NAME + ": "))
                .map(line -> line.substring(Cli.NAME.length() + 2))
                .reduce((earlier, last) -> last)
                .orElse("the node ended with exit status " + status + "; see " + log);
    }
}
