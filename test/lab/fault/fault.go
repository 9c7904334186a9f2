// Package fault makes a lab misbehave on purpose and remembers what was asked of it: fault switches by server,
// endpoint, user, cluster and count, a request log, and the most requests that were under way at once.
package fault

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// Duration is a time.Duration that JSON writes as "50ms".
type Duration time.Duration

// UnmarshalJSON reads a duration such as "50ms".
func (d *Duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	*d = Duration(v)
	return err
}

// MarshalJSON writes a duration as text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// Fault is one switch. Server, Endpoint, User and Cluster say which requests it is for (empty: all of them); what
// stands below says what goes wrong.
type Fault struct {
	ID       string `json:"id,omitempty"`
	Server   string `json:"server,omitempty"`   // as in lab.json
	Endpoint string `json:"endpoint,omitempty"` // a path, or the beginning of one up to a slash
	User     string `json:"user,omitempty"`
	Cluster  string `json:"cluster,omitempty"` // NAMESPACE/NAME or NAME of a login
	Count    int    `json:"count,omitempty"`   // how many requests; 0 is until it is removed

	After     bool              `json:"after,omitempty"` // the request is carried out before: only the answer is another one
	Delay     Duration          `json:"delay,omitempty"`
	Drop      bool              `json:"drop,omitempty"`      // close the connection without a reply
	DropAfter int               `json:"dropAfter,omitempty"` // close it after so many bytes of the body
	Status    int               `json:"status,omitempty"`
	Header    map[string]string `json:"header,omitempty"`
	Body      *string           `json:"body,omitempty"`
	Garble    bool              `json:"garble,omitempty"`   // HTML where JSON belongs
	Truncate  bool              `json:"truncate,omitempty"` // half of the body, with a length to match
	Bytes     int               `json:"bytes,omitempty"`    // a body of so many bytes

	TokenLifetime Duration `json:"tokenLifetime,omitempty"`
	Skew          Duration `json:"skew,omitempty"`       // how far the Supervisor's clock is ahead
	Expired       bool     `json:"expired,omitempty"`    // tokens that have ended already
	WrongCA       bool     `json:"wrongCA,omitempty"`    // another CA than the cluster's
	NoServer      bool     `json:"noServer,omitempty"`   // a cluster without an address
	OldServer     bool     `json:"oldServer,omitempty"`  // a cluster that was made again, with the address that it had before
	Refuse        bool     `json:"refuse,omitempty"`     // a cluster's webhook refuses every token, and a Concierge too
	Port          *string  `json:"port,omitempty"`       // JSON of control_plane_api_server_port
	KubeConfig    *string  `json:"kubeConfig,omitempty"` // JSON of kube_config in a reply to a login

	UpstreamDown bool   `json:"upstreamDown,omitempty"` // what is behind a FederationDomain does not answer
	Policy       string `json:"policy,omitempty"`       // why its administrators' policy refuses the user

	ConciergeGone       bool     `json:"conciergeGone,omitempty"`       // 404, as without a Concierge
	ConciergeNamespaced bool     `json:"conciergeNamespaced,omitempty"` // an old one: requests belong to its namespace
	CertLifetime        Duration `json:"certLifetime,omitempty"`        // of the certificates it hands out
}

// Request is what a switch is matched with and what the log keeps.
type Request struct {
	Server   string `json:"server"`
	Method   string `json:"method"`
	Endpoint string `json:"endpoint"`
	User     string `json:"user,omitempty"`
	Cluster  string `json:"cluster,omitempty"`
	Status   int    `json:"status"` // 0: the connection was dropped
}

func (f *Fault) matches(r Request) bool {
	return (f.Server == "" || f.Server == r.Server) &&
		(f.Endpoint == "" || f.Endpoint == r.Endpoint || strings.HasPrefix(r.Endpoint, strings.TrimSuffix(f.Endpoint, "/")+"/")) &&
		(f.User == "" || samePerson(f.User, r.User)) &&
		(f.Cluster == "" || f.Cluster == r.Cluster || strings.HasSuffix(r.Cluster, "/"+f.Cluster))
}

// samePerson reports whether two names are spellings of one.
func samePerson(a, b string) bool { return vcenter.Person(a) == vcenter.Person(b) }

// Set holds the switches, the log and the counter of a site.
type Set struct {
	mu       sync.Mutex
	next     int
	faults   []*Fault
	log      []Request
	inFlight map[*Request]bool
	max      map[string]int // by user; all of them under the empty name
}

// Add switches a fault on and returns its ID.
func (s *Set) Add(f Fault) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	f.ID = strconv.Itoa(s.next)
	s.faults = append(s.faults, &f)
	return f.ID
}

// Remove switches a fault off; an empty ID switches off all.
func (s *Set) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []*Fault
	for _, f := range s.faults {
		if id != "" && f.ID != id {
			left = append(left, f)
		}
	}
	s.faults = left
}

// Match returns the faults for a request, and counts them.
func (s *Set) Match(r Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []*Fault
	var found *Fault
	for _, f := range s.faults {
		if found == nil && f.matches(r) {
			found = f
			if f.Count == 1 {
				continue // That was the last one.
			}
			if f.Count > 1 {
				f.Count--
			}
		}
		left = append(left, f)
	}
	s.faults = left
	if found == nil {
		return Fault{}
	}
	return *found
}

// Log lists the requests, those of one user when a name is given.
func (s *Set) Log(user string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Request{}
	for _, r := range s.log {
		if user == "" || samePerson(user, r.User) {
			out = append(out, r)
		}
	}
	return out
}

// ClearLog forgets the requests, those of one user when a name is given.
func (s *Set) ClearLog(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []Request
	for _, r := range s.log {
		if user != "" && !samePerson(user, r.User) {
			left = append(left, r)
		}
	}
	s.log = left
}

// MaxInFlight is the most requests of a user that were under way at once since ResetInFlight; of everybody without a name.
func (s *Set) MaxInFlight(user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.max[vcenter.Person(user)]
}

// ResetInFlight begins a new count for a user, or for everybody.
func (s *Set) ResetInFlight(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.max, vcenter.Person(user))
}

// InFlight lists the requests that are under way.
func (s *Set) InFlight() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Request{}
	for r := range s.inFlight {
		out = append(out, *r)
	}
	return out
}

func (s *Set) enter(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight == nil {
		s.inFlight, s.max = map[*Request]bool{}, map[string]int{}
	}
	s.inFlight[r] = true
	same := 0
	for other := range s.inFlight {
		if samePerson(other.User, r.User) {
			same++
		}
	}
	s.max[""] = max(s.max[""], len(s.inFlight))
	if r.User != "" {
		s.max[vcenter.Person(r.User)] = max(s.max[vcenter.Person(r.User)], same)
	}
}

func (s *Set) leave(r *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inFlight, r)
	r.Status = status
	s.log = append(s.log, *r)
}
