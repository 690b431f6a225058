// Every operation of Microsoft's management SDK, as it comes from npm, against the Azure Resource Manager door.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { armClient, collect, failureOf, group, plainArmClient, polledByLocation, quick, recorded, subscription, tokenOf, withPolicy } from './support/arm.mjs';
import { useCluster } from './support/fixture.mjs';

const cluster = useCluster();
const sku = { name: 'Premium_P1', tier: 'Premium', capacity: 1 };
const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.SignalRService/WebPubSub/contoso`;
const names = (objects) => objects.map(({ name }) => name).sort();

async function instanceNear(region) {
  const { cname } = await cluster().json('resolve', 'contoso.webpubsub.azure.com', '--from', region);
  await cluster().refresh();
  return cluster().resource('contoso').instances.find(({ hostName }) => hostName === cname)?.name;
}

test('ListsWhatThereIsToChooseFrom', async () => {
  const client = armClient(cluster());
  const operations = await collect(client.operations.list());
  assert.ok(operations.some(({ name }) => name === 'Microsoft.SignalRService/WebPubSub/replicas/write'));
  const usages = await collect(client.usages.list('eastus'));
  assert.ok(usages.length > 0);
  for (const { currentValue, limit, name } of usages) assert.ok(currentValue <= limit && name.value, JSON.stringify(name));
  const skus = (await client.webPubSub.listSkus(group, 'contoso')).value;
  assert.deepEqual(skus.map((each) => each.sku.name), ['Free_F1', 'Standard_S1', 'Premium_P1', 'Premium_P2']);
  assert.deepEqual(skus[3].capacity.allowedValues, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  const replicaSkus = (await client.webPubSub.listReplicaSkus(group, 'contoso', 'westus')).value;
  assert.deepEqual(replicaSkus.map((each) => each.sku.name), ['Premium_P1', 'Premium_P2']);
  assert.equal(replicaSkus[0].resourceType, 'Microsoft.SignalRService/WebPubSub/replicas');
});

test('SaysWhetherANameIsFree', async () => {
  const { webPubSub } = armClient(cluster());
  const type = 'Microsoft.SignalRService/WebPubSub';
  assert.equal((await webPubSub.checkNameAvailability('eastus', { type, name: 'unheard-of' })).nameAvailable, true);
  const taken = await webPubSub.checkNameAvailability('eastus', { type, name: 'Contoso' });
  assert.equal(taken.nameAvailable, false);
  assert.equal(taken.reason, 'AlreadyExists');
  assert.equal((await webPubSub.checkNameAvailability('eastus', { type, name: '-' })).reason, 'Invalid');
});

test('AResourceLivesFromCreationToDeletion', async () => {
  const { webPubSub } = armClient(cluster());
  const created = await webPubSub.beginCreateOrUpdateAndWait(group, 'fabrikam', {
    location: 'West Europe', sku, tags: { a: '1' }, kind: 'WebPubSub', identity: { type: 'SystemAssigned' },
    networkACLs: { defaultAction: 'Deny', publicNetwork: { allow: ['ClientConnection'] } },
    liveTraceConfiguration: { enabled: 'true', categories: [{ name: 'ConnectivityLogs', enabled: 'true' }] },
    tls: { clientCertEnabled: false },
  }, quick);
  assert.equal(created.provisioningState, 'Succeeded');
  assert.equal(created.location, 'westeurope');
  assert.equal(created.hostName, 'fabrikam.webpubsub.azure.com');
  assert.equal(created.type, 'Microsoft.SignalRService/WebPubSub');
  assert.equal(created.sku.size, 'P1');
  assert.match(created.identity.principalId, /^[0-9a-f-]{36}$/);
  assert.deepEqual(created.networkACLs.publicNetwork.allow, ['ClientConnection']);
  assert.ok(created.systemData.createdAt instanceof Date);

  const updated = await webPubSub.beginUpdateAndWait(group, 'fabrikam', { location: 'westeurope', tags: { b: '2' } }, quick);
  assert.deepEqual(updated.tags, { a: '1', b: '2' });
  assert.equal(updated.liveTraceConfiguration.enabled, 'true', 'not named, so kept');

  assert.deepEqual(names(await collect(webPubSub.listBySubscription())), ['contoso', 'fabrikam']);
  assert.deepEqual(names(await collect(webPubSub.listByResourceGroup(group))), ['contoso', 'fabrikam']);
  assert.deepEqual(await collect(webPubSub.listByResourceGroup('elsewhere')), []);

  const read = await webPubSub.get(group, 'fabrikam');
  const written = await webPubSub.beginCreateOrUpdateAndWait(group, 'fabrikam', read, quick);
  assert.deepEqual(written, read, 'what was read can be written and changes nothing');

  await webPubSub.beginDeleteAndWait(group, 'fabrikam', quick);
  assert.equal((await failureOf(webPubSub.get(group, 'fabrikam'))).code, 'ResourceNotFound');
  await webPubSub.beginDeleteAndWait(group, 'fabrikam', quick);  // 204: it is done.
});

test('StoppingRestartingAndStarting', async () => {
  const { webPubSub } = armClient(cluster());
  const stopped = await webPubSub.beginUpdateAndWait(group, 'contoso', { location: 'eastus', resourceStopped: 'true' }, quick);
  assert.equal(stopped.resourceStopped, 'true');
  const started = await webPubSub.beginUpdateAndWait(group, 'contoso', { location: 'eastus', resourceStopped: 'false' }, quick);
  assert.equal(started.provisioningState, 'Succeeded');
  const pid = async () => (await cluster().refresh()).resources[0].instances.find(({ role }) => role === 'primary').pid;
  const before = await pid();
  await webPubSub.beginRestartAndWait(group, 'contoso', quick);
  assert.notEqual(await pid(), before, 'another process by the time that the SDK says so');
});

test('AReplicaIsInDnsWhenItsCreationHasEndedAndOutWhenItsDeletionHas', async () => {
  const { webPubSubReplicas } = armClient(cluster());
  const created = await webPubSubReplicas.beginCreateOrUpdateAndWait(group, 'contoso', 'tokyo', { location: 'Japan East', sku, tags: { a: 'b' } }, quick);
  assert.equal(created.id, `${id}/replicas/tokyo`);
  assert.equal(created.provisioningState, 'Succeeded');
  assert.equal(await instanceNear('japaneast'), 'tokyo');

  const disabled = await webPubSubReplicas.beginUpdateAndWait(group, 'contoso', 'tokyo', { location: 'japaneast', regionEndpointEnabled: 'Disabled' }, quick);
  assert.equal(disabled.regionEndpointEnabled, 'Disabled');
  assert.deepEqual(disabled.tags, { a: 'b' });
  assert.notEqual(await instanceNear('japaneast'), 'tokyo');

  await webPubSubReplicas.beginRestartAndWait(group, 'contoso', 'tokyo', quick);
  assert.deepEqual(names(await collect(webPubSubReplicas.list(group, 'contoso'))), ['tokyo', 'westus']);
  assert.equal((await webPubSubReplicas.get(group, 'contoso', 'TOKYO')).name, 'tokyo');

  await webPubSubReplicas.delete(group, 'contoso', 'tokyo');
  assert.deepEqual(names(await collect(webPubSubReplicas.list(group, 'contoso'))), ['westus']);
  await webPubSubReplicas.delete(group, 'contoso', 'tokyo');  // 204
});

test('KeysAreListedAndRegenerated', async () => {
  const { webPubSub } = armClient(cluster());
  const before = await webPubSub.listKeys(group, 'contoso');
  assert.match(before.primaryConnectionString, /^Endpoint=https:\/\/contoso\.webpubsub\.azure\.com:8443;AccessKey=.*;Version=1\.0;$/);
  const after = await webPubSub.beginRegenerateKeyAndWait(group, 'contoso', { keyType: 'Primary' }, quick);
  assert.notEqual(after.primaryKey, before.primaryKey);
  assert.equal(after.secondaryKey, before.secondaryKey);
  await webPubSub.beginRegenerateKeyAndWait(group, 'contoso', { keyType: 'Secondary' }, quick);
  const salted = await webPubSub.beginRegenerateKeyAndWait(group, 'contoso', { keyType: 'Salt' }, quick);
  assert.equal(salted.primaryKey, after.primaryKey, 'the salt is no key');
  assert.notEqual(salted.secondaryKey, before.secondaryKey);
  assert.deepEqual(await webPubSub.listKeys(group, 'contoso'), salted);
});

test('Hubs', async () => {
  const { webPubSubHubs } = armClient(cluster());
  const properties = {
    eventHandlers: [{ urlTemplate: 'http://localhost/{hub}/{event}', userEventPattern: '*', systemEvents: ['connect'] }],
    eventListeners: [{
      filter: { type: 'EventName', systemEvents: ['connected'], userEventPattern: 'e1' },
      endpoint: { type: 'EventHub', fullyQualifiedNamespace: 'example.servicebus.windows.net', eventHubName: 'h1' },
    }],
    anonymousConnectPolicy: 'allow', webSocketKeepAliveIntervalInSeconds: 30,
  };
  const created = await webPubSubHubs.beginCreateOrUpdateAndWait('chat', group, 'contoso', { properties }, quick);
  assert.equal(created.id, `${id}/hubs/chat`);
  assert.deepEqual(created.properties, properties);
  assert.deepEqual(await webPubSubHubs.get('CHAT', group, 'contoso'), created);
  assert.deepEqual(names(await collect(webPubSubHubs.list(group, 'contoso'))), ['chat']);
  await webPubSubHubs.beginDeleteAndWait('chat', group, 'contoso', quick);
  assert.deepEqual(await collect(webPubSubHubs.list(group, 'contoso')), []);
});

test('SharedPrivateLinksOfTheResourceAndAsOneReplicaSeesThem', async () => {
  const client = armClient(cluster());
  const links = client.webPubSubSharedPrivateLinkResources;
  const target = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Web/sites/upstream`;
  const properties = { groupId: 'sites', privateLinkResourceId: target, requestMessage: 'please' };
  const created = await links.beginCreateOrUpdateAndWait('upstream', group, 'contoso', properties, quick);
  assert.equal(created.status, 'Pending');
  assert.equal(created.provisioningState, 'Succeeded');
  assert.deepEqual(names(await collect(links.list(group, 'contoso'))), ['upstream']);
  assert.equal((await links.get('upstream', group, 'contoso')).privateLinkResourceId, target);

  const ofReplica = client.webPubSubReplicaSharedPrivateLinkResources;
  const seen = await ofReplica.get(group, 'contoso', 'westus', 'upstream');
  assert.equal(seen.id, `${id}/replicas/westus/sharedPrivateLinkResources/upstream`);
  assert.equal(seen.status, 'Pending');
  const again = await ofReplica.beginCreateOrUpdateAndWait(group, 'contoso', 'westus', 'upstream', properties, quick);
  assert.equal(again.status, 'Pending');
  assert.deepEqual(names(await collect(ofReplica.list(group, 'contoso', 'westus'))), ['upstream']);

  await links.beginDeleteAndWait('upstream', group, 'contoso', quick);
  assert.deepEqual(await collect(ofReplica.list(group, 'contoso', 'westus')), []);
});

