// Free addresses for a cluster, so that it disturbs no other one and none disturbs it. Nothing is reserved:
// between finding and using them somebody else may come first, then `nonet up` says so.

import net from 'node:net';

// Below the kernel's own range for outgoing connections (32768 and up).
const basePortMin = 20000;
const basePortMax = 31900;
// Offsets of the ports a cluster uses; see docs/architecture.md.
const offsets = [0, 1, 2, 3, 10, 11, 53, 54, 55];
// The second octet of --net: 127.0 and 127.128 to 127.185 are taken, 80 is the default.
const netMin = 81;
const netMax = 127;
const triesMax = 50;

const canListen = (port, host) => new Promise((resolve) => {
  const server = net.createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
});

async function allFree(addresses) {
  for (const [port, host] of addresses) {
    if (!(await canListen(port, host))) return false;
  }
  return true;
}

const randomBetween = (min, max) => min + Math.floor(Math.random() * (max - min + 1));

// {basePort, net}: a block of ports nobody listens on, and a prefix where the first instances of no region
// in use run. `regionNumbers` are those that the cluster starts with.
export async function freeAddresses(regionNumbers = [15]) {
  for (let i = 0; i < triesMax; ++i) {
    const basePort = randomBetween(basePortMin / 100, basePortMax / 100) * 100;
    const octet = randomBetween(netMin, netMax);
    const ports = offsets.map((offset) => [basePort + offset, '127.0.0.1']);
    const instances = regionNumbers.flatMap((region) =>
      [8080, 8081, 8082, 8083].map((port) => [port, `127.${octet}.${region}.1`]));
    if (await allFree([...ports, ...instances])) return { basePort, net: `127.${octet}` };
  }
  throw new Error(`no free block of ports in ${triesMax} tries`);
}
