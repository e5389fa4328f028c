// Package directory is the tenant of the stand-in for Entra ID: users, groups and their
// direct members, directory roles, the licence, enterprise applications with their sign-on
// settings, and who is assigned to them. It keeps all of it in one SQLite file, whose one
// writer it also lends to the provisioning service ([DB.Update], [DB.Reading]).
//
// Every write of an object gives it the next number of one sequence. Who keeps a number
// asks with [DB.ChangedUsers], [DB.ChangedGroups] and [DB.MemberChanges] for what was
// written after it, as a client of Microsoft Graph does with a delta link: an object comes
// once, as it is now, however often it changed, and a purged one leaves a tombstone.
//
// Lists are read by pages or by iterators that hold one page; no method reads a whole
// directory at once. The package knows nothing of SAML messages, SCIM or HTTP.
//
// Tables: settings, users, groups, members, tombstones, applications, certificates,
// assignments.
package directory
