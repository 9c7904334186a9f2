package secret

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// marks is a store of marks.
type marks struct {
	all         map[string]tokens.Mark
	read, write error
}

func (m *marks) Mark(account string) (tokens.Mark, error) { return m.all[account], m.read }
func (m *marks) SetMark(account string, to tokens.Mark) error {
	if m.write == nil {
		m.all[account] = to
	}
	return m.write
}
func (m *marks) ClearMark(account string) error { delete(m.all, account); return nil }

// quick is a hash that costs little.
var quick = hasher{memory: 64}

// scene is a guard with a server that accepts "right" only, and what was asked and sent.
type scene struct {
	*Guard
	marks *marks
	now   time.Time
	asked []string
	sent  []redact.Secret
}

func newScene(t *testing.T) *scene {
	s := &scene{marks: &marks{all: map[string]tokens.Mark{}}, now: time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)}
	s.Guard = &Guard{
		Marks: s.marks, Account: "ada", Name: "name", Now: func() time.Time { return s.now },
		Uptime: func() time.Duration { return s.now.Sub(noon) + time.Hour }, Parent: Parent{PID: 1, Start: "1"},
		Warn: func(err error) { t.Error(err) }, hasher: quick,
	}
	return s
}

func (s *scene) source(kind Kind, text string, err error) Source {
	name := []string{"typed", "given", "fetched"}[kind]
	return Source{Name: name, Kind: kind, Get: func(context.Context) (redact.Secret, error) {
		s.asked = append(s.asked, name)
		return redact.Secret(text), err
	}}
}

func (s *scene) send(t *testing.T, sources ...Source) error {
	t.Helper()
	return s.Send(t.Context(), sources, func(_ context.Context, password redact.Secret, _ Source) error {
		s.sent = append(s.sent, password)
		switch password {
		case "right":
			return nil
		case "broken":
			return wire.ErrUnreachable
		}
		return fmt.Errorf("POST: %w", wire.ErrRefused)
	})
}

// next is another process, with another parent.
func (s *scene) next() { s.Parent.PID++ }

func (s *scene) expect(t *testing.T, asked []string, sent []redact.Secret) {
	t.Helper()
	if !reflect.DeepEqual(s.asked, asked) || !reflect.DeepEqual(s.sent, sent) {
		t.Errorf("asked %q and sent %d secrets, want %q and %d", s.asked, len(s.sent), asked, len(sent))
	}
}

func TestTheFirstPasswordIsSent(t *testing.T) {
	s := newScene(t)
	none := s.source(Given, "", &NoneError{"given", "none"})
	if err := s.send(t, none, s.source(Fetched, "right", nil), s.source(Typed, "right", nil)); err != nil {
		t.Error(err)
	}
	s.expect(t, []string{"given", "fetched"}, []redact.Secret{"right"})
}

func TestARefusedSecretIsNotSentAgainByItself(t *testing.T) {
	for _, kind := range []Kind{Given, Fetched} {
		s := newScene(t)
		var refused *RefusedError
		if err := s.send(t, s.source(kind, "wrong", nil)); !errors.As(err, &refused) || !errors.Is(err, wire.ErrRefused) {
			t.Fatalf("%v", err)
		}
		for range 3 {
			s.next()
			s.now = s.now.Add(time.Minute)
			var none *NoPasswordError
			if err := s.send(t, s.source(kind, "wrong", nil)); !errors.As(err, &none) || !none.Known || !errors.Is(err, wire.ErrRefused) {
				t.Errorf("%v", err)
			}
		}
		if len(s.sent) != 1 {
			t.Errorf("kind %d: sent %d times", kind, len(s.sent))
		}
		s.next()
		if err := s.send(t, s.source(Typed, "wrong", nil)); !errors.As(err, &refused) || len(s.sent) != 2 {
			t.Errorf("kind %d: what a person types is sent: %v, %d", kind, err, len(s.sent))
		}
		s.next()
		s.now = s.now.Add(again)
		_ = s.send(t, s.source(kind, "wrong", nil))
		if len(s.sent) != 3 {
			t.Errorf("kind %d: not sent after 5 minutes", kind)
		}
	}
}

