# Thin targets over mvn and rebar3. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

JAVA_SOURCES := $(shell find java-node/src/main -type f 2>/dev/null) pom.xml java-node/pom.xml
JAR := priv/llama-node.jar
JINTERFACE_STAMP := .m2/jinterface.version

# Evaluated when a recipe runs, not when make starts: `make setup` may have just installed them.
JDK = $$(priv/bin/find-java --jdk)
JINTERFACE = $$(cat $(JINTERFACE_STAMP))
# The flag keeps the Java that runs Maven from warning about Guava inside Maven.
export MAVEN_OPTS ?= --sun-misc-unsafe-memory-access=allow
MVN = JAVA_HOME=$(JDK) mvn -B -ntp -q -Djinterface.version=$(JINTERFACE)

.PHONY: help setup compile jar demo test test-java test-erlang bench shell clean

help:                       ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup:                      ## install what the machine lacks (Debian), find JDK 25
	@.ci/setup
	@priv/bin/find-java --jdk >/dev/null
	@$(MAKE) --no-print-directory $(JINTERFACE_STAMP)

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
$(JAR): $(JAVA_SOURCES) | $(JINTERFACE_STAMP)
	@$(MVN) package -DskipTests -Dmaven.test.skip=true
	@touch $@

compile: setup jar          ## build the jar and the Erlang application
	@rebar3 compile

clean:                      ## remove everything that was built
	@rm -rf _build .m2 $(JAR) java-node/target test/mix_app/_build
