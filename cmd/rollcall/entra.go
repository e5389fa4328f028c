package main

// entraCommands are the stand-in for Microsoft Entra ID.
type entraCommands struct {
	Serve entraServe `cmd:"" help:"Run a stand-in for Microsoft Entra ID on this machine: directory, sign-on, provisioning, portal, automation API."`
	Eval  entraEval  `cmd:"" help:"Evaluate an expression of an attribute mapping as Microsoft Entra ID does."`
}
