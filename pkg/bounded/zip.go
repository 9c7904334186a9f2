package bounded

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// The bounds of a ZIP archive. What vCenter offers has about 20 files and 40 kB.
const (
	MaxZip      = 4 << 20 // in bytes
	MaxZipFiles = 1000
	MaxUnzipped = 4 << 20 // in bytes, of all files that are read
)

// IsZip reports whether a text is a ZIP archive that has files.
func IsZip(text []byte) bool { return bytes.HasPrefix(text, []byte("PK\x03\x04")) }

// Unzip calls each with the files of a ZIP archive (APPNOTE.TXT of PKWARE) in their order. want says by its name which one is read; the
// others are not unpacked, and directories are left out. The error is an *Error, one of archive/zip, or that of each.
func Unzip(text []byte, want func(name string) bool, each func(name string, content []byte) error) error {
	if len(text) > MaxZip {
		return exceeds("is larger than %d MiB", MaxZip>>20)
	}
	if bytes.Count(text, []byte("PK\x01\x02")) > MaxZipFiles { // The headers of its directory.
		return exceeds("has more than %d files", MaxZipFiles)
	}
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return fmt.Errorf("cannot be read as ZIP: %w", err)
	}
	left := int64(MaxUnzipped)
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") || !want(f.Name) {
			continue
		}
		content, err := unzipped(f, left)
		if err != nil {
			return err
		}
		left -= int64(len(content))
		if err := each(f.Name, content); err != nil {
			return err
		}
	}
	return nil
}

// unzipped reads one file, at most limit bytes, whatever its header says.
func unzipped(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, unreadable(f, err)
	}
	defer r.Close() //nolint:errcheck // It was only read.
	content, err := Read(r, -1, limit)
	var larger *Error
	switch {
	case errors.As(err, &larger):
		return nil, exceeds("has more than %d MiB when it is unpacked", MaxUnzipped>>20)
	case err != nil:
		return nil, unreadable(f, err)
	}
	return content, nil
}

// maxZipName bounds the name of a file in an error, in bytes.
const maxZipName = 200

func unreadable(f *zip.File, err error) error {
	return fmt.Errorf("has a file %q that cannot be read: %w", f.Name[:min(len(f.Name), maxZipName)], err)
}