func TestAnotherSecretIsSentAtOnce(t *testing.T) {
	for _, kind := range []Kind{Given, Fetched} {
		s := newScene(t)
		_ = s.send(t, s.source(kind, "wrong", nil))
		s.next()
		if err := s.send(t, s.source(kind, "right", nil)); err != nil {
			t.Error(err)
		}
		if m := s.marks.all; !m["ada"].Time.IsZero() || len(m["name"].Refusals) != 1 {
			t.Errorf("the quiet stays, or the refusal is forgotten: %+v", m)
		}
	}
}

func TestForceSendsARefusedSecret(t *testing.T) {
	s := newScene(t)
	_ = s.send(t, s.source(Given, "wrong", nil))
	s.Force = true
	_ = s.send(t, s.source(Given, "wrong", nil))
	if len(s.sent) != 2 {
		t.Errorf("sent %d times", len(s.sent))
	}
}

// kubectl runs the plugin five times with one parent.
func TestTheSameParentIsQuiet(t *testing.T) {
	for name, outcome := range map[string]error{"cancelled": ErrCancelled, "empty": ErrEmpty, "refused": nil} {
		s := newScene(t)
		for range 5 {
			_ = s.send(t, s.source(Typed, "wrong", outcome))
		}
		s.next()
		_ = s.send(t, s.source(Typed, "wrong", outcome)) // Another one within the minute.
		if len(s.asked) != 1 || len(s.sent) > 1 {
			t.Errorf("%s: asked %d times and sent %d", name, len(s.asked), len(s.sent))
		}
		s.now = s.now.Add(time.Minute)
		_ = s.send(t, s.source(Typed, "right", nil))
		if len(s.asked) != 2 {
			t.Errorf("%s: not asked after a minute", name)
		}
	}
}

func TestACommandThatFailsIsRunOnceForAParentAndThePersonIsAsked(t *testing.T) {
	s := newScene(t)
	failing := s.source(Fetched, "", &NoneError{"fetched", "exit status 1"})
	if err := s.send(t, failing, s.source(Typed, "", ErrEmpty)); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	for range 4 {
		_ = s.send(t, failing, s.source(Typed, "", ErrEmpty))
	}
	s.expect(t, []string{"fetched", "typed"}, nil)
	other := newScene(t)
	for range 5 {
		err := other.send(t, other.source(Fetched, "", &NoneError{"fetched", "exit status 1"}))
		if err == nil || err.Error() != "fetched: exit status 1" {
			t.Errorf("every run gets the same line: %v", err)
		}
	}
	other.next()
	_ = other.send(t, other.source(Fetched, "right", nil))
	other.expect(t, []string{"fetched", "fetched"}, []redact.Secret{"right"})
}

// A failure of the network says nothing about the password.
func TestANetworkFailureIsNoRefusal(t *testing.T) {
	s := newScene(t)
	for range 2 {
		if err := s.send(t, s.source(Fetched, "broken", nil)); !errors.Is(err, wire.ErrUnreachable) {
			t.Error(err)
		}
	}
	s.expect(t, []string{"fetched", "fetched"}, []redact.Secret{"broken", "broken"})
}

func TestAnExplicitLoginIsNeverQuiet(t *testing.T) {
	s := newScene(t)
	s.Explicit = true
	for range 3 {
		_ = s.send(t, s.source(Typed, "wrong", nil))
	}
	s.expect(t, []string{"typed", "typed", "typed"}, []redact.Secret{"wrong", "wrong", "wrong"})
	s.Explicit = false
	_ = s.send(t, s.source(Typed, "right", nil)) // And it quiets no prompt of kubectl's.
	if len(s.sent) != 4 {
		t.Error("a refused login quiets get-token")
	}
}

func TestTheLockIsHeldFromTheLookToTheOutcome(t *testing.T) {
	s := newScene(t)
	held := false
	s.Lock = func(context.Context) (func(), error) { held = true; return func() { held = false }, nil }
	source := s.source(Given, "right", nil)
	get := source.Get
	source.Get = func(ctx context.Context) (redact.Secret, error) {
		if held {
			t.Error("locked while asking")
		}
		return get(ctx)
	}
	err := s.Send(t.Context(), []Source{source}, func(context.Context, redact.Secret, Source) error {
		if !held {
			t.Error("not locked while sending")
		}
		return nil
	})
	if err != nil || held {
		t.Errorf("%v, held %t", err, held)
	}
}

