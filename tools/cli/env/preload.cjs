// Puts a Node process "in" a region, without changing its code:
//
//   eval "$(nonet env --from eastus)"     sets NODE_OPTIONS=--require=.../preload.cjs and the variables below
//   node app.js
//
// Three things change, and only for host names of Nonet's zone:
//   - dns.lookup (what sockets, http, fetch and ws resolve with) asks Nonet's resolver instead of the system;
//   - the answer is kept for as long as each record's TTL says. Node itself never keeps one, a real machine's
//     stub resolver does, and how long a client stays with a dead region hangs on it;
//   - the query and the socket start from the region's own loopback address, by which the resolver and the
//     instances know where the client is.
// dns.resolve and its relatives keep asking the servers that the application gave them.
//
// Environment:
//   NONET_DNS             address:port of the resolver                              required
//   NONET_ZONE            the zone, e.g. webpubsub.azure.com                        required
//   NONET_CLIENT_ADDRESS  where queries and sockets start from, e.g. 127.143.0.1    unset: the system's choice
//   NONET_DEBUG           1: a line on stderr for each look-up of the zone
//
// Each look-up is also published on the diagnostics channel "nonet.lookup" as
// {hostname, addresses, cname, ttl, remaining, cached} (seconds) or {hostname, error}.
//
// Node 18 and newer, no dependencies. One process, one event loop: worker threads load their own copy.
'use strict';

// Two regions' copies in NODE_OPTIONS read the same variables, those set last: one of them is enough.
const loaded = Symbol.for('nonet.preload');
if (globalThis[loaded]) return;
globalThis[loaded] = true;

const crypto = require('crypto');
const dgram = require('dgram');
const diagnostics = require('diagnostics_channel');
const dns = require('dns');
const module_ = require('module');
const net = require('net');
const util = require('util');

// Bounds. The sum of the timeouts is what a look-up takes at most when nobody answers.
const attemptTimeoutsMs = [500, 1000, 2000];
const refusedPauseMs = 100;    // Before the next attempt when nothing listens there.
const chainLengthMax = 8;      // CNAMEs followed in one look-up, hence one query more at most.
const recordsMax = 64;         // Answer records read from one message.
const cacheEntriesMax = 1000;  // Names kept, and addresses remembered; the oldest leave first.
const ttlMaxSeconds = 604800;  // RFC 8767, section 4: a week is as long as anyone should believe a record.

const typeA = 1;
const typeCname = 5;
const classInternet = 1;
const rcodeNameError = 3;

// ---- Settings

function setting(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`nonet: ${name} is not set; start this process as "nonet env" says, or unset NODE_OPTIONS`);
  }
  return value;
}

function parseServer(text) {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const address = match && (match[1] || match[2]);
  const port = match && Number(match[3]);
  if (!match || !net.isIP(address) || port < 1 || port > 65535) {
    throw new Error(`nonet: NONET_DNS must be address:port, not "${text}"`);
  }
  return { address, port };
}

const server = parseServer(setting('NONET_DNS'));
const zone = normalize(setting('NONET_ZONE'));
const clientAddress = process.env.NONET_CLIENT_ADDRESS || undefined;
if (clientAddress !== undefined && !net.isIP(clientAddress)) {
  throw new Error(`nonet: NONET_CLIENT_ADDRESS must be an IP address, not "${clientAddress}"`);
}
const debugging = process.env.NONET_DEBUG === '1';
const channel = diagnostics.channel('nonet.lookup');

function normalize(name) {
  return name.replace(/\.$/, '').toLowerCase();
}

function inZone(name) {
  if (typeof name !== 'string') return false;
  const normal = normalize(name);
  return normal === zone || normal.endsWith('.' + zone);
}

// ---- DNS messages (RFC 1035, section 4)

function encodeQuery(id, name) {
  const parts = [];
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2);  // Recursion desired, as any stub resolver asks.
  header.writeUInt16BE(1, 4);
  parts.push(header);
  for (const label of name.split('.')) {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length < 1 || bytes.length > 63) return null;
    parts.push(Buffer.from([bytes.length]), bytes);
  }
  parts.push(Buffer.from([0, 0, typeA, 0, classInternet]));
  return name.length > 253 ? null : Buffer.concat(parts);
}

