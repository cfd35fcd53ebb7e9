package io.llamanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/**
 * The version of llama_node stands in {@code erlang/llama_node.app.src}. Maven wants it in its own files as well, and the
 * jar's manifest, {@code --version} and the status have it from there.
 */
final class VersionTest {
    private static final Path ROOT = Path.of(System.getProperty("llamanode.root", ".."));

    private static String version() throws IOException {
        String application = Files.readString(ROOT.resolve("erlang/llama_node.app.src"));
        Matcher version = Pattern.compile("\\{vsn, *\"([0-9]+\\.[0-9]+\\.[0-9]+[-.a-z0-9]*)\"}")
                .matcher(application);
        assertTrue(version.find(), "no version in llama_node.app.src");
        return version.group(1);
    }

    private static String child(Element parent, String name) {
        for (var node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node.getNodeName().equals(name)) {
                return node.getTextContent().strip();
            }
        }
        throw new AssertionError("no " + name + " in " + parent.getNodeName());
    }

    private static Element project(String file) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(ROOT.resolve(file).toFile())
                .getDocumentElement();
    }

    @Test
    void theBuildHasTheVersionOfTheApplication() throws Exception {
        assertEquals(version(), child(project("pom.xml"), "version"));
        for (String module : new String[] {"java-node/processor", "java-node"}) {
            Element parent = (Element)
                    project(module + "/pom.xml").getElementsByTagName("parent").item(0);
            assertEquals(version(), child(parent, "version"), module);
        }
    }
}
