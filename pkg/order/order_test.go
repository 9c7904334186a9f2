package order_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
)

// It is slices.SortStableFunc.
func TestBy(t *testing.T) {
	type element struct{ key, place int }
	compare := func(a, b element) int { return cmp.Compare(a.key, b.key) }
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		all := make([]element, n)
		for i := range all {
			all[i] = element{random.IntN(1 + n/3), i}
		}
		want := slices.Clone(all)
		slices.SortStableFunc(want, compare)
		if order.By(all, compare); !slices.Equal(all, want) {
			t.Fatal(gocmp.Diff(want, all, gocmp.AllowUnexported(element{})))
		}
	}
	order.By[int](nil, nil)
}
