// purecloud-platform-client-v2: the SDK of Genesys Cloud. Users and groups, with ETags. It cannot create or delete groups.
import platform from 'purecloud-platform-client-v2';
import { direct, done, held, ids, member, refused, run, same, step, token, url } from '../steps.mjs';

const client = platform.ApiClient.instance;
client.config.setGateway({ protocol: 'http', host: url.hostname, port: Number(url.port) });
client.config.logger.setLogLevel?.('none');
client.setAccessToken(token);
client.setReturnExtendedResponses(true); // with status and headers
const scim = new platform.SCIMApi();
const status = (err) => err.status;

const schema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const patch = (...Operations) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });
const user = (name) => ({
  schemas: [schema, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
  userName: `${name.toLowerCase()}.${run}@example.com`,
  displayName: `${name} Genesys`,
  title: 'Agent',
  active: true,
  emails: [{ value: `${name.toLowerCase()}.${run}@example.com`, type: 'work', primary: true }],
  phoneNumbers: [{ value: '+1 555 0101', type: 'work', primary: true }],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { division: 'Home', department: 'Support' },
});
const mail = user('Gena').userName;
const made = {}; // name -> id
let etag;

await step('reads the ServiceProviderConfig', async () => {
  const { body } = await scim.getScimV2Serviceproviderconfig();
  same('etag, patch', [body.etag.supported, body.patch.supported], [true, true]);
});
await step('reads the schemas and the resource types', async () => {
  same('schemas has User', (await scim.getScimV2Schemas()).body.Resources.some((one) => one.id === schema), true);
  same('resource types', (await scim.getScimV2Resourcetypes()).body.Resources.map((one) => one.name).sort(), ['Group', 'User']);
  same('one resource type', (await scim.getScimV2Resourcetype('Group')).body.endpoint, '/Groups');
});
await step('creates users', async () => {
  for (const name of ['Gena', 'Gil', 'Gwen']) made[name] = (await scim.postScimV2Users(user(name))).body.id;
  const got = await held(`/Users/${made.Gena}`);
  same('as held', [got.userName, got.displayName, got.title, got.phoneNumbers[0].value], [mail, 'Gena Genesys', 'Agent', '+1 555 0101']);
  same('member', member(mail), 'active default:Member');
});
await step('learns that the userName is taken', async () => {
  const err = await refused(409, () => scim.postScimV2Users(user('Gena')), status);
  same('scimType', err.body.scimType, 'uniqueness');
});
await step('finds a user by userName', async () => {
  same('ids', ids((await scim.getScimV2Users({ filter: `userName eq "${mail}"` })).body.Resources), [made.Gena]);
});
await step('asks for two attributes only', async () => {
  const { body } = await scim.getScimV2Users({ attributes: ['userName', 'active'], filter: `userName eq "${mail}"` });
  same('members of the answer', Object.keys(body.Resources[0]).filter((name) => name !== 'schemas').sort(), ['active', 'id', 'userName']);
});
await step('leaves two attributes out', async () => {
  const { body } = await scim.getScimV2User(made.Gena, { excludedAttributes: ['title', 'phoneNumbers'] });
  same('userName, title, phoneNumbers', [body.userName, body.title ?? null, body.phoneNumbers ?? null], [mail, null, null]);
});
await step('reads a user only if it has changed', async () => {
  etag = (await scim.getScimV2User(made.Gena)).headers.etag;
  same('ETag is there', typeof etag, 'string');
  await refused(304, () => scim.getScimV2User(made.Gena, { ifNoneMatch: etag }), status); // it takes 304 for an error
});
await step('patches a user whose ETag it knows', async () => {
  const { headers } = await scim.patchScimV2User(made.Gena, patch({ op: 'replace', path: 'title', value: 'Lead' }), { ifMatch: etag });
  same('title as held', (await held(`/Users/${made.Gena}`)).title, 'Lead');
  same('ETag is another', headers.etag !== etag, true);
});
await step('learns that its ETag is old', async () => {
  await refused(412, () => scim.patchScimV2User(made.Gena, patch({ op: 'replace', path: 'title', value: 'Chief' }), { ifMatch: etag }), status);
  await refused(412, () => scim.putScimV2User(made.Gena, user('Gena'), { ifMatch: etag }), status);
  same('title as held', (await held(`/Users/${made.Gena}`)).title, 'Lead');
});
await step('patches the enterprise extension', async () => {
  const path = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department';
  await scim.patchScimV2User(made.Gena, patch({ op: 'replace', path, value: 'Quality' }));
  same('as held', (await held(`/Users/${made.Gena}`))['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'], { department: 'Quality', division: 'Home' });
});
await step('replaces a user', async () => {
  await scim.putScimV2User(made.Gena, { ...user('Gena'), displayName: 'Gena Replaced' });
  const got = await held(`/Users/${made.Gena}`);
  same('as held', [got.displayName, got.title, got.active], ['Gena Replaced', 'Agent', true]);
});

const group = (await direct('POST', '/Groups', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: `Agents ${run}` })).body;
const members = async () => ids((await held(`/Groups/${group.id}`)).members);

