// Filters through the service SDK: named at one instance, heeded at both.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { odata } from '@azure/web-pubsub';
import { clientSdks, connectionStringOf, messagesOf, received, serviceClient, startClient, useCluster } from './support/fixture.mjs';

const cluster = useCluster();
const [, sdk] = clientSdks[0];
const text = { contentType: 'text/plain' };

// Who is where: a user at each instance that the filters mean, one that they do not, and somebody without a name.
const everybody = [
  { name: 'vic at eastus', region: 'eastus', userId: "vic's", groups: ['team', 'admins'] },
  { name: 'vic at westus', region: 'westus', userId: "vic's", groups: ['team'] },
  { name: 'ann at eastus', region: 'eastus', userId: 'ann', groups: ['team'] },
  { name: 'bob at westus', region: 'westus', userId: 'bob@example', groups: ['team', 'muted'] },
  { name: 'nobody at westus', region: 'westus', groups: ['team', 'admins'] },
];

for (const region of ['eastus', 'westus']) {
  describe(`filters at ${region}`, () => {
    let service;
    let clients;
    const ending = [];
    const context = { after: (end) => ending.push(end) };

    before(async () => {
      service = serviceClient(cluster(), connectionStringOf(cluster(), region));
      clients = await Promise.all(everybody.map(async ({ name, region: at, ...token }) => {
        const client = await startClient(context, sdk, cluster(), at, token);
        const [{ connectionId }] = client.log.all(({ event }) => event === 'connected');
        return Object.assign(client, { name, id: connectionId });
      }));
    });
    after(() => ending.forEach((end) => end()));

    // Who gets what `send` sends. The fence comes after it on the same way, so that its absence is certain.
    let fences = 0;
    async function recipients(kind, send) {
      const data = `message ${++fences} of ${region}`;
      await send(data);
      const fence = `fence ${fences} of ${region}`;
      await Promise.all(clients.map(async (client) => {
        await service.sendToConnection(client.id, fence, text);
        await received(client, fence, 'server-message');
      }));
      return clients.filter((client) => messagesOf(client, kind).includes(data)).map(({ name }) => name);
    }
    const toAll = (filter) => recipients('server-message', (data) => service.sendToAll(data, { ...text, filter }));
    const toTeam = (filter, options = {}) =>
      recipients('group-message', (data) => service.group('team').sendToAll(data, { ...text, filter, ...options }));

    for (const [title, filter, expected] of [
      ['a user with a quote', odata`userId eq ${"vic's"}`, ['vic at eastus', 'vic at westus']],
      ['nobody\'s name', odata`userId eq ${null}`, ['nobody at westus']],
      ['a group', odata`${'admins'} in groups`, ['vic at eastus', 'nobody at westus']],
      ['a list and not a group', odata`userId in (${'ann'}, ${'bob@example'}) and not (${'muted'} in groups)`, ['ann at eastus']],
      ['functions and numbers', odata`endswith(toupper(userId), ${'EXAMPLE'}) or length(userId) lt ${4}`, ['ann at eastus', 'bob at westus']],
      ['everybody', 'true', everybody.map(({ name }) => name)],
      ['nobody', 'false', []],
    ]) {
      test(`SendsToAllBy ${title}`, async () => assert.deepEqual(await toAll(filter), expected));
    }

    test('SendsToAGroupByFilterAndWithoutTheExcluded', async () => {
      assert.deepEqual(await toTeam("not ('muted' in groups)"),
        ['vic at eastus', 'vic at westus', 'ann at eastus', 'nobody at westus']);
      assert.deepEqual(await toTeam("not ('muted' in groups)", { excludedConnections: [clients[1].id, clients[2].id] }),
        ['vic at eastus', 'nobody at westus']);
    });

    test('SendsToAUserByFilter', async () => {
      assert.deepEqual(await recipients('server-message',
        (data) => service.sendToUser("vic's", data, { ...text, filter: "'admins' in groups" })), ['vic at eastus']);
      assert.deepEqual(await recipients('server-message',
        (data) => service.sendToUser("vic's", data, { ...text, filter: odata`connectionId ne ${clients[0].id}` })),
      ['vic at westus']);
    });

    test('ChangesTheGroupsOfThoseThatMatch', async () => {
      const groups = [`one / ${region}`, `two / ${region}`];
      const members = async (group) => recipients('group-message', (data) => service.group(group).sendToAll(data, text));
      await service.addConnectionsToGroups(groups, odata`userId eq ${"vic's"} or userId eq ${null}`);
      for (const group of groups) {
        assert.deepEqual(await members(group), ['vic at eastus', 'vic at westus', 'nobody at westus']);
      }
      // Chosen before the change: whoever leaves group one here is still in it when the second one is left.
      await service.removeConnectionsFromGroups(groups, odata`${groups[0]} in groups and userId ne ${null}`);
      for (const group of groups) assert.deepEqual(await members(group), ['nobody at westus']);
    });

    test('RefusesABadFilterInAzuresWords', async () => {
      const error = {
        name: 'RestError', statusCode: 400, code: 'Error.BadRequest',
        message: /Invalid syntax for 'not length\(userId\)': Type 'null', expect 'bool'\. \(Parameter 'filter'\)/,
      };
      const filter = 'not length(userId) gt 5';
      assert.deepEqual(await recipients('server-message', async (data) => {
        await assert.rejects(service.sendToAll(data, { ...text, filter }), error);
        await assert.rejects(service.sendToUser("vic's", data, { ...text, filter }), error);
      }), []);
      await assert.rejects(service.group('team').sendToAll('x', { ...text, filter }), error);
      await assert.rejects(service.addConnectionsToGroups(['bad'], filter), error);
      await assert.rejects(service.removeConnectionsFromGroups(['team'], filter), error);
      assert.equal(await service.groupExists('bad'), false);
    });
  });
}
