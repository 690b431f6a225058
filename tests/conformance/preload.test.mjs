// tools/cli/env/preload.cjs against a fake resolver: what an application sees of it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { after, before, beforeEach, describe, test } from 'node:test';
import dns from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import util from 'node:util';
import { fileURLToPath } from 'node:url';
import { a, cname, startFakeDns } from './support/fake_dns.mjs';

const preload = fileURLToPath(new URL('../../tools/cli/env/preload.cjs', import.meta.url));
const host = 'contoso.nonet.test';
const instance = 'contoso-eastus-0a1b2c3d.nonet.test';
const clientAddress = '127.143.0.1';

let fake;
let answer;
let serial = 0;
// A name of its own for each test, so that what one test left in the cache is nothing to the next.
const freshName = () => `n${++serial}.nonet.test`;

before(async () => {
  fake = await startFakeDns((question) => answer(question));
  process.env.NONET_DNS = fake.address;
  process.env.NONET_ZONE = 'Nonet.test.';
  process.env.NONET_CLIENT_ADDRESS = clientAddress;
  createRequire(import.meta.url)(preload);
});
after(() => fake.close());
beforeEach(() => {
  fake.questions.length = 0;
  answer = (question) => [cname(question.name, instance, 60), a(instance, '127.0.0.2', 60)];
});

describe('lookup', () => {
  test('AsksTheResolverFromTheClientsAddress', async () => {
    assert.deepEqual(await dns.promises.lookup(host), { address: '127.0.0.2', family: 4 });
    assert.deepEqual(fake.questions.map(({ name, type, from }) => ({ name, type, from })),
      [{ name: host, type: 1, from: clientAddress }]);
  });

  test('AnswersInEveryShapeThatNodeHas', async () => {
    const name = freshName();
    const byCallback = (...args) => new Promise((resolve, reject) =>
      dns.lookup(name, ...args, (error, ...found) => (error ? reject(error) : resolve(found))));
    assert.deepEqual(await byCallback(), ['127.0.0.2', 4]);
    assert.deepEqual(await byCallback(4), ['127.0.0.2', 4]);
    assert.deepEqual(await byCallback({ all: true, hints: dns.ADDRCONFIG }), [[{ address: '127.0.0.2', family: 4 }]]);
    assert.deepEqual(await byCallback({ family: 'IPv4' }), ['127.0.0.2', 4]);
    assert.deepEqual(await byCallback({ family: 6, hints: dns.V4MAPPED }), ['::ffff:127.0.0.2', 6]);
    assert.deepEqual(await util.promisify(dns.lookup)(name), { address: '127.0.0.2', family: 4 });
    assert.deepEqual(await dns.promises.lookup(name, { all: true }), [{ address: '127.0.0.2', family: 4 }]);
    await assert.rejects(byCallback({ family: 6 }), { code: 'ENOTFOUND' });
  });

  test('IsSeenThroughEsModuleImportsToo', async () => {
    const { lookup } = await import('node:dns');
    assert.equal(lookup, dns.lookup);
  });

  test('LeavesOtherNamesToTheSystem', async () => {
    assert.equal((await dns.promises.lookup('127.0.0.9')).address, '127.0.0.9');
    assert.equal((await dns.promises.lookup('localhost', { family: 4 })).address, '127.0.0.1');
    assert.equal(fake.questions.length, 0);
  });

  test('TakesUpperCaseAndATrailingDotForTheSameName', async () => {
    const name = freshName();
    await dns.promises.lookup(name);
    await dns.promises.lookup(name.toUpperCase() + '.');
    assert.equal(fake.questions.length, 1);
  });

  test('AsksAgainWhenAMessageStopsAtACname', async () => {
    const target = freshName();
    answer = (question) => question.name === target
      ? [a(target, '127.0.0.3', 60)] : [cname(question.name, target, 60)];
    assert.equal((await dns.promises.lookup(freshName())).address, '127.0.0.3');
    assert.equal(fake.questions.length, 2);
  });

  test('GivesUpOnAChainThatNeverEnds', async () => {
    answer = (question) => [cname(question.name, freshName(), 60)];
    await assert.rejects(dns.promises.lookup(freshName()), { code: 'EAI_AGAIN' });
    answer = (question) => [cname(question.name, 'x.nonet.test', 60), cname('x.nonet.test', question.name, 60)];
    await assert.rejects(dns.promises.lookup(freshName()), { code: 'EAI_AGAIN' });
  });
});

