package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

// What an identity provider says reaches a terminal without what moves the cursor or turns the text around.
func TestHarmless(t *testing.T) {
	var v any
	if err := json.Unmarshal([]byte(`{"na\u001bme":["a\u202eb",{"deep":"\u0007"},1,true,null],"long":"`+strings.Repeat("x", 9000)+`"}`), &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(harmless(v))
	if err != nil || strings.ContainsAny(string(text), "\x1b\x07\u202e") || len(text) > 5000 || !strings.Contains(string(text), `1,true,null`) {
		t.Errorf("%v %s", err, text)
	}
}
