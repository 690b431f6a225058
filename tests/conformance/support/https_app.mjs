// An application as its developer wrote it: a connection string from the environment, https and wss, nothing
// that knows of an emulator. Prints what it saw as one line of JSON.

import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';

const service = new WebPubSubServiceClient(process.env.WebPubSubConnectionString, 'chat');
const { url } = await service.getClientAccessToken({ userId: 'u1', groups: ['news'], roles: ['webpubsub.sendToGroup'] });
const client = new WebPubSubClient(url);
const connected = new Promise((resolve) => client.on('connected', resolve));
const messages = [];
const both = new Promise((resolve) => client.on('group-message', ({ message }) => {
  messages.push(message.data);
  if (messages.length === 2) resolve();
}));
await client.start();
const { connectionId } = await connected;
await client.sendToGroup('news', 'from the client', 'text');
await service.group('news').sendToAll('from the service', { contentType: 'text/plain' });
await both;
const exists = await service.userExists('u1').catch((error) => error.statusCode);
client.stop();
console.log(JSON.stringify({ url: url.replace(/access_token=.*/, ''), connectionId, messages: messages.sort(), exists }));
process.exit(0);
