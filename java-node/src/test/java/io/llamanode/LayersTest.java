package io.llamanode;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The directions of docs/architecture.md: a layer calls only what stands below it. */
class LayersTest {
    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.llamanode");
    }

    @Test
    void layersCallDownwardsOnly() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("main")
                .definedBy("io.llamanode", "io.llamanode.node..")
                .layer("transport")
                .definedBy("io.llamanode.transport..")
                .layer("protocol")
                .definedBy("io.llamanode.protocol..")
                .layer("service")
                .definedBy("io.llamanode.service..")
                .layer("engine")
                .definedBy("io.llamanode.engine..")
                .layer("llama")
                .definedBy("io.llamanode.llama..")
                .layer("chat")
                .definedBy("io.llamanode.chat..")
                .layer("gguf")
                .definedBy("io.llamanode.gguf..")
                .whereLayer("main")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("transport")
                .mayOnlyBeAccessedByLayers("main")
                .whereLayer("protocol")
                .mayOnlyBeAccessedByLayers("main", "transport")
                .whereLayer("service")
                .mayOnlyBeAccessedByLayers("main", "transport", "protocol")
                .whereLayer("engine")
                .mayOnlyBeAccessedByLayers("service")
                .whereLayer("llama")
                .mayOnlyBeAccessedByLayers("main", "service", "engine")
                .whereLayer("chat")
                .mayOnlyBeAccessedByLayers("service")
                .whereLayer("gguf")
                .mayOnlyBeAccessedByLayers("service", "llama")
                .check(classes);
    }

    @Test
    void onlyTransportAndProtocolKnowErlangTerms() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.llamanode.transport..", "io.llamanode.protocol..", "io.llamanode.node")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.ericsson.otp..")
                .check(classes);
    }

    @Test
    void protocolDoesNoInputOrOutputAndHasNoThreads() {
        noClasses()
                .that()
                .resideInAPackage("io.llamanode.protocol..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net..", "java.nio.channels..")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(Thread.class, java.nio.file.Files.class)
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.concurrent\\.(.*Executor.*|locks\\..*)")
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
    void theDistributionKnowsNothingOfTheService() {
        noClasses()
                .that()
                .resideInAPackage("io.llamanode.transport.dist..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.llamanode.service..", "io.llamanode.engine..")
                .check(classes);
    }

    @Test
    void aNodeKnowsNothingOfTheCommandLine() {
        noClasses()
                .that()
                .resideInAPackage("io.llamanode.node")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.llamanode.node.command..")
                .check(classes);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.llamanode.(*)..").should().beFreeOfCycles().check(classes);
    }

    /** Within the engine: engines stand on the scheduler and the loop, all on the contract, and on what a model must give. */
    @Test
    void theEnginesRoomsCallDownwardsOnly() {
        String engine = "io.llamanode.engine";
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("engine")
                .definedBy(engine)
                .layer("llama")
                .definedBy(engine + ".llama..")
                .layer("vector")
                .definedBy(engine + ".vector..")
                .layer("schedule")
                .definedBy(engine + ".schedule..")
                .layer("loop")
                .definedBy(engine + ".loop..")
                .layer("output")
                .definedBy(engine + ".output..")
                .layer("contract")
                .definedBy(engine + ".contract..")
                .layer("model")
                .definedBy(engine + ".model..")
                .layer("sampling")
                .definedBy(engine + ".sampling..")
                .whereLayer("engine")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("llama")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("vector")
                .mayOnlyBeAccessedByLayers("llama")
                .whereLayer("schedule")
                .mayOnlyBeAccessedByLayers("engine", "vector")
                .whereLayer("loop")
                .mayOnlyBeAccessedByLayers("engine", "vector")
                .whereLayer("output")
                .mayOnlyBeAccessedByLayers("engine")
                .whereLayer("contract")
                .mayOnlyBeAccessedByLayers("engine", "vector", "schedule")
                .whereLayer("model")
                .mayOnlyBeAccessedByLayers("engine", "llama", "vector", "schedule", "contract")
                .whereLayer("sampling")
                .mayOnlyBeAccessedByLayers("engine", "llama", "contract")
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
}
