// Package internal holds the program's rooms. It has no code: its tests hold the rules of the house (docs/architecture.md).
package internal
