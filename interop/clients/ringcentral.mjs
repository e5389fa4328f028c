// @rc-ex/core: RingCentral's SDK. Users, discovery and /.search.
import RingCentral from '@rc-ex/core';
import { direct, done, held, ids, member, refused, run, same, step, token, url } from '../steps.mjs';

const rc = new RingCentral({ server: url.origin });
rc.token = { access_token: token };
const scim = rc.scim();
const status = (err) => err.response?.status;

const schema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const patch = (...Operations) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });
const mail = `rosa.${run}@example.com`;
const rosa = {
  schemas: [schema],
  externalId: `rc-${run}`,
  userName: mail,
  name: { givenName: 'Rosa', familyName: 'Ring' },
  emails: [{ type: 'work', value: mail }],
  phoneNumbers: [{ type: 'work', value: '+1 555 0100' }],
  addresses: [{ type: 'work', streetAddress: '1 Main Street', locality: 'Belmont', region: 'CA', postalCode: '94002', country: 'US' }],
  active: true,
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Sales' },
};
let id;

await step('reads the ServiceProviderConfig', async () => {
  const config = await scim.serviceProviderConfig().get();
  same('patch, filter', [config.patch.supported, config.filter.supported], [true, true]);
});
await step('reads the schemas and one of them', async () => {
  const list = await scim.schemas().list();
  same('has User', list.Resources.some((one) => one.id === schema), true);
  same('id of the one', (await scim.schemas(schema).get()).id, schema);
});
await step('reads the resource types and one of them', async () => {
  const list = await scim.resourceTypes().list();
  same('names', list.Resources.map((one) => one.name).sort(), ['Group', 'User']);
  same('endpoint of the one', (await scim.resourceTypes('User').get()).endpoint, '/Users');
});
await step('finds nobody before the user is made', async () => {
  same('totalResults', (await scim.users().list({ filter: `userName eq "${mail}"` })).totalResults, 0);
});
await step('creates a user', async () => {
  id = (await scim.users().post(rosa)).id;
  const got = await held(`/Users/${id}`);
  same('as held', [got.userName, got.externalId, got.name.familyName, got.emails[0].value, got.active], [mail, rosa.externalId, 'Ring', mail, true]);
  same('addresses', got.addresses, rosa.addresses);
  same('department', got['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'].department, 'Sales');
  same('member', member(mail), 'active default:Member');
});
await step('learns that the userName is taken', async () => {
  const err = await refused(409, () => scim.users().post(rosa), status);
  same('scimType', err.response.data.scimType, 'uniqueness');
});
await step('finds the user by userName', async () => {
  const list = await scim.users().list({ filter: `userName eq "${mail}"` });
  same('ids', ids(list.Resources), [id]);
});
await step('finds the user by e-mail with POST /.search', async () => {
  const list = await scim.users().dotSearch().post({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: `emails eq "${mail}"`, startIndex: 1, count: 10,
  });
  same('ids', ids(list.Resources), [id]);
});
await step('reads the user', async () => {
  same('userName', (await scim.users(id).get()).userName, mail);
});
await step('replaces the user', async () => {
  await scim.users(id).put({ ...rosa, id, title: 'Buyer', name: { givenName: 'Rosa', familyName: 'Bell' }, phoneNumbers: [] });
  const got = await held(`/Users/${id}`);
  same('as held', [got.title, got.name.familyName, got.phoneNumbers ?? [], got.active], ['Buyer', 'Bell', [], true]);
});
await step('patches a name and a filtered address', async () => {
  await scim.users(id).patch(patch(
    { op: 'replace', path: 'name.familyName', value: 'Chime' },
    { op: 'replace', path: 'addresses[type eq "work"].locality', value: 'Denver' },
    { op: 'remove', path: 'title' },
  ));
  const got = await held(`/Users/${id}`);
  same('as held', [got.name, got.addresses[0].locality, got.title ?? null], [{ familyName: 'Chime', givenName: 'Rosa' }, 'Denver', null]);
});
await step('deactivates the user with the text "false", which its types ask for', async () => {
  await scim.users(id).patch(patch({ op: 'replace', path: 'active', value: 'false' }));
  same('active as held', (await held(`/Users/${id}`)).active, false);
  same('member', member(mail), 'inactive');
});
await step('activates the user by PUT', async () => {
  await scim.users(id).put({ ...rosa, id });
  same('active as held', (await held(`/Users/${id}`)).active, true);
  same('member', member(mail), 'active default:Member');
});
await step('reads every user once, three to a page', async () => {
  const made = [id];
  for (let n = 1; n <= 7; n++) made.push((await scim.users().post({ ...rosa, externalId: undefined, userName: `page${n}.${run}@example.com`, emails: [] })).id);
  const seen = [];
  let page;
  do {
    page = await scim.users().list({ startIndex: seen.length + 1, count: 3 });
    same('totalResults', page.totalResults, made.length);
    seen.push(...ids(page.Resources));
  } while (seen.length < page.totalResults && page.Resources.length > 0);
  same('ids', seen.sort(), made.sort());
});
await step('deletes every user', async () => {
  const list = await scim.users().list({ count: 100 });
  for (const one of list.Resources) await scim.users(one.id).delete();
  same('users left', (await direct('GET', '/Users?count=0')).body.totalResults, 0);
  same('member', member(mail), '');
});
await step('learns that a deleted user is gone', async () => {
  await refused(404, () => scim.users(id).get(), status);
  await refused(404, () => scim.users(id).delete(), status);
});
await step('learns that its token is wrong', async () => {
  const stranger = new RingCentral({ server: url.origin });
  stranger.token = { access_token: 'wrong' };
  await refused(401, () => stranger.scim().users().list({}), status);
});
done();
