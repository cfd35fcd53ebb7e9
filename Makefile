# Thin targets over mvn and rebar3. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

JAVA_SOURCES := $(shell find java-node/processor/src/main java-node/src/main -type f 2>/dev/null) pom.xml java-node/processor/pom.xml java-node/pom.xml
JAR := priv/llama-node.jar
AOT := priv/llama-node.aot
# LINT=off leaves out what only the project's own developers need to know; its classes lie apart, so that no build with it on
# takes them for checked ones.
LINT ?= on
ifeq ($(LINT),off)
TARGET = target/plain
else
TARGET = target
endif
# By renaming: a node that runs from the old jar still loads classes from it.
INSTALL_JAR = cp java-node/$(TARGET)/llama-node-all.jar $(JAR).new && mv -f $(JAR).new $(JAR)

# Least share of lines that tests must run (CONTRIBUTING.md has what was measured); raise it when more is measured.
COVERAGE_JAVA = 0.64
COVERAGE_ERLANG = 86
JINTERFACE_STAMP := .m2/jinterface.version

# Evaluated when a recipe runs, not when make starts: `make setup` may have just installed them.
JDK = $$(priv/bin/find-java --jdk)
JINTERFACE = $$(cat $(JINTERFACE_STAMP))
# The flag keeps the Java that runs Maven from warning about Guava inside Maven.
export MAVEN_OPTS ?= --sun-misc-unsafe-memory-access=allow
MVN_LOUD = JAVA_HOME=$(JDK) mvn -B -ntp -Djinterface.version=$(JINTERFACE) -Dlint=$(LINT) -Dtarget=$(TARGET)
MVN = $(MVN_LOUD) -q

.PHONY: help setup compile jar demo examples check check-text format coverage coverage-java coverage-erlang mutants test test-native test-java test-erlang test-llama-server test-mix test-trainer native demo-model bench bench-build bench-sampling bench-mask bench-constrained bench-grammars bench-wire bench-reuse bench-handshakes bench-files bench-backends bench-bounded bench-remote bench-kills soak bench-loads shell clean

help:                       ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup:                      ## install what the machine lacks (Debian), find JDK 25
	@.ci/setup
	@priv/bin/find-java --jdk >/dev/null
	@$(MAKE) --no-print-directory --silent $(JINTERFACE_STAMP)

