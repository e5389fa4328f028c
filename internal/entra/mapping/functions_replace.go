package mapping

import "strings"

// The arguments of Replace.
const (
	replaceSource = iota
	replaceOld
	replacePattern
	replaceGroup
	replaceNew
	replaceAttribute
	replaceTemplate
)

// replaceMode is what Replace does, by which of its arguments are written down.
type replaceMode int

const (
	noMode             replaceMode = iota
	oldByNew                       // oldValue and replacementValue
	oldInTemplate                  // oldValue and template
	patternByNew                   // regexPattern and replacementValue
	groupByNew                     // regexPattern, regexGroupName and replacementValue
	groupFromElsewhere             // regexPattern, regexGroupName and replacementAttributeName
)

func replaceModeOf(c *callNode) replaceMode {
	var given [replaceTemplate + 1]bool
	for i := range given {
		given[i] = i < len(c.args) && !isOmitted(c.args[i])
	}
	old, pattern, group := given[replaceOld], given[replacePattern], given[replaceGroup]
	replacement, attribute, template := given[replaceNew], given[replaceAttribute], given[replaceTemplate]
	switch {
	case old && !pattern && !group && replacement && !attribute && !template:
		return oldByNew
	case old && !pattern && !group && !replacement && !attribute && template:
		return oldInTemplate
	case !old && pattern && !group && replacement && !attribute && !template:
		return patternByNew
	case !old && pattern && group && replacement && !attribute && !template:
		return groupByNew
	case !old && pattern && group && !replacement && attribute && !template:
		return groupFromElsewhere
	}
	return noMode
}

// checkReplace holds the five ways in which the page describes Replace, and compiles a
// constant pattern so that a wrong one is found when the mapping is saved.
func checkReplace(c *callNode) error {
	mode := replaceModeOf(c)
	if mode == noMode {
		return c.fail("give oldValue and replacementValue, oldValue and template, regexPattern and replacementValue, " +
			"regexPattern, regexGroupName and replacementValue, or regexPattern, regexGroupName and replacementAttributeName; leave the other arguments empty")
	}
	if old, ok := c.constant(replaceOld); ok && old == "" {
		return c.fail("oldValue is empty")
	}
	text, ok := c.constant(replacePattern)
	if !ok {
		return nil
	}
	re, err := compile(text)
	if err != nil {
		return c.fail("%w", err)
	}
	c.pattern = re
	if group, ok := c.constant(replaceGroup); ok {
		_, err := c.groupOf(re, group)
		return err
	}
	return nil
}

// groupOf finds a group by its name or number.
func (c *callNode) groupOf(re *pattern, name string) (int, error) {
	if i := groupIndex(re, name); i >= 0 {
		return i, nil
	}
	return 0, c.fail("the pattern has no group %q; write it as (?<%[1]s>…)", clip(name))
}

func evalReplace(a arguments) (Value, error) {
	source, err := a.single(replaceSource)
	if err != nil {
		return Null(), err
	}
	mode := replaceModeOf(a.call)
	if mode == oldByNew || mode == oldInTemplate {
		return a.replaceOld(source, mode)
	}
	re := a.call.pattern
	if re == nil { // the pattern is not a constant
		text, err := a.text(replacePattern)
		if err != nil {
			return Null(), err
		}
		if re, err = compile(text); err != nil {
			return Null(), a.fail("%w", err)
		}
	}
	group := -1
	if mode != patternByNew {
		name, err := a.text(replaceGroup)
		if err != nil {
			return Null(), err
		}
		if group, err = a.call.groupOf(re, name); err != nil {
			return Null(), err
		}
	}
	if mode == groupFromElsewhere {
		return a.groupOfOther(source, re, group)
	}
	replacement, err := a.text(replaceNew)
	if err != nil || source.IsNull() {
		return Null(), err
	}
	return a.replacePattern(source.Text(), re, group, replacement)
}

// replaceOld replaces a text by another, with its case.
func (a arguments) replaceOld(source Value, mode replaceMode) (Value, error) {
	old, err := a.text(replaceOld)
	if err != nil {
		return Null(), err
	}
	by := replaceNew
	if mode == oldInTemplate {
		by = replaceTemplate
	}
	other, err := a.text(by)
	switch {
	case err != nil || source.IsNull():
		return Null(), err
	case old == "":
		return Null(), a.fail("oldValue is empty")
	}
	text, replacement := source.Text(), other
	if mode == oldInTemplate {
		text, replacement = other, text
	}
	if err := a.call.tooLong(len(text)+strings.Count(text, old)*len(replacement), 1); err != nil {
		return Null(), err
	}
	return String(strings.ReplaceAll(text, old, replacement)), nil
}

// replacePattern replaces every match, or only the group in every match. In a whole
// match's replacement $1, ${name} and their like stand for what was matched.
func (a arguments) replacePattern(text string, re *pattern, group int, replacement string) (Value, error) {
	if err := a.matching(re, text); err != nil {
		return Null(), err
	}
	var b strings.Builder
	end := 0
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		from, to, by := m[0], m[1], replacement
		if group >= 0 {
			if from, to = m[2*group], m[2*group+1]; from < 0 {
				continue // the group took no part in this match
			}
		} else {
			by = substitute(re, text, m, replacement)
		}
		b.WriteString(text[end:from])
		b.WriteString(by)
		end = to
		if err := a.call.tooLong(b.Len(), 1); err != nil {
			return Null(), err
		}
	}
	b.WriteString(text[end:])
	return String(b.String()), nil
}

// groupOfOther is the source when it has a value, else what the group matches in the
// other attribute; null when it matches nothing there.
func (a arguments) groupOfOther(source Value, re *pattern, group int) (Value, error) {
	if !source.isEmpty() {
		return source, nil
	}
	other, err := a.text(replaceAttribute)
	if err != nil {
		return Null(), err
	}
	if err := a.matching(re, other); err != nil {
		return Null(), err
	}
	m := re.FindStringSubmatchIndex(other)
	if m == nil || m[2*group] < 0 {
		return Null(), nil
	}
	return String(other[m[2*group]:m[2*group+1]]), nil
}

// matching accounts for what it costs to run re over text.
func (a arguments) matching(re *pattern, text string) error {
	if a.ev.matching += re.size * len(text); a.ev.matching > maxMatching {
		return a.fail("the pattern takes too long on a text of this length; make it simpler")
	}
	return nil
}