// A reader that throws RangeError past the end, as Buffer's own methods do.
function readName(message, start) {
  const labels = [];
  let length = 0;
  let at = start;
  let end = -1;        // Where reading goes on: behind the first pointer.
  let floor = start;   // Every pointer must point before the last one, so there are no loops.
  for (;;) {
    const size = message.readUInt8(at);
    if (size >= 0xc0) {
      const target = message.readUInt16BE(at) & 0x3fff;
      if (target >= floor) throw new RangeError('a compression pointer that does not point back');
      if (end < 0) end = at + 2;
      floor = target;
      at = target;
    } else if (size >= 0x40) {
      throw new RangeError('an unknown kind of label');
    } else if (size === 0) {
      return { name: labels.join('.').toLowerCase(), end: end < 0 ? at + 1 : end };
    } else {
      length += size + 1;
      if (length > 254 || at + 1 + size > message.length) throw new RangeError('a name that is too long');
      labels.push(message.toString('latin1', at + 1, at + 1 + size));
      at += 1 + size;
    }
  }
}

// The answer section as [{name, type, ttl, value}], or null when this is no answer to that question. Throws
// RangeError on a message that ends too early.
function decodeAnswer(message, id, question) {
  if (message.length < 12 || message.readUInt16BE(0) !== id) return null;
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) === 0 || (flags & 0x7800) !== 0 || message.readUInt16BE(4) !== 1) return null;
  const asked = readName(message, 12);
  if (asked.name !== question || message.readUInt16BE(asked.end) !== typeA) return null;
  const records = [];
  const count = Math.min(message.readUInt16BE(6), recordsMax);
  let at = asked.end + 4;
  for (let i = 0; i < count; ++i) {
    const owner = readName(message, at);
    const type = message.readUInt16BE(owner.end);
    const recordClass = message.readUInt16BE(owner.end + 2);
    // RFC 2181, section 8: a TTL with the top bit set counts as zero.
    const ttlRaw = message.readUInt32BE(owner.end + 4);
    const ttl = ttlRaw > 0x7fffffff ? 0 : Math.min(ttlRaw, ttlMaxSeconds);
    const size = message.readUInt16BE(owner.end + 8);
    const data = owner.end + 10;
    if (data + size > message.length) throw new RangeError('a record that is too long');
    if (recordClass === classInternet && type === typeA && size === 4) {
      records.push({ name: owner.name, type, ttl, value: message.subarray(data, data + 4).join('.') });
    } else if (recordClass === classInternet && type === typeCname) {
      records.push({ name: owner.name, type, ttl, value: readName(message, data).name });
    }
    at = data + size;
  }
  return { rcode: flags & 0xf, records };
}

// ---- One query

class LookupError extends Error {
  // As getaddrinfo's errors look to an application.
  constructor(code, hostname, detail) {
    super(`getaddrinfo ${code} ${hostname}`);
    this.code = code;
    this.errno = code === 'ENOTFOUND' ? -3008 : -3001;
    this.syscall = 'getaddrinfo';
    this.hostname = hostname;
    if (detail) this.cause = detail;
  }
}

