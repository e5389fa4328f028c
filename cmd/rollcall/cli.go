package main

// globals are the flags of every command.
type globals struct {
	Database  string `default:"sqlite:rollcall.db" placeholder:"URL" help:"The database: sqlite:PATH or postgres://… (default: ${default})."`
	PublicURL string `name:"public-url" placeholder:"URL" help:"Where people and identity providers reach the server. serve stores it; other commands use that."`
	JSON      bool   `name:"json" help:"Print one JSON document and nothing else."`
}

// orgFlag is the organization a command is about.
type orgFlag struct {
	Org string `required:"" placeholder:"ID" help:"The organization's id."`
}

// cli is the tree of commands.
type cli struct {
	globals

	Serve   serveCommand    `cmd:"" help:"Run the server."`
	Demo    demoCommand     `cmd:"" help:"Run a server on this machine that is set up to try things out."`
	Org     orgCommands     `cmd:"" help:"Organizations, their plan and Default roles."`
	Admin   adminCommands   `cmd:"" help:"Ways in for Admins."`
	SAML    samlCommands    `cmd:"" name:"saml" help:"The SAML connection and its domains."`
	SCIM    scimCommands    `cmd:"" name:"scim" help:"SCIM: settings, keys, request log."`
	Role    roleCommands    `cmd:"" help:"Roles and the SCIM groups they are mapped to."`
	Group   groupCommands   `cmd:"" help:"SCIM groups."`
	Member  memberCommands  `cmd:"" help:"Members and their roles."`
	Audit   auditCommands   `cmd:"" help:"The audit log."`
	Support supportCommands `cmd:"" help:"What people wrote to support in the console."`
	Check   checkCommand    `cmd:"" help:"Run the conformance checks against a SCIM server, this or another one."`
	Entra   entraCommands   `cmd:"" help:"The stand-in for Microsoft Entra ID."`
	Migrate migrateCommand  `cmd:"" help:"Bring the database's schema up to this version."`
	Version versionCommand  `cmd:"" help:"Print the version."`
}
