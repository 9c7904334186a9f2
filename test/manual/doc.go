// Package manual tests the manual as make manual builds it: its links and anchors, and its width on a telephone.
package manual
