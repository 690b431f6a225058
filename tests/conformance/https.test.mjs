// https and wss with the npm packages as they are: NODE_EXTRA_CA_CERTS=DIR/ca.pem is all they are given.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { useCluster } from './support/fixture.mjs';

const cluster = useCluster();
const app = fileURLToPath(new URL('./support/https_app.mjs', import.meta.url));
const authority = () => readFile(cluster().description.caFile);

// {status, body} of one GET to an instance by its address, as the resource's name.
async function get(module, options) {
  const request = module.get({ path: '/api/health', agent: false, ...options });
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode, body };
}

const at = (region) => ({ host: cluster().instance('contoso', region).address, port: 8443 });
const hostName = () => cluster().resource('contoso').hostName;

test('AnUnmodifiedApplicationSpeaksHttpsAndWss', async () => {
  const child = cluster().spawnNear('westus', app);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { err += text; });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, err);
  const seen = JSON.parse(out);
  assert.equal(seen.url, `wss://${hostName()}:8443/client/hubs/chat?`);
  assert.deepEqual(seen.messages, ['from the client', 'from the service']);
  const westus = cluster().instance('contoso', 'westus').hostName;
  assert.ok(westus.includes(seen.connectionId.slice(-8)), 'steered to the nearest replica');
});

test('ConnectionStringIsHttpsAndThePlainOneStays', () => {
  const { connectionString, httpConnectionString } = cluster().resource('contoso');
  assert.match(connectionString, /^Endpoint=https:\/\/contoso\.webpubsub\.azure\.com:8443;AccessKey=.+;Version=1\.0;$/);
  assert.match(httpConnectionString, /^Endpoint=http:\/\/contoso\.webpubsub\.azure\.com:8080;AccessKey=.+;Version=1\.0;$/);
  assert.equal(cluster().instance('contoso', 'westus').https, `https://${at('westus').host}:8443`);
});

test('EveryInstanceAnswersToTheResourcesNameItsOwnAndItsAddress', async () => {
  const ca = await authority();
  for (const region of ['eastus', 'westus']) {
    const instance = cluster().instance('contoso', region);
    for (const servername of [hostName(), instance.hostName]) {
      assert.equal((await get(https, { ...at(region), servername, ca })).status, 200, `${region} as ${servername}`);
    }
    assert.equal((await get(https, { ...at(region), ca })).status, 200, `${region} by its address`);
    await assert.rejects(get(https, { ...at(region), servername: 'fabrikam.webpubsub.azure.com', ca }),
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  }
});

test('NobodyElseTrustsIt', async () => {
  await assert.rejects(get(https, { ...at('westus'), servername: hostName() }),
    ({ code }) => /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/.test(code));
});

test('TheCertificateNamesItsInstance', async () => {
  const ca = await authority();
  const leaf = new X509Certificate(await readFile(path.join(cluster().dir, 'tls', 'contoso__westus.pem')));
  const issuer = new X509Certificate(ca);
  assert.ok(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey));
  assert.match(leaf.subjectAltName, /URI:nonet:resources\/contoso\/replicas\/westus/);
  assert.equal(leaf.checkHost(hostName()), hostName());
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(issuer.ca, true);
});

test('SpeaksTls13And12AndNothingOlder', async () => {
  const ca = await authority();
  const version = async (only) => {
    const socket = tls.connect({ ...at('westus'), servername: hostName(), ca, minVersion: only, maxVersion: only, ciphers: 'DEFAULT@SECLEVEL=0' });
    await once(socket, 'secureConnect');
    socket.destroy();
    return socket.getProtocol() ?? only;
  };
  for (const fine of ['TLSv1.3', 'TLSv1.2']) assert.equal(await version(fine), fine);
  await assert.rejects(version('TLSv1.1'));
});

test('HttpOnTheHttpsPortIsToldSo', async () => {
  const { status, body } = await get(http, at('westus'));
  assert.equal(status, 400);
  assert.match(body, /https:\/\//);
});
