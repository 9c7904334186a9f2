// Package provision logs in to clusters that real controllers have just made. Its lab is one of its own, since that is larger than others.
package provision
