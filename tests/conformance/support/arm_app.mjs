// What an application does with the management SDK: no option but where Azure is.
//   usage: node arm_app.mjs ENDPOINT TOKEN
import { WebPubSubManagementClient } from '@azure/arm-webpubsub';

const [endpoint, token] = process.argv.slice(2);
const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const client = new WebPubSubManagementClient(credential, '00000000-0000-0000-0000-000000000000', { endpoint });
for await (const { name } of client.webPubSub.listBySubscription()) console.log(name);
