// A SCIM server of others for `rollcall check`: scimmy and scimmy-routers with express, over a store in memory. Schemas,
// filters, PATCH, paging, bulk and errors are theirs. Ours are the maps below, which do what their documentation asks of
// handlers: keep a resource as it comes, give it an id and times, refuse a taken userName or displayName with 409, answer
// 404 for an unknown id, apply the filter of a request to the list, and keep users and their groups in step.
//
//   node servers/scimmy.mjs TOKEN      prints "listening PORT", runs until it is ended
import { randomUUID } from 'node:crypto';
import express from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';

const token = process.argv[2];

// keep declares a kind of resource and gives the map it is kept in; shown adds what is derived.
function keep(Resource, unique, shown = (kept) => kept, gone = () => {}) {
  const all = new Map();
  const find = (id) => {
    if (!all.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    return all.get(id);
  };
  SCIMMY.Resources.declare(Resource)
    .ingress((resource, data) => {
      const old = resource.id ? find(resource.id) : undefined;
      const key = data[unique]?.toLowerCase();
      for (const other of all.values()) {
        if (other !== old && other[unique].toLowerCase() === key) throw new SCIMMY.Types.Error(409, 'uniqueness', `${unique} ${data[unique]} is taken`);
      }
      const now = new Date().toISOString();
      const { schemas, ...attributes } = JSON.parse(JSON.stringify(data));
      const kept = { ...attributes, id: old?.id ?? randomUUID(), meta: { ...attributes.meta, created: old?.meta.created ?? now, lastModified: now } };
      all.set(kept.id, kept);
      return kept;
    })
    .egress((resource) => {
      if (resource.id) return shown(find(resource.id));
      const list = [...all.values()].map(shown);
      return resource.filter ? resource.filter.match(list) : list;
    })
    .degress((resource) => {
      find(resource.id);
      all.delete(resource.id);
      gone(resource.id);
    });
  return all;
}

const has = (id) => (group) => group.members?.some((one) => one.value === id);
const withGroups = (user) => ({ ...user, groups: [...groups.values()].filter(has(user.id)).map((group) => ({ value: group.id, display: group.displayName, type: 'direct' })) });
const leave = (id) => groups.forEach((group) => { group.members = group.members?.filter((one) => one.value !== id); });
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
keep(SCIMMY.Resources.User, 'userName', withGroups, leave);
const groups = keep(SCIMMY.Resources.Group, 'displayName');
SCIMMY.Config.set({ patch: true, filter: { supported: true, maxResults: 200 }, sort: true, bulk: true, changePassword: false, etag: false });

const app = express();
app.use('/scim/v2', new SCIMMYRouters({
  type: 'bearer',
  handler: (request) => {
    const [scheme, value] = (request.header('Authorization') ?? '').split(' ');
    if (scheme.toLowerCase() !== 'bearer' || value !== token) throw new Error('wrong token');
    return 'rollcall-check';
  },
}));
const server = app.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
