// Package costtest measures what one input costs, and has inputs that are made to cost much.
package costtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The bounds of one input.
const (
	MaxMemory = 64 << 20               // in bytes, allocated in all, freed or not
	MaxTime   = slowdown * time.Second // of a processor
)

// Limit calls do and fails the test if that costs more than the bounds. No other test may run at the same time. A run that is only too
// slow is repeated: the garbage of what ran before may have been collected in it.
func Limit(t testing.TB, what string, do func()) {
	t.Helper()
	var least time.Duration
	for try := range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := spent()
		do()
		took := spent() - start
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > MaxMemory {
			t.Errorf("%s: %d MiB of memory", what, used>>20)
			return
		}
		if try == 0 || took < least {
			least = took
		}
		if least <= MaxTime {
			return
		}
	}
	t.Errorf("%s: %s", what, least)
}

// Seed adds all documents to a fuzz target whose input is a text.
func Seed(f *testing.F) {
	for _, text := range Documents() {
		f.Add([]byte(text))
	}
}

// Documents are texts that are made to cost much where they are parsed, by what they are.
func Documents() map[string]string {
	scalar := strings.Repeat("A", 1<<20-8<<10)
	return map[string]string{
		"a YAML scalar aliased 900 times": "a: &a " + scalar + "\nclusters: [" + strings.Repeat("*a,", 900) + "]\n",
		"a small scalar aliased":          "a: &a " + strings.Repeat("A", 200<<10) + "\nclusters: [" + strings.Repeat("*a,", 900) + "]\n",
		"a billion laughs":                laughs(),
		"an anchor in itself":             "clusters: &a [*a]\n",
		"nested YAML lists":               "clusters: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"nested YAML blocks":              strings.Repeat("- ", 9000) + "a",
		"many YAML items":                 "clusters:\n" + strings.Repeat("- {}\n", 50_000),
		"many YAML documents":             strings.Repeat("---\na\n", 40_000),
		"a YAML text of comments":         strings.Repeat("# a\n", 250_000) + "a",
		"a folded scalar":                 "a: >\n" + strings.Repeat(" b\n", 300_000),
		"a plain scalar of many lines":    "a: b\n" + strings.Repeat(" b\n", 300_000),
		"tags":                            "a: " + strings.Repeat("!!str ", 150_000) + "b",
		"a mapping of one-letter keys":    strings.Repeat("? a\n", 4_900),
		"a mapping of many keys":          manyKeys(2_400),
		"lists as keys":                   strings.Repeat("? [a]\n", 2_400),
		"YAML directives":                 directives(70_000),
		"flow within flow":                strings.Repeat("{a: [", 3_000),
		"100,000 nested arrays":           strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"arrays that never end":           strings.Repeat("[", 4<<20),
		"nested objects":                  strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"1,000,000 empty objects":         "[" + strings.Repeat("{},", 1_000_000) + "{}]",
		"items within an object":          `{"items":[` + strings.Repeat("{},", 1_000_000) + `{}],"keys":[` + strings.Repeat("{},", 300_000) + `{}]}`,
		"lists of lists":                  "[" + strings.Repeat("["+strings.Repeat("{},", 1000)+"{}],", 1000) + "[]]",
		"objects within the bounds":       "[" + strings.TrimSuffix(strings.Repeat("["+strings.Repeat("{},", 19_000)+"{}],", 9), ",") + "]",
		"strings within the bounds":       "[" + strings.TrimSuffix(strings.Repeat("["+strings.Repeat(`"aaaaaaaaaaaaaaaa",`, 19_000)+`""],`, 9), ",") + "]",
		"pairs within the bounds":         "[" + strings.TrimSuffix(strings.Repeat("["+strings.Repeat(`{"a":"b"},`, 19_000)+"{}],", 9), ",") + "]",
		"rows within the bounds":          `[` + strings.Repeat(`{"namespace":"a","master_host":"10.0.0.1"},`, 19_000) + `{}]`,
		"items within the bounds":         `{"items":[` + strings.Repeat(`{"metadata":{"name":"a","namespace":"b","uid":"c"}},`, 19_000) + `{}]}`,
		"a huge number":                   `[` + strings.Repeat("9", 1<<20) + `]`,
		"a number with a huge exponent":   `{"exp":1e999999999,"iat":1e-999999999}`,
		"100,000 blocks of PEM":           strings.Repeat("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", 75_000),
		"beginnings of PEM":               strings.Repeat("-----BEGIN A-----\n", 200_000),
		"ends of PEM":                     "-----BEGIN A-----\n" + strings.Repeat("-----END B-----\n", 60_000),
		"100,000 duplicate keys":          `{` + strings.Repeat(`"a":{"b":1},`, 100_000) + `"a":2}`,
		"100,000 keys":                    keys(100_000),
		"one string of 4 MiB":             `{"session_id":"` + strings.Repeat("a", 4<<20-100) + `"}`,
		"5 MiB":                           `{"a":"` + strings.Repeat("a", 5<<20) + `"}`,
		"escapes":                         `["` + strings.Repeat(`\u202e`, 600_000) + `"]`,
	}
}

// laughs are nine levels of aliases with nine of the level before (CVE-2019-11253).
func laughs() string {
	var b strings.Builder
	b.WriteString("a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n")
	for c := 'b'; c <= 'i'; c++ {
		fmt.Fprintf(&b, "%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ","))
	}
	return b.String()
}

// directives are so many of YAML, each of which is compared with the ones before.
func directives(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%%TAG !%d! a\n", i)
	}
	return b.String() + "--- a\n"
}

// manyKeys is a YAML mapping, and one in flow style, with as many keys.
func manyKeys(n int) string {
	var block, flow strings.Builder
	for i := range n {
		fmt.Fprintf(&block, "a%d: b\n", i)
		fmt.Fprintf(&flow, "a%d,", i)
	}
	return block.String() + "clusters: {" + flow.String() + "}\n"
}

func keys(n int) string {
	var b bytes.Buffer
	b.WriteString("{")
	for i := range n {
		fmt.Fprintf(&b, `"key%d":{},`, i)
	}
	b.WriteString(`"a":1}`)
	return b.String()
}

// Within returns a document as the value of a member, as a config map holds one: {"data":{NAME:TEXT}}.
func Within(name, text string) string {
	out, _ := json.Marshal(map[string]any{"data": map[string]string{name: text}}) // Strings always marshal.
	return string(out)
}
