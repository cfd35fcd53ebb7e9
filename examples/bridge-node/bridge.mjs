// A client of the line bridge: connect, load, infer with and without a callback, disconnect.
import { connect } from "node:net";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

class Bridge {
  constructor(path) {
    this.socket = connect(path);
    this.lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  send(line) {
    this.socket.write(line + "\n");
  }

  async receive() {
    const { value, done } = await this.lines.next();
    const reply = done ? { status: "error", message: "the bridge has left" } : JSON.parse(value);
    if (reply.status === "error") throw new Error(reply.message);
    return reply;
  }

  ask(line) {
    this.send(line);
    return this.receive();
  }

  async load(path) {
    return (await this.ask("LOAD " + resolve(path))).data.id;
  }

  // The whole answer; onToken gets each piece of it, and whether it is the last.
  async infer(content, options = {}, onToken = null) {
    const line = JSON.stringify({ content, ...options });
    if (!onToken) return (await this.ask("INFER " + line)).data;
    await this.ask("INFER_STREAM " + line);
    for (;;) {
      const piece = await this.receive();
      onToken(piece.token, piece.final);
      if (piece.final) return piece.data;
    }
  }

  async close() {
    await this.ask("QUIT");
    this.socket.end();
  }
}

const bridge = new Bridge(process.argv[2]);
const show = (token, final) => process.stdout.write(final ? "(last)\n" : JSON.stringify(token) + " ");
console.log("ping:", (await bridge.ask("PING")).message);
console.log("loaded:", await bridge.load(process.argv[3]));
console.log("answer:", await bridge.infer("What is Erlang?", { max_tokens: 24 }));
console.log("streamed:", await bridge.infer("What is a process?", { max_tokens: 12 }, show));
console.log("tokens:", (await bridge.ask("TOKENIZE Hello")).data.count);
await bridge.close();
