// The service SDK: sends over REST at one instance, clients at both.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { clientSdks, connectionStringOf, hub, messagesOf, plain, received, serviceClient, startClient, useCluster } from './support/fixture.mjs';

const cluster = useCluster();
const [, sdk] = clientSdks[0];
const group = 'team / 1';

// Sends to `client` something that must come after whatever was sent to it before through the same instance.
let fences = 0;
async function fence(service, client) {
  const text = `fence ${++fences}`;
  await service.sendToConnection(client.id, text, { contentType: 'text/plain' });
  await received(client, text, 'server-message');
}
const idOf = (client) => client.log.all(({ event }) => event === 'connected')[0].connectionId;

for (const region of ['eastus', 'westus']) {
  describe(`service SDK at ${region}`, () => {
    let service;
    let clients;  // One at each instance, in the group, of users of their own.
    const ending = [];
    const context = { after: (end) => ending.push(end) };

    before(async () => {
      service = serviceClient(cluster(), connectionStringOf(cluster(), region));
      clients = await Promise.all(['eastus', 'westus'].map((at) =>
        startClient(context, sdk, cluster(), at, { userId: `ü/ser ${at}`, groups: [group] })));
      for (const client of clients) client.id = idOf(client);
    });
    after(() => ending.forEach((end) => end()));

    for (const [kind, data, options] of [
      ['text', 'to all', { contentType: 'text/plain' }],
      ['json', { to: ['all', 1] }, {}],
      ['binary', Uint8Array.of(0, 1, 254, 255), { contentType: 'application/octet-stream' }],
    ]) {
      test(`SendsToAllAs ${kind}`, async () => {
        await service.sendToAll(kind === 'binary' ? data.buffer : data, options);
        for (const client of clients) {
          const message = await received(client, data, 'server-message');
          assert.equal(message.dataType, kind);
          assert.deepEqual(plain(message.data), plain(data));
        }
      });
    }

    test('LeavesOutTheExcluded', async () => {
      for (const [left, other] of [clients, [...clients].reverse()]) {
        const text = `not for ${left.id}`;
        await service.sendToAll(text, { contentType: 'text/plain', excludedConnections: [left.id] });
        await service.group(group).sendToAll(text, { contentType: 'text/plain', excludedConnections: [left.id] });
        await received(other, text, 'server-message');
        await received(other, text, 'group-message');
        await fence(service, left);
        assert.ok(!messagesOf(left, 'server-message').includes(text));
        assert.ok(!messagesOf(left, 'group-message').includes(text));
      }
    });

    test('SendsToAGroup', async () => {
      await service.group(group).sendToAll({ hello: region });
      for (const client of clients) {
        const message = await received(client, { hello: region });
        assert.equal(message.group, group);
        assert.equal(message.fromUserId ?? null, null);
      }
    });

    test('SendsToAUserWhereverItIs', async () => {
      for (const [to, other] of [clients, [...clients].reverse()]) {
        const text = `for the user of ${to.id}`;
        await service.sendToUser(to === clients[0] ? 'ü/ser eastus' : 'ü/ser westus', text, { contentType: 'text/plain' });
        await received(to, text, 'server-message');
        await fence(service, other);
        assert.ok(!messagesOf(other, 'server-message').includes(text));
      }
    });

    test('SendsToAConnectionWhereverItIs', async () => {
      for (const client of clients) {
        await service.sendToConnection(client.id, { only: client.id });
        await received(client, { only: client.id }, 'server-message');
      }
    });

    test('AcceptsWhatIsForNobody', async () => {
      await service.group('nobody is here').sendToAll('x', { contentType: 'text/plain' });
      await service.sendToUser('nobody', 'x', { contentType: 'text/plain' });
      await service.sendToConnection('nobody', 'x', { contentType: 'text/plain' });
    });

    test('IsRefusedWithAnotherKey', async () => {
      const { http } = cluster().instance('contoso', region);
      const stranger = new WebPubSubServiceClient(`Endpoint=${http};AccessKey=${'y'.repeat(43)}=;Version=1.0;`, hub,
        { allowInsecureConnection: true });
      await assert.rejects(stranger.sendToAll('x', { contentType: 'text/plain' }), { name: 'RestError', statusCode: 401 });
    });

    test('TakesNoClientTokenForItsOwn', async () => {
      const { token } = await service.getClientAccessToken();
      const { http } = cluster().instance('contoso', region);
      const answer = await fetch(`${http}/api/hubs/${hub}/:send?api-version=2024-12-01`, {
        method: 'POST', body: '{}', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      });
      // A client's token has another audience, so even this well-signed one is no key to the service's door.
      assert.equal(answer.status, 401);
    });

    test('IsHealthyWithoutAKey', async () => {
      const { http } = cluster().instance('contoso', region);
      for (const method of ['GET', 'HEAD']) {
        assert.equal((await fetch(`${http}/api/health?api-version=2024-12-01`, { method })).status, 200);
      }
    });
  });
}