// Sends one datagram from the client's address and waits for its answer: {rcode, records}.
function exchange(name, timeoutMs) {
  return new Promise((resolve, reject) => {
    const id = crypto.randomInt(0x10000);
    const query = encodeQuery(id, name);
    if (query === null) return reject(new LookupError('ENOTFOUND', name));
    // Connected, so that only the resolver's datagrams arrive and a closed port is told at once.
    const socket = dgram.createSocket(net.isIPv6(server.address) ? 'udp6' : 'udp4');
    let done = false;
    const finish = (settle, value) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      socket.close();
      settle(value);
    };
    const timer = setTimeout(() => finish(reject, new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    socket.on('error', (error) => finish(reject, error));
    socket.on('message', (message) => {
      try {
        const answer = decodeAnswer(message, id, name);
        if (answer !== null) finish(resolve, answer);
      } catch (error) {
        finish(reject, error);
      }
    });
    const connectAndSend = () => {
      socket.connect(server.port, server.address, (error) => {
        if (error) finish(reject, error);
        else if (!done) socket.send(query, (failed) => failed && finish(reject, failed));
      });
    };
    if (clientAddress === undefined) connectAndSend();
    else socket.bind({ address: clientAddress, port: 0 }, connectAndSend);
  });
}

async function exchangeWithRetry(name) {
  let last;
  for (const timeoutMs of attemptTimeoutsMs) {
    try {
      return await exchange(name, timeoutMs);
    } catch (error) {
      if (error instanceof LookupError) throw error;
      last = error;
      if (error.code === 'ECONNREFUSED') await new Promise((next) => setTimeout(next, refusedPauseMs));
    }
  }
  throw new LookupError('EAI_AGAIN', name, last);
}

// ---- Names to addresses

// Steady time: a changed wall clock must not keep an answer alive.
function steadySeconds() {
  return Number(process.hrtime.bigint()) / 1e9;
}

// As in a stub resolver each record has its own time: the link from the resource to an instance lives for the
// CNAME's TTL even where the instance's address has to be asked again before that.
const cache = new Map();              // Name -> {link: name} or {addresses}, each with {ttl, expires}.
const pending = new Map();            // Name -> the promise of the look-up under way.
const instanceAddresses = new Map();  // Addresses the resolver has given us -> true.

// Maps keep the order of insertion, so the first key is the oldest.
function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > cacheEntriesMax) map.delete(map.keys().next().value);
}

function kept(name) {
  const entry = cache.get(name);
  if (entry !== undefined && entry.expires > steadySeconds()) return entry;
  cache.delete(name);
  return undefined;
}

// What an answer says of `name` and of whatever that leads to, and nothing else: name -> entry.
function entriesFrom(records, name) {
  const entries = new Map();
  const now = steadySeconds();
  for (let at = name; !entries.has(at);) {
    const found = records.filter((record) => record.name === at && record.type === typeA);
    const link = records.find((record) => record.name === at && record.type === typeCname);
    if (found.length > 0) {
      // RFC 2181, section 5.2: should the records of a set differ, the least TTL counts.
      const ttl = Math.min(...found.map((record) => record.ttl));
      entries.set(at, { addresses: found.map((record) => record.value), ttl, expires: now + ttl });
      break;
    }
    if (link === undefined) break;
    entries.set(at, { link: link.value, ttl: link.ttl, expires: now + link.ttl });
    at = link.value;
  }
  return entries;
}

// Asks for `name`; what comes back is kept and returned.
async function ask(name, hostname) {
  const { rcode, records } = await exchangeWithRetry(name);
  if (rcode === rcodeNameError) throw new LookupError('ENOTFOUND', hostname);
  if (rcode !== 0) throw new LookupError('EAI_AGAIN', hostname, new Error(`the resolver answered rcode ${rcode}`));
  const entries = entriesFrom(records, name);
  if (!entries.has(name)) throw new LookupError('ENOTFOUND', hostname);  // The name is there, an address is not.
  for (const [owner, entry] of entries) {
    if (entry.ttl > 0) remember(cache, owner, entry);
  }
  return entries;
}

// Follows the chain from `hostname`. Of the records that chose the instance (the links; without any, the
// address) the one that ends first gives `ttl` and `remaining`; `cached` says that all of them were kept.
async function resolve(hostname) {
  let name = normalize(hostname);
  let fresh = new Map();  // From the resolver just now, TTL 0 included.
  let choice;             // The entry among the links that ends first.
  let cached = true;
  let cname = null;
  for (let links = 0; links <= chainLengthMax; ++links) {
    let entry = fresh.get(name) || kept(name);
    if (entry === undefined) {
      fresh = new Map([...fresh, ...await ask(name, hostname)]);
      entry = fresh.get(name);
    }
    if (entry.link !== undefined || choice === undefined) {
      if (fresh.has(name)) cached = false;
      if (choice === undefined || entry.expires < choice.expires) choice = entry;
    }
    if (entry.addresses !== undefined) {
      for (const address of entry.addresses) remember(instanceAddresses, address, true);
      const remaining = Math.max(0, choice.expires - steadySeconds());
      return { addresses: entry.addresses, cname, ttl: choice.ttl, remaining, cached };
    }
    cname = name = entry.link;
  }
  throw new LookupError('EAI_AGAIN', hostname, new Error(`a chain of more than ${chainLengthMax} names`));
}

