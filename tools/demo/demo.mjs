// The demo behind tools/quickstart: a cluster of its own, a region outage, and a table of what was measured
// beside what the formula says. Exit code 0 when every row holds, 1 when not or when something broke, 2 for
// a wrong option, 130 when interrupted.
//
//   tools/demo/node tools/demo/demo.mjs [--real-time] [--mode refuse|hang] [--keep] [--dir DIR]

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Cluster } from './cluster.mjs';
import { now } from './events.mjs';
import { Output } from './output.mjs';
import { passed, renderTable, seconds } from './report.mjs';
import { Story, regions, resourceName } from './story.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

// Azure's probe settings and TTL, and ones that let the same story end within a minute.
const realTime = { ttl: '90s', interval: '30s', timeout: '10s', ttlMs: 90_000, probeIntervalMs: 30_000, probeTimeoutMs: 10_000 };
const fast = { ttl: '5s', interval: '1s', timeout: '500ms', ttlMs: 5000, probeIntervalMs: 1000, probeTimeoutMs: 500 };
const toleratedFailures = 3;

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        'real-time': { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        dir: { type: 'string' },
        mode: { type: 'string', default: 'refuse' },
      },
    });
    if (!['refuse', 'hang'].includes(values.mode)) throw new Error(`--mode is refuse or hang, not "${values.mode}"`);
    return values;
  } catch (error) {
    process.stderr.write(`demo: ${error.message}\ntry: tools/quickstart --help\n`);
    process.exit(2);
  }
}

const options = parse();
const settings = { ...(options['real-time'] ? realTime : fast), toleratedFailures, mode: options.mode };
const output = new Output(process.stdout);
const startedAt = now();

async function makeDir() {
  if (options.dir === undefined) return { dir: await mkdtemp(path.join(os.tmpdir(), 'nonet-demo-')), ours: true };
  const dir = path.resolve(options.dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return { dir, ours: false };
}

async function writeResult(rows, error) {
  const result = {
    ok: error === undefined && passed(rows), error: error?.message,
    settings: { mode: settings.mode, ttl: settings.ttl, probeInterval: settings.interval, probeTimeout: settings.timeout, toleratedFailures },
    tookMs: now() - startedAt, rows,
  };
  const file = path.join(root, 'build', 'demo.json');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(result, null, 2) + '\n');
}

// The whole run; throws what broke.
async function run(dir, state) {
  output.step(`Starting ${resourceName}: primary ${regions.primary}, replicas ${regions.replicas.join(' and ')}`);
  const upAt = now();
  state.cluster = await Cluster.start({
    bin: process.env.NONET_BIN ?? path.join(root, 'build', 'bin'), dir, name: resourceName, ...regions,
    up: {
      '--ttl': settings.ttl, '--probe-interval': settings.interval, '--probe-timeout': settings.timeout,
      '--tolerated-failures': toleratedFailures,
    },
  });
  const { cluster } = state;
  output.line(`ready in ${seconds(now() - upAt)}: nonet --dir ${dir} ${cluster.upArguments.join(' ')}`);
  for (const { region, role, address, pid } of cluster.resource(resourceName).instances) {
    output.line(`${role.padEnd(8)} ${region.padEnd(10)} ${address} (process ${pid})`);
  }
  output.line(`TTL ${settings.ttl}, a probe every ${settings.interval}, ${toleratedFailures} failures tolerated`);
  state.story = new Story(cluster, settings, output);
  await state.story.play();
}

async function main() {
  const { dir, ours } = await makeDir();
  const state = {};
  let error;
  // Ctrl-C leaves nothing behind either.
  let interrupted = false;
  const interruption = new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, () => { interrupted = true; reject(new Error(`ended by ${signal}`)); });
    }
  });
  try {
    await Promise.race([run(dir, state), interruption]);
  } catch (broken) {
    error = broken;
  }
  const rows = state.story?.rows ?? [];
  await state.story?.end();
  const good = error === undefined && passed(rows);
  const logs = good || interrupted ? '' : error?.logs ?? await state.cluster?.logTails() ?? '';
  const kept = options.keep && state.cluster !== undefined && !interrupted;
  if (state.cluster !== undefined && !kept) {
    output.step('Stopping the cluster');
    await state.cluster.down().catch((broken) => { error ??= broken; });
  }

  if (rows.length > 0) {
    output.block('\n' + renderTable(rows, (text, ok) => output.verdict(text, ok)));
    output.block(`\nI ${settings.interval} between probes, N ${toleratedFailures} failures tolerated, ` +
      `T ${settings.mode === 'hang' ? settings.timeout : '0'} a failed probe, TTL ${settings.ttl}; ` +
      `the whole took ${seconds(now() - startedAt)}`);
  }
  await writeResult(rows, error);
  if (kept) {
    output.block(`The cluster runs on. Try: nonet --dir ${dir} status; end it with: nonet --dir ${dir} down`);
  }
  const held = error === undefined && passed(rows);
  if (ours && !kept && (held || interrupted)) await rm(dir, { recursive: true, force: true });
  if (held) {
    output.block(output.good('Everything held.'));
    return 0;
  }
  if (interrupted) {
    output.block(`The demo was ${error.message}.`);
    return 130;
  }
  if (logs !== '') output.block(`\n${logs}\n`);
  output.block(output.bad(error ? `The demo broke: ${error.message}` : 'Not everything held, see FAIL above.'));
  output.block(`State and logs are in ${dir}.`);
  return 1;
}

process.exit(await main());
