// Frame by frame, with a bare WebSocket: json.webpubsub.azure.v1 and what the reliable variant adds.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { EventLog } from '../../tools/demo/events.mjs';
import { accessUrl, hub, serviceClient, useCluster, waitMs } from './support/fixture.mjs';

const cluster = useCluster();
const plain = 'json.webpubsub.azure.v1';
const reliable = 'json.reliable.webpubsub.azure.v1';

// An open socket whose frames and close are in `frames`, in order: {frame} or {code}.
async function open(t, protocol, token = {}, region = 'eastus') {
  const socket = new WebSocket(await accessUrl(cluster(), region, token), protocol);
  t.after(() => socket.terminate());
  const frames = new EventLog();
  socket.on('message', (data, isBinary) => frames.add(isBinary ? { binary: data } : { frame: JSON.parse(data) }));
  socket.on('close', (code, reason) => frames.add({ code, reason: String(reason) }));
  socket.on('error', (error) => frames.add({ error }));
  const next = (matches, what) => frames.first(matches, { what, withinMs: waitMs });
  const connected = (await next(({ frame }) => frame?.event === 'connected', 'the connected frame')).frame;
  return {
    socket, connected, frames,
    send: (frame) => socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame)),
    ack: async (ackId) => (await next(({ frame }) => frame?.type === 'ack' && frame.ackId === ackId, `ack ${ackId}`)).frame,
    data: async (data) => (await next(({ frame }) => frame?.type === 'message' && frame.data === data, `message ${data}`)).frame,
    closed: () => next(({ code }) => code !== undefined, 'the close'),
    pong: () => next(({ frame }) => frame?.type === 'pong', 'the pong'),
  };
}

// What the handshake is answered with when it is no upgrade.
async function refusal(t, url, protocol = plain) {
  const socket = new WebSocket(url, protocol);
  t.after(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (request, response) => { request.destroy(); resolve(response.statusCode); });
    socket.on('open', () => reject(new Error('the upgrade was accepted')));
    socket.on('error', () => {});
  });
}

describe('the connected frame', () => {
  test('OfPlainJsonHasNoReconnectionToken', async (t) => {
    const { connected, socket } = await open(t, plain, { userId: 'u' });
    assert.deepEqual(connected, { type: 'system', event: 'connected', userId: 'u', connectionId: connected.connectionId });
    assert.equal(socket.protocol, plain);
  });

  test('OfReliableJsonHasOne', async (t) => {
    const { connected, socket } = await open(t, reliable);
    assert.equal(typeof connected.reconnectionToken, 'string');
    assert.equal(socket.protocol, reliable);
  });
});

describe('frames', () => {
  test('AreAcknowledgedOnlyWhenTheyAskForIt', async (t) => {
    const client = await open(t, plain);
    client.send({ type: 'joinGroup', group: 'g' });
    client.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data: 'a' });
    client.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data: 'b', ackId: 5 });
    assert.deepEqual(await client.ack(5), { type: 'ack', ackId: 5, success: true });
    await client.data('b');
    assert.equal(client.frames.all(({ frame }) => frame?.type === 'ack').length, 1);
  });

  test('OfAGroupMessageHaveTheseProperties', async (t) => {
    const client = await open(t, plain, { userId: 'u' });
    client.send({ type: 'joinGroup', group: 'g2', ackId: 1 });
    await client.ack(1);
    client.send({ type: 'sendToGroup', group: 'g2', dataType: 'text', data: 'x', somethingUnknown: true });
    assert.deepEqual(await client.data('x'),
      { type: 'message', from: 'group', fromUserId: 'u', group: 'g2', dataType: 'text', data: 'x' });
  });

  test('OfReliableClientsAreNumberedFromOneWhetherAcknowledgedOrNot', async (t) => {
    const client = await open(t, reliable);
    client.send({ type: 'joinGroup', group: 'g3', ackId: 1 });
    await client.ack(1);
    for (let i = 1; i <= 5; ++i) {
      client.send({ type: 'sendToGroup', group: 'g3', dataType: 'text', data: `m${i}` });
      assert.equal((await client.data(`m${i}`)).sequenceId, i);
      if (i === 3) client.send({ type: 'sequenceAck', sequenceId: 3 });
    }
  });

  test('RefusedForTheirRoleSayForbidden', async (t) => {
    const client = await open(t, plain, { roles: [] });
    client.send({ type: 'joinGroup', group: 'g', ackId: 9 });
    const ack = await client.ack(9);
    assert.equal(ack.success, false);
    assert.equal(ack.error.name, 'Forbidden');
    assert.equal(typeof ack.error.message, 'string');
  });

  test('PingIsAnsweredByPong', async (t) => {
    const client = await open(t, plain);
    client.send({ type: 'ping' });
    assert.deepEqual((await client.pong()).frame, { type: 'pong' });
  });

  for (const [what, frame, code] of [
    ['ThatAreNoJson', '{"type":', 1007],
    ['OfAnUnknownType', { type: 'makeCoffee' }, 1007],
    ['WithoutTheirGroup', { type: 'joinGroup', ackId: 1 }, 1007],
    ['WithTextThatIsNone', { type: 'sendToGroup', group: 'g', dataType: 'text', data: 1 }, 1007],
    ['WithBase64ThatIsNone', { type: 'sendToGroup', group: 'g', dataType: 'binary', data: '###' }, 1007],
    ['OfBinaryKind', Buffer.from('{"type":"ping"}'), 1003],
  ]) {
    test(`${what}EndTheConnectionWith${code}`, async (t) => {
      const client = await open(t, plain);
      client.send(frame);
      assert.equal((await client.closed()).code, code);
      const goodbye = client.frames.all(({ frame: each }) => each?.event === 'disconnected');
      assert.equal(goodbye.length, 1);
      assert.equal(typeof goodbye[0].frame.message, 'string');
    });
  }
});

describe('the handshake', () => {
  test('WithoutATokenIs401', async (t) => {
    const url = new URL(await accessUrl(cluster(), 'eastus'));
    url.search = '';
    assert.equal(await refusal(t, url), 401);
  });

  test('WithATokenOfAnotherHubIs401', async (t) => {
    const url = (await accessUrl(cluster(), 'eastus')).replace(`/hubs/${hub}`, '/hubs/other');
    assert.equal(await refusal(t, url), 401);
  });

  test('WithASignatureThatIsNoneIs401', async (t) => {
    const service = serviceClient(cluster());
    const { token } = await service.getClientAccessToken({ expirationTimeInMinutes: 1 });
    const [head, body] = token.split('.');
    const url = new URL(await accessUrl(cluster(), 'eastus'));
    url.searchParams.set('access_token', `${head}.${body}.AAAA`);
    assert.equal(await refusal(t, url), 401);
  });

  test('ForARecoveryIsAcceptedAndClosedWith1008', async (t) => {
    const url = new URL(await accessUrl(cluster(), 'eastus'));
    // As the SDK asks for it: the old token may have expired, so nobody looks at it.
    url.searchParams.set('access_token', 'expired');
    url.searchParams.set('awps_connection_id', 'nobody');
    url.searchParams.set('awps_reconnection_token', 'nothing');
    const socket = new WebSocket(url, reliable);
    t.after(() => socket.terminate());
    const code = await new Promise((resolve, reject) => { socket.on('close', resolve); socket.on('error', reject); });
    assert.equal(code, 1008);
  });
});
