package io.llamanode;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The directions of docs/architecture.md: a layer calls only what stands below it. */
class LayersTest {
    /** From the top down. A package belongs to the first line that it fits. */
    private static final List<String> LAYERS = List.of(
            "io.llamanode",
            "io.llamanode.node.command..",
            "io.llamanode.node",
            "io.llamanode.node.probe..",
            "io.llamanode.transport",
            "io.llamanode.transport.(bridge|stdio|dist)..",
            "io.llamanode.transport.mailbox..",
            "io.llamanode.delivery..",
            "io.llamanode.protocol.launch..",
            "io.llamanode.protocol",
            "io.llamanode.service",
            "io.llamanode.service.(match|prompt|threads)..",
            "io.llamanode.service.model..",
            "io.llamanode.remote",
            "io.llamanode.remote.(line|own|probe)..",
            "io.llamanode.remote.(http|request)..",
            "io.llamanode.remote.answer..",
            "io.llamanode.service.contract.model..",
            "io.llamanode.service.contract.task..",
            "io.llamanode.service.contract",
            "io.llamanode.term..",
            "io.llamanode.engine",
            "io.llamanode.engine.llama..",
            "io.llamanode.engine.vector..",
            "io.llamanode.engine.(grammar|schedule|loop|output)..",
            "io.llamanode.engine.contract..",
            "io.llamanode.engine.model..",
            "io.llamanode.engine.sampling..",
            "io.llamanode.(chat|llama)..",
            "io.llamanode.grammar",
            "io.llamanode.grammar.language..",
            "io.llamanode.grammar.validity..",
            "io.llamanode.grammar.(mask|match|schema)..",
            "io.llamanode.grammar.(json|notation)..",
            "io.llamanode.grammar.(gbnf|regex)..",
            "io.llamanode.grammar.automaton..",
            "io.llamanode.grammar.rule..",
            "io.llamanode.gguf..",
            "io.llamanode.(account|queue|pem)..");

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.llamanode");
    }

    @Test
    void layersCallDownwardsOnly() {
        for (int i = 1; i < LAYERS.size(); i++) {
            noClasses()
                    .that()
                    .resideInAPackage(LAYERS.get(i))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(LAYERS.subList(0, i).toArray(String[]::new))
                    .check(classes);
        }
    }

    @Test
    void everyPackageHasALayer() {
        noClasses()
                .should()
                .resideOutsideOfPackages(LAYERS.toArray(String[]::new))
                .check(classes);
    }

    /** The compiler looks for null in these alone. */
    @Test
    void everyPackageIsNullMarked() {
        assertEquals(
                List.of(),
                classes.stream()
                        .map(JavaClass::getPackage)
                        .distinct()
                        .filter(room -> !room.isAnnotatedWith(NullMarked.class))
                        .map(JavaPackage::getName)
                        .sorted()
                        .toList());
    }

    @Test
    void noPackagesGoInCircles() {
        slices().matching("io.llamanode.(**)").should().beFreeOfCycles().check(classes);
    }

    @Test
    void protocolSeesOnlyTheContractOfTheService() {
        noClasses()
                .that()
                .resideInAPackage("io.llamanode.protocol..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.llamanode.service",
                        "io.llamanode.service.(prompt|threads)..",
                        "io.llamanode.service.model..",
                        "io.llamanode.engine..",
                        "io.llamanode.chat..",
                        "io.llamanode.llama..",
                        "io.llamanode.gguf..")
                .check(classes);
    }

    @Test
    void theContractKnowsNotHowAnythingIsDone() {
        noClasses()
                .that()
                .resideInAPackage("io.llamanode.service.contract..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.llamanode.engine..",
                        "io.llamanode.chat..",
                        "io.llamanode.llama..",
                        "io.llamanode.gguf..",
                        "io.llamanode.term..")
                .check(classes);
    }

    @Test
    void templatesAndModelFilesKnowNobody() {
        noClasses()
                .that()
                .resideInAnyPackage("io.llamanode.chat..", "io.llamanode.gguf..", "io.llamanode.term..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.llamanode.service..",
                        "io.llamanode.engine..",
                        "io.llamanode.llama..",
                        "io.llamanode.protocol..")
                .check(classes);
    }

    @Test
    void onlyWhatStandsAboveTheServiceKnowsErlangTerms() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.llamanode.service..",
                        "io.llamanode.engine..",
                        "io.llamanode.chat..",
                        "io.llamanode.llama..",
                        "io.llamanode.gguf..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.ericsson.otp..", "io.llamanode.term..")
                .check(classes);
    }

    @Test
    void protocolDoesNoInputOrOutputAndHasNoThreads() {
        noClasses()
                .that()
                .resideInAnyPackage("io.llamanode.protocol..", "io.llamanode.term..", "io.llamanode.service.contract..")
                .should()
                // An address is a value.
                .dependOnClassesThat(
                        resideInAnyPackage("java.net..", "java.nio.channels..").and(not(equivalentTo(URI.class))))
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(Thread.class, java.nio.file.Files.class)
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.concurrent\\.(.*Executor.*|locks\\..*)")
                .check(classes);
    }

    @Test
    void aModelBehindHttpKnowsTheContractAndNoEngine() {
        noClasses()
                .that()
                .resideInAPackage("io.llamanode.remote..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.llamanode.service",
                        "io.llamanode.service.(prompt|threads)..",
                        "io.llamanode.service.model..",
                        "io.llamanode.engine..",
                        "io.llamanode.llama..",
                        "io.llamanode.gguf..",
                        "io.llamanode.term..",
                        "io.llamanode.transport..",
                        "io.llamanode.protocol..",
                        "com.ericsson.otp..")
                .check(classes);
    }

    @Test
    void onlyAModelBehindHttpSpeaksHttp() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.llamanode.remote.http..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.net.http..")
                .check(classes);
    }

    @Test
    void onlyOneRoomOfTheEngineTouchesTheNativeLibrary() {
        noClasses()
                .that()
                .resideInAPackage("io.llamanode.engine..")
                .and()
                .resideOutsideOfPackage("io.llamanode.engine.llama..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.llamanode.llama..")
                .check(classes);
    }

    @Test
    void onlyTheBindingAndTheStandardStreamsCallNativeCode() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.llamanode.llama..", "io.llamanode.node")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(classes);
    }

    @Test
    void theWaysInKnowNothingOfTheService() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.llamanode.transport.dist..",
                        "io.llamanode.transport.stdio..",
                        "io.llamanode.transport.mailbox..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.llamanode.service..", "io.llamanode.engine..", "io.llamanode.delivery..")
                .check(classes);
    }

    @Test
    void onlyTheBindingUsesWhatItsRoomsShare() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.llamanode.llama..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.llamanode.llama.functions", "io.llamanode.llama.memory", "io.llamanode.llama.log")
                .check(classes);
    }
}
