package main

// entraCommands are the stand-in for Microsoft Entra ID.
type entraCommands struct {
	Eval entraEval `cmd:"" help:"Evaluate an expression of an attribute mapping as Microsoft Entra ID does."`
}
