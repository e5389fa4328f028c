package directory

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ImportReport says what an import has made.
type ImportReport struct {
	Users       int // created
	Groups      int // created; those that existed are not counted
	Memberships int // added
}

// LineError is what is wrong with one line of a file. The first line is 1.
type LineError struct {
	Line    int
	Message string
}

// ImportError refuses a file as a whole. It lists every line that is wrong, at most
// MostLineErrors; More counts the others.
type ImportError struct {
	Lines []LineError
	More  int
}

// MostLineErrors bounds the list of an [ImportError].
const MostLineErrors = 100

func (e *ImportError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Nothing was imported, because %d lines are wrong:", len(e.Lines)+e.More)
	if len(e.Lines)+e.More == 1 {
		b.Reset()
		b.WriteString("Nothing was imported, because one line is wrong:")
	}
	for _, line := range e.Lines {
		fmt.Fprintf(&b, "\nline %d: %s", line.Line, line.Message)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

func (e *ImportError) add(line int, message string) {
	if len(e.Lines) == MostLineErrors {
		e.More++
		return
	}
	e.Lines = append(e.Lines, LineError{line, message})
}

// table is a CSV file with a line of names.
type table struct {
	reader  *csv.Reader
	columns []string
}

// openTable reads the line of names and gives each its spelling in known; a mark of the
// byte order, which spreadsheets write, is dropped.
func openTable(r io.Reader, known []string) (*table, error) {
	t := &table{reader: csv.NewReader(r)}
	header, err := t.reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, refuse(Invalid, "The file is empty; its first line must name the columns, such as %s.", strings.Join(known[:min(2, len(known))], ","))
	}
	if err != nil {
		return nil, csvError(err)
	}
	t.reader.ReuseRecord = true
	for _, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF"))
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		if i < 0 {
			return nil, refuse(Invalid, "line 1: there is no column %q; the columns are %s.", name, strings.Join(known, ", "))
		}
		if slices.Contains(t.columns, known[i]) {
			return nil, refuse(Invalid, "line 1: the column %q comes twice.", name)
		}
		t.columns = append(t.columns, known[i])
	}
	return t, nil
}

// csvError is for the person who made the file: the reader's text says line and column.
func csvError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return refuse(Invalid, "line %d, column %d: the file is not valid CSV: %s.", parse.Line, parse.Column, parse.Err.Error())
	}
	return fmt.Errorf("read the file: %w", err)
}

// next returns the fields of the next line by column, and the line's number; io.EOF ends.
func (t *table) next() (map[string]string, int, error) {
	record, err := t.reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, io.EOF
	}
	if err != nil {
		return nil, 0, csvError(err)
	}
	row := make(map[string]string, len(record))
	for i, value := range record {
		row[t.columns[i]] = value
	}
	line, _ := t.reader.FieldPos(0)
	return row, line, nil
}

// listSeparator parts the values of one field.
const listSeparator = ";"

