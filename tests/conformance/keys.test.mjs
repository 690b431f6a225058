// A regenerated key reaches every instance before the command returns.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessUrl, clientSdks, connectionString, newClient, received, serviceClient, startClient, useCluster } from './support/fixture.mjs';

const cluster = useCluster();
const [, sdk] = clientSdks[0];
const regions = ['eastus', 'westus'];

const starts = (t, region, service) =>
  newClient(t, sdk, () => accessUrl(cluster(), region, {}, service)).start();

test('ARegeneratedPrimaryKeyReplacesTheOldOneEverywhere', async (t) => {
  const old = serviceClient(cluster());
  const oldText = connectionString(cluster());
  const witness = await startClient(t, sdk, cluster(), 'westus', { groups: ['witness'] });
  for (const region of regions) await starts(t, region, old);

  await cluster().nonet('key', 'regenerate', '--name', 'contoso', '--key-type', 'primary');
  await cluster().refresh();

  assert.notEqual(connectionString(cluster()), oldText);
  const renewed = serviceClient(cluster());
  for (const region of regions) {
    await starts(t, region, renewed);
    await assert.rejects(starts(t, region, old), /401/);
  }
  // A key opens the door; who is inside stays.
  const sender = await startClient(t, sdk, cluster(), 'eastus');
  await sender.sendToGroup('witness', 'still in', 'text');
  await received(witness, 'still in');
});

test('TheSecondaryKeyIsAnotherDoorThatThePrimarysChangeLeavesAlone', async (t) => {
  const keys = await cluster().json('key', 'list', '--name', 'contoso');
  const withSecondary = serviceClient(cluster(),
    connectionString(cluster()).replace(/AccessKey=[^;]*/, `AccessKey=${keys.secondaryKey}`));
  await cluster().nonet('key', 'regenerate', '--name', 'contoso', '--key-type', 'primary');
  for (const region of regions) await starts(t, region, withSecondary);
  await cluster().nonet('key', 'regenerate', '--name', 'contoso', '--key-type', 'secondary');
  for (const region of regions) await assert.rejects(starts(t, region, withSecondary), /401/);
});
