// What every suite against a running cluster needs: the cluster, clients that land on a chosen instance, and
// waiting with a deadline.
//
//   const cluster = useCluster();                       // in a suite: started before, taken down after
//   const client = await startClient(sdk, cluster(), 'westus', { userId: 'u1' });

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import * as sdkNewest from '@azure/web-pubsub-client';
import * as sdkFor20 from 'web-pubsub-client-1.0';
import { Cluster } from '../../../tools/demo/cluster.mjs';
import { EventLog } from '../../../tools/demo/events.mjs';

export const hub = 'chat';
export const everyRole = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];
export const waitMs = 10_000;

// Both lines of the client SDK: 1.1 needs Node 22, 1.0 is what npm chooses on Node 20.
export const clientSdks = [['1.1', sdkNewest], ['1.0', sdkFor20]];

const bin = process.env.NONET_BIN ?? fileURLToPath(new URL('../../../build/bin', import.meta.url));

// A cluster of two instances, eastus (the primary) and westus, for the tests of this file.
export function useCluster({ primary = 'eastus', replicas = ['westus'], up = {} } = {}) {
  let cluster;
  let dir;
  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'nonet-conformance-'));
    cluster = await Cluster.start({
      bin, dir, name: 'contoso', primary, replicas,
      up: { '--probe-interval': '1s', '--probe-timeout': '500ms', '--ttl': '5s', ...up },
    });
  });
  after(async () => {
    await cluster?.down();
    await rm(dir, { recursive: true, force: true });
  });
  return () => cluster;
}

export const connectionString = (cluster) => cluster.resource('contoso').httpConnectionString;

export function serviceClient(cluster, text = connectionString(cluster)) {
  return new WebPubSubServiceClient(text, hub, { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } });
}

// The connection string of one instance: the same keys, its own address.
export function connectionStringOf(cluster, region) {
  const { http } = cluster.instance('contoso', region);
  return connectionString(cluster).replace(/(^|;)Endpoint=[^;]*/i, `$1Endpoint=${http}`).replace(/;Port=[^;]*/i, '');
}

// A URL that leads to the instance of this region, with a token for the resource's name, as DNS would do it.
export async function accessUrl(cluster, region, { userId, roles = everyRole, groups } = {}, service = serviceClient(cluster)) {
  const { url } = await service.getClientAccessToken({ userId, roles, groups });
  const instance = new URL(cluster.instance('contoso', region).http);
  const at = new URL(url);
  at.hostname = instance.hostname;
  at.port = instance.port;
  return at.toString();
}

// A started SDK client; its events are in `client.log` as {event, ...}. Ended after the test.
export async function startClient(t, sdk, cluster, region, { options = {}, ...token } = {}) {
  const client = newClient(t, sdk, () => accessUrl(cluster, region, token), options);
  await client.start();
  await client.log.first(({ event }) => event === 'connected', { what: 'the connected event', withinMs: waitMs });
  return client;
}

export function newClient(t, sdk, getClientAccessUrl, options = {}) {
  const client = new sdk.WebPubSubClient({ getClientAccessUrl }, options);
  client.log = new EventLog();
  for (const event of ['connected', 'disconnected', 'stopped', 'group-message', 'server-message', 'rejoin-group-failed']) {
    client.on(event, (content) => client.log.add({ event, ...content }));
  }
  t.after(() => client.stop());
  return client;
}

// The next message with this data, as the SDK gives it.
export async function received(client, data, kind = 'group-message') {
  const wanted = JSON.stringify(plain(data));
  const found = await client.log.first(
    ({ event, message }) => event === kind && JSON.stringify(plain(message.data)) === wanted,
    { what: `the ${kind} ${wanted}`, withinMs: waitMs });
  return found.message;
}

export const messagesOf = (client, kind = 'group-message') =>
  client.log.all(({ event }) => event === kind).map(({ message }) => message.data);

// Binary data as an array of numbers, so that it compares.
export function plain(data) {
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? [...new Uint8Array(data.buffer ?? data)] : data;
}
