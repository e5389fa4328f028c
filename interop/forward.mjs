// Stands between a client and a SCIM endpoint, because vendors' clients have their own vendor's paths built in. It changes the
// path and nothing else: method, query, headers and bodies go through byte for byte.
//
//   node forward.mjs ENDPOINT [RECORD]      prints "listening PORT", runs until it is ended
//
//   /scim/v2/Users                          -> ENDPOINT/Users          RingCentral
//   /scim/v2/organizations/ANY/Users        -> ENDPOINT/Users          GitHub, organizations
//   /scim/v2/enterprises/ANY/Groups         -> ENDPOINT/Groups         GitHub, enterprises
//   /api/v2/scim/v2/users                   -> ENDPOINT/Users          Genesys Cloud, which spells resources in lower case
//
// With RECORD each request and its answer is added to that file as one line of JSON, without the key.
import { appendFileSync } from 'node:fs';
import http from 'node:http';

const [endpoint, record] = process.argv.slice(2);
const target = new URL(endpoint);
const prefix = /^(\/api\/v2)?\/scim\/v2(\/(organizations|enterprises)\/[^/?]+)?(?=\/)/;
const spellings = {
  users: 'Users', groups: 'Groups', schemas: 'Schemas', resourcetypes: 'ResourceTypes', serviceproviderconfig: 'ServiceProviderConfig',
};

// below gives what follows the endpoint's address, with the query, or undefined for a path of no known client.
function below(url) {
  if (!prefix.test(url)) return undefined;
  return url.replace(prefix, '').replace(/^\/([a-z]+)/, (all, name) => '/' + (spellings[name] ?? name));
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function send(request, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, host: target.host };
    const options = { host: target.hostname, port: target.port, method: request.method, path, headers };
    http.request(options, resolve).on('error', reject).end(body);
  });
}

const server = http.createServer(async (request, response) => {
  const path = below(request.url);
  if (path === undefined) {
    response.writeHead(421).end(`the forwarder knows no client with the path ${request.url}\n`);
    return;
  }
  try {
    const body = await read(request);
    const answer = await send(request, target.pathname + path, body);
    const answered = await read(answer);
    if (record) {
      const { authorization, ...headers } = request.headers;
      const line = { method: request.method, path, headers, body: body.toString(), status: answer.statusCode, answer: answered.toString() };
      appendFileSync(record, JSON.stringify(line) + '\n');
    }
    response.writeHead(answer.statusCode, answer.headers).end(answered);
  } catch (err) {
    response.writeHead(502).end(String(err) + '\n');
  }
});
server.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