describe('cache', () => {
  // Asks as fast as it can until `over`: nothing here waits for time to pass, it waits for what time brings.
  async function lookupsUntil(name, over) {
    const start = process.hrtime.bigint();
    for (;;) {
      const { address } = await dns.promises.lookup(name);
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      if (over(address)) return { address, seconds };
      assert.ok(seconds < 5, 'what was kept never left the cache');
      await new Promise(setImmediate);
    }
  }

  test('KeepsTheLinkToAnInstanceForTheCnamesTtl', async () => {
    const name = freshName();
    answer = (question) => [cname(question.name, instance, 1), a(instance, '127.0.0.2', 3600)];
    await dns.promises.lookup(name);
    const other = freshName();
    answer = (question) => [cname(question.name, other, 60), a(other, '127.0.0.4', 60)];
    const { seconds } = await lookupsUntil(name, (address) => address === '127.0.0.4');
    assert.ok(seconds >= 0.99, `left after ${seconds} s`);
    assert.deepEqual(fake.questions.map((question) => question.name), [name, name]);
  });

  test('AsksForTheInstancesAddressAloneWhenOnlyThatRanOut', async () => {
    const [name, target] = [freshName(), freshName()];
    answer = () => [cname(name, target, 3600), a(target, '127.0.0.2', 1)];
    await dns.promises.lookup(name);
    answer = (question) => [a(question.name, '127.0.0.5', 60)];
    const { seconds } = await lookupsUntil(name, (address) => address === '127.0.0.5');
    assert.ok(seconds >= 0.99, `left after ${seconds} s`);
    assert.deepEqual(fake.questions.map((question) => question.name), [name, target]);
  });

  test('KeepsNothingThatTheQuestionDoesNotLeadTo', async () => {
    const [name, stranger] = [freshName(), freshName()];
    answer = (question) => [a(question.name, '127.0.0.2', 60), a(stranger, '127.0.0.66', 60)];
    await dns.promises.lookup(name);
    answer = (question) => [a(question.name, '127.0.0.7', 60)];
    assert.equal((await dns.promises.lookup(stranger)).address, '127.0.0.7');
  });

  test('KeepsNothingOfTtlZero', async () => {
    const name = freshName();
    answer = (question) => [a(question.name, '127.0.0.2', 0)];
    await dns.promises.lookup(name);
    await dns.promises.lookup(name);
    assert.equal(fake.questions.length, 2);
  });

  test('KeepsNoFailure', async () => {
    const name = freshName();
    answer = () => ({ rcode: 3 });
    await assert.rejects(dns.promises.lookup(name), { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname: name });
    answer = (question) => [a(question.name, '127.0.0.2', 60)];
    assert.equal((await dns.promises.lookup(name)).address, '127.0.0.2');
  });

  test('LetsSimultaneousLookupsShareOneQuestion', async () => {
    const name = freshName();
    await Promise.all(Array.from({ length: 20 }, () => dns.promises.lookup(name)));
    assert.equal(fake.questions.length, 1);
  });
});

describe('a resolver in trouble', () => {
  test('IsAskedAgainWhenItsFirstAnswerIsLost', async () => {
    answer = (question) => fake.questions.length < 2 ? undefined : [a(question.name, '127.0.0.2', 60)];
    assert.equal((await dns.promises.lookup(freshName())).address, '127.0.0.2');
    assert.equal(fake.questions.length, 2);
  });

  for (const [what, raw] of [
    ['TruncatedHeader', () => Buffer.from([1, 2, 3])],
    ['AnotherQuestionsId', (question) => Buffer.concat([Buffer.from([question.id >> 8 ^ 1, question.id & 255]), Buffer.alloc(40)])],
    ['APointerToItself', (question) => Buffer.concat([Buffer.from([question.id >> 8, question.id & 255, 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12]), Buffer.alloc(16)])],
    ['ARecordCutShort', (question) => Buffer.concat([
      Buffer.from([question.id >> 8, question.id & 255, 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 0]), question.bytes,
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127])])],
  ]) {
    test(`IsNotBelieved${what}`, async () => {
      answer = (question) => fake.questions.length < 2 ? { raw: raw(question) } : [a(question.name, '127.0.0.2', 60)];
      assert.equal((await dns.promises.lookup(freshName())).address, '127.0.0.2');
      assert.equal(fake.questions.length, 2);
    });
  }

  test('IsReportedAsTryAgainWhenItRefusesOrFails', async () => {
    answer = () => ({ rcode: 2 });
    await assert.rejects(dns.promises.lookup(freshName()), { code: 'EAI_AGAIN' });
  });

  test('HasNoAddressForTheName', async () => {
    answer = () => [];
    await assert.rejects(dns.promises.lookup(freshName()), { code: 'ENOTFOUND' });
  });
});

