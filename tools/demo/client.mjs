// One client of the demo: an application with the unmodified npm SDK in a process of its own. demo.mjs starts
// it under `nonet env --from REGION`; nothing in here knows about regions.
//
// Told by lines of JSON on stdin:   {"command":"send","text":...} | {"command":"stream","periodMs":200} | {"command":"stop"}
// Tells by lines of JSON on stdout: {"event":"socket"|"lookup"|"connected"|"disconnected"|"message"|..., "at": ms}
// The end of stdin ends it too, so it never outlives the demo.
//
// usage: client.mjs NAME CONNECTION_STRING HUB GROUP

import diagnostics from 'node:diagnostics_channel';
import readline from 'node:readline';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import { now } from './events.mjs';

const [name, connectionString, hub, group] = process.argv.slice(2);

const tell = (event, fields = {}) => process.stdout.write(JSON.stringify({ event, at: now(), ...fields }) + '\n');

// Node's own account of each socket: where it leads, and when it is gone. No reaching into the SDK.
diagnostics.subscribe('net.client.socket', ({ socket }) => {
  socket.once('connect', () => {
    const { remoteAddress, localAddress } = socket;
    tell('socket', { remoteAddress, localAddress });
    socket.once('close', () => tell('socketClosed', { remoteAddress }));
  });
});
diagnostics.subscribe('nonet.lookup', ({ hostname, addresses, cname, ttl, remaining, cached, error }) =>
  tell('lookup', { hostname, addresses, cname, ttl, remaining, cached, error: error?.code }));

// A negotiate server would do this; signing takes the key alone, no request.
const service = new WebPubSubServiceClient(connectionString, hub, { allowInsecureConnection: true });
const client = new WebPubSubClient({
  getClientAccessUrl: async () => {
    const token = await service.getClientAccessToken({
      userId: name, roles: ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'],
    });
    return token.url;
  },
});

client.on('connected', ({ connectionId }) => tell('connected', { connectionId }));
client.on('disconnected', ({ connectionId, message }) => tell('disconnected', { connectionId, reason: message?.message }));
client.on('rejoin-group-failed', ({ group: failed, error }) => tell('rejoinFailed', { group: failed, error: String(error) }));
client.on('stopped', () => tell('stopped'));
client.on('group-message', ({ message: { data, fromUserId } }) =>
  tell('message', { from: fromUserId, number: data.number, text: data.text, latencyMs: now() - data.sentAt }));

let numbers = 0;
let stream;

// A sender that does not wait: what is lost stays lost, so that what is missed can be counted.
function sendNumbered() {
  client.sendToGroup(group, { number: ++numbers, sentAt: now() }, 'json', { noEcho: true, fireAndForget: true })
    .catch((error) => tell('sendFailed', { error: String(error) }));
}

async function obey({ command, text, periodMs }) {
  if (command === 'send') {
    await client.sendToGroup(group, { text, sentAt: now() }, 'json', { noEcho: true });
    tell('sent', { text });
  } else if (command === 'stream') {
    stream ??= setInterval(sendNumbered, periodMs);
  } else if (command === 'stop') {
    clearInterval(stream);
    tell('streamEnded', { numbers });
    client.stop();
    setImmediate(() => process.exit(0));
  }
}

readline.createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line)).catch((error) => tell('failed', { error: String(error) })))
  .on('close', () => process.exit(0));

await client.start();
await client.joinGroup(group);
tell('joined', { group });
