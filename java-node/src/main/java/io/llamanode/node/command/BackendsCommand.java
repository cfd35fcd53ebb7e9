package io.llamanode.node.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.llama.library.InstalledLibraries.Choice;
import io.llamanode.llama.library.InstalledLibraries.Entry;
import io.llamanode.llama.library.InstalledLibraries.Kind;
import io.llamanode.llama.library.InstalledLibraries.Outcome;
import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.probe.LibraryProber;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells which libraries of llama.cpp are installed, and whether they load. */
final class BackendsCommand {
    private BackendsCommand() {}

    /**
     * Lists them.
     *
     * @param argument what a start would ask for, or {@code null}
     * @param json whether to tell it in one line of JSON
     * @param out what is told
     * @return whether a start would find one
     * @throws ExitException if no processes can be started, which try them
     */
    static ExitStatus run(@Nullable Path argument, boolean json, PrintStream out) throws ExitException {
        LibraryProber prober = LibraryProber.ofLauncher()
                .orElseThrow(() -> new ExitException(ExitStatus.USAGE, "backends works with bin/llama-node only"));
        LibraryProber.Report report = prober.all(Optional.ofNullable(argument));
        if (json) {
            out.println(json(report));
        } else {
            report.outcomes().forEach((entry, outcome) -> out.println(line(entry, outcome, report.choice())));
            if (report.choice().entry() == null) {
                out.println("no node would start: " + report.choice().why());
            }
        }
        return report.choice().entry() != null
                ? ExitStatus.OK
                : argument != null ? ExitStatus.CONFIG : ExitStatus.FAILED;
    }

    private static String line(Entry entry, Outcome outcome, Choice choice) {
        return switch (outcome) {
            case Outcome.Usable(String version, String path, String _) ->
                "%-8s  %-10s  %s%s"
                        .formatted(
                                version,
                                word(entry.kind()),
                                path == null ? "in the jar" : path,
                                entry.equals(choice.entry()) ? "  <- used: " + choice.why() : "");
            case Outcome.Refused(String reason) ->
                "-         %-10s  does not load: %s".formatted(word(entry.kind()), reason);
            case Outcome.Absent(String reason) ->
                "-         %-10s  is not there: %s".formatted(word(entry.kind()), reason);
        };
    }

    private static String word(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static ArrayNode json(LibraryProber.Report report) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        report.outcomes().forEach((entry, outcome) -> {
            ObjectNode one = all.addObject().put("kind", word(entry.kind())).put("llama_lib", entry.name());
            switch (outcome) {
                case Outcome.Usable(String version, String path, String build) -> {
                    one.put("loads", true).put("version", version).put("build", build);
                    if (path != null) {
                        one.put("path", path);
                    }
                }
                case Outcome.Refused(String reason) -> one.put("loads", false).put("reason", reason);
                case Outcome.Absent(String reason) -> one.put("loads", false).put("reason", reason);
            }
            boolean chosen = entry.equals(report.choice().entry());
            one.put("chosen", chosen);
            if (chosen) {
                one.put("why", report.choice().why());
            }
        });
        return all;
    }
}