describe('sockets', () => {
  let server;
  before(async () => {
    server = http.createServer((request, response) => response.end(request.socket.remoteAddress));
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    answer = (question) => [a(question.name, '127.0.0.1', 60)];
  });
  after(() => { server.closeAllConnections(); server.close(); });
  beforeEach(() => { answer = (question) => [a(question.name, '127.0.0.1', 60)]; });

  const port = () => server.address().port;
  // The other end of a plain connection, as the server sees it.
  const peerOf = (connectArgs) => new Promise((resolve, reject) => {
    server.once('connection', (socket) => resolve(socket.remoteAddress));
    const socket = net.connect(...connectArgs);
    socket.once('error', reject);
    socket.once('connect', () => socket.destroy());
  });

  test('ToTheZoneStartFromTheClientsAddressInEveryForm', async () => {
    assert.equal(await peerOf([{ host: freshName(), port: port() }]), clientAddress);
    assert.equal(await peerOf([port(), freshName()]), clientAddress);
    const socket = new net.Socket();
    const seen = new Promise((resolve) => server.once('connection', (peer) => resolve(peer.remoteAddress)));
    socket.connect(port(), freshName(), () => socket.destroy());
    assert.equal(await seen, clientAddress);
  });

  test('OfFetchAndHttpStartThereToo', async () => {
    assert.equal(await (await fetch(`http://${freshName()}:${port()}/`)).text(), clientAddress);
    const body = await new Promise((resolve, reject) =>
      http.get(`http://${freshName()}:${port()}/`, (response) => response.on('data', (chunk) => resolve(String(chunk)))).on('error', reject));
    assert.equal(body, clientAddress);
  });

  test('ToAnAddressTheResolverGaveStartThereToo', async () => {
    await dns.promises.lookup(freshName());
    assert.equal(await peerOf([port(), '127.0.0.1']), clientAddress);
  });

  test('ThatTheApplicationBindsStayBound', async () => {
    assert.equal(await peerOf([{ host: freshName(), port: port(), localAddress: '127.0.0.7' }]), '127.0.0.7');
  });
});

describe('the environment', () => {
  const run = (env) => new Promise((resolve) => execFile(process.execPath, ['--require', preload, '-e', '0'],
    { env: { PATH: process.env.PATH, ...env } }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stderr })));

  test('IsCheckedAtTheStart', async () => {
    assert.match((await run({})).stderr, /NONET_DNS is not set/);
    const bad = { NONET_DNS: 'nowhere', NONET_ZONE: 'nonet.test' };
    assert.match((await run(bad)).stderr, /NONET_DNS must be address:port, not "nowhere"/);
    const good = { NONET_DNS: '127.0.0.1:53', NONET_ZONE: 'nonet.test' };
    assert.match((await run({ ...good, NONET_CLIENT_ADDRESS: 'x' })).stderr, /NONET_CLIENT_ADDRESS must be an IP address/);
    assert.deepEqual(await run(good), { code: 0, stderr: '' });
  });

  test('TurnsOnALineForEachLookup', async () => {
    answer = (question) => [cname(question.name, instance, 7), a(instance, '127.0.0.2', 7)];
    const script = `const dns = require('dns').promises; dns.lookup('${host}').then(() => dns.lookup('${host}'))`;
    const { stderr } = await new Promise((resolve) => execFile(process.execPath, ['--require', preload, '-e', script],
      { env: { PATH: process.env.PATH, NONET_DNS: fake.address, NONET_ZONE: 'nonet.test', NONET_DEBUG: '1' } },
      (error, stdout, text) => resolve({ stderr: text })));
    const lines = stderr.trim().split('\n');
    assert.equal(lines[0], `nonet: ${host} -> ${instance} 127.0.0.2 (asked, ttl 7 s)`);
    assert.match(lines[1], /\(kept, \d\.\d s left\)$/);
  });
});
