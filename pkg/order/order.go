// Package order sorts slices. slices.SortFunc and slices.SortStableFunc are compiled anew for each type of element, 15 kB of program for
// each: here one sort of numbers is for all types.
package order

import "slices"

// By sorts a slice by a comparison that returns a negative number, zero or a positive one, as that of slices.SortFunc does. Elements that
// are equal stay in their order.
func By[E any](all []E, compare func(a, b E) int) {
	places := sorted(len(all), func(a, b int) int { return compare(all[a], all[b]) })
	from := slices.Clone(all)
	for i, place := range places {
		all[i] = from[place]
	}
}

// sorted returns the numbers below n in an order. Where it has none, the smaller number comes first.
func sorted(n int, compare func(a, b int) int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int {
		if c := compare(a, b); c != 0 {
			return c
		}
		return a - b
	})
	return places
}
