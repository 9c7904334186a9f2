package contract

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

// reviewOf is what a guest's API server asks its webhook.
func reviewOf(token string) string {
	body := `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","metadata":{"creationTimestamp":null},` +
		`"spec":{"token":"` + token + `","audiences":["https://kubernetes.default.svc.cluster.local"]},"status":{"user":{}}}`
	return "POST /tokenreview?timeout=30s HTTP/1.1\nHost: 127.0.0.1:5443\nContent-Type: application/json\nContent-Length: " +
		strconv.Itoa(len(body)) + "\n\n" + body
}

// refused is the golden reply of a webhook that refuses a token, with the reason.
func refused(reason string) string {
	text, _ := json.Marshal(reason)
	return `HTTP/1.1 200 OK
Content-Type: application/json

{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":false,"error":` + string(text) + `}}
`
}

func testReview(t *testing.T, l *lab) {
	l.want(t, l.webhook, reviewOf(l.ask(t, l.supers, loginGuest).token), `HTTP/1.1 200 OK
Content-Type: application/json

{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":true,"user":`+
		`{"username":"sso:dev@vsphere.local","groups":["sso:Everyone@vsphere.local","sso:Users@vsphere.local","sso:developers@vsphere.local"]}}}
`)
}

func testReviewOtherAudience(t *testing.T, l *lab) {
	l.want(t, l.webhook, reviewOf(l.ask(t, l.supers, loginDev).token), refused(`wrong audience "`+supAudience+`"`))
	young := l.ask(t, l.supers, post("/wcp/login", basicDev, `{"guest_cluster_name":"young"}`)).token
	l.want(t, l.webhook, reviewOf(young), refused(`wrong audience "`+supAudience+":"+youngUID+`"`))
	l.want(t, l.webhook, reviewOf("nonsense"), refused("not a JWT"))
}

func testReviewRefuses(t *testing.T, l *lab) {
	token := l.ask(t, l.supers, loginGuest).token
	l.fault(t, fault.Fault{Endpoint: "/tokenreview", Cluster: guestUID, Refuse: true, Count: 1})
	l.want(t, l.webhook, reviewOf(token), refused("refused on purpose"))
	testReview(t, l) // The cluster has come up.
}

func testReviewMalformed(t *testing.T, l *lab) {
	for _, body := range []string{"", "{}", `{"kind":"TokenReview"}`, `{"kind":"Pod","spec":{"token":"x"}}`} {
		l.want(t, l.webhook, post("/tokenreview", "", body),
			"HTTP/1.1 400 Bad Request\nContent-Type: text/plain; charset=utf-8\n\nnot a TokenReview\n")
	}
}
