// Command baseline is what get-token is compared with: a program of the standard library that reads a JSON file and prints
// a part of it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var file struct {
		Status json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(file.Status))
}
