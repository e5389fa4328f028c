// What the scripts in clients/ share: they do one thing after another with a client of somebody else, and after each change
// look at the server directly, past the client.
//
// From the environment: INTEROP_CLIENT (what the client is told to call), INTEROP_ENDPOINT (the server itself), INTEROP_TOKEN,
// and INTEROP_ROLLCALL, INTEROP_DATABASE, INTEROP_ORG for the command line.
import { execFileSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';

export const url = new URL(process.env.INTEROP_CLIENT);
export const token = process.env.INTEROP_TOKEN;
export const run = Math.random().toString(16).slice(2, 10); // names of this run

const counts = { ok: 0, failed: 0, known: 0 };

// step does one thing and reports it. A step that throws is a failure; the others still run.
export async function step(name, act) {
  try {
    await act();
    counts.ok++;
    console.log('ok      ' + name);
  } catch (err) {
    counts.failed++;
    console.log(`FAILED  ${name}: ${said(err)}`);
  }
}

// known is a step that fails for a reason outside the server. When it works one day, it is reported as a failure, so that the
// reason does not outlive the defect.
export async function known(name, reason, act) {
  try {
    await act();
  } catch {
    counts.known++;
    console.log(`known   ${name}: ${reason}`);
    return;
  }
  counts.failed++;
  console.log(`FAILED  ${name}: works now, so it is no longer true that ${reason}`);
}

// done prints the counts and ends with status 1 after a failure.
export function done() {
  console.log(`total   ${counts.ok} ok, ${counts.failed} failed, ${counts.known} known`);
  process.exitCode = counts.failed ? 1 : 0;
}

function said(err) {
  const text = err instanceof Error ? err.message : JSON.stringify(err);
  return (text ?? String(err)).replaceAll(token, '(hidden)').replace(/\s+/g, ' ').slice(0, 600);
}

// same compares as JSON, whatever the order of an object's members.
export function same(what, got, want) {
  if (!isDeepStrictEqual(got, want)) throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

// refused expects the client to report an answer of that status; status reads it from what the client throws.
export async function refused(want, act, status) {
  let got;
  try {
    got = JSON.stringify(await act());
  } catch (err) {
    same('status the client reports', status(err), want);
    return err;
  }
  throw new Error(`refused with ${want} was expected, but the client reports success: ${got}`);
}

// direct asks the server itself: {status, body, etag}.
export async function direct(method, path, body) {
  const response = await fetch(process.env.INTEROP_ENDPOINT + path, {
    method,
    headers: { Authorization: 'Bearer ' + token, ...(body && { 'Content-Type': 'application/scim+json' }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined, etag: response.headers.get('etag') };
}

// held is the user or group as the server holds it.
export async function held(path) {
  const { status, body } = await direct('GET', path);
  same(`status of GET ${path} without the client`, status, 200);
  return body;
}

// member is what the organization's admin sees of a person: "active Default:Member", or "inactive", or "" for nobody.
export function member(email) {
  const args = ['member', 'list', '--all', '--org', process.env.INTEROP_ORG, '--database', process.env.INTEROP_DATABASE, '--json'];
  const one = JSON.parse(execFileSync(process.env.INTEROP_ROLLCALL, args)).find((m) => m.email === email);
  if (!one) return '';
  return [one.status, ...one.roles.map((r) => `${r.source}:${r.name}`).sort()].join(' ');
}

export const ids = (list) => (list ?? []).map((one) => one.value ?? one.id).sort();
