// A SCIM server of others for `rollcall check`: @better-auth/scim in better-auth, over its store in memory. All of it is
// theirs; here is only the set-up that their documentation gives.
//
//   node servers/better-auth.mjs TOKEN      prints "listening PORT", runs until it is ended; SCIM is below /api/auth/scim/v2
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { scim } from '@better-auth/scim';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { getAuthTables } from 'better-auth/db';
import { toNodeHandler } from 'better-auth/node';

const plugins = [scim({
  connections: [{ id: 'check', credentials: [{ type: 'bearer', id: 'check', token: process.argv[2] }] }],
  compatibility: { microsoftEntra: { acceptLegacyGroupSchema: true } },
})];
const tables = Object.fromEntries(Object.values(getAuthTables({ plugins })).map((table) => [table.modelName, []]));

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  server.on('request', toNodeHandler(betterAuth({
    baseURL: `http://127.0.0.1:${port}`,
    secret: randomBytes(32).toString('hex'),
    database: memoryAdapter(tables),
    plugins,
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })));
  console.log('listening', port);
});
