// Package rollcall is the root of the module and holds no code. Its tests keep the house
// in order: which package may import which (architecture_test.go), the form of the files
// (form_test.go), the organization in every SQL statement (sqltext_test.go), and the links
// of the documents (docs_test.go). The program is cmd/rollcall; CONTRIBUTING.md says where
// everything is.
package rollcall
