// Package layout fits text into the columns of a terminal: how wide a text is, prose that breaks between words, tables whose columns
// are aligned. A terminal by itself breaks lines in the middle of words, and shows some characters in two columns
// (Unicode Standard Annex #11, East Asian Width).
package layout
