// @octokit/plugin-enterprise-cloud: GitHub's REST client. Users and groups of an enterprise, users of an organization.
import { Octokit } from '@octokit/core';
import { enterpriseCloud } from '@octokit/plugin-enterprise-cloud';
import { direct, done, held, ids, member, refused, run, same, step, token, url } from '../steps.mjs';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const octokit = new (Octokit.plugin(enterpriseCloud))({ baseUrl: url.origin, log: silent });
// Its own auth option says "token KEY", as GitHub wants it; SCIM has bearer tokens (RFC 6750).
octokit.hook.before('request', (options) => { options.headers.authorization = 'Bearer ' + token; });
const admin = octokit.enterpriseAdmin;
const enterprise = 'any';
const status = (err) => err.status;

const message = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const user = (name) => ({
  enterprise,
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  externalId: `E-${name}-${run}`,
  active: true,
  userName: `${name.toLowerCase()}.${run}@example.com`,
  name: { formatted: `Ms ${name} Hub`, familyName: 'Hub', givenName: name },
  displayName: `${name} Hub`,
  emails: [{ value: `${name.toLowerCase()}.${run}@example.com`, type: 'work', primary: true }],
  roles: [{ value: 'user', primary: false }],
});
const mail = user('Mona').userName;
const made = {}; // name -> id
let group;
const members = async () => ids((await held(`/Groups/${group}`)).members);

await step('provisions users', async () => {
  for (const name of ['Mona', 'Liz', 'Kim']) made[name] = (await admin.provisionEnterpriseUser(user(name))).data.id;
  const got = await held(`/Users/${made.Mona}`);
  same('as held', [got.userName, got.externalId, got.name, got.roles[0].value], [mail, `E-Mona-${run}`, user('Mona').name, 'user']);
  same('member', member(mail), 'active default:Member');
});
await step('learns that the userName is taken', async () => {
  const err = await refused(409, () => admin.provisionEnterpriseUser(user('Mona')), status);
  same('scimType', err.response.data.scimType, 'uniqueness');
});
await step('finds a user by userName, externalId and id', async () => {
  for (const filter of [`userName eq "${mail}"`, `externalId eq "E-Mona-${run}"`, `id eq "${made.Mona}"`]) {
    same(filter, ids((await admin.listProvisionedIdentitiesEnterprise({ enterprise, filter })).data.Resources), [made.Mona]);
  }
});
await step('pages through the users', async () => {
  const seen = [];
  for (let startIndex = 1; startIndex <= 3; startIndex += 2) {
    const { data } = await admin.listProvisionedIdentitiesEnterprise({ enterprise, startIndex, count: 2 });
    same('totalResults', data.totalResults, 3);
    seen.push(...ids(data.Resources));
  }
  same('ids', seen.sort(), Object.values(made).sort());
});
await step('reads a user', async () => {
  const { data, headers } = await admin.getProvisioningInformationForEnterpriseUser({ enterprise, scim_user_id: made.Mona });
  same('userName', data.userName, mail);
  same('media type', headers['content-type'].split(';')[0], 'application/scim+json');
});
await step('replaces a user', async () => {
  await admin.setInformationForProvisionedEnterpriseUser({ ...user('Mona'), scim_user_id: made.Mona, displayName: 'Mona Octo' });
  same('displayName as held', (await held(`/Users/${made.Mona}`)).displayName, 'Mona Octo');
});
await step('patches a user without and with a path', async () => {
  await admin.updateAttributeForEnterpriseUser({
    enterprise, scim_user_id: made.Mona, schemas: [message],
    Operations: [{ op: 'replace', value: { displayName: 'Mona Cat', 'name.familyName': 'Cat' } }, { op: 'replace', path: 'emails[type eq "work"].value', value: mail.toUpperCase() }],
  });
  const got = await held(`/Users/${made.Mona}`);
  same('as held', [got.displayName, got.name.familyName, got.emails[0].value], ['Mona Cat', 'Cat', mail]);
});
await step('provisions a group with members', async () => {
  const body = { enterprise, schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], externalId: `G-${run}`, displayName: `Engineering ${run}` };
  group = (await admin.provisionEnterpriseGroup({ ...body, members: [{ value: made.Mona, displayName: 'Mona' }, { value: made.Liz, displayName: 'Liz' }] })).data.id;
  same('members as held', await members(), [made.Mona, made.Liz].sort());
  same('member', member(mail), `active group:Engineering ${run}`);
});
await step('finds the group, without its members', async () => {
  for (const filter of [`displayName eq "Engineering ${run}"`, `externalId eq "G-${run}"`]) {
    const { data } = await admin.listProvisionedGroupsEnterprise({ enterprise, filter, excludedAttributes: 'members' });
    same(filter, [ids(data.Resources), data.Resources[0].members ?? null], [[group], null]);
  }
});
await step('reads the group with its members', async () => {
  const { data } = await admin.getProvisioningInformationForEnterpriseGroup({ enterprise, scim_group_id: group });
  same('members', ids(data.members), [made.Mona, made.Liz].sort());
});
await step('patches the name of the group and its members', async () => {
  await admin.updateAttributeForEnterpriseGroup({
    enterprise, scim_group_id: group, schemas: [message],
    Operations: [
      { op: 'replace', path: 'displayName', value: `Employees ${run}` },
      { op: 'add', path: 'members', value: [{ value: made.Kim }] },
      { op: 'remove', path: 'members', value: [{ value: made.Liz }] },
    ],
  });
  same('displayName as held', (await held(`/Groups/${group}`)).displayName, `Employees ${run}`);
  same('members as held', await members(), [made.Mona, made.Kim].sort());
});
await step('replaces the group', async () => {
  const body = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], externalId: `G-${run}`, displayName: `Staff ${run}` };
  await admin.setInformationForProvisionedEnterpriseGroup({ enterprise, scim_group_id: group, ...body, members: [{ value: made.Mona, displayName: 'Mona' }] });
  same('members as held', await members(), [made.Mona]);
  same('member', member(mail), `active group:Staff ${run}`);
});
await step('suspends and restores a user', async () => {
  const set = (active) => admin.updateAttributeForEnterpriseUser({ enterprise, scim_user_id: made.Mona, schemas: [message], Operations: [{ op: 'replace', value: { active } }] });
  await set(false);
  same('member', member(mail), 'inactive');
  await set(true);
  same('member', member(mail), `active group:Staff ${run}`);
});
await step('deletes the group and keeps its members', async () => {
  await admin.deleteScimGroupFromEnterprise({ enterprise, scim_group_id: group });
  same('status of the group without the client', (await direct('GET', `/Groups/${group}`)).status, 404);
  same('member', member(mail), 'active default:Member');
});

