// A cluster of its own, driven through the `nonet` command only.
//
//   const cluster = await Cluster.start({ bin: 'build/bin', dir, name: 'contoso', primary: 'eastus', ... });
//   await cluster.json('resolve', 'contoso.webpubsub.azure.com', '--from', 'eastus');
//   await cluster.down();

import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';
import { EventLog, now, withDeadline } from './events.mjs';
import { freeAddresses } from './ports.mjs';

const commandTimeoutMs = 60_000;
const outputMax = 4 * 1024 * 1024;

export class CommandError extends Error {
  constructor(args, code, stderr) {
    super(`nonet ${args.join(' ')} ended with exit code ${code}: ${stderr.trim()}`);
    this.code = code;
    this.stderr = stderr;
  }
}

export class Cluster {
  // `up` holds further options of `nonet up`, {'--ttl': '5s'}.
  static async start({ bin, dir, name, primary, replicas, up = {} }) {
    const cluster = new Cluster(bin, dir);
    const { basePort, net } = await freeAddresses();
    const args = ['up', '--name', name, '--primary', primary];
    for (const replica of replicas) args.push('--replica', replica);
    for (const [option, value] of Object.entries({ '--base-port': basePort, '--net': net, ...up })) {
      args.push(option, String(value));
    }
    cluster.upArguments = args;
    try {
      await cluster.nonet(...args, '--detach');
      await cluster.refresh();
    } catch (error) {
      error.logs = await cluster.logTails();
      await cluster.down().catch(() => {});  // What is left of it; the error above says more.
      throw error;
    }
    return cluster;
  }

  constructor(bin, dir) {
    this.program = path.join(bin, 'nonet');
    this.dir = dir;
    this.description = null;
  }

  // Runs one command and gives its stdout; a CommandError when its exit code is not 0.
  async nonet(...args) {
    const child = spawn(this.program, ['--dir', this.dir, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { stdout = (stdout + text).slice(-outputMax); });
    child.stderr.setEncoding('utf8').on('data', (text) => { stderr = (stderr + text).slice(-outputMax); });
    const ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    try {
      const code = await withDeadline(ended, `nonet ${args.join(' ')}`, commandTimeoutMs);
      if (code !== 0) throw new CommandError(args, code, stderr);
      return stdout;
    } finally {
      child.kill('SIGKILL');  // Nothing to end unless the deadline passed.
    }
  }

  async json(...args) {
    return JSON.parse(await this.nonet(...args, '-o', 'json'));
  }

  // Reads cluster.json again: addresses, process ids, connection strings.
  async refresh() {
    this.description = JSON.parse(await readFile(path.join(this.dir, 'cluster.json'), 'utf8'));
    return this.description;
  }

  resource(name) {
    const found = this.description.resources.find((resource) => resource.name === name);
    if (found === undefined) throw new Error(`cluster.json has no resource ${name}`);
    return found;
  }

  instance(resource, region) {
    const found = this.resource(resource).instances.find((instance) => instance.region === region);
    if (found === undefined) throw new Error(`cluster.json has no instance of ${resource} in ${region}`);
    return found;
  }

  instanceAt(resource, address) {
    return this.resource(resource).instances.find((instance) => instance.address === address);
  }

  // `nonet watch` as an EventLog: each event as it is printed, with `at`, our time of its arrival.
  watch() {
    const child = spawn(this.program, ['--dir', this.dir, 'watch', '-o', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const events = new EventLog();
    let stopped = false;
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => { stderr = (stderr + text).slice(-2000); });
    readline.createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.trim() !== '') events.add({ ...JSON.parse(line), at: now() });
    });
    child.once('error', (error) => events.fail(error));
    child.once('close', (code) => stopped || events.fail(new CommandError(['watch'], code, stderr)));
    return { events, stop: () => { stopped = true; child.kill('SIGTERM'); } };
  }

  // Starts `node script` as a user near `region` would: with what `nonet env` prints, in a shell.
  spawnNear(region, script, args = [], env = {}) {
    const command = 'settings=$("$NONET_PROGRAM" --dir "$NONET_CLUSTER_DIR" env --from "$1") || exit; eval "$settings"; shift; exec "$@"';
    return spawn('/bin/sh', ['-c', command, 'sh', region, process.execPath, script, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NONET_PROGRAM: this.program, NONET_CLUSTER_DIR: this.dir, ...env },
    });
  }

  async down() {
    await this.nonet('down');
  }

  // The last lines of each log, for a report on what broke.
  async logTails(lines = 8) {
    const directory = path.join(this.dir, 'logs');
    const names = await readdir(directory).catch(() => []);
    const tails = await Promise.all(names.sort().map(async (name) => {
      const text = await readFile(path.join(directory, name), 'utf8').catch(() => '');
      return `--- ${name}\n${text.trimEnd().split('\n').slice(-lines).join('\n')}`;
    }));
    return tails.join('\n');
  }
}