# JInterface comes from the installed OTP, through a Maven repository inside the project.
$(JINTERFACE_STAMP):
	@lib=$$(erl -noshell -eval 'io:put_chars(code:lib_dir(jinterface)), halt().') && \
	version=$${lib##*-} && \
	JAVA_HOME=$(JDK) mvn -B -ntp -q org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file \
	    -Dfile=$$lib/priv/OtpErlang.jar -DgroupId=org.erlang.otp -DartifactId=jinterface \
	    -Dversion=$$version -Dpackaging=jar -DgeneratePom=true \
	    -DlocalRepositoryPath=$(CURDIR)/.m2/repository && \
	printf '%s\n' "$$version" > $@

jar: $(JAR)                 ## build priv/llama-node.jar
	@:
$(JAR): $(JAVA_SOURCES) | $(JINTERFACE_STAMP)
	@$(MVN) package -Dmaven.test.skip=true
	@$(INSTALL_JAR)

compile: setup jar          ## build the jar, the Erlang application, and the cache of a quick start
	@rebar3 compile
	@$(MAKE) --no-print-directory --silent $(AOT)

$(AOT): $(JAR)
	@priv/bin/make-aot-cache _build/default/lib/llama_node/ebin || echo "no cache of a quick start; nodes start without it"

# A set MODEL names another model, LLAMA_NODE_URL a server that runs it; in a terminal the answers grow in place.
demo: compile               ## four sessions chat at once; MODEL=/path/to.gguf for another model, LLAMA_NODE_URL=http://... for a server
	@epmd -daemon
	@if [ -t 1 ]; then tty=true; else tty=false; fi; \
	erl -noinput -sname llama_node_demo_$$$$ -pa _build/default/lib/llama_node/ebin \
	    -kernel logger_level warning -eval "llama_node_demo:main($$tty)"

examples: compile           ## run every example of examples/
	@for run in examples/*/run; do echo "== $$run"; $$run || exit; done

native:                     ## install a current llama.cpp (prebuilt, from npm) into priv/native
	@priv/bin/install-native

demo-model: setup           ## train the demo model anew (under an hour; rarely needed)
	@priv/models/trainer/build

# No native library, no child process: what needs them is tagged, and native access is denied to the rest.
check: check-text setup     ## the quick gate: format, lint, unit tests without native code or other processes, xref
	@$(MVN) com.diffplug.spotless:spotless-maven-plugin:check test-compile
	@$(MVN) surefire:test -DexcludedGroups=native,process -Dnative.access=--illegal-native-access=deny
	@rebar3 eunit
	@rebar3 xref

check-text:                 ## the terms of .editorconfig, in what no formatter writes
	@.ci/check-text

format:                     ## write the Java sources in their one form
	@$(MVN) com.diffplug.spotless:spotless-maven-plugin:apply

coverage: coverage-java coverage-erlang ## lines that the tests run, in both languages, against the floors in this file

coverage-java: setup        ## reports in java-node/target/site/jacoco
	@$(MVN) test-compile
	@$(MVN_LOUD) -pl java-node -Dcoverage.lines=$(COVERAGE_JAVA) org.jacoco:jacoco-maven-plugin:prepare-agent surefire:test \
	    org.jacoco:jacoco-maven-plugin:report org.jacoco:jacoco-maven-plugin:check
	@awk -F, 'NR > 1 { missed += $$8; run += $$9 } END { printf "Java: %.1f%% of %d lines\n", 100 * run / (run + missed), run + missed }' \
	    java-node/target/site/jacoco/jacoco.csv

coverage-erlang: compile    ## reports in _build/test/cover
	@epmd -daemon
	@rm -rf _build/test/cover
	@rebar3 eunit --cover
	@rebar3 ct --cover --sname llama_node_ct_$$$$
	@rebar3 cover --verbose --min_coverage=$(COVERAGE_ERLANG)

# PACKAGES names packages without their common beginning, as .ci/mutant-tests does; without it all are changed, for half an hour.
mutants: setup              ## whether tests notice changed code: make mutants PACKAGES=gguf (or several, or none for all)
	@$(MVN) test-compile
	@MVN='$(MVN)' .ci/mutants $(PACKAGES)

test: test-native test-java test-erlang test-mix test-trainer ## every test: JUnit, EUnit, xref, dialyzer, Common Test, mix, trainer

# Both generations of llama.cpp are tested where the newer one can be had.
test-native:
	@priv/bin/install-native || echo "tests with a current llama.cpp are skipped"

# Models that a server runs are tested with a real one where Debian's can be had.
test-llama-server:
	@test/llama-server || echo "tests with a real llama-server are skipped"

test-java: setup            ## JUnit and ArchUnit
	@$(MVN_LOUD) verify
	@$(INSTALL_JAR)

# Nodes take the newest llama.cpp that is there by themselves: the operating system's, then priv/native, then the jar's.
ENGINE_SUITES = test/llama_node_api_SUITE,test/llama_node_generation_SUITE,test/llama_node_kinds_SUITE,test/llama_node_model_SUITE,test/llama_node_chunks_SUITE,test/llama_node_reuse_SUITE,test/llama_node_structured_SUITE

test-erlang: compile test-llama-server       ## EUnit, xref, dialyzer, Common Test on a real JVM
	@epmd -daemon
	@rebar3 eunit --module=$$(cd test && ls *_tests.erl | sed 's/\.erl$$//' | paste -sd, -)
	@rebar3 xref
	@rebar3 dialyzer
	@.ci/ct
	@native=$$(ls -d $(CURDIR)/priv/native/* 2>/dev/null); system=$$(ldconfig -p 2>/dev/null | grep 'libllama\.so'); \
	others=$${native:+embedded}; [ -z "$$system" ] || others="embedded $$native"; \
	for lib in $$others; do LLAMA_NODE_LIB=$$lib .ci/ct --suite $(ENGINE_SUITES) || exit; done

test-mix: compile           ## the mix project in test/mix_app
	@cd test/mix_app && MIX_ENV=test MIX_REBAR3=$$(command -v rebar3) mix test

test-trainer: setup         ## unit tests of the demo model's trainer, gradients among them
	@cd priv/models/trainer && /usr/bin/python3 -m unittest discover -t . -s tests

# What the scripts in bench/ measure; they call this themselves.
bench-build: compile
	@$(MVN) test-compile

bench:                      ## the benchmark of bench/README.md; ARGS="..." for its options
	@bench/run $(ARGS)

bench-sampling:             ## what the choice of a token costs, beside llama.cpp's own chain
	@bench/sampling

bench-mask:                 ## JSON schemas honoured, and the times of grammars and masks; ARGS="FILE --tokenizer GGUF"
	@bench/maskbench $(ARGS)

bench-constrained:          ## eight streams kept to JSON schemas, beside the same without; ARGS="--tokens N --rounds N"
	@bench/constrained $(ARGS)

bench-grammars:             ## what random and mutated texts take as grammars; ARGS="--texts N --seed N"
	@bench/grammarfuzz $(ARGS)

bench-wire:                 ## what messages cost between BEAM and node, over both transports
	@bench/wire

bench-reuse:                ## what prompts cost that were met before; ARGS="--copies" for copies against computing
	@bench/reuse $(ARGS)

bench-handshakes:           ## how many handshakes succeed beside connections of strangers
	@bench/handshakes

bench-loads:                ## what the look at a header costs a load; ARGS="--record" for README.md
	@bench/loads $(ARGS)

bench-files:                ## mutated model files and adapters, which must end no process; ARGS="COUNT SEED"
	@bench/files $(ARGS)

bench-backends:             ## every llama.cpp that is installed, side by side; ARGS="MODEL"
	@bench/backends $(ARGS)

bench-bounded:              ## what was done to end nodes or to hold up their users, beside a bystander; ARGS="..." for its options
	@bench/bounded $(ARGS)

bench-remote:               ## what a node costs in front of a llama-server; ARGS="..." for its options
	@bench/remote $(ARGS)

bench-kills:                ## kills of a llama-server that a node owns, under 16 streams; ARGS="..." for its options
	@bench/kills $(ARGS)

soak:                       ## random operations, kills and floods for an hour, and what is left of them; ARGS="--minutes 60 --seed 1"
	@bench/soak $(ARGS)

shell: compile              ## an Erlang shell with the application
	@epmd -daemon
	@rebar3 shell --sname llama_node_shell_$$$$

clean:                      ## remove everything that was built
	@rm -rf _build .m2 $(JAR) $(AOT) java-node/processor/target java-node/target test/mix_app/_build