await step('finds the group by displayName', async () => {
  same('ids', ids((await scim.getScimV2Groups(`displayName eq "Agents ${run}"`)).body.Resources), [group.id]);
});
await step('adds members to the group', async () => {
  await scim.patchScimV2Group(group.id, patch({ op: 'add', path: 'members', value: [{ value: made.Gena }, { value: made.Gil }] }));
  same('members as held', await members(), [made.Gena, made.Gil].sort());
  same('member', member(mail), `active group:Agents ${run}`);
});
await step('removes one member by a filter', async () => {
  await scim.patchScimV2Group(group.id, patch({ op: 'remove', path: `members[value eq "${made.Gena}"]` }));
  same('members as held', await members(), [made.Gil]);
  same('member', member(mail), 'active default:Member');
});
await step('replaces the group and its members', async () => {
  const body = { schemas: group.schemas, displayName: `Experts ${run}`, members: [{ value: made.Gwen }, { value: made.Gena }] };
  await scim.putScimV2Group(group.id, body);
  same('members as held', await members(), [made.Gwen, made.Gena].sort());
  same('member', member(mail), `active group:Experts ${run}`);
});
await step('learns that its ETag of the group is old', async () => {
  const old = (await scim.getScimV2Group(group.id)).headers.etag;
  await scim.patchScimV2Group(group.id, patch({ op: 'remove', path: `members[value eq "${made.Gwen}"]` }), { ifMatch: old });
  await refused(412, () => scim.patchScimV2Group(group.id, patch({ op: 'remove', path: 'members' }), { ifMatch: old }), status);
  same('members as held', await members(), [made.Gena]);
});
await step('reads the group without its members', async () => {
  const { body } = await scim.getScimV2Group(group.id, { excludedAttributes: ['members'] });
  same('displayName, members', [body.displayName, body.members ?? null], [`Experts ${run}`, null]);
});
await step('deactivates a user, who stays in the group', async () => {
  await scim.patchScimV2User(made.Gena, patch({ op: 'replace', path: 'active', value: false }));
  same('active as held', (await held(`/Users/${made.Gena}`)).active, false);
  same('members as held', await members(), [made.Gena]);
  same('member', member(mail), 'inactive');
});
await step('activates the user, who has the role of the group again', async () => {
  await scim.patchScimV2User(made.Gena, patch({ op: 'replace', value: { active: true } }));
  same('member', member(mail), `active group:Experts ${run}`);
});
await step('pages through the users', async () => {
  const seen = [];
  for (let start = 1; start <= 3; start++) seen.push(...ids((await scim.getScimV2Users({ startIndex: start, count: 1, filter: `userName co ".${run}@"` })).body.Resources));
  same('ids', seen.sort(), Object.values(made).sort());
});
await step('deletes users, who leave the group', async () => {
  for (const id of Object.values(made)) await scim.deleteScimV2User(id);
  same('members as held', await members(), []);
  same('users left', (await direct('GET', '/Users?count=0')).body.totalResults, 0);
  await refused(404, () => scim.getScimV2User(made.Gena), status);
});
await direct('DELETE', `/Groups/${group.id}`);
done();
