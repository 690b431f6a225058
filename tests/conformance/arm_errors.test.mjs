// What the management SDK is told when something cannot be: Azure's codes, our sentence and the next step.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { armClient, collect, failureOf, group, quick, subscription, tokenOf } from './support/arm.mjs';
import { useCluster } from './support/fixture.mjs';

const cluster = useCluster({ replicas: [] });
const sku = { name: 'Premium_P1', capacity: 1 };
// Without a process: only what the control plane says matters here.
const asleep = { sku, resourceStopped: 'true' };

// A call as no SDK would make it.
async function raw(method, path, body, headers = {}) {
  const { http } = cluster().description.controlplane;
  const response = await fetch(`${http}${path}?api-version=2024-03-01`, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: { authorization: `Bearer ${tokenOf(cluster())}`, 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
const contoso = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.SignalRService/webPubSub/contoso`;

test('WithoutTheTokenNothingIsReadOrWritten', async () => {
  const stranger = armClient(cluster(), { token: '0'.repeat(64) });
  const read = await failureOf(stranger.webPubSub.get(group, 'contoso'));
  assert.equal(read.statusCode, 401);
  assert.equal(read.code, 'InvalidAuthenticationToken');
  assert.equal((await failureOf(stranger.webPubSub.beginRestartAndWait(group, 'contoso'))).statusCode, 401);
  assert.equal((await failureOf(collect(stranger.operations.list()))).statusCode, 401);
});

test('ApiVersionsAreCheckedAndListed', async () => {
  const { code, statusCode, message } = await failureOf(armClient(cluster(), { apiVersion: '2019-01-01' }).webPubSub.get(group, 'contoso'));
  assert.equal(statusCode, 400);
  assert.equal(code, 'NoRegisteredProviderFound');
  assert.match(message, /2024-03-01/);
  await armClient(cluster(), { apiVersion: '2025-01-01-preview' }).webPubSub.get(group, 'contoso');
});

test('ANinthReplicaIsOneTooMany', async () => {
  const { webPubSubReplicas } = armClient(cluster());
  const regions = ['westus', 'westus2', 'westus3', 'centralus', 'westeurope', 'northeurope', 'japaneast', 'japanwest'];
  await Promise.all(regions.map((location) =>
    webPubSubReplicas.beginCreateOrUpdateAndWait(group, 'contoso', location, { location, ...asleep }, quick)));
  const failure = await failureOf(webPubSubReplicas.beginCreateOrUpdateAndWait(group, 'contoso', 'brazilsouth', { location: 'brazilsouth', ...asleep }, quick));
  assert.equal(failure.statusCode, 409);
  assert.equal(failure.code, 'ReplicaQuotaExceeded');
  assert.match(failure.message, /already has 8 replicas.*try: nonet replica delete/);
  assert.equal((await collect(webPubSubReplicas.list(group, 'contoso'))).length, 8);
  for (const location of regions) await webPubSubReplicas.delete(group, 'contoso', location);
});

test('AReplicaIsPremiumAndInARegionOfItsOwn', async () => {
  const { webPubSubReplicas } = armClient(cluster());
  const create = (location, more) =>
    failureOf(webPubSubReplicas.beginCreateOrUpdateAndWait(group, 'contoso', 'other', { location, ...asleep, ...more }, quick));
  assert.equal((await create('westus', { sku: { name: 'Standard_S1', capacity: 1 } })).code, 'InvalidSku');
  assert.equal((await create('westus', { sku: { name: 'Premium_P1', capacity: 11 } })).code, 'InvalidSku');
  assert.equal((await create('eastus')).statusCode, 409, 'the primary is there');
  assert.equal((await create('atlantis')).code, 'LocationNotAvailableForResourceType');
  assert.equal((await failureOf(webPubSubReplicas.get(group, 'contoso', 'other'))).code, 'ResourceNotFound');
});

test('InheritedPropertiesAreRefusedOnAReplicaByName', async () => {
  const { status, body } = await raw('PUT', `${contoso}/replicas/other`, { location: 'westus', sku, properties: { networkACLs: { defaultAction: 'Deny' } } });
  assert.equal(status, 400);
  assert.equal(body.error.code, 'PropertyNotAllowedOnReplica');
  assert.equal(body.error.additionalInfo[0].info.id, 'INHERITED_FIELD');
  assert.match(body.error.message, /network_acls is inherited: replica other takes it from the primary, contoso/);
});

test('TheWholeEnvelopeNamesTheProperty', async () => {
  const { status, body, headers } = await raw('PUT', contoso, { location: 'eastus', properties: { tls: 'on' } }, { 'x-ms-correlation-request-id': 'trace-7' });
  assert.equal(status, 400);
  assert.equal(body.error.target, 'properties.tls');
  assert.deepEqual(body.error.details, []);
  assert.equal(headers.get('x-ms-correlation-request-id'), 'trace-7');
});

test('ALocationStaysAndANameIsTakenEverywhere', async () => {
  const { webPubSub } = armClient(cluster());
  const moved = await failureOf(webPubSub.beginUpdateAndWait(group, 'contoso', { location: 'westus' }, quick));
  assert.equal(moved.code, 'PropertyChangeNotAllowed');
  const taken = await failureOf(webPubSub.beginCreateOrUpdateAndWait('elsewhere', 'contoso', { location: 'westus' }, quick));
  assert.equal(taken.statusCode, 409);
  assert.equal(taken.code, 'ResourceNameConflict');
  assert.equal((await failureOf(webPubSub.get('elsewhere', 'contoso'))).statusCode, 404);
});
