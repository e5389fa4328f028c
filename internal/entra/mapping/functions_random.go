package mapping

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// evalGuid makes a random GUID (RFC 9562 section 5.4).
func evalGuid(a arguments) (Value, error) {
	var b [16]byte
	if a.ev.env.Random == nil {
		return Null(), a.fail("there is no source of randomness")
	}
	if _, err := io.ReadFull(a.ev.env.Random, b[:]); err != nil {
		return Null(), a.fail("read randomness: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return String(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
}

const (
	maxRandom = 256
	digits    = "0123456789"
	// Windows security policy "Password must meet complexity requirements" lists these,
	// to which the page refers.
	specials = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smalls   = "abcdefghijklmnopqrstuvwxyz"
)

// evalRandomString fills what the minimums leave over with characters of every class: a
// minimum of 0 asks for none and forbids none.
func evalRandomString(a arguments) (Value, error) {
	var numbers [5]int64
	for i := range numbers {
		n, null, err := a.integer(i)
		if err != nil {
			return Null(), err
		}
		if null || n < 0 {
			return Null(), a.fail("%s must be a number of characters, 0 or more", a.name(i))
		}
		numbers[i] = n
	}
	length, minimums := numbers[0], numbers[1:]
	avoid, err := a.text(5)
	switch {
	case err != nil:
		return Null(), err
	case length < 1 || length > maxRandom:
		return Null(), a.fail("the length is %d; it may be 1 to %d", length, maxRandom)
	}
	left := length
	for _, n := range minimums {
		if left -= min(n, maxRandom+1); left < 0 {
			return Null(), a.fail("the minimums add up to more than the length %d", length)
		}
	}
	return a.randomString(minimums, left, avoid)
}

// randomString draws the minimums of each class and left more of any, in random order.
func (a arguments) randomString(minimums []int64, left int64, avoid string) (Value, error) {
	var drawn []byte
	classes := [...]string{digits, specials, capitals, smalls}
	all := without(strings.Join(classes[:], ""), avoid)
	for i, class := range append(classes[:], all) {
		n := left
		if i < len(classes) {
			class, n = without(class, avoid), minimums[i]
		}
		for range n {
			if class == "" {
				return Null(), a.fail("charactersToAvoid leaves no character of a kind that is asked for")
			}
			k, err := a.below(len(class))
			if err != nil {
				return Null(), err
			}
			drawn = append(drawn, class[k])
		}
	}
	for i := len(drawn) - 1; i > 0; i-- {
		k, err := a.below(i + 1)
		if err != nil {
			return Null(), err
		}
		drawn[i], drawn[k] = drawn[k], drawn[i]
	}
	return String(string(drawn)), nil
}

// below draws a number from 0 to n-1.
func (a arguments) below(n int) (int, error) {
	if a.ev.env.Random == nil {
		return 0, a.fail("there is no source of randomness")
	}
	k, err := rand.Int(a.ev.env.Random, big.NewInt(int64(n)))
	if err != nil {
		return 0, a.fail("read randomness: %w", err)
	}
	return int(k.Int64()), nil
}

func without(class, avoid string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(avoid, r) {
			return -1
		}
		return r
	}, class)
}