func TestARefusalDoesNotHoldTheSecret(t *testing.T) {
	r, other := quick.refusal("wrong"), quick.refusal("wrong")
	if !quick.same("wrong")(r) || quick.same("Wrong")(r) || quick.same("")(tokens.Refusal{}) {
		t.Error("the hash does not tell secrets apart")
	}
	if reflect.DeepEqual(r.Hash, other.Hash) || len(r.Salt) != saltLength {
		t.Error("the hash is not salted")
	}
}

// Two wrong secrets that take turns are sent once each.
func TestSecretsThatTakeTurnsAreSentOnceEach(t *testing.T) {
	s := newScene(t)
	for range 5 {
		_ = s.send(t, s.source(Given, "one", nil), s.source(Fetched, "two", nil))
		s.next()
		_ = s.send(t, s.source(Fetched, "two", nil))
		s.next()
	}
	if !reflect.DeepEqual(s.sent, []redact.Secret{"one", "two"}) {
		t.Errorf("sent %d", len(s.sent))
	}
}

// A right answer of one source does not make the wrong one of another be sent again.
func TestARightSecretDoesNotForgetTheWrongOne(t *testing.T) {
	s := newScene(t)
	for range 4 {
		_ = s.send(t, s.source(Given, "wrong", nil), s.source(Fetched, "right", nil))
		s.next()
	}
	if !reflect.DeepEqual(s.sent, []redact.Secret{"wrong", "right", "right", "right"}) {
		t.Errorf("sent %d", len(s.sent))
	}
	s.Force = true
	_ = s.send(t, s.source(Given, "wrong", nil))
	s.Force = false
	if n := len(s.marks.all["name"].Refusals); n != 2 {
		t.Errorf("%d refusals", n)
	}
}

// A source that has something new each time does not lock the account, and neither do runs that are killed.
func TestEnoughIsEnough(t *testing.T) {
	s := newScene(t)
	for i := range 6 {
		_ = s.send(t, s.source(Fetched, fmt.Sprint("wrong", i), nil))
		s.next()
	}
	if len(s.sent) != 4 {
		t.Errorf("sent %d", len(s.sent))
	}
	s.Explicit, s.Force = true, true // A script is no person.
	var none *NoPasswordError
	if err := s.send(t, s.source(Given, "right", nil)); !errors.As(err, &none) || !none.TooMany {
		t.Error(err)
	}
	s.Person = true
	if err := s.send(t, s.source(Given, "right", nil)); err != nil {
		t.Error(err)
	}
	killed := newScene(t)
	for range 6 {
		err := killed.Send(t.Context(), []Source{killed.source(Given, "wrong", nil)}, func(context.Context, redact.Secret, Source) error {
			killed.sent = append(killed.sent, "wrong")
			return fmt.Errorf("%w: no answer", wire.ErrUnreachable)
		})
		if err == nil || errors.Is(err, wire.ErrRefused) {
			t.Errorf("no answer is no refusal: %v", err)
		}
	}
	if len(killed.sent) != 4 {
		t.Errorf("without an answer: sent %d", len(killed.sent))
	}
}

// What cannot be remembered, or cannot be read, is not sent by itself, by a person's command either. What a person types is sent.
func TestWithoutAMemoryNothingIsSentByItself(t *testing.T) {
	for _, broken := range []*marks{{write: errors.New("disk full")}, {read: errors.New("mode 644")}} {
		s := newScene(t)
		broken.all = map[string]tokens.Mark{}
		s.Marks, s.Warn = broken, func(error) {}
		for i := range 3 {
			s.Explicit, s.Person = i > 0, i > 1
			if err := s.send(t, s.source(Given, "wrong", nil)); err == nil || len(s.sent) > 0 {
				t.Errorf("sent %d, %v", len(s.sent), err)
			}
		}
		_ = s.send(t, s.source(Typed, "wrong", nil))
		if len(s.sent) != 1 {
			t.Errorf("what a person types is not sent")
		}
	}
}

