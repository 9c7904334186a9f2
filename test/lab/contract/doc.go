// Package contract compares the lab's answers, byte for byte, with what is known of real Supervisors and vCenters. It shares
// no code with the program that the lab tests, and neither does the lab: one misunderstanding cannot sit on both sides.
package contract
