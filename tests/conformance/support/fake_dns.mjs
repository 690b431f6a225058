// A DNS server of a page for tests of the preload script: it answers what the test tells it to, counts the
// questions and remembers where they came from.
//
//   const dns = await startFakeDns((question) => [cname(question.name, 'b.test', 5), a('b.test', '127.0.0.2', 5)]);

import dgram from 'node:dgram';
import { once } from 'node:events';

const name = (text) =>
  Buffer.concat([...text.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0])]);

function record(owner, type, ttl, data) {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name(owner), fixed, data]);
}

export const a = (owner, address, ttl) => record(owner, 1, ttl, Buffer.from(address.split('.').map(Number)));
export const cname = (owner, target, ttl) => record(owner, 5, ttl, name(target));

function questionOf(message) {
  const labels = [];
  let at = 12;
  for (; message[at] !== 0; at += message[at] + 1) labels.push(message.toString('latin1', at + 1, at + 1 + message[at]));
  return { name: labels.join('.'), type: message.readUInt16BE(at + 1), bytes: message.subarray(12, at + 5) };
}

// `answer(question)` gives records, {rcode}, {raw: bytes}, or nothing for silence; it may be async.
export async function startFakeDns(answer) {
  const socket = dgram.createSocket('udp4');
  const questions = [];
  socket.on('message', async (message, from) => {
    const question = { ...questionOf(message), from: from.address, id: message.readUInt16BE(0) };
    questions.push(question);
    const reply = await answer(question);
    if (reply === undefined) return;
    const records = Array.isArray(reply) ? reply : [];
    const header = Buffer.alloc(12);
    header.writeUInt16BE(question.id, 0);
    header.writeUInt16BE(0x8500 | (reply.rcode ?? 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(reply.raw ?? Buffer.concat([header, question.bytes, ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { address, port } = socket.address();
  return { address: `${address}:${port}`, questions, close: () => socket.close() };
}
