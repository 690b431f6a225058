// The management SDK as an application has it, against a cluster's Azure Resource Manager door.
//
//   const client = armClient(cluster());                         // https, the cluster's token
//   await client.webPubSub.get(group, 'contoso');

import { readFileSync } from 'node:fs';
import { WebPubSubManagementClient } from '@azure/arm-webpubsub';

export const subscription = '00000000-0000-0000-0000-000000000000';
export const group = 'nonet';
export const quick = { updateIntervalInMs: 100 };

export const tokenOf = (cluster) => readFileSync(cluster.description.controlplane.armTokenFile, 'utf8').trim();

export const credentialOf = (token) =>
  ({ getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) });

// Over HTTPS the SDK is used as it comes; it is told where the door is and whom to trust.
export function armClient(cluster, { token = tokenOf(cluster), ...options } = {}) {
  return new WebPubSubManagementClient(credentialOf(token), subscription, {
    endpoint: cluster.description.controlplane.https,
    tlsOptions: { ca: readFileSync(cluster.description.caFile, 'utf8') },
    retryOptions: { maxRetries: 0 },
    ...options,
  });
}

// Over HTTP the SDK sends no token by itself, so a policy does.
export function plainArmClient(cluster) {
  const client = new WebPubSubManagementClient(credentialOf('unused'), subscription, {
    endpoint: cluster.description.controlplane.http, allowInsecureConnection: true, retryOptions: { maxRetries: 0 },
  });
  client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  return withPolicy(client, 'token', (request, next) => {
    request.headers.set('authorization', `Bearer ${tokenOf(cluster)}`);
    return next(request);
  });
}

export function withPolicy(client, name, sendRequest) {
  client.pipeline.addPolicy({ name, sendRequest });
  return client;
}

// Without Azure-AsyncOperation the SDK polls what Location names.
export const polledByLocation = (client) => withPolicy(client, 'location', async (request, next) => {
  const response = await next(request);
  response.headers.delete('azure-asyncoperation');
  return response;
});

// The statuses and bodies of all responses, in order.
export function recorded(client) {
  const responses = [];
  withPolicy(client, 'record', async (request, next) => {
    const response = await next(request);
    responses.push({ method: request.method, url: request.url, status: response.status, headers: response.headers.toJSON() });
    return response;
  });
  return responses;
}

export async function collect(pages) {
  const all = [];
  for await (const each of pages) all.push(each);
  return all;
}

// What the SDK throws, as {statusCode, code, message}.
export async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return { statusCode: error.statusCode, code: error.code, message: error.message };
  }
  throw new Error('the call succeeded');
}