function report(hostname, event) {
  if (channel.hasSubscribers) channel.publish({ hostname, ...event });
  if (!debugging) return;
  const what = event.error
    ? `failed: ${event.error.message}${event.error.cause ? ` (${event.error.cause.message})` : ''}`
    : `${event.cname ? event.cname + ' ' : ''}${event.addresses.join(' ')} ` +
      (event.cached ? `(kept, ${event.remaining.toFixed(1)} s left)` : `(asked, ttl ${event.ttl} s)`);
  process.stderr.write(`nonet: ${hostname} -> ${what}\n`);
}

async function addressesOf(hostname) {
  const key = normalize(hostname);
  // Look-ups of one name at one time share one query.
  let resolving = pending.get(key);
  if (resolving === undefined) {
    resolving = resolve(hostname).finally(() => pending.delete(key));
    pending.set(key, resolving);
  }
  try {
    const answer = await resolving;
    report(hostname, answer);
    return answer.addresses;
  } catch (error) {
    report(hostname, { error });
    throw error;
  }
}

// ---- dns.lookup

// In the shape the options ask for: [{address, family}] or the first of them.
async function lookupInZone(hostname, options) {
  const family = options.family === 'IPv6' ? 6 : options.family === 'IPv4' ? 4 : options.family || 0;
  const addresses = await addressesOf(hostname);
  let found = addresses.map((address) => ({ address, family: 4 }));
  if (family === 6) {
    // There are no IPv6 instances; a caller who takes mapped addresses gets those, as from getaddrinfo.
    if (((options.hints || 0) & dns.V4MAPPED) === 0) throw new LookupError('ENOTFOUND', hostname);
    found = addresses.map((address) => ({ address: `::ffff:${address}`, family: 6 }));
  }
  return options.all ? found : found[0];
}

function optionsOf(options) {
  if (typeof options === 'number' || typeof options === 'string') return { family: options };
  return options || {};
}

const systemLookup = dns.lookup;
const systemLookupPromise = dns.promises.lookup;

function lookup(hostname, options, callback) {
  if (typeof options === 'function') return lookup(hostname, {}, options);
  if (!inZone(hostname) || typeof callback !== 'function') return systemLookup(hostname, options, callback);
  const chosen = optionsOf(options);
  lookupInZone(hostname, chosen).then(
    (found) => process.nextTick(() =>
      chosen.all ? callback(null, found) : callback(null, found.address, found.family)),
    (error) => process.nextTick(() => callback(error)));
  return {};
}

function lookupPromise(hostname, options) {
  if (!inZone(hostname)) return systemLookupPromise(hostname, options);
  return lookupInZone(hostname, optionsOf(options));
}
Object.defineProperty(lookup, util.promisify.custom, { value: lookupPromise });

dns.lookup = lookup;
dns.promises.lookup = lookupPromise;

// ---- Where sockets start

const systemConnect = net.Socket.prototype.connect;

// The options of a connect call, bound to the client's address when they lead to the zone.
function withLocalAddress(options) {
  const host = options.host;
  if (options.path) return options;  // A local (Unix) socket.
  if (options.localAddress || typeof host !== 'string') return options;  // fetch passes null for unset.
  if (!inZone(host) && !instanceAddresses.has(host)) return options;
  return { ...options, localAddress: clientAddress };
}

function connect(...args) {
  const first = args[0];
  if (Array.isArray(first) && first[0] !== null && typeof first[0] === 'object') {
    // How net.connect hands its arguments on: an array of its own, [options, callback].
    first[0] = withLocalAddress(first[0]);
  } else if (first !== null && typeof first === 'object') {
    args[0] = withLocalAddress(first);
  } else if (typeof args[1] === 'string' && (inZone(args[1]) || instanceAddresses.has(args[1]))) {
    const [port, host, ...rest] = args;  // connect(port, host, callback)
    args = [withLocalAddress({ port, host }), ...rest];
  }
  return systemConnect.apply(this, args);
}

if (clientAddress !== undefined) net.Socket.prototype.connect = connect;

// `import { lookup } from "node:dns"` sees the replacement too.
module_.syncBuiltinESMExports();
