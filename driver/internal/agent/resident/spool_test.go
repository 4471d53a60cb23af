package resident_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/resident"
)

func never() bool { return false }

// A writer and a reader that acknowledges what it has, and now and then starts again from there.
func TestSpoolKeepsOrderAndBound(t *testing.T) {
	const limit = 300_000
	random := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 5_000_000)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	spool := resident.NewSpool(limit)
	go func() {
		for rest := content; len(rest) > 0; {
			n := min(len(rest), 1+rand.IntN(100_000))
			_, _ = spool.Write(rest[:n])
			rest = rest[n:]
		}
		spool.Seal()
	}()
	var got []byte
	acked, buf := 0, make([]byte, 50_000)
	for {
		n := spool.Read(buf[:1+random.IntN(len(buf))], int64(len(got)), never)
		if n == 0 {
			break
		}
		got = append(got, buf[:n]...)
		if held := spool.Held(); held > limit+3*64<<10 {
			t.Fatalf("the spool holds %d bytes", held)
		}
		switch random.IntN(4) {
		case 0: // a session that was lost
			got = got[:acked+random.IntN(len(got)-acked+1)]
		case 1, 2:
			acked = len(got)
			spool.Ack(int64(acked))
		}
		if len(got)-acked > limit/2 {
			acked = len(got)
			spool.Ack(int64(acked))
		}
	}
	if !bytes.Equal(got, content) {
		t.Errorf("%d bytes of %d came, or others", len(got), len(content))
	}
	spool.Ack(int64(len(got)))
	if held := spool.Held(); held > 64<<10 {
		t.Errorf("the spool holds %d bytes of nothing", held)
	}
}

func TestSpoolHolds(t *testing.T) {
	spool := resident.NewSpool(10)
	_, _ = spool.Write([]byte("12345678"))
	spool.Ack(3)
	spool.Ack(2) // late
	spool.Ack(9) // never written
	for offset, want := range map[int64]bool{-1: false, 2: false, 3: true, 8: true, 9: false} {
		if got := spool.Holds(offset); got != want {
			t.Errorf("holds %d: %t", offset, got)
		}
	}
}

func TestSealedSpool(t *testing.T) {
	spool := resident.NewSpool(4)
	blocked := make(chan struct{})
	go func() {
		_, _ = spool.Write([]byte("123456"))
		close(blocked)
	}()
	for {
		if end, waiting := spool.Written(); waiting && end == 4 {
			break
		}
	}
	if end := spool.Seal(); end != 4 {
		t.Errorf("it ends at %d", end)
	}
	<-blocked // what lives on in the background does not block
	buf := make([]byte, 10)
	if n := spool.Read(buf, 0, never); n != 4 || spool.Read(buf, 4, never) != 0 {
		t.Errorf("%d bytes", n)
	}
}
