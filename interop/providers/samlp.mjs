// A SAML identity provider made of samlp, the library behind Auth0's: requests, signatures, encryption, responses and metadata
// are its own. The people and the page on which they sign in are ours.
//
// usage: samlp.mjs SERVICE_PROVIDER_METADATA_URL; prints "listening PORT"
//
// The page takes an address and how the answer goes wrong: "" is an honest one.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import samlp from 'samlp';

const metadataURL = process.argv[2];

// pair makes a key and a certificate for it.
function pair() {
  const dir = mkdtempSync(join(tmpdir(), 'interop-samlp-'));
  try {
    const file = (name) => join(dir, name);
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=samlp', '-days', '2', '-keyout', file('key'), '-out', file('cert')], { stdio: 'ignore' });
    return { key: readFileSync(file('key'), 'utf8'), cert: readFileSync(file('cert'), 'utf8') };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

// What an admin imports of the service provider: where its answers go, and its certificates.
let known;
async function serviceProvider() {
  if (known) return known;
  const response = await fetch(metadataURL);
  if (!response.ok) throw new Error(`${metadataURL} answers ${response.status}`);
  const xml = await response.text();
  const found = (pattern) => xml.match(pattern)?.[1];
  const pem = (use) => {
    const der = found(new RegExp(`<md:KeyDescriptor use="${use}">.*?<ds:X509Certificate>([^<]*)<`, 's'));
    return der && `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
  };
  known = {
    entityID: found(/ entityID="([^"]*)"/),
    acs: found(/<md:AssertionConsumerService [^>]*Location="([^"]*)"/),
    signing: pem('signing'),
    encryption: pem('encryption'),
  };
  for (const [name, value] of Object.entries(known)) {
    if (!value) throw new Error(`${metadataURL} has no ${name}`); // without a certificate samlp would check no signature
  }
  return known;
}

const honest = pair();
const stranger = pair();
const issuer = 'https://samlp.example.net/';

// How answers differ from what samlp makes by default.
const answers = {
  '': () => ({}),
  'signed response': () => ({ signResponse: true }),
  encrypted: (sp) => ({
    encryptionCert: sp.encryption,
    encryptionPublicKey: sp.encryption, // the certificate has the key
    encryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  }),
  audience: () => ({ audience: 'https://other.example.org/saml/metadata' }),
  recipient: () => ({ recipient: 'https://other.example.org/saml/acs' }),
  expired: () => ({ lifetimeInSeconds: -600 }),
  unsigned: () => ({ signAssertion: false }),
  'RSA-SHA1': () => ({ signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' }),
  'unknown key': () => stranger,
};

const app = express();
app.use(express.urlencoded({ extended: false }));
app.get('/metadata', samlp.metadata({ issuer, cert: honest.cert, redirectEndpointPath: '/sso', postEndpointPath: '/sso' }));

// Who comes with a request and is not signed in gets the page, which leads back to the request.
const people = new Map(); // cookie -> { email, answer }
const who = (req) => people.get(req.headers.cookie?.match(/samlp=(\w+)/)?.[1]);
const escaped = (s) => s.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
app.get('/sso', (req, res, next) => {
  if (who(req)) return next();
  res.type('html').send(`<form method="post" action="/sign-in"><input type="hidden" name="back" value="${escaped(req.originalUrl)}">` +
    '<input name="email" value=""><input name="answer" value=""><button>Sign in</button></form>');
});
app.post('/sign-in', (req, res) => {
  const id = Math.random().toString(36).slice(2);
  people.set(id, { email: req.body.email, answer: req.body.answer });
  res.cookie('samlp', id, { httpOnly: true }).redirect(303, req.body.back);
});
app.get('/sso', async (req, res, next) => {
  try {
    const sp = await serviceProvider();
    const { email, answer } = who(req);
    const [givenName, familyName] = email.split('@')[0].split('.');
    samlp.auth({
      issuer, ...honest, signingCert: sp.signing, destination: sp.acs, recipient: sp.acs,
      getPostURL: (audience, request, from, done) => done(null, sp.acs),
      getUserFromRequest: () => ({ id: email, displayName: `${givenName} ${familyName}`, name: { givenName, familyName }, emails: [{ value: email }] }),
      nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      sessionIndex: `_${Date.now()}`,
      ...answers[answer](sp),
    })(req, res, next);
  } catch (err) {
    next(err);
  }
});
app.use((err, req, res, next) => res.status(500).type('text').send('samlp: ' + err.message));

const server = app.listen(0, '127.0.0.1', () => console.log('listening ' + server.address().port));