// The older half: organizations.
const org = 'any';
await step('invites a user to an organization, changes, lists and removes him', async () => {
  const { enterprise: left, roles, ...ned } = user('Ned');
  const scim = octokit.scim;
  const id = (await scim.provisionAndInviteUser({ org, ...ned })).data.id;
  same('ids', ids((await scim.listProvisionedIdentities({ org, filter: `userName eq "${ned.userName}"` })).data.Resources), [id]);
  same('userName', (await scim.getProvisioningInformationForUser({ org, scim_user_id: id })).data.userName, ned.userName);
  await scim.setInformationForProvisionedUser({ org, scim_user_id: id, ...ned, displayName: 'Ned Set' });
  same('displayName as held', (await held(`/Users/${id}`)).displayName, 'Ned Set');
  await scim.updateAttributeForUser({ org, scim_user_id: id, Operations: [{ op: 'replace', value: { active: false } }] });
  same('member', member(ned.userName), 'inactive');
  await scim.deleteUserFromOrg({ org, scim_user_id: id });
  same('status without the client', (await direct('GET', `/Users/${id}`)).status, 404);
});
await step('deletes users', async () => {
  for (const id of Object.values(made)) await admin.deleteUserFromEnterprise({ enterprise, scim_user_id: id });
  same('users left', (await direct('GET', '/Users?count=0')).body.totalResults, 0);
  await refused(404, () => admin.getProvisioningInformationForEnterpriseUser({ enterprise, scim_user_id: made.Mona }), status);
});
done();