// A refused secret is known again wherever it is sent next: nobody can be believed about which servers belong to one vCenter.
func TestARefusedSecretIsKnownByTheUsersName(t *testing.T) {
	s := newScene(t)
	for _, account := range []string{"10.0.0.1 ada", "10.0.0.2 ada", "10.0.0.3 ada"} {
		s.Account = account
		_ = s.send(t, s.source(Given, "wrong", nil))
	}
	if len(s.sent) != 1 {
		t.Errorf("sent %d", len(s.sent))
	}
	if err := s.send(t, s.source(Given, "right", nil)); err != nil {
		t.Error(err)
	}
	for i := range 6 {
		s.Account = fmt.Sprint("10.0.0.", i)
		_ = s.send(t, s.source(Given, fmt.Sprint("wrong", i), nil))
	}
	if len(s.sent) != 2+3 {
		t.Errorf("at many servers: sent %d", len(s.sent))
	}
}

// A secret that the server accepts after all is sent again by itself. Its refusals count on: a front may lie about vCenter. What another
// server accepts says nothing about this one.
func TestAnAcceptedSecretIsNoRefusedOneAnyMore(t *testing.T) {
	s := newScene(t)
	accept := func(context.Context, redact.Secret, Source) error { return nil }
	for _, account := range []string{"10.0.0.2 ada", "ada"} {
		_ = s.send(t, s.source(Given, "wrong", nil))
		s.Account, s.Force = account, true // It was set at the server meanwhile.
		if err := s.Send(t.Context(), []Source{s.source(Given, "wrong", nil)}, accept); err != nil {
			t.Error(err)
		}
		s.Account, s.Force = "ada", false
		var none *NoPasswordError
		err := s.send(t, s.source(Given, "wrong", nil))
		if held := errors.As(err, &none); held != (account != "ada") {
			t.Errorf("accepted by %s: %v", account, err)
		}
		s.marks.all = map[string]tokens.Mark{}
	}
}

// A variable that is not set has asked nobody: the next source and the next run are asked as if nothing had been.
func TestAnUnsetVariableQuietsNobody(t *testing.T) {
	s := newScene(t)
	for range 2 {
		_ = s.send(t, s.source(Given, "", &NoneError{"given", "it is not set"}))
	}
	s.expect(t, []string{"given", "given"}, nil)
	if len(s.marks.all) != 0 {
		t.Errorf("left: %+v", s.marks.all)
	}
}

// A front may answer 504 after vCenter has counted, so whatever is neither yes nor no counts, until a person types the password.
func TestAnUnknownOutcomeCounts(t *testing.T) {
	for _, answer := range []error{wire.ErrServer, wire.ErrForbidden, wire.ErrNotFound, wire.ErrUnreachable, context.DeadlineExceeded, errRead} {
		s := newScene(t)
		for range enough + 2 {
			_ = s.Send(t.Context(), []Source{s.source(Given, "wrong", nil)}, func(context.Context, redact.Secret, Source) error {
				s.sent = append(s.sent, "wrong")
				return answer
			})
			s.next()
			s.now = s.now.Add(time.Second)
		}
		if len(s.sent) != enough {
			t.Errorf("%v: sent %d", answer, len(s.sent))
		}
		if err := s.send(t, s.source(Typed, "right", nil)); err != nil {
			t.Error(err)
		}
	}
}