test('PrivateEndpointConnectionsAreApprovedAndWhatTheyLeadToIsListed', async () => {
  const client = armClient(cluster());
  const connections = client.webPubSubPrivateEndpointConnections;
  const endpoint = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Network/privateEndpoints/pe`;
  await connections.update('contoso.1', group, 'contoso', { privateEndpoint: { id: endpoint }, privateLinkServiceConnectionState: { status: 'Pending' } });
  const approved = await connections.update('contoso.1', group, 'contoso', { privateLinkServiceConnectionState: { status: 'Approved', actionsRequired: 'None' } });
  assert.equal(approved.privateEndpoint.id, endpoint);
  assert.equal(approved.privateLinkServiceConnectionState.status, 'Approved');
  assert.deepEqual(names(await collect(connections.list(group, 'contoso'))), ['contoso.1']);
  assert.deepEqual(await connections.get('contoso.1', group, 'contoso'), approved);
  assert.equal((await client.webPubSub.get(group, 'contoso')).privateEndpointConnections.length, 1);
  await connections.beginDeleteAndWait('contoso.1', group, 'contoso', quick);
  assert.equal((await failureOf(connections.get('contoso.1', group, 'contoso'))).statusCode, 404);
  const resources = await collect(client.webPubSubPrivateLinkResources.list(group, 'contoso'));
  assert.equal(resources[0].groupId, 'webpubsub');
});

test('CustomCertificatesAndDomains', async () => {
  const { webPubSubCustomCertificates: certificates, webPubSubCustomDomains: domains } = armClient(cluster());
  const certificate = await certificates.beginCreateOrUpdateAndWait(group, 'contoso', 'cert', { keyVaultBaseUri: 'https://vault.vault.azure.net/', keyVaultSecretName: 'tls' }, quick);
  assert.equal(certificate.keyVaultSecretName, 'tls');
  assert.deepEqual(await certificates.get(group, 'contoso', 'cert'), certificate);
  assert.deepEqual(names(await collect(certificates.list(group, 'contoso'))), ['cert']);
  const domain = await domains.beginCreateOrUpdateAndWait(group, 'contoso', 'chat', { domainName: 'chat.example.com', customCertificate: { id: certificate.id } }, quick);
  assert.equal(domain.customCertificate.id, certificate.id);
  assert.deepEqual(await domains.get(group, 'contoso', 'chat'), domain);
  assert.deepEqual(names(await collect(domains.list(group, 'contoso'))), ['chat']);
  assert.equal((await failureOf(certificates.delete(group, 'contoso', 'cert'))).statusCode, 409, 'the domain uses it');
  await domains.beginDeleteAndWait(group, 'contoso', 'chat', quick);
  await certificates.delete(group, 'contoso', 'cert');
  assert.deepEqual(await collect(certificates.list(group, 'contoso')), []);
});

test('BothStylesOfPollingLeadToTheSame', async () => {
  const byLocation = polledByLocation(armClient(cluster()));
  const tagged = await byLocation.webPubSub.beginUpdateAndWait(group, 'contoso', { location: 'eastus', tags: { style: 'location' } }, quick);
  assert.deepEqual(tagged.tags, { style: 'location' });
  const hub = await byLocation.webPubSubHubs.beginCreateOrUpdateAndWait('style', group, 'contoso', { properties: {} }, quick);
  assert.equal(hub.name, 'style');
  const keys = await byLocation.webPubSub.beginRegenerateKeyAndWait(group, 'contoso', { keyType: 'Primary' }, quick);
  assert.deepEqual(keys, await byLocation.webPubSub.listKeys(group, 'contoso'));
  await byLocation.webPubSub.beginRestartAndWait(group, 'contoso', quick);
  await byLocation.webPubSubHubs.beginDeleteAndWait('style', group, 'contoso', quick);
  assert.deepEqual(await collect(byLocation.webPubSubHubs.list(group, 'contoso')), []);

  const client = armClient(cluster());
  const responses = recorded(client);
  await client.webPubSub.beginUpdateAndWait(group, 'contoso', { location: 'eastus', tags: { style: 'status' } }, quick);
  assert.equal(responses[0].status, 202);
  assert.ok(responses.some(({ url }) => url.includes('/operationStatuses/')));
  for (const { status } of responses) assert.ok([200, 202].includes(status), String(status));
});

test('ListsAreFollowedPageByPage', async () => {
  const client = armClient(cluster());
  for (const name of ['p1', 'p2', 'p3']) await client.webPubSubHubs.beginCreateOrUpdateAndWait(name, group, 'contoso', { properties: {} }, quick);
  withPolicy(client, 'small pages', (request, next) => {
    if (!request.url.includes('$top')) request.url += '&$top=1';
    return next(request);
  });
  const pages = [];
  for await (const page of client.webPubSubHubs.list(group, 'contoso').byPage()) pages.push(page.map(({ name }) => name));
  assert.deepEqual(pages, [['p1'], ['p2'], ['p3']]);
  for (const name of ['p1', 'p2', 'p3']) await client.webPubSubHubs.beginDeleteAndWait(name, group, 'contoso', quick);
});

test('OverPlainHttpItIsTheSameDoor', async () => {
  const overHttp = await plainArmClient(cluster()).webPubSub.get(group, 'contoso');
  assert.deepEqual(overHttp, await armClient(cluster()).webPubSub.get(group, 'contoso'));
});

test('AnApplicationNeedsNothingButTheCaFileInItsEnvironment', async () => {
  const script = fileURLToPath(new URL('./support/arm_app.mjs', import.meta.url));
  const { https } = cluster().description.controlplane;
  const child = spawn(process.execPath, [script, https, tokenOf(cluster())], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: cluster().description.caFile }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text; });
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.equal(out.trim(), 'contoso');
});
