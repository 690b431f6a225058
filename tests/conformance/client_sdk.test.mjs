// The client SDK, both lines of it, at its defaults (reliable JSON), on two instances.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accessUrl, clientSdks, messagesOf, newClient, plain, received, serviceClient, startClient, useCluster, waitMs } from './support/fixture.mjs';

const cluster = useCluster();

for (const [version, sdk] of clientSdks) {
  describe(`client SDK ${version}`, () => {
    // A group of its own for each test.
    let serial = 0;
    const freshGroup = () => `group ${version} ${++serial}`;

    test('StartsAndIsToldWhoItIs', async (t) => {
      const client = await startClient(t, sdk, cluster(), 'eastus', { userId: 'user/1 ü' });
      const [connected] = client.log.all(({ event }) => event === 'connected');
      assert.equal(connected.userId, 'user/1 ü');
      const { hostName } = cluster().instance('contoso', 'eastus');
      assert.equal(connected.connectionId.split('.').at(-1), /-([0-9a-f]{8})\./.exec(hostName)[1]);
    });

    test('StartsWithoutAUser', async (t) => {
      const client = await startClient(t, sdk, cluster(), 'eastus');
      assert.equal(client.log.all(({ event }) => event === 'connected')[0].userId ?? null, null);
    });

    test('DoesNotStartWithATokenOfAnotherKey', async (t) => {
      const forged = serviceClient(cluster(), `Endpoint=http://${cluster().resource('contoso').hostName}:8080;` +
        `AccessKey=${'x'.repeat(43)}=;Version=1.0;`);
      const client = newClient(t, sdk, () => accessUrl(cluster(), 'eastus', {}, forged));
      await assert.rejects(client.start(), /401/);
    });

    for (const [kind, data] of [['text', 'hello ü ☃'], ['json', { a: [1, 'x', null, { b: true }] }]]) {
      test(`Sends ${kind} to a group on both instances`, async (t) => {
        const group = freshGroup();
        const here = await startClient(t, sdk, cluster(), 'eastus', { userId: 'here' });
        const there = await startClient(t, sdk, cluster(), 'westus', { userId: 'there' });
        await here.joinGroup(group);
        await there.joinGroup(group);
        assert.deepEqual(await here.sendToGroup(group, data, kind), { ackId: 2, isDuplicated: false });
        for (const client of [here, there]) {
          const message = await received(client, data);
          assert.equal(message.dataType, kind);
          assert.equal(message.group, group);
          assert.equal(message.fromUserId, 'here');
        }
      });
    }

    test('Sends binary to a group on both instances', async (t) => {
      const group = freshGroup();
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      const here = await startClient(t, sdk, cluster(), 'eastus');
      const there = await startClient(t, sdk, cluster(), 'westus');
      await there.joinGroup(group);
      await here.sendToGroup(group, bytes.buffer, 'binary');
      const message = await received(there, bytes);
      assert.equal(message.dataType, 'binary');
      assert.deepEqual(plain(message.data), [...bytes]);
    });

    test('HearsNothingOfItsOwnWithNoEcho', async (t) => {
      const group = freshGroup();
      const sender = await startClient(t, sdk, cluster(), 'eastus');
      const other = await startClient(t, sdk, cluster(), 'eastus');
      await sender.joinGroup(group);
      await other.joinGroup(group);
      await sender.sendToGroup(group, 'not for me', 'text', { noEcho: true });
      await sender.sendToGroup(group, 'for all', 'text');
      await received(other, 'for all');
      await received(sender, 'for all');
      assert.deepEqual(messagesOf(sender), ['for all']);
      assert.deepEqual(messagesOf(other), ['not for me', 'for all']);
    });

    test('HearsNothingAfterLeaving', async (t) => {
      const [group, fence] = [freshGroup(), freshGroup()];
      const sender = await startClient(t, sdk, cluster(), 'westus');
      const leaver = await startClient(t, sdk, cluster(), 'eastus');
      await leaver.joinGroup(group);
      await leaver.joinGroup(fence);
      await sender.sendToGroup(group, 'before', 'text');
      await received(leaver, 'before');
      await leaver.leaveGroup(group);
      // Order is kept per sender and group only, so both sends are acknowledged before the fence.
      await sender.sendToGroup(group, 'after', 'text');
      await sender.sendToGroup(fence, 'fence', 'text');
      await received(leaver, 'fence');
      assert.deepEqual(messagesOf(leaver), ['before', 'fence']);
    });

    test('IsInTheGroupsOfItsTokenFromTheStart', async (t) => {
      const group = freshGroup();
      const member = await startClient(t, sdk, cluster(), 'westus', { groups: [group], roles: [] });
      const sender = await startClient(t, sdk, cluster(), 'eastus');
      await sender.sendToGroup(group, 'welcome', 'text');
      await received(member, 'welcome');
    });

    test('IsForbiddenWhatItHasNoRoleFor', async (t) => {
      const group = freshGroup();
      const options = { messageRetryOptions: { maxRetries: 1, retryDelayInMs: 10 } };
      const client = await startClient(t, sdk, cluster(), 'eastus', { roles: [`webpubsub.joinLeaveGroup.${group}`], options });
      const forbidden = (error) => error.name === 'SendMessageError' && error.errorDetail.name === 'Forbidden';
      await assert.rejects(client.joinGroup(group + ' other'), forbidden);
      await assert.rejects(client.sendToGroup(group, 'x', 'text'), forbidden);
      await client.joinGroup(group);
      await client.leaveGroup(group);
    });

    test('IsToldOfADuplicateAndTheMessageGoesOutOnce', async (t) => {
      const group = freshGroup();
      const client = await startClient(t, sdk, cluster(), 'eastus');
      await client.joinGroup(group);
      assert.equal((await client.sendToGroup(group, 'once', 'text', { ackId: 77 })).isDuplicated, false);
      assert.equal((await client.sendToGroup(group, 'once', 'text', { ackId: 77 })).isDuplicated, true);
      await client.sendToGroup(group, 'fence', 'text');
      await received(client, 'fence');
      assert.deepEqual(messagesOf(client), ['once', 'fence']);
    });

    // More than 300 at once makes the SDK acknowledge at once; more than the unacknowledged 1,000 would end
    // the connection if acknowledgements went unheard.
    test('ReceivesAFloodWholeAndInOrder', async (t) => {
      const group = freshGroup();
      const count = 1500;
      const sender = await startClient(t, sdk, cluster(), 'eastus');
      const receiver = await startClient(t, sdk, cluster(), 'westus');
      await receiver.joinGroup(group);
      for (let i = 1; i <= count; i += 100) {
        const part = Array.from({ length: 100 }, (_, k) => i + k);
        await Promise.all(part.map((number) => sender.sendToGroup(group, number, 'json')));
      }
      await received(receiver, count);
      assert.deepEqual(messagesOf(receiver), Array.from({ length: count }, (_, i) => i + 1));
      assert.equal(receiver.log.all(({ event }) => event === 'disconnected').length, 0);
    });

    test('StopsAndIsGone', async (t) => {
      const group = freshGroup();
      const leaver = await startClient(t, sdk, cluster(), 'eastus');
      const sender = await startClient(t, sdk, cluster(), 'westus');
      await leaver.joinGroup(group);
      leaver.stop();
      await leaver.log.first(({ event }) => event === 'stopped', { what: 'the stopped event', withinMs: waitMs });
      assert.deepEqual(leaver.log.all(({ event }) => event !== 'connected').map(({ event }) => event), ['disconnected', 'stopped']);
      await sender.sendToGroup(group, 'anybody?', 'text');
      assert.deepEqual(messagesOf(leaver), []);
    });
  });
}