func splitList(value string) []string {
	var list []string
	for part := range strings.SplitSeq(value, listSeparator) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// ImportUsers creates the users of a CSV file. Its first line names the columns: any of
// [UserAttributes] and directoryRoles, in any order, at least userPrincipalName and
// displayName. A manager is given by user principal name, of the directory or of any line
// of the file; several values of one field are parted by semicolons; accountEnabled is
// true where it is not given. All lines are imported or, with an [ImportError], none.
func (db *DB) ImportUsers(ctx context.Context, r io.Reader) (ImportReport, error) {
	t, err := openTable(r, append(UserAttributes(), "directoryRoles"))
	if err != nil {
		return ImportReport{}, err
	}
	for _, required := range []string{"userPrincipalName", "displayName"} {
		if !slices.Contains(t.columns, required) {
			return ImportReport{}, refuse(Invalid, "line 1: the column %s is missing.", required)
		}
	}
	var report ImportReport
	err = db.write(ctx, func(w *writer) error {
		var err error
		report.Users, err = db.importUsers(ctx, w, t)
		return err
	})
	if err != nil {
		return ImportReport{}, err
	}
	return report, nil
}

func (db *DB) importUsers(ctx context.Context, w *writer, t *table) (int, error) {
	type managed struct {
		line    int
		id      ID
		manager string
	}
	var (
		wrong   ImportError
		waiting []managed // who gets a manager when everybody is there
		count   int
	)
	for {
		row, line, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		u, err := userOf(row)
		if err == nil {
			u, err = db.createUser(ctx, w, u)
		}
		if err := wrong.take(line, err); err != nil {
			return 0, err
		}
		count++
		if row["manager"] != "" && err == nil {
			waiting = append(waiting, managed{line, u.ID, row["manager"]})
		}
	}
	for _, m := range waiting {
		if err := wrong.take(m.line, w.setManager(ctx, m.id, m.manager)); err != nil {
			return 0, err
		}
	}
	if len(wrong.Lines) > 0 {
		return 0, &wrong
	}
	return count, nil
}

// take notes an error that is the file's, and returns one that is not.
func (e *ImportError) take(line int, err error) error {
	var own *Error
	if errors.As(err, &own) {
		e.add(line, own.Message)
		return nil
	}
	return err
}

// userOf makes a user of a line, without his manager.
func userOf(row map[string]string) (User, error) {
	u := User{ID: ID(row["objectId"]), AccountEnabled: true}
	for _, a := range textAttributes {
		*a.field(&u) = row[a.name]
	}
	for _, a := range listAttributes {
		*a.field(&u) = splitList(row[a.name])
	}
	for _, role := range splitList(row["directoryRoles"]) {
		u.DirectoryRoles = append(u.DirectoryRoles, DirectoryRole(role))
	}
	var err error
	if enabled := row["accountEnabled"]; enabled != "" {
		u.AccountEnabled, err = parseTruth("accountEnabled", enabled)
	}
	return u, err
}

func parseTruth(column, value string) (bool, error) {
	switch fold(strings.TrimSpace(value)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, refuse(Invalid, "%s is %q; it must be true or false.", column, value)
}

// setManager gives a user of this import his manager.
func (w *writer) setManager(ctx context.Context, id ID, manager string) error {
	boss, err := userByUPN(ctx, w.tx, manager)
	if IsProblem(err, NotFound) {
		return refuse(Invalid, "the manager %q is neither in the directory nor in the file; give a user principal name.", manager)
	}
	if err != nil {
		return err
	}
	u, err := userByID(ctx, w.tx, id)
	if err != nil {
		return err
	}
	u.ManagerID = boss.ID
	if err := w.checkManager(ctx, u); err != nil {
		return err
	}
	_, err = w.saveUser(ctx, u)
	return err
}

// groupColumns are those of a file of groups.
var groupColumns = []string{"displayName", "members", "description", "mailNickname", "securityEnabled", "objectId"}

// ImportGroups creates the groups of a CSV file with their members. Columns: displayName
// and, if wanted, members, description, mailNickname, securityEnabled (true where it is not
// given), objectId. Members are user principal names parted by semicolons; a group may
// also have one line for each member. Members of a group that the directory has already are
// added to it. All lines are imported or, with an [ImportError], none.
func (db *DB) ImportGroups(ctx context.Context, r io.Reader) (ImportReport, error) {
	t, err := openTable(r, groupColumns)
	if err != nil {
		return ImportReport{}, err
	}
	if !slices.Contains(t.columns, "displayName") {
		return ImportReport{}, refuse(Invalid, "line 1: the column displayName is missing.")
	}
	var report ImportReport
	err = db.write(ctx, func(w *writer) error {
		var err error
		report, err = db.importGroups(ctx, w, t)
		return err
	})
	if err != nil {
		return ImportReport{}, err
	}
	return report, nil
}

func (db *DB) importGroups(ctx context.Context, w *writer, t *table) (ImportReport, error) {
	var (
		wrong  ImportError
		report ImportReport
	)
	for {
		row, line, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return ImportReport{}, err
		}
		g, created, err := db.groupOf(ctx, w, row)
		if created {
			report.Groups++
		}
		if err := wrong.take(line, err); err != nil {
			return ImportReport{}, err
		}
		if err != nil {
			continue
		}
		for _, upn := range splitList(row["members"]) {
			added, err := w.importMember(ctx, g, upn)
			if err := wrong.take(line, err); err != nil {
				return ImportReport{}, err
			}
			if added {
				report.Memberships++
			}
		}
	}
	if len(wrong.Lines) > 0 {
		return ImportReport{}, &wrong
	}
	return report, nil
}

// groupOf finds the group of a line or creates it.
func (db *DB) groupOf(ctx context.Context, w *writer, row map[string]string) (g Group, created bool, err error) {
	existing, err := groupsNamed(ctx, w.tx, row["displayName"])
	switch {
	case err != nil:
		return Group{}, false, err
	case len(existing) > 1:
		return Group{}, false, refuse(Conflict, "the directory has %d groups named %q; which one is meant cannot be told.", len(existing), row["displayName"])
	case len(existing) == 1:
		return existing[0], false, nil
	}
	g = Group{ID: ID(row["objectId"]), DisplayName: row["displayName"], MailNickname: row["mailNickname"], Description: row["description"], SecurityEnabled: true}
	if enabled := row["securityEnabled"]; enabled != "" {
		if g.SecurityEnabled, err = parseTruth("securityEnabled", enabled); err != nil {
			return Group{}, false, err
		}
	}
	g, err = db.createGroup(ctx, w, g)
	return g, err == nil, err
}

func (w *writer) importMember(ctx context.Context, g Group, upn string) (bool, error) {
	u, err := userByUPN(ctx, w.tx, upn)
	if err != nil {
		return false, err
	}
	return w.addMember(ctx, g, u.ID)
}
