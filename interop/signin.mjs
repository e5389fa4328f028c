// People sign in at an identity provider that others wrote. A browser is played by fetch: it keeps cookies for each host, follows
// redirects, and sends the forms that it gets.
//
// From the environment as in steps.mjs, INTEROP_CLIENT being the address of Rollcall's server.
import { execFileSync } from 'node:child_process';
import { done, member, same, step, url } from './steps.mjs';

const server = url.origin;
const org = process.env.INTEROP_ORG;

class Browser {
  cookies = new Map(); // name -> value; all hosts here are 127.0.0.1, whose ports share cookies
  async open(address, form) {
    for (let hops = 0; hops < 10; hops++) {
      const response = await fetch(address, {
        method: form ? 'POST' : 'GET', redirect: 'manual', body: form && new URLSearchParams(form),
        headers: { Cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        if (value === '' || /max-age=(0|-1)\b/i.test(line)) this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      const text = await response.text();
      const next = response.headers.get('location') ?? response.headers.get('refresh')?.match(/url=(.*)$/)?.[1];
      if (!next) return { status: response.status, at: address, text };
      address = new URL(next, address).href;
      form = undefined;
    }
    throw new Error('redirected without end');
  }
  // submit sends the one form of a page, with what a person enters.
  async submit(page, entered) {
    const action = page.text.match(/<form[^>]* action="([^"]*)"/)[1];
    const form = {};
    for (const [input] of page.text.matchAll(/<input[^>]*>/g)) {
      const name = input.match(/ name="([^"]*)"/);
      if (name) form[name[1]] = unescaped(input.match(/\svalue="([^"]*)"/)?.[1] ?? '');
    }
    return this.open(new URL(unescaped(action), page.at).href, { ...form, ...entered });
  }
}

const unescaped = (s) => s.replace(/&#x([0-9a-f]+);/gi, (_, n) => String.fromCodePoint(parseInt(n, 16))).replace(/&#([0-9]+);/g, (_, n) => String.fromCodePoint(n))
  .replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

// signIn begins at Rollcall, signs in at the identity provider, and brings its answer back.
async function signIn(email, answer = '', browser = new Browser()) {
  const page = await browser.open(`${server}/saml/${org}/login`);
  const answered = await browser.submit(page, { email, answer });
  if (!answered.text.includes('name="SAMLResponse"')) throw new Error(`the identity provider answers ${answered.status}: ${answered.text}`);
  return { browser, answered, page: await browser.submit(answered) };
}

async function arrives(email, answer, name) {
  const { browser, answered, page } = await signIn(email, answer);
  same('where it ends', [page.status, new URL(page.at).pathname], [200, '/dashboard']);
  const profile = await browser.open(server + '/profile');
  same('the profile', [profile.status, profile.text.includes(email), profile.text.includes(name)], [200, true, true]);
  return { browser, answered };
}

// causes are those of refused sign-ins, as an admin finds them in the audit log.
function causes() {
  const lines = execFileSync(process.env.INTEROP_ROLLCALL, ['audit', 'export', '--org', org, '--database', process.env.INTEROP_DATABASE]).toString();
  return lines.trim().split('\n').map((line) => JSON.parse(line)).filter((e) => e.type === 'user_login_failed').map((e) => e.details.cause);
}

async function refused(email, answer, cause) {
  const { browser, page } = await signIn(email, answer);
  same('cause in the audit log', causes().includes(cause) ? cause : causes(), cause);
  same('status', page.status, 403);
  const profile = await browser.open(server + '/profile');
  same('where the profile leads', new URL(profile.at).pathname, '/');
  return page;
}

await step('signs a person in, who becomes a member', async () => {
  await arrives('mona.hub@example.com', '', 'mona hub');
  same('member', member('mona.hub@example.com'), 'active default:Viewers');
});
await step('signs him in again, in another browser', async () => {
  await arrives('mona.hub@example.com', '', 'mona hub');
});
for (const answer of ['signed response', 'encrypted']) {
  await step(`takes an answer of the kind: ${answer}`, async () => {
    const { answered } = await arrives(`${answer.replace(/\W/g, '')}.kind@example.com`, answer, 'kind');
    const xml = Buffer.from(unescaped(answered.text.match(/name="SAMLResponse"\s+value="([^"]*)"/)[1]), 'base64').toString();
    same('the assertion is encrypted', xml.includes('EncryptedAssertion'), answer === 'encrypted');
  });
}
const wrong = { audience: 'audience', recipient: 'recipient', expired: 'expired', unsigned: 'unsigned', 'RSA-SHA1': 'algorithm', 'unknown key': 'signature' };
for (const [answer, cause] of Object.entries(wrong)) {
  await step(`refuses an answer that is wrong: ${answer}`, async () => {
    await refused('eve.wrong@example.com', answer, cause);
    same('member', member('eve.wrong@example.com'), '');
  });
}
await step('refuses a person of a domain that is not verified', async () => {
  await refused('eve.wrong@elsewhere.example', '', 'domain-not-verified');
});
await step('refuses an answer the second time, and in another browser', async () => {
  const { answered, browser } = await arrives('mona.hub@example.com', '', 'mona hub');
  const again = new Browser();
  again.cookies = new Map(browser.cookies);
  same('status', (await again.submit(answered)).status, 403);
  same('status in another browser', (await new Browser().submit(answered)).status, 403);
  same('cause', causes().includes('no-pending-request'), true);
});
done();
