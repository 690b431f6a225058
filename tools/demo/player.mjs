// The demo's side of one client process: starts client.mjs near a region and keeps what it tells.
//
//   const alice = new Player(cluster, { name: 'A', region: 'eastus', connectionString, hub: 'demo', group: 'lobby' });
//   await alice.joined();
//   alice.tell({ command: 'send', text: 'hello' });

import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EventLog } from './events.mjs';

const script = fileURLToPath(new URL('./client.mjs', import.meta.url));

export class Player {
  #child;
  #stderr = '';
  #stopping = false;

  constructor(cluster, { name, region, connectionString, hub, group }) {
    this.name = name;
    this.region = region;
    this.events = new EventLog();
    this.#child = cluster.spawnNear(region, script, [name, connectionString, hub, group]);
    readline.createInterface({ input: this.#child.stdout })
      .on('line', (line) => this.events.add(JSON.parse(line)));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => { this.#stderr = (this.#stderr + text).slice(-4000); });
    this.#child.stdin.on('error', () => {});  // The close below tells.
    this.#child.once('error', (error) => this.events.fail(error));
    this.#child.once('close', (code) => this.#stopping ||
      this.events.fail(new Error(`client ${name} ended with exit code ${code}: ${this.#stderr.trim()}`)));
  }

  wait(kind, matches, what, withinMs) {
    return this.events.first((event) => event.event === kind && matches(event), { what: `${this.name}: ${what}`, withinMs });
  }

  joined(withinMs = 15_000) {
    return this.wait('joined', () => true, 'joining its group', withinMs);
  }

  of(kind) {
    return this.events.all((event) => event.event === kind);
  }

  last(kind) {
    return this.of(kind).at(-1);
  }

  // Numbers of the stream of `from`, in order of arrival.
  numbersFrom(from) {
    return this.of('message').filter((event) => event.from === from && event.number !== undefined)
      .map((event) => event.number);
  }

  tell(command) {
    this.#child.stdin.write(JSON.stringify(command) + '\n');
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#stopping = true;
    this.tell({ command: 'stop' });
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    await closed;
    clearTimeout(timer);
  }
}