// A server that asks to wait gets nothing from renewals before, whatever the source, and a minute at most. A login is not kept back.
func TestAServerThatAsksToWait(t *testing.T) {
	for asked, pause := range map[time.Duration]time.Duration{40 * time.Second: 40 * time.Second, 1000 * time.Hour: time.Minute} {
		s := newScene(t)
		busy := func(source Source) error {
			return s.Send(t.Context(), []Source{source}, func(_ context.Context, password redact.Secret, _ Source) error {
				s.sent = append(s.sent, password)
				return fmt.Errorf("POST: %w", &wire.Error{Status: 503, Kind: wire.ErrServer, After: asked})
			})
		}
		_ = busy(s.source(Given, "one", nil))
		began := s.now
		for _, kind := range []Kind{Given, Fetched, Typed} {
			for _, later := range []time.Duration{0, pause - 1} {
				s.next()
				s.now = began.Add(later)
				var wait *BusyError
				if err := s.send(t, s.source(kind, "right", nil)); !errors.As(err, &wait) || !wait.Until.Equal(began.Add(pause)) || !errors.Is(err, wire.ErrServer) {
					t.Errorf("%v", err)
				}
				if err := s.Ask(func() error { s.sent = append(s.sent, "a login"); return nil }); !errors.As(err, &wait) {
					t.Errorf("%v", err)
				}
			}
		}
		s.expect(t, []string{"given"}, []redact.Secret{"one"})
		s.Explicit = true
		if err := s.send(t, s.source(Given, "right", nil)); err != nil {
			t.Error(err)
		}
		s.Explicit = false
		if err := s.send(t, s.source(Given, "right", nil)); err != nil { // It has answered.
			t.Error(err)
		}
		_ = busy(s.source(Given, "two", nil))
		s.now = s.now.Add(pause)
		if err := s.send(t, s.source(Given, "right", nil)); err != nil {
			t.Error(err)
		}
		_ = busy(s.source(Given, "three", nil))
		s.now = s.now.Add(-time.Hour) // Somebody sets the clock.
		if err := s.send(t, s.source(Typed, "right", nil)); err != nil {
			t.Error(err)
		}
	}
}

// A machine that sleeps while a password is on its way, or a process that is stopped: what had no answer counts from its end.
func TestAnUnknownOutcomeCountsFromItsEnd(t *testing.T) {
	s := newScene(t)
	_ = s.Send(t.Context(), []Source{s.source(Given, "wrong", nil)}, func(context.Context, redact.Secret, Source) error {
		s.now = s.now.Add(again)
		return wire.ErrServer
	})
	if got := s.marks.all["name"].Refusals; len(got) != 1 || !got[0].Time.Equal(s.now) || got[0].Uptime != s.Uptime() {
		t.Errorf("%v, want one at %v", got, s.now)
	}
}

// A process that is killed between sending and the answer leaves its note, whoever gave the secret.
func TestAKilledProcessCounts(t *testing.T) {
	for _, kind := range []Kind{Typed, Given, Fetched} {
		s := newScene(t)
		kill := func() {
			defer func() { _ = recover() }()
			_ = s.Send(t.Context(), []Source{s.source(kind, "wrong", nil)}, func(context.Context, redact.Secret, Source) error { panic("killed") })
		}
		kill()
		if got := s.marks.all["name"].Refusals; len(got) != 1 || answeredBy(got[0]) {
			t.Errorf("kind %d: %v", kind, got)
		}
	}
}

// A password that was accepted first and refused later in the same login counts as often as it was refused, and may be sent again: a part
// of the site may be all that refuses it.
func TestRefusedLaterCounts(t *testing.T) {
	for name, outcome := range map[string]error{"accepted": nil, "not kept": &ProvedError{errRead}, "a 504": wire.ErrServer} {
		s := newScene(t)
		login := func() error {
			return s.Send(t.Context(), []Source{s.source(Given, "changed", nil)}, func(_ context.Context, password redact.Secret, _ Source) error {
				s.sent = append(s.sent, password)
				s.Refused(2)
				return outcome
			})
		}
		_, _, _ = login(), login(), login()
		if len(s.sent) != 2 {
			t.Errorf("%s: sent %d", name, len(s.sent))
		}
	}
}

// A person is not asked by a browser again and again either.
func TestAskAsksOnce(t *testing.T) {
	s := newScene(t)
	asked := 0
	login := func() error { asked++; return errors.New("closed the page") }
	if err := s.Ask(login); err == nil || asked != 1 {
		t.Errorf("%d, %v", asked, err)
	}
	var none *NoPasswordError
	if err := s.Ask(login); !errors.As(err, &none) || err.Error() != "the login did not succeed a moment ago" || asked != 1 {
		t.Errorf("%d, %v", asked, err)
	}
	s.marks.read = errRead
	if err := s.Ask(login); !errors.Is(err, errRead) || asked != 1 {
		t.Errorf("%d, %v", asked, err)
	}
}
