// What an unmodified client lives through when its instance dies: a session that cannot be recovered, a new
// connection, its groups joined again.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accessUrl, clientSdks, newClient, received, startClient, useCluster } from './support/fixture.mjs';

const cluster = useCluster();
const reconnectMs = 30_000;  // Within the SDK's own recovery window; usually about a second.

const nth = (client, event, n) => {
  let seen = 0;
  return client.log.first((each) => each.event === event && ++seen >= n,
    { what: `${event} number ${n}`, withinMs: reconnectMs });
};

for (const [version, sdk] of clientSdks) {
  describe(`client SDK ${version}`, () => {
    test('RecoveryRefusedMakesANewConnectionThatRejoinsItsGroups', async (t) => {
      const group = `reliable ${version}`;
      let urls = 0;
      const client = newClient(t, sdk, () => { ++urls; return accessUrl(cluster(), 'westus', { userId: 'u' }); });
      await client.start();
      await client.joinGroup(group);
      const [first] = client.log.all(({ event }) => event === 'connected');

      await cluster().nonet('fault', 'kill', 'westus');
      const second = await nth(client, 'connected', 2);

      assert.notEqual(second.connectionId, first.connectionId);
      assert.equal(urls, 2, 'a recovery must not ask for a URL, a new connection must');
      assert.deepEqual(client.log.all(() => true).map(({ event }) => event), ['connected', 'disconnected', 'connected']);
      await cluster().nonet('wait', '--for=linked');
      const sender = await startClient(t, sdk, cluster(), 'eastus');
      await sender.sendToGroup(group, 'still there?', 'text');
      await received(client, 'still there?');
    });

    test('PlainJsonReconnectsWithoutRecovery', async (t) => {
      const group = `plain ${version}`;
      const client = await startClient(t, sdk, cluster(), 'westus', { options: { protocol: sdk.WebPubSubJsonProtocol() } });
      await client.joinGroup(group);
      await cluster().nonet('fault', 'kill', 'westus');
      await nth(client, 'disconnected', 1);
      await nth(client, 'connected', 2);
      await cluster().nonet('wait', '--for=linked');
      const sender = await startClient(t, sdk, cluster(), 'eastus');
      await sender.sendToGroup(group, 'still there?', 'text');
      await received(client, 'still there?');
    });

    test('ANewConnectionGoesWhereverTheNextUrlLeads', async (t) => {
      const group = `moved ${version}`;
      let region = 'westus';
      const client = newClient(t, sdk, () => accessUrl(cluster(), region), { protocol: sdk.WebPubSubJsonProtocol() });
      await client.start();
      await client.joinGroup(group);
      region = 'eastus';
      await cluster().nonet('fault', 'region-down', 'westus');
      t.after(() => cluster().nonet('fault', 'clear'));
      const second = await nth(client, 'connected', 2);
      const hex = /-([0-9a-f]{8})\./.exec(cluster().instance('contoso', 'eastus').hostName)[1];
      assert.equal(second.connectionId.split('.').at(-1), hex);
      const sender = await startClient(t, sdk, cluster(), 'eastus');
      await sender.sendToGroup(group, 'over here', 'text');
      await received(client, 'over here');
    });
  });
}
