// Package up tests a site as a whole: the built program runs, and users ask its API servers. The tests in contract compare bytes;
// these ask whether a site holds what its users expect, and whether it lives.
package up
